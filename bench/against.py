"""``python -m bench.against OTHER``: CPU a call here beside another checkout's gateway, run by run in turn.

Refuses to say how fast either is: on a busy machine only their ratio means something. Both gateways, the mock and the
load generator are those of ``make bench``; OTHER is the root of a checkout (``git worktree add OTHER COMMIT``).
"""

import argparse
import asyncio
import os
import random
import statistics
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench import house, kinds
from bench.measure import Bench
from bench.weigh import ROOT

KINDS = {"whole": kinds.WHOLE, "stream": kinds.STREAM, "long": kinds.LONG}
DRAWS = 2000
SEED = 1


async def taken(benches: Mapping[str, Bench], kind: kinds.Kind, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Microseconds of CPU a call, by round; who is measured first changes from round to round."""
    found: dict[str, list[float]] = {name: [] for name in benches}
    for number in range(rounds):
        for name in list(benches)[:: 1 if number % 2 else -1]:
            found[name].append((await benches[name].sample(kind, seconds)).cpu)
    return found


def interval(ratios: list[float]) -> tuple[float, float]:
    """The 95 % bootstrap interval of their median."""
    rng = random.Random(SEED)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return medians[DRAWS // 40], medians[-DRAWS // 40 - 1]


def show(name: str, found: Mapping[str, list[float]]) -> None:
    ratios = [here / other for here, other in zip(found["here"], found["other"], strict=True)]
    here, other = (statistics.median(found[one]) for one in ("here", "other"))
    low, high = interval(ratios)
    told = f"{statistics.median(ratios):.3f} [{low:.3f}, {high:.3f}]"
    print(f"{name:8} here {here:7.1f} us, there {other:7.1f} us, ratio {told} of {len(ratios)} rounds, seed {SEED}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("other", type=Path, help="the root of the other checkout")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=0.3)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=["whole"])
    asked = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    trees = {"here": ROOT / "src", "other": asked.other.resolve() / "src"}
    with TemporaryDirectory() as folder, ExitStack() as stack:
        mock = stack.enter_context(house.upstream(cores[0]))
        config = house.write_config(Path(folder, "trunkline.yaml"), mock[1])
        benches = {}
        for name, sources in trees.items():
            running = stack.enter_context(house.gateway(config, cores[-1], sources))
            benches[name] = Bench(running, mock, (cores[0], cores[-1]))
        os.sched_setaffinity(0, {cores[0]})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            for name in asked.kinds:
                show(name, runner.run(taken(benches, KINDS[name], asked.rounds, asked.seconds)))


if __name__ == "__main__":
    main()
