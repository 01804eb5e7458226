"""Several processes behind one address: whichever is scraped tells the sum, which never goes back, whoever dies."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as read

from trunkline.core.errors import ConfigError
from trunkline.telemetry.exposition import OPEN, PLAIN
from trunkline.telemetry.series import Counter, Gauge, Histogram, Series
from trunkline.telemetry.shared import SharedFigures
from trunkline.telemetry.together import MOST, kept, lasting, series_of, together


class Process:
    """One of them, with a series of each kind."""

    def __init__(self, folder: Path) -> None:
        self.calls = Counter("llm_requests_total", "Calls.", ("route",))
        self.cost = Counter("llm_cost_dollars_total", "Dollars.", (), digits=9)
        self.took = Histogram("llm_request_duration_seconds", "Time.", (), (1.0, 5.0))
        self.open = 0
        self.left = 5.0
        self.figures = SharedFigures(folder, lambda: self.series)

    @property
    def series(self) -> list[Series]:
        return [
            self.calls, self.cost, self.took,
            Gauge("llm_requests_in_flight", "Now.", (), lambda: [((), float(self.open))]),
            Gauge("llm_budget_remaining_dollars", "Left.", ("budget",), lambda: [(("all",), self.left)]),
            Gauge("process_cpu_seconds_total", "CPU.", (), lambda: [((), 2.0)], "counter"),
        ]  # fmt: skip

    def call(self, route: str = "fast") -> None:
        self.calls.add((route,))
        self.cost.add((), 1_000_000_001)
        self.took.observe((), 0.5, "trace-1")


def files(folder: Path, ending: str) -> list[Path]:
    return [path for path in folder.iterdir() if path.suffix == ending]


def seen(text: bytes) -> dict[tuple[str, ...], float]:
    return {(one.name, *one.labels.values()): one.value for family in read(text.decode()) for one in family.samples}


async def test_whoever_is_asked_tells_the_sum(tmp_path: Path) -> None:
    one, two = Process(tmp_path), Process(tmp_path)
    one.call()
    two.call()
    two.call("smart")
    one.open, two.open, two.left = 3, 4, 1.5
    await two.figures.text(PLAIN)

    found = seen(await one.figures.text(PLAIN))

    assert found["llm_requests_total", "fast"] == 2
    assert found["llm_requests_total", "smart"] == 1
    assert found["llm_cost_dollars_total",] == 3.000000003
    assert found["llm_request_duration_seconds_bucket", "1.0"] == 3
    assert found["llm_requests_in_flight",] == 7
    assert found["llm_budget_remaining_dollars", "all"] == 1.5
    assert seen(await two.figures.text(PLAIN)) == found
    one.figures.close()
    two.figures.close()


async def test_what_the_ended_had_counted_stays_and_what_they_held_does_not(tmp_path: Path) -> None:
    one, two = Process(tmp_path), Process(tmp_path)
    two.call()
    two.open = 9
    two.figures.close()

    for _ in range(3):  # the second and third look find it buried, and must not count it again
        found = seen(await one.figures.text(PLAIN))
        assert found["llm_requests_total", "fast"] == 1
        assert found["process_cpu_seconds_total",] == 4
        assert found["llm_requests_in_flight",] == 0

    one.figures.close()
    three = Process(tmp_path)
    assert seen(await three.figures.text(PLAIN))["llm_requests_total", "fast"] == 1
    assert len(files(tmp_path, ".json")) == 2  # its own, and that of all the ended
    three.figures.close()


async def test_a_burial_that_was_cut_short_counts_nobody_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = Process(tmp_path), Process(tmp_path)
    two.call()
    two.figures.close()
    with monkeypatch.context() as broken:
        broken.setattr(Path, "unlink", lambda *_, **__: (_ for _ in ()).throw(OSError("power cut")))
        await one.figures.text(PLAIN)

    found = seen(await one.figures.text(PLAIN))

    assert found["llm_requests_total", "fast"] == 1
    one.figures.close()


STEPS = st.lists(st.tuples(st.sampled_from(["call", "scrape", "end", "begin"]), st.integers(0, 3)), max_size=30)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_no_scrape_ever_shows_less_than_the_one_before(
    steps: list[tuple[str, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("shared")

    async def walk() -> None:
        living, shown, called = [Process(folder) for _ in range(4)], 0.0, 0
        for step, number in steps:
            process = living[number % len(living)]
            if step == "call":
                process.call()
                called += 1
            elif step == "scrape":
                now = seen(await process.figures.text(PLAIN)).get(("llm_requests_total", "fast"), 0.0)
                assert shown <= now <= called
                shown = now
            elif step == "end" and len(living) > 1:
                living.remove(process)
                process.figures.close()
            elif step == "begin" and len(living) < 4:
                living.append(Process(folder))
        for process in living:
            await process.figures.text(PLAIN)
        total = seen(await living[0].figures.text(PLAIN)).get(("llm_requests_total", "fast"), 0.0)
        for process in living:
            process.figures.close()
        assert total == called

    asyncio.run(walk())


COUNTING = """
import asyncio, sys
from pathlib import Path
from trunkline.telemetry.exposition import PLAIN
from trunkline.telemetry.series import Counter
from trunkline.telemetry.shared import SharedFigures
calls = Counter("llm_requests_total", "Calls.", ("route",))
async def main():
    figures = SharedFigures(Path(sys.argv[1]), lambda: [calls])
    calls.add(("fast",), 41)
    await figures.text(PLAIN)
    print("shown", flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_what_a_killed_process_had_shown_is_never_lost(tmp_path: Path) -> None:
    one = Process(tmp_path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COUNTING, str(tmp_path), stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"shown\n"
    one.call()
    before = seen(await one.figures.text(PLAIN))["llm_requests_total", "fast"]
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()

    after = [seen(await one.figures.text(PLAIN))["llm_requests_total", "fast"] for _ in range(2)]

    assert (before, after) == (42, [42, 42])
    one.figures.close()


async def test_files_that_none_of_us_wrote_are_told_and_stop_no_scrape(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = Process(tmp_path)
    one.call()
    (tmp_path / "1-0123456789ab.json").write_bytes(b"{junk")

    found = seen(await one.figures.text(PLAIN))

    assert found["llm_requests_total", "fast"] == 1
    assert "holds no figures" in caplog.text
    one.figures.close()


async def test_exemplars_are_those_of_whoever_answers(tmp_path: Path) -> None:
    one = Process(tmp_path)
    one.call()

    assert b'trace_id="trace-1"' in await one.figures.text(OPEN)
    one.figures.close()


def test_a_folder_that_cannot_be_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigError, match=r"metrics\.share"):
        SharedFigures(tmp_path / "file", list)


def test_a_sum_has_a_limit_of_series_too() -> None:
    processes = []
    for number in range(100):
        counter = Counter("llm_requests_total", "Calls.", ("route",))
        for each in range(60):
            counter.add((f"route-{number}-{each}",))
        processes.append(lasting(kept([counter])))

    [merged] = series_of(together(processes))

    assert isinstance(merged, Counter)
    assert sum(merged.values.values()) == 6000
    assert len(merged.values) == MOST + 1


COUNTER = '["llm_requests_total","x","counter",["route"],0,[],[[%s]],[]]'
STRANGE: dict[str, Callable[[Path], object]] = {
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "a link to itself": lambda path: path.symlink_to(path),
    "no JSON": lambda path: path.write_bytes(b"\xff{"),
    "deep": lambda path: path.write_text("[" * 100_000),
    "too many labels": lambda path: path.write_text("[" + COUNTER % '["a","b"],1' + "]"),
    "less than nothing": lambda path: path.write_text("[" + COUNTER % '["fast"],-100' + "]"),
    "a broken number": lambda path: path.write_text("[" + COUNTER % '["fast"],1e308' + "]"),
    "a name of two lines": lambda path: path.write_text("[" + (COUNTER % '["a"],1').replace("_total", "\\nx") + "]"),
    "too few buckets": lambda path: path.write_text(
        '[["llm_request_duration_seconds","x","histogram",[],null,[1.0,5.0],[],[[[],[1],2.0]]]]'
    ),
}


@pytest.mark.parametrize("name", ["123-abcdefabcdef.json", "123-abcdefabcdef.lock", "a-b.json", "ended.json"])
@pytest.mark.parametrize("strange", STRANGE)
async def test_what_strangers_put_into_the_folder_takes_no_figures_away(
    tmp_path: Path, strange: str, name: str
) -> None:
    one, two = Process(tmp_path), Process(tmp_path)
    one.call()
    two.call()
    await two.figures.text(PLAIN)
    STRANGE[strange](tmp_path / name)
    if name.endswith("lock"):
        (tmp_path / name).with_suffix(".json").write_text("[]")

    for _ in range(2):
        told = seen(await asyncio.wait_for(one.figures.text(PLAIN), 5))

        assert told["llm_requests_total", "fast"] == 2
