"""``python -m bench.money_cost``: what a ledger adds to a call: none, in memory, and on a disk with an fsync each.

Refuses to measure the store by itself: ``python -m bench.ledger`` does.
"""

import asyncio
import os
import statistics
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import uvloop

from bench import house, kinds
from bench.figures import Figure, show
from bench.load import one_by_one
from bench.measure import Bench

ROUNDS = 5
SECONDS = 1.0
TURNS = 600
RESERVE_TARGET = 1.5  # ms a call may wait for its money, p50


async def measured(benches: dict[str, Bench], ports: dict[str, int]) -> list[Figure]:
    """CPU a call at saturation, and what one call at a time waits for its first byte, each kind in every round."""
    cpu: dict[str, list[float]] = {name: [] for name in benches}
    waits: dict[str, list[float]] = {name: [] for name in benches}
    for _ in range(ROUNDS):
        for name, bench in benches.items():
            cpu[name].append((await bench.sample(kinds.WHOLE, SECONDS)).cpu)
        jobs = [kinds.WHOLE.through(port) for port in ports.values()]
        for name, timings in zip(ports, await one_by_one(jobs, TURNS), strict=True):
            waits[name].append(statistics.median(timing.first for timing in timings) * 1e3)
    base = statistics.median(waits["off"])
    return [
        *(Figure(f"CPU a call, ledger: {name}", "us", tuple(taken)) for name, taken in cpu.items()),
        *(
            Figure(f"first byte, one at a time, ledger: {name}: p50", "ms", tuple(taken))
            for name, taken in waits.items()
        ),
        *(
            Figure(f"added by ledger: {name}: p50", "ms", tuple(one - base for one in waits[name]), RESERVE_TARGET)
            for name in ("memory", "file")
        ),
    ]


def main() -> None:
    cores = sorted(os.sched_getaffinity(0))
    with TemporaryDirectory() as folder, ExitStack() as stack:
        mock = stack.enter_context(house.upstream(cores[0]))
        kept: dict[str, str | dict[str, str]] = {"off": "off", "memory": {}, "file": f"{folder}/trunkline.db"}
        gateways = {}
        for name, ledger in kept.items():
            config = house.write_config(Path(folder, f"{name}.yaml"), mock[1], ledger)
            gateways[name] = stack.enter_context(house.gateway(config, cores[-1]))
        benches = {name: Bench(gateway, mock, (cores[0], cores[-1])) for name, gateway in gateways.items()}
        ports = {name: gateway[1] for name, gateway in gateways.items()}
        os.sched_setaffinity(0, {cores[0]})
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            show("What a ledger adds to a call", runner.run(measured(benches, ports)))


if __name__ == "__main__":
    main()
