"""From what happened to figures, each beside its target.
It refuses to know how they are shown.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from msgspec import Struct

from trunkline.testing.chaos.scenarios import Scenario
from trunkline.testing.chaos.trial import Log
from trunkline.testing.spell import Spell

MOST_ATTEMPTS = 1.10  # per call
MOST_LATE_CALLS = 5  # to a dead provider, after its first failure was heard
MOST_LATE_SECONDS = 1.0  # or within this time
SHORTEST_DEATH = 2.0  # seconds; shorter ones are over before anything can be learned


class Death(Struct, frozen=True):
    """One time a provider was dead: how long traffic still went there, and how often it was probed afterwards.

    ``late`` calls were sent in the ``seconds`` between the first failure that was heard and the circuit's opening;
    ``probes`` in the ``periods`` for which it stayed open. ``noticed`` False: it never opened.
    """

    provider: str
    start: float
    late: int
    seconds: float
    probes: int
    periods: int
    noticed: bool

    @property
    def in_time(self) -> bool:
        """At most 5 calls or 1 s."""
        return self.late <= MOST_LATE_CALLS or (self.noticed and self.seconds <= MOST_LATE_SECONDS)


class Findings(Struct, frozen=True, kw_only=True):
    """The figures of one scenario. Seconds are to the first content of good calls, failed ones included."""

    scenario: str
    calls: int
    seed: int
    good: int
    answered: int
    bad_refused: int
    bad: int
    lies: int
    left_open: int
    p50: float
    p99: float
    p999: float
    attempts_per_call: float
    share_by_provider: dict[str, float]
    deaths: tuple[Death, ...]
    failures: dict[str, int]
    cpu_seconds: float = 0.0

    @property
    def success(self) -> float:
        """Share of good calls that got their whole and right answer."""
        return self.answered / self.good

    @property
    def interval(self) -> tuple[float, float]:
        """The success's 95 % interval after Wilson (1927)."""
        return wilson(self.answered, self.good)

    @property
    def probes_per_period(self) -> float | None:
        """Calls that a dead provider got for each time its circuit was open; None where nobody died."""
        periods = sum(death.periods for death in self.deaths)
        return sum(death.probes for death in self.deaths) / periods if periods else None


class Verdict(Struct, frozen=True):
    """One figure and what it should be."""

    what: str
    value: str
    target: str
    ok: bool


def find(scenario: Scenario, log: Log, calls: int, seed: int) -> Findings:
    """The figures of what was noted."""
    waits = sorted(log.waits)
    sent = sum(len(times) for times in log.sent.values())
    return Findings(
        scenario=scenario.name,
        calls=calls,
        seed=seed,
        good=log.good,
        answered=log.answered,
        bad=log.calls - log.good,
        bad_refused=log.refused,
        lies=log.lies,
        left_open=log.left_open,
        p50=quantile(waits, 0.5),
        p99=quantile(waits, 0.99),
        p999=quantile(waits, 0.999),
        attempts_per_call=sent / log.calls,
        share_by_provider={name: len(times) / sent for name, times in log.sent.items()},
        deaths=tuple(
            _death(name, spell, log)
            for name, spells in scenario.spells.items()
            for spell in spells
            if spell.deadly and spell.until - spell.start >= SHORTEST_DEATH
        ),
        failures=dict(log.failures),
    )


def _death(name: str, spell: Spell, log: Log) -> Death:
    sent = log.sent[name]
    heard = [
        ended
        for provider, begun, ended in log.failed_attempts
        if provider == name and spell.start <= begun < spell.until
    ]
    first = min(heard, default=spell.until)
    opened = [at for provider, at in log.opened if provider == name and spell.start <= at < spell.until]
    left = min((at for at in opened if at >= first), default=spell.until)
    return Death(
        provider=name,
        start=spell.start,
        late=_between(sent, first, left),
        seconds=left - first,
        probes=_between(sent, left, spell.until),
        periods=len(opened),
        noticed=bool(opened) or not heard,
    )


def _between(times: Sequence[float], after: float, before: float) -> int:
    return max(0, bisect_left(times, before) - bisect_right(times, after))


def judge(found: Findings, scenario: Scenario, healthy_p99: float, first_content: float) -> list[Verdict]:
    """Every target of the scenario; ``first_content`` is the house's timeout, both in seconds."""
    slowest = scenario.outage + first_content + 2 * healthy_p99
    good = [
        Verdict(
            "answered", percent(found.success), f">= {percent(scenario.success)}", found.success >= scenario.success
        ),
        Verdict("p99", f"{found.p99:.2f} s", f"<= {slowest:.2f} s", found.p99 <= slowest),
        Verdict(
            "attempts per call",
            f"{found.attempts_per_call:.3f}",
            f"<= {MOST_ATTEMPTS:.2f}",
            found.attempts_per_call <= MOST_ATTEMPTS,
        ),
        Verdict("answers shown whole that were not", str(found.lies), "0", found.lies == 0),
        Verdict("connections left open", str(found.left_open), "0", found.left_open == 0),
    ]
    if found.deaths:
        worst = max(found.deaths, key=lambda death: (not death.in_time, death.late))
        told = f"{worst.late} calls, {worst.seconds:.2f} s"
        good.append(Verdict("until traffic left", told, "<= 5 or 1 s", all(death.in_time for death in found.deaths)))
    if found.bad:
        refused = f"{found.bad_refused:,} of {found.bad:,}"
        good.append(Verdict("bad calls refused by one", refused, "all", found.bad_refused == found.bad))
    return good


def quantile(ordered: list[float], share: float) -> float:
    """The value that ``share`` of all are not above; 0.0 of none."""
    return ordered[min(len(ordered) - 1, max(0, math.ceil(share * len(ordered)) - 1))] if ordered else 0.0


def wilson(hits: int, total: int, z: float = 1.959964) -> tuple[float, float]:
    """The 95 % interval of a share."""
    if not total:
        return 0.0, 1.0
    share, extra = hits / total, z * z / total
    middle = share + extra / 2
    half = z * math.sqrt(share * (1 - share) / total + extra / total / 4)
    return (middle - half) / (1 + extra), min(1.0, (middle + half) / (1 + extra))


def percent(share: float) -> str:
    """99.998 %, never rounded up to 100."""
    if share >= 1:
        return "100 %"
    return f"{math.floor(share * 100_000) / 1000:.3f} %"
