"""``python -m bench``: every measurement in one run, each figure beside its target.

Refuses to fail: measurements are no tests, so the exit code is 0 whatever they say.
"""

import argparse
import asyncio
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import uvloop

from bench import house, measure, weigh
from bench.figures import Figure, markdown, show
from bench.kinds import WHOLE
from bench.load import one_by_one
from bench.measure import Bench, Effort

QUICK = Effort(rounds=3, seconds=0.4, turns=500)
FULL = Effort(rounds=5, seconds=1.2, turns=4000)
DOCUMENT = weigh.ROOT / "docs/benchmarks.md"
MARK = "<!-- figures: written by make bench ARGS=--write -->\n"
PARTS = ("bench.transport_cpu", "bench.dialect_cost", "bench.complexity_cost", "bench.decision_cost")

Section = tuple[str, list[Figure]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute, with wider ranges")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {DOCUMENT.name}")
    parser.add_argument("--parts", action="store_true", help="the costs of transport and dialects by themselves, too")
    options = parser.parse_args(arguments)
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    where = machine(len(cores))
    print(where)
    sections = run(QUICK if options.quick else FULL, (cores[0], cores[-1]), full=not options.quick)
    if options.write:
        write(sections, where)
    if options.parts:
        os.sched_setaffinity(0, cores)
        for part in filter(find_spec, PARTS):
            subprocess.run([sys.executable, "-m", part], check=False)


def run(effort: Effort, cores: tuple[int, int], *, full: bool) -> list[Section]:
    """All sections, shown as they are done."""
    sections = []
    with tempfile.TemporaryDirectory() as folder, house.upstream(cores[0]) as mock:
        config = house.write_config(Path(folder, "trunkline.yaml"), mock[1])
        with house.gateway(config, cores[1]) as gateway, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rest = gateway[0].memory()
            bench = Bench(gateway, mock, cores)
            for title, work in LOADED.items():
                sections.append((title, runner.run(work(bench, effort))))
                show(*sections[-1])
        sections.append(("Before any load", at_rest(config, cores[1], rest, full=full)))
        show(*sections[-1])
    return sections


LOADED = {
    "Added latency, one call at a time": measure.added_latency,
    "One core at saturation": measure.saturation,
    "One more chunk of a stream": measure.per_chunk,
    "Many streams": measure.memory_of_streams,
    "Large bodies": measure.large_bodies,
}


def at_rest(config: Path, core: int, memory: float, *, full: bool) -> list[Figure]:
    """What there is before any load; the import is measured in a bare install, or here where there is none."""

    def ask_once(port: int) -> None:
        with asyncio.Runner() as runner:
            runner.run(one_by_one([WHOLE.through(port)], 1))

    times = 10 if full else 4
    starts = tuple(weigh.first_answer_seconds(config, core, ask_once, times // 2))
    with tempfile.TemporaryDirectory() as folder:
        wheel = weigh.wheel(Path(folder, "wheel"))
        size = wheel.stat().st_size / 1e6
        bare = weigh.bare_install(Path(folder, "bare"), wheel) if full else None
        imports, fronts = (
            tuple(seconds * 1e3 for seconds in weigh.import_seconds(bare or sys.executable, times, code))
            for code in (weigh.IMPORT, weigh.FRONT_DOOR)
        )
        count = (weigh.packages(bare),) if bare else ()
    where = "in a bare install" if bare else "beside the tools"
    return [
        Figure(f"import trunkline {where}: CPU", "ms", imports, 50),
        Figure(f"import trunkline and its open {where}: CPU", "ms", fronts, 150),
        Figure("start to first answer", "s", starts, 1),
        Figure("memory at rest", "MB", (memory,), 90),
        Figure("wheel", "MB", (size,), 2),
        *[Figure("packages of a bare install", "", (number,), 12) for number in count],
    ]


def machine(cores: int) -> str:
    """What it was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    versions = ", ".join(f"{name} {version(name)}" for name in ("uvloop", "httptools", "uvicorn", "msgspec"))
    processor = models[0] if models else platform.machine()
    load = f"load average {os.getloadavg()[0]:.1f} before the run"
    return f"{processor}, {cores} cores, {load}, Python {platform.python_version()}, {versions}"


def write(sections: list[Section], where: str) -> None:
    """Put the figures below the mark of the document; what stands above it is written by hand."""
    above = DOCUMENT.read_text().partition(MARK)[0]
    DOCUMENT.write_text(f"{above}{MARK}\nMeasured on {where}.\n\n" + "\n".join(markdown(*one) for one in sections))


if __name__ == "__main__":
    main()
