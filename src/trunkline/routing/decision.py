"""What was decided for one call and why: enough to explain it, to replay it and to judge another policy by it.

Refuses to decide.
"""

from typing import Any

import msgspec
from msgspec import Struct

from trunkline.core.exchange import Target
from trunkline.core.money import Nanos, usd
from trunkline.routing.affinity import Session
from trunkline.routing.candidates import Candidate, Excluded
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import Complexity
from trunkline.routing.strategies.ranking import Ranked

SHOWN_REASONS = 3  # in the one line of the header


class LoggedCandidate(Struct, frozen=True, array_like=True):
    """One candidate as the ledger keeps it: what was predicted, and the chance it had of standing first.

    ``latency`` in seconds; ``source`` is what the quality rested on. Records of before these were kept have neither.
    """

    target: str
    quality: float
    sd: float
    cost: Nanos | None
    propensity: float
    latency: float | None = None
    source: str = "log"


class LoggedDecision(Struct, frozen=True):
    """A decision as the ledger keeps it; candidates stand in the order decided on.

    ``vector`` is the complexity's, ``kind`` the kind of prompt.
    """

    strategy: str
    seed: int
    vector: tuple[float, ...]
    candidates: tuple[LoggedCandidate, ...]
    probes: tuple[str, ...] = ()
    kind: str = ""


def logged(record: str) -> LoggedDecision:
    """A decision read from a usage record. Raises msgspec.DecodeError for what is none."""
    return msgspec.json.decode(record, type=LoggedDecision)


class Decision(Struct, frozen=True):
    """``ranked`` the order, first choice first; ``probes`` whom a cascade asks before it; ``seed`` of every draw."""

    route: str
    strategy: str
    seed: int
    complexity: Complexity
    ranked: tuple[Ranked, ...]
    excluded: tuple[Excluded, ...] = ()
    probes: tuple[Target, ...] = ()
    session: Session | None = None
    note: str = ""

    @property
    def target(self) -> Target:
        """The first choice."""
        return self.ranked[0].candidate.target

    @property
    def passed(self) -> list[str]:
        """Who was left out and why, as an exchange tells it."""
        return [f"{one.target}: {one.reason}" for one in self.excluded]

    @property
    def propensity(self) -> float:
        """The chance the first choice had of being it."""
        return self.ranked[0].propensity

    @property
    def cost(self) -> Nanos | None:
        """What the first choice is expected to cost."""
        return self.ranked[0].candidate.cost

    @property
    def line(self) -> str:
        """All of it in one line, for a header."""
        first = self.ranked[0]
        told = [
            f"{self.strategy}: {self.target}",
            f"first of {len(self.ranked)}",
            f"quality {first.candidate.quality}",
            f"cost {_dollars(first.candidate.cost)}",
            f"propensity {first.propensity:.3g}",
        ]
        if self.probes:
            told.append(f"after {' and '.join(map(str, self.probes))}")
        if self.excluded:
            reasons = self.passed[:SHOWN_REASONS]
            more = len(self.excluded) - len(reasons)
            told.append(f"without {', '.join(reasons)}{f' and {more} more' if more else ''}")
        return "; ".join(told)

    @property
    def record(self) -> str:
        """As ``logged`` reads it: features, predictions and propensities, as JSON."""
        candidates = [
            LoggedCandidate(
                str(one.candidate.target),
                _rounded(one.candidate.quality.mean),
                _rounded(one.candidate.quality.sd),
                one.candidate.cost,
                one.propensity,
                None if one.candidate.latency is None else _rounded(one.candidate.latency),
                one.candidate.quality.source,
            )
            for one in self.ranked
        ]
        vector = tuple(map(_rounded, self.complexity.vector()))
        probes = tuple(map(str, self.probes))
        whole = LoggedDecision(self.strategy, self.seed, vector, tuple(candidates), probes, cluster_of(self.complexity))
        return msgspec.json.encode(whole).decode()

    def explained(self) -> dict[str, Any]:
        """Everything, as plain values for JSON; amounts in dollars as exact decimal text."""
        return {
            "route": self.route,
            "strategy": self.strategy,
            "target": str(self.target),
            "seed": self.seed,
            "propensity": self.propensity,
            "session": self.session is not None,
            "complexity": {**self.complexity.facts(), "score": round(self.complexity.score, 3)},
            "candidates": [self._candidate(place, one) for place, one in enumerate(self.ranked)],
            "excluded": [
                {"target": str(one.target), "reason": one.reason, "waits": one.waits} for one in self.excluded
            ],
            "probes": [str(target) for target in self.probes],
            "note": self.note,
        }

    def _candidate(self, place: int, ranked: Ranked) -> dict[str, Any]:
        one = ranked.candidate
        low, high = one.quality.interval
        return {
            "rank": place + 1,
            "target": str(one.target),
            "quality": {"mean": _rounded(one.quality.mean), "low": _rounded(low), "high": _rounded(high)},
            "quality_from": one.quality.source,
            "cost_usd": None if one.cost is None else usd(one.cost),
            "instead_usd": self._difference(one),
            "latency_seconds": None if one.latency is None else _rounded(one.latency),
            "warm_tokens": one.warm,
            "score": ranked.score,
            "propensity": ranked.propensity,
        }

    def _difference(self, other: Candidate) -> str | None:
        """What it would cost more (or less) than the first choice."""
        if other.cost is None or self.cost is None:
            return None
        return usd(other.cost - self.cost)


def _dollars(cost: Nanos | None) -> str:
    return "unknown" if cost is None else f"${usd(cost)}"


def _rounded(value: float) -> float:
    return round(value, 4)
