"""Scenarios side by side, a process for each core, each with figures and verdicts as it ends.
It refuses to print.
"""

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context

from msgspec import Struct
from msgspec.structs import replace

from trunkline.gateway.config import Config
from trunkline.testing.chaos.findings import Findings, Verdict, find, judge
from trunkline.testing.chaos.scenarios import BAD_DAYS, GOOD_DAY, Scenario
from trunkline.testing.chaos.trial import FIRST_CONTENT, Trial

SCENARIOS = {scenario.name: scenario for scenario in (GOOD_DAY, *BAD_DAYS)}


class Run(Struct, frozen=True):
    """One scenario with its figures and what they are worth."""

    scenario: Scenario
    findings: Findings
    verdicts: tuple[Verdict, ...]

    @property
    def ok(self) -> bool:
        """Every target was reached."""
        return all(verdict.ok for verdict in self.verdicts)


def play(name: str, calls: int, seed: int, config: Config | None = None) -> Findings:
    """The figures of one scenario, in this process."""
    began = time.process_time()
    log = Trial(SCENARIOS[name], calls, seed, config).play()
    found = find(SCENARIOS[name], log, calls, seed)
    return replace(found, cpu_seconds=time.process_time() - began)


def judged(found: Findings, healthy_p99: float) -> Run:
    """With its verdicts; ``healthy_p99`` in seconds is that of the good day."""
    scenario = SCENARIOS[found.scenario]
    return Run(scenario, found, tuple(judge(found, scenario, healthy_p99, FIRST_CONTENT)))


def runs(names: Iterable[str], calls: int, seed: int, processes: int | None = None) -> Iterator[Run]:
    """The good day first, for a tenth of the calls; then the others as they end."""
    workers = processes or os.cpu_count() or 1
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        first = pool.submit(play, GOOD_DAY.name, max(1000, calls // 10), seed)
        others = [pool.submit(play, name, calls, seed) for name in names if name != GOOD_DAY.name]
        try:
            good_day = first.result()
            yield judged(good_day, good_day.p99)
            for done in as_completed(others):
                yield judged(done.result(), good_day.p99)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
