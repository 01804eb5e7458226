"""The command as a process: the greeting, the log, the signal, the exit code."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline.cli.simulate import simulate

EXAMPLE = Path(__file__).parents[2] / "examples" / "simulator.yaml"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_greets_serves_logs_and_stops_at_a_signal(tmp_path: Path, number: signal.Signals):
    log = tmp_path / "truth.jsonl"
    command = [sys.executable, "-m", "trunkline.simulator", "-c", str(EXAMPLE), "--port", "0", "--log", str(log)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        try:
            url = first.split(" on ")[1].strip()
            request = urllib.request.Request(f"{url}/steady/v1/models", headers={"authorization": "Bearer sk-steady"})  # noqa: S310
            with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
                listed = json.load(response)
            line = json.loads(log.read_text().splitlines()[0])
        finally:
            process.send_signal(number)
        rest, errors = process.stdout.read(), process.stderr.read() if process.stderr else ""

    assert first.startswith("simulator listening on http://127.0.0.1:")
    assert listed["data"][0]["id"] == "sim-small"
    assert line["path"] == "/steady/v1/models"
    assert "curl http://127.0.0.1:" in rest
    assert (process.returncode, errors) == (0, "")


def test_a_wrong_file_ends_it_with_two_and_a_sentence(tmp_path: Path):
    (tmp_path / "bad.yaml").write_text("providers: {p: {modls: {}}}")

    done = subprocess.run(
        [sys.executable, "-m", "trunkline.simulator", "-c", "bad.yaml"],
        cwd=tmp_path,
        env=os.environ,
        capture_output=True,
        text=True,
        timeout=10,
        check=False,
    )

    assert done.returncode == 2
    assert "bad.yaml: providers.p: " in done.stderr
    assert "Traceback" not in done.stderr


def test_the_click_command_says_what_is_wrong_with_the_file():
    result = CliRunner().invoke(simulate, ["-c", "nothing.yaml"])

    assert result.exit_code == 1
    assert "nothing.yaml: cannot be read" in result.output


async def test_a_port_in_use_is_an_error_and_no_traceback():
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    result = await asyncio.to_thread(CliRunner().invoke, simulate, ["-c", str(EXAMPLE), "--port", str(port)])

    server.close()
    await server.wait_closed()
    assert result.exit_code == 1
