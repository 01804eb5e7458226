"""``python -m bench.telemetry_cost``: CPU microseconds that an ended call costs figures, log line and live view.

Refuses to know networks; the budget is 15 % of a request's 200 microseconds, 30 in all.
"""

import statistics
import time
import timeit
from collections.abc import Callable

from trunkline.core.call import Call
from trunkline.core.errors import ServerError
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.providers.health import Health, HealthSettings
from trunkline.telemetry.exchange_log import ExchangeLog
from trunkline.telemetry.exposition import PLAIN
from trunkline.telemetry.figures import Figures
from trunkline.telemetry.live import Live
from trunkline.telemetry.names import Names

ROUNDS = 9
CALLS = 5_000
REQUEST = 200.0  # microseconds of CPU, all in all
BODY = b'{"model":"chat","messages":[{"role":"user","content":"hi"}]}'
FINE = Outcome(Usage(input=20, output=100), 2.0, 0.4, "stop")
FAILED = Outcome(Usage(), 0.2, error=ServerError("the provider answered 500"))


def exchange(*outcomes: Outcome) -> Exchange:
    made = Exchange("req_0123456789", Call(BODY, OpenAIChat()), 0.0)
    for number, outcome in enumerate(outcomes):
        attempt = Attempt(Target(f"provider{number}", "model"), 0.0001 + number)
        attempt.outcome, attempt.cost = outcome, 123_456
        made.attempts.append(attempt)
    made.outcome = outcomes[-1]
    return made


def cost(call: Callable[[], object]) -> float:
    timer = timeit.Timer(call, timer=time.process_time)
    return statistics.median(timer.repeat(ROUNDS, CALLS)) / CALLS * 1e6


class Sink:
    """Takes spans and does nothing with them."""

    def on_end(self, span: object) -> None:
        """Take one."""


def made_spans() -> Callable[[Exchange], None] | None:
    """The listener of the extra otel, where it is installed."""
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra

        from trunkline.telemetry.otel import Spans  # noqa: PLC0415 - as above
    except ImportError:
        return None
    return Spans(Sink(), Resource.create(), time.monotonic)


def main() -> None:
    names = Names(["chat"], [Target("provider0", "model"), Target("provider1", "model")])
    figures = Figures(names, Health(HealthSettings()), time.monotonic, lambda: 0)
    live, logged, spans = Live(), Live(), made_spans()
    logged.hearers.append(ExchangeLog(lambda _: None))
    for kind, made in (("one attempt", exchange(FINE)), ("a fallback", exchange(FAILED, FINE))):
        counted, kept, told = (cost(lambda one=one, made=made: one(made)) for one in (figures, live, logged))  # type: ignore[misc]
        for name, took in (("figures", counted), ("live", kept), ("line", told - kept)):
            print(f"{name + ',':8} {kind:12} {took:6.2f} us")
        total = counted + told
        print(f"{'all,':8} {kind:12} {total:6.2f} us, {total / REQUEST:.1%} of a request's {REQUEST:.0f}")
        if spans is not None:
            print(f"spans,   {kind:12} {cost(lambda made=made: spans(made)):6.2f} us, without their sending")  # type: ignore[misc]
    print(f"{'/metrics':21} {len(figures.text(PLAIN)):6} bytes")
    print(f"median of {ROUNDS} runs of {CALLS} each, CPU time of the process")


if __name__ == "__main__":
    main()
