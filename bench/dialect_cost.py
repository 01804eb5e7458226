"""``python -m bench.dialect_cost``: CPU microseconds of what a dialect does on the hot path, each step by itself.

Refuses to know networks: for whole requests see ``python -m bench``.
"""

import json
import sys
import timeit
from collections.abc import Callable, Iterator

from trunkline.core.dialect import Dialect
from trunkline.core.events import Began, TextDelta
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.sse import Frames

ROUNDS = 15
SECONDS_A_ROUND = 0.02

CHUNK = (
    b'data: {"id":"chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT","object":"chat.completion.chunk","created":1741569952,'
    b'"model":"gpt-5-mini-2025-08-07","service_tier":"default","system_fingerprint":"fp_44709d6fcb","choices":[{"index":0,'
    b'"delta":{"content":" Hello"},"logprobs":null,"finish_reason":null}],"usage":null}\n\n'
)
DELTA = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" Hello"}}\n\n'
)
QUIRKY = OpenAIChat(
    max_tokens_name="max_tokens",
    drop=frozenset({"logprobs", "logit_bias", "top_logprobs"}),
    developer_role=False,
    names=False,
    tool_choice_object=False,
    tool_id_length=9,
)

Step = tuple[str, Callable[[], object]]


def body(kilobytes: int) -> bytes:
    """A streaming request of about this size, in turns of a few lines each."""
    line = "What the harbour master writes down each evening.\n"
    text = line * min(20, kilobytes * 17)
    turns = [{"role": ("user", "assistant")[n % 2], "content": text} for n in range(max(1, kilobytes * 1000 // 1040))]
    return json.dumps({"model": "fast", "max_tokens": 900, "messages": turns, "stream": True}).encode()


def asking(name: str, dialect: Dialect, kilobytes: int) -> Iterator[Step]:
    request = body(kilobytes)
    envelope = dialect.peek(request)
    opened = dialect.parse_request(request)
    size = f"{name}, {len(request) / 1000:.0f} kB"
    yield f"{size}: peek", lambda: dialect.peek(request)
    yield f"{size}: readdress", lambda: dialect.readdress(request, envelope, "gpt-5-mini")
    yield f"{size}: parse_request", lambda: dialect.parse_request(request)
    yield f"{size}: write_request", lambda: dialect.write_request(opened, "gpt-5-mini")


def answering(name: str, dialect: Dialect, raw: bytes) -> Iterator[Step]:
    frames, scanner, reader = Frames(), dialect.scanner(), dialect.reader()
    writer = dialect.writer(dialect.peek(body(1)))
    writer.write(Began("chatcmpl-1", "gpt-5-mini", 1741569952))
    (frame,) = frames.feed(raw)
    yield f"{name}: feed one frame", lambda: frames.feed(raw)
    yield f"{name}: scan a frame", lambda: scanner.scan(frame)
    yield f"{name}: read a frame", lambda: reader.read(frame)
    yield f"{name}: write an event", lambda: writer.write(TextDelta(" Hello"))


def steps() -> Iterator[Step]:
    for kilobytes in (1, 10):
        yield from asking("openai", OpenAIChat(), kilobytes)
        yield from asking("anthropic", AnthropicMessages(), kilobytes)
    yield from asking("openai with every quirk", QUIRKY, 1)
    yield from answering("openai", OpenAIChat(), CHUNK)
    yield from answering("anthropic", AnthropicMessages(), DELTA)
    frames = Frames()
    frames.feed(CHUNK)
    yield "feed ten frames at once", lambda: frames.feed(CHUNK * 10)
    yield "feed one frame of CRLF", lambda: frames.feed(CHUNK.replace(b"\n", b"\r\n"))


def microseconds(work: Callable[[], object]) -> float:
    """The best of many rounds: what the step costs when nothing else wants the core."""
    once = max(timeit.timeit(work, number=100) / 100, 1e-7)
    number = max(1, int(SECONDS_A_ROUND / once))
    return min(timeit.repeat(work, number=number, repeat=ROUNDS)) / number * 1e6


def main() -> None:
    print(f"CPU microseconds a step, best of {ROUNDS} rounds, Python {sys.version.split()[0]}")
    for name, work in steps():
        print(f"{name:45} {microseconds(work):8.2f}")


if __name__ == "__main__":
    main()
