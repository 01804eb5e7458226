"""``python -m bench.complexity_cost``: CPU microseconds of looking at a prompt before it is routed.

Refuses to know what is made of it.
"""

import sys
from collections.abc import Iterator

from bench.dialect_cost import Step, microseconds
from trunkline.core.chat import ChatRequest, Message, Text, Tool
from trunkline.routing import complexity

ENGLISH = "What the harbour master writes down each evening, and why? If x = 3 then compute (12 + 7) * 4 by hand.\n"
PROGRAM = "def total(orders: list[Order]) -> int:\n    return sum(order.price * order.count for order in orders)\n\n"
RUSSIAN = "Почему начальник порта пишет это каждый вечер? Если x = 3, вычислите сумму.\n"
CHINESE = "为什么港口主管每天晚上都要写下这些 ? 如果 x = 3 请计算总和。\n"
TOOL = Tool("look", "Looks into the log.", {"type": "object", "properties": {"day": {}, "ship": {}}})


def steps() -> Iterator[Step]:
    for name, line in (("English", ENGLISH), ("a program", PROGRAM), ("Russian", RUSSIAN), ("Chinese", CHINESE)):
        text = (line * 100).encode()[:4000].decode(errors="ignore")
        yield f"4 kB of {name}", lambda text=text: complexity.analyse(text)
    yield "100 bytes of English", lambda: complexity.analyse(ENGLISH)
    yield "4 MB of English", lambda text=ENGLISH * 40_000: complexity.analyse(text)
    turns = tuple(Message(("user", "assistant")[n % 2], (Text(ENGLISH * 10),)) for n in range(21))
    request = ChatRequest("m", turns, tools=(TOOL,) * 20)
    yield "a request of 21 turns and 20 tools, 20 kB", lambda: complexity.of(request)


def main() -> None:
    print(f"CPU microseconds a look, best of many rounds, Python {sys.version.split()[0]}; target: 150 for 4 kB")
    for name, work in steps():
        print(f"{name:45} {microseconds(work):8.2f}")


if __name__ == "__main__":
    main()
