"""Hears how exchanges end and counts them: the figures of calls and of the attempts behind them.

Refuses to read a body. It is called once an exchange, after its answer has ended.
"""

from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.outcome import Outcome
from trunkline.core.usage import Usage
from trunkline.telemetry.ended_call import ended
from trunkline.telemetry.names import NOBODY, Names
from trunkline.telemetry.series import Counter, Histogram, Labels, Series

SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0)
OVERHEAD = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)
TARGET: Labels = ("provider", "model")


class Calls:
    """A listener of exchanges, and the series it keeps."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.requests = Counter(
            "llm_requests_total", "Calls by how they ended.", ("route", *TARGET, "outcome"), most=256
        )
        self.duration = Histogram(
            "llm_request_duration_seconds", "From a call's arrival to its answer's end.", ("route", *TARGET), SECONDS,
            most=24,
        )  # fmt: skip
        self.first = Histogram(
            "llm_time_to_first_content_seconds", "From a request to a provider to its first content.", TARGET, SECONDS,
            most=24,
        )  # fmt: skip
        self.errors = Counter("llm_errors_total", "Failed attempts and refused calls.", (*TARGET, "kind"), most=256)
        self.cost = Counter("llm_cost_dollars_total", "What attempts cost, in dollars.", TARGET, digits=9)
        self.unpriced = Counter("llm_cost_unknown_total", "Attempts whose cost is not known.", TARGET)
        self.tokens = Counter("llm_tokens_total", "Tokens by kind.", (*TARGET, "kind"), most=256)
        self.attempts = Counter("llm_attempts_total", "Requests to providers.", (*TARGET, "outcome"), most=192)
        self.fallbacks = Counter("llm_fallbacks_total", "Calls sent on to another target.", ("route", "reason"))
        self.retries = Counter("llm_retries_total", "Requests sent again to the same target.", (*TARGET, "reason"))
        self.hedges = Counter("llm_hedges_total", "Second requests beside a late one.", ("route", "won"))
        self.decisions = Counter(
            "llm_routing_decisions_total", "Calls by the strategy that decided.", ("route", "strategy")
        )
        self.judging = Counter(
            "llm_judge_cost_dollars_total",
            "What judging answers cost, in dollars; in the cost as well.",
            TARGET,
            digits=9,
        )
        self.overhead = Histogram(
            "llm_gateway_overhead_seconds", "A call's time that no provider took: the gateway's own, and its waits.",
            (), OVERHEAD,
        )  # fmt: skip

    def know(self, names: Names) -> None:
        """Take more names for labels: those of a house that goes on where another was."""
        names.join(self._names)
        self._names = names

    def label(self, target: Target, answered: bool) -> Labels:
        """Provider and model as words that are few."""
        return self._names.target(target, answered=answered)

    @property
    def series(self) -> list[Series]:
        """Everything counted here."""
        return [
            self.requests, self.duration, self.first, self.errors, self.cost, self.unpriced, self.tokens,
            self.attempts, self.fallbacks, self.retries, self.hedges, self.decisions, self.judging, self.overhead,
        ]  # fmt: skip

    def __call__(self, exchange: Exchange) -> None:
        """Count one ended exchange."""
        outcome = exchange.outcome
        if outcome is None:
            return
        route = self._names.route(exchange)
        answering = exchange.answering
        target = self._names.target(answering.target, answered=outcome.ok) if answering else NOBODY
        self.requests.add((route, *target, ended(outcome)))
        self.duration.observe((route, *target), outcome.duration, exchange.trace.id)
        if outcome.error and not exchange.attempts:
            self.errors.add((*NOBODY, outcome.error.kind))
        if exchange.decision is not None:
            self.decisions.add((route, exchange.decision.strategy))
        if exchange.purpose == "judge" and exchange.cost:
            self.judging.add(target, exchange.cost)
        self._overhead(exchange, outcome)
        before: Attempt | None = None
        for attempt in exchange.attempts:
            self._attempt(attempt)
            if before is not None:
                self._again(route, before, attempt)
            before = attempt

    def _attempt(self, attempt: Attempt) -> None:
        outcome = attempt.outcome
        if outcome is None:
            return
        target = self._names.target(attempt.target, answered=outcome.ok)
        if attempt.sent:
            self.attempts.add((*target, ended(outcome)))
        if outcome.error and not outcome.abandoned:
            self.errors.add((*target, outcome.error.kind))
        if outcome.first_content is not None:
            self.first.observe(target, outcome.first_content)
        if attempt.cost:
            self.cost.add(target, attempt.cost)
        elif attempt.cost is None:
            self.unpriced.add(target)
        self._tokens(target, outcome.usage)

    def _tokens(self, target: Labels, usage: Usage) -> None:
        if usage.input:
            self.tokens.add((*target, "input"), usage.input)
        if usage.output:
            self.tokens.add((*target, "output"), usage.output)
        if usage.cache_read:
            self.tokens.add((*target, "cache_read"), usage.cache_read)
        if usage.cache_write:
            self.tokens.add((*target, "cache_write"), usage.cache_write)
        if usage.cache_write_1h:
            self.tokens.add((*target, "cache_write_1h"), usage.cache_write_1h)
        if usage.reasoning:
            self.tokens.add((*target, "reasoning"), usage.reasoning)

    def _again(self, route: str, before: Attempt, attempt: Attempt) -> None:
        """Why there is an attempt after another: a hedge runs beside it, a retry or a fallback follows its end."""
        outcome = before.outcome
        if outcome is None or attempt.started < before.started + outcome.duration:
            won = attempt.outcome is not None and attempt.outcome.ok
            self.hedges.add((route, "yes" if won else "no"))
            return
        reason = outcome.error.kind if outcome.error else "answer_not_accepted"
        if before.target == attempt.target:
            self.retries.add((*self._names.target(attempt.target), reason))
        else:
            self.fallbacks.add((route, reason))

    def _overhead(self, exchange: Exchange, outcome: Outcome) -> None:
        provider = 0.0
        covered = exchange.started
        for attempt in exchange.attempts:
            if attempt.outcome is not None:  # hedged attempts overlap: their common time counts once
                end = attempt.started + attempt.outcome.duration
                provider += max(0.0, end - max(covered, attempt.started))
                covered = max(covered, end)
        self.overhead.observe((), max(0.0, outcome.duration - provider))
