"""Figures as lines for a terminal and as a table for the docs.
It refuses to compute any.
"""

from collections.abc import Sequence

from trunkline.testing.chaos.findings import percent
from trunkline.testing.chaos.runs import Run

HEADER = (
    f"{'scenario':<15} {'calls':>9} {'answered':>9}  {'95 % interval':<19} {'p50':>6} {'p99':>6} {'p99.9':>6}"
    f" {'attempts':>8} {'probes':>6} {'CPU':>5}"
)


def line(run: Run) -> str:
    """One scenario in a line, and a line for each target that was missed."""
    found = run.findings
    low, high = found.interval
    probes = "-" if found.probes_per_period is None else f"{found.probes_per_period:.1f}"
    interval = f"{percent(low)} .. {percent(high)}"
    told = (
        f"{found.scenario:<15} {found.calls:>9,} {percent(found.success):>9}  {interval:<19}"
        f" {found.p50:>6.2f} {found.p99:>6.2f} {found.p999:>6.2f} {found.attempts_per_call:>8.3f} {probes:>6}"
        f" {found.cpu_seconds:>4.0f}s  {'ok' if run.ok else 'MISS'}"
    )
    missed = [f"    MISS  {one.what}: {one.value}, target {one.target}" for one in run.verdicts if not one.ok]
    if found.failures:
        causes = ", ".join(f"{count} {kind}" for kind, count in sorted(found.failures.items()))
        missed.append(f"    not answered: {causes}")
    return "\n".join([told, *missed])


def markdown(runs: Sequence[Run], seed: int) -> str:
    """The tables of docs/chaos.md."""
    columns = "scenario|calls|answered (95 % interval)|p50|p99|p99.9|attempts per call|probes per open period"
    rows = [f"| {columns.replace('|', ' | ')} |", "|---|---|---|---|---|---|---|---|"]
    for run in runs:
        found = run.findings
        low, high = found.interval
        probes = "" if found.probes_per_period is None else f"{found.probes_per_period:.1f}"
        rows.append(
            f"| {found.scenario} | {found.good:,} | {percent(found.success)} ({percent(low)} to {percent(high)}) |"
            f" {found.p50:.2f} s | {found.p99:.2f} s | {found.p999:.2f} s | {found.attempts_per_call:.3f} | {probes} |"
        )
    targets = ["| scenario | figure | measured | target | |", "|---|---|---|---|---|"]
    for run in runs:
        for one in run.verdicts:
            reached = "ok" if one.ok else "**MISS**"
            targets.append(f"| {run.scenario.name} | {one.what} | {one.value} | {one.target} | {reached} |")
    return "\n".join([f"Seed {seed}.", "", *rows, "", *targets, ""])
