"""``python -m bench.decision_cost [FILE]``: microseconds of CPU that deciding adds to a call, p50 and p95.

FILE is one of ``trunkline fit``: then also what a decision by it costs, over the models it knows. Refuses to make the
call. The request is parsed anew each time, as a gateway would have to.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from trunkline.core.call import Call
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider, Speech
from trunkline.routing.learned import policy
from trunkline.routing.strategies import BY_NAME, Balanced, Strategy

TARGETS = (
    "openai/gpt-5.4", "openai/gpt-5-mini", "openai/gpt-5-nano", "openai/gpt-4o", "openai/gpt-4o-mini",
    "openai/gpt-4.1", "openai/gpt-4.1-mini", "openai/o4-mini",
)  # fmt: skip
ENGLISH = "What the harbour master writes down each evening, and why? If x = 3 then compute (12 + 7) * 4 by hand.\n"
ROUNDS = 1500


def house(strategy: Strategy) -> Gateway:
    """A gateway with one route of eight targets."""
    provider = Provider("openai", "https://api.openai.com/v1", {"openai": Speech()}, auth="none", catalogue="openai")
    route = Route(tuple(RouteTarget(target) for target in TARGETS), strategy=strategy)
    return Gateway(Config({"openai": provider}, models={"r": route}))


def fitted(file: Path) -> Gateway:
    """A gateway with one route over the models of a policy."""
    provider = Provider("fitted", "https://api.openai.com/v1", {"openai": Speech()}, auth="none")
    targets = tuple(RouteTarget(f"fitted/{model}") for model in policy.load(file).models)
    route = Route(targets, strategy=Balanced(), policy=str(file.absolute()))
    return Gateway(Config({"fitted": provider}, models={"r": route}))


def spread(work: Callable[[], object]) -> tuple[float, float]:
    """Median and 95th percentile in microseconds."""
    took: list[float] = []
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        work()
        took.append((time.thread_time_ns() - began) / 1_000)
    took.sort()
    return took[ROUNDS // 2], took[int(ROUNDS * 0.95)]


def main() -> None:
    print(f"microseconds a decision over {len(TARGETS)} targets, {ROUNDS} times, Python {sys.version.split()[0]};")
    print("target: p50 below 300, p95 below 1000, parsing the request included")
    for size, text in (("100 B", ENGLISH), ("4 kB", ENGLISH * 40)):
        body = msgspec.json.encode({"model": "r", "messages": [{"role": "user", "content": text}]})
        houses = {name: house(make()) for name, make in BY_NAME.items()}
        houses |= {f"by {file.name}": fitted(file) for file in map(Path, sys.argv[1:])}
        for name, gateway in houses.items():

            def decide(gateway: Gateway = gateway, body: bytes = body) -> object:
                return gateway.route(Call(body, OpenAIChat()), seed=1)

            median, high = spread(decide)
            print(f"{size:6} {name:16} p50 {median:8.1f}  p95 {high:8.1f}")


if __name__ == "__main__":
    main()
