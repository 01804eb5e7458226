"""``python -m tests.attack [overspend] [kills] [calls] [secrets]``: the money rooms attacked in full, with figures.

Refuses to be quick: the suite has the small forms of the same attacks.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import uvloop

from tests.attack import kills, overspend, secrets, slope
from tests.attack.audit import Audit
from trunkline.core.money import usd

OK, MISS = "ok", "MISS"


class Report:
    """Lines of figures, each beside its target; counts the missed ones."""

    def __init__(self) -> None:
        self.missed = 0

    def say(self, what: str, figure: object, *, ok: bool | None = None) -> None:
        """One line; ``ok`` None is a figure without a target."""
        self.missed += ok is False
        verdict = "" if ok is None else OK if ok else MISS
        sys.stdout.write(f"  {what:66} {figure!s:>28} {verdict}\n")
        sys.stdout.flush()


def audited(report: Report, found: Audit) -> None:
    """What two logs say of each other."""
    report.say("requests the providers received", len(found.truth))
    report.say("... of which have no record", len(found.unrecorded), ok=not found.unrecorded)
    report.say("attempts with more than one record", len(found.doubled), ok=not found.doubled)
    report.say("records of requests no provider received", len(found.unsent))
    sums = found.sums()
    for kind in ("reported", "estimated", "unknown"):
        if kind in sums:
            one = sums[kind]
            report.say(f"usage {kind}: records", one.rows)
            report.say(f"usage {kind}: in the ledger, billed", f"${usd(one.ledger)}, ${usd(one.billed)}")
    report.say(
        "calls with reported usage whose cost is not what was billed", len(found.differing()), ok=not found.differing()
    )


async def overspent(report: Report, folder: Path, seed: int) -> None:
    """200 keys of $0.05, 50 callers each, two gateways on one ledger."""
    found = await overspend.attack(folder, overspend.Size(), seed)
    report.say("calls", found.calls)
    report.say("statuses", " ".join(f"{status}:{count}" for status, count in found.statuses.items()))
    report.say("writes of accounts, each looked at", found.writes)
    report.say("accounts that ever stood above their limit", len(found.over), ok=not found.over)
    report.say("highest spent + held, share of its limit", f"{found.highest:.6f}", ok=found.highest <= 1)
    report.say("budgets exhausted", found.exhausted, ok=found.exhausted > 0)
    report.say("least used of an exhausted budget", f"{found.least_used:.4f}", ok=found.least_used >= 0.95)
    report.say("held when all had ended", found.held, ok=found.held == 0)
    audited(report, found.audit)


async def killed(report: Report, folder: Path, seed: int) -> None:
    """Thirty kills on a ledger of 100,000 records."""
    found = await kills.attack(folder, 30, records=100_000, seed=seed)
    report.say("kills", found.kills)
    report.say("calls acknowledged", found.acknowledged)
    report.say("... of which have no record", len(found.missing), ok=not found.missing)
    audited(report, found.audit)
    report.say("records the dead left as lost", found.lost)
    report.say("held by the dead after the last kill", f"${usd(found.held_before)}", ok=found.held_before > 0)
    report.say("until nothing was held, from the restart", f"{found.resolved:.1f} s", ok=found.resolved <= 60)
    ready = sorted(found.ready)
    report.say("start to ready with 100,000 records, median", f"{median(ready):.2f} s", ok=median(ready) < 1.5)
    report.say("... fastest and slowest", f"{ready[0]:.2f} s, {ready[-1]:.2f} s")
    report.say("start to ready with an empty ledger", f"{await kills.empty(folder):.2f} s")
    report.say("spent - sum of the records", found.spent - found.booked, ok=found.spent == found.booked)


async def called(report: Report, folder: Path, seed: int) -> None:
    """Ten thousand calls of every kind, looked at after every thousand."""
    found = await slope.attack(folder, seed=seed)
    last = found.samples[-1]
    for sample in found.samples:
        report.say(f"after {sample.calls:6} calls: memory, sockets, ledger", sample.line())
    report.say("memory a thousand calls, after the warm-up", f"{found.slope:+.2f} MB", ok=found.slope < slope.MOST)
    report.say("... of which the ledger's pages", f"{found.pages:+.2f} MB")
    early, late = (max(one.sockets for one in part) for part in (found.samples[:5], found.samples[5:]))
    report.say("most sockets in the first and the second half", f"{early}, {late}", ok=late <= early + 8)
    report.say("calls open, requests in flight, held at the end", f"{last.open}, {last.in_flight}, {last.held}")
    audited(report, found.audit)


async def searched(report: Report, folder: Path, _: int) -> None:
    """A canary in every place a secret can be, a wide run, and a search of everything that was said or written."""
    found = await secrets.attack(folder)
    for leak in found.leaks:
        report.say(f"LEAK of the {leak.what}", leak.where, ok=False)
    report.say("canaries planted, and found where they were put", found.planted, ok=found.planted == found.canaries)
    report.say("answers, logs, pages, files and commands searched", found.calls)
    report.say("bytes searched", found.said)
    report.say("canaries found anywhere else", len(found.leaks), ok=not found.leaks)


PARTS: dict[str, Callable[[Report, Path, int], Awaitable[None]]] = {
    "overspend": overspent,
    "kills": killed,
    "calls": called,
    "secrets": searched,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attack", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which attacks; all without a word")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    report = Report()
    for name in chosen.parts or PARTS:
        sys.stdout.write(f"{name}: {(PARTS[name].__doc__ or '').partition(chr(10))[0]} Seed {chosen.seed}.\n")
        began = time.monotonic()
        with TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(PARTS[name](report, Path(folder), chosen.seed))
        report.say("seconds", f"{time.monotonic() - began:.0f}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
