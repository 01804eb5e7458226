"""What is kept of a call that has ended: its facts without its bodies, and the story they tell.

Refuses to keep prompts, answers, keys and providers' own words: a story can be stored and shown.
"""

import time
from functools import lru_cache
from typing import Any

from msgspec import Struct

from trunkline.core.exchange import Attempt, Decided, Exchange, Target
from trunkline.core.money import Nanos, usd
from trunkline.core.outcome import Outcome

LONGEST_NAME = 200  # characters of a caller's model name: whoever invents one may not fill a disk
Story = dict[str, Any]


class EndedCall(Struct, frozen=True):
    """``at`` and ``started`` on two clocks: seconds since 1970, and the house's."""

    at: float
    started: float
    id: str
    trace: str
    caller: str
    asked: str
    stream: bool
    target: Target | None
    requests: int
    attempts: list[Attempt]
    passed: list[str]
    cost: Nanos | None
    outcome: Outcome
    decision: Decided | None = None
    cache: str = ""

    @property
    def line(self) -> Story:
        """The fields of a log line, in the order in which people read them; seconds, UTC."""
        target, outcome, usage = self.target, self.outcome, self.outcome.usage
        line: Story = {
            "at": rfc3339(self.at),
            "id": self.id,
            "trace": self.trace,
            "caller": self.caller,
            "asked": self.asked,
            "outcome": ended(outcome),
            "provider": target.provider if target else None,
            "model": target.model[:LONGEST_NAME] if target else None,
            "stream": self.stream,
            "attempts": self.requests,
            "seconds": round(outcome.duration, 4),
            "input_tokens": usage.prompt,
            "output_tokens": usage.completion,
            "cost_usd": None if self.cost is None else usd(self.cost),
        }
        if outcome.first_content is not None:
            line["first_content_seconds"] = round(outcome.first_content, 4)
        if self.cache:
            line["cache"] = self.cache
        if outcome.error:
            line["error"] = outcome.error.kind
        if len(self.attempts) > 1:
            line["tried"] = [{key: told[key] for key in ("target", "outcome", "seconds")} for told in self.tried]
        return line

    @property
    def tried(self) -> list[Story]:
        """Each attempt: when it began (seconds after the call), how long it took, how it ended, what it cost."""
        return [self._tried(attempt) for attempt in self.attempts]

    @property
    def story(self) -> Story:
        """Everything there is to tell."""
        return {
            **self.line,
            "tried": self.tried,
            "passed": self.passed,
            "usage_source": self.outcome.usage.source,
            "decision": self.decision.line if self.decision else None,
        }

    def _tried(self, attempt: Attempt) -> Story:
        outcome = attempt.outcome
        told: Story = {
            "target": str(attempt.target)[:LONGEST_NAME],
            "began": round(max(0.0, attempt.started - self.started), 4),
            "purpose": attempt.purpose,
            "outcome": "open",
            "seconds": None,
            "cost_usd": None if attempt.cost is None else usd(attempt.cost),
        }
        if outcome is not None:
            told["outcome"] = outcome.error.kind if outcome.error else "ok"
            told["seconds"] = round(outcome.duration, 4)
            told["first_content_seconds"] = outcome.first_content and round(outcome.first_content, 4)
            told["status"] = outcome.error.provider_status if outcome.error else 200
        return told


def ended_call(exchange: Exchange, outcome: Outcome, now: float) -> EndedCall:
    """The facts of an exchange that has ended; nothing in it holds the bodies."""
    call = exchange.call
    return EndedCall(
        now,
        exchange.started,
        exchange.id,
        exchange.trace.id,
        call.caller.name,
        call.envelope.model[:LONGEST_NAME],
        call.envelope.stream,
        exchange.target,
        exchange.requests,
        exchange.attempts,
        exchange.passed,
        exchange.cost,
        outcome,
        exchange.decision,
        exchange.cache,
    )


def ended(outcome: Outcome) -> str:
    """``ok``, ``abandoned`` (the caller left) or ``error``."""
    return "ok" if outcome.ok else "abandoned" if outcome.abandoned else "error"


def rfc3339(now: float) -> str:
    """A time of day in UTC, with milliseconds."""
    return f"{_second(int(now))}.{int(now % 1 * 1000):03d}Z"


@lru_cache(maxsize=4)  # many calls end in one second
def _second(now: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
