"""``python -m trunkline.testing.chaos``: ten bad days, each figure beside its target. Exit code 1 when one is missed.
It refuses to take real time: a day lasts as long as its computing.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from trunkline.testing.chaos.report import HEADER, line, markdown
from trunkline.testing.chaos.runs import SCENARIOS, Run, runs
from trunkline.testing.chaos.scenarios import SECONDS

DOCUMENT = Path("docs/chaos.md")
MARK = "<!-- figures: written by make chaos ARGS=--write -->\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every target is reached."""
    options = _options(arguments)
    say = sys.stderr.write if options.json else sys.stdout.write
    began = time.perf_counter()
    names = options.only or list(SCENARIOS)
    done: list[Run] = []
    say(f"{len(names)} scenarios, {SECONDS:g} virtual seconds each, seed {options.seed}\n{HEADER}\n")
    for run in runs(names, options.calls, options.seed, options.processes):
        done.append(run)
        say(line(run) + "\n")
        sys.stdout.flush()
    done.sort(key=lambda run: list(SCENARIOS).index(run.scenario.name))
    calls = sum(run.findings.calls for run in done)
    missed = sum(not one.ok for run in done for one in run.verdicts)
    say(f"{calls:,} calls in {time.perf_counter() - began:.0f} s; {missed} targets missed\n")
    if options.json:
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(done)) + b"\n")
    if options.write:
        above = DOCUMENT.read_text("utf-8").partition(MARK)[0]
        DOCUMENT.write_text(f"{above}{MARK}\n{markdown(done, options.seed)}", "utf-8")
    return 1 if missed else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trunkline.testing.chaos", description=__doc__)
    parser.add_argument("--calls", type=int, default=200_000, metavar="N", help="calls in each scenario (200,000)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of all that is left to chance (1)")
    parser.add_argument("--only", action="append", choices=list(SCENARIOS), metavar="NAME", help="this scenario; again")
    parser.add_argument("--processes", type=int, metavar="P", help="at once (one for each core)")
    parser.add_argument("--json", action="store_true", help="the figures as JSON on stdout")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {DOCUMENT}")
    options = parser.parse_args(arguments)
    if options.calls < 100:
        parser.error("--calls must be at least 100: fewer say nothing")
    if options.write and not DOCUMENT.is_file():
        parser.error(f"--write needs {DOCUMENT}: run it from the root of the repository")
    return options


if __name__ == "__main__":
    sys.exit(main())
