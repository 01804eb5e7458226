"""``python -m bench.rooms``: how many functions a verbatim call passes in each room, and which with ``--functions``.

Refuses to measure time: the count is the same on a busy machine, and says where a call's work has grown. A coroutine
counts each time it is entered, so one that waits once counts twice.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import msgspec
import uvloop

from bench import house, kinds
from bench.load import saturate

SECONDS = 3.0
CONNECTIONS = 4
SHOWN = 0.3  # a call; what is rarer is a timer's
KINDS = {"whole": kinds.WHOLE, "stream": kinds.STREAM}
Counts = dict[str, tuple[float, float]]


class Counting:
    """Counts calls of Python's functions and of C's, by file and name, while it is on."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def start(self, *_: object) -> None:
        """On, from here."""
        sys.setprofile(self._heard)

    def stop(self, *_: object) -> None:
        """Off; what was counted is written down."""
        sys.setprofile(None)
        self._out.write_bytes(msgspec.json.encode([[*key, count] for key, count in self._counts.items()]))

    def _heard(self, frame: FrameType, event: str, _: Any) -> None:
        if event in {"call", "c_call"}:
            code = frame.f_code
            self._counts[event, code.co_filename, code.co_qualname] += 1


def serve(out: Path, config: str) -> None:
    """The gateway, counting between SIGUSR1 and SIGUSR2."""
    from trunkline.cli.main import main as trunkline  # noqa: PLC0415 - only in the process that is counted

    counting = Counting(out)
    signal.signal(signal.SIGUSR1, counting.start)
    signal.signal(signal.SIGUSR2, counting.stop)
    sys.argv = ["trunkline", "serve", "-c", config]
    trunkline()


def counted(kind: kinds.Kind) -> tuple[Counts, Counts, int]:
    """Python's and C's calls for one call of the gateway, by file and by function; and of how many calls."""
    with TemporaryDirectory() as folder, house.upstream(min(os.sched_getaffinity(0))) as mock:
        out, config = Path(folder, "counts.json"), house.write_config(Path(folder, "trunkline.yaml"), mock[1])
        command = [sys.executable, "-m", "bench.rooms", "--serve", str(out), str(config)]
        process = house.Process(command, max(os.sched_getaffinity(0)))
        job = kind.through(int(process.first_line().rpartition(":")[2]))
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(saturate(job, CONNECTIONS, 0.5))
            os.kill(process.pid, signal.SIGUSR1)
            answers, _ = runner.run(saturate(job, CONNECTIONS, SECONDS))
        os.kill(process.pid, signal.SIGUSR2)
        while not out.exists() or not out.stat().st_size:
            time.sleep(0.05)
        process.stop()
        rows = msgspec.json.decode(out.read_bytes(), type=list[tuple[str, str, str, int]])
    return summed(rows, answers, named=False), summed(rows, answers, named=True), answers


def summed(rows: list[tuple[str, str, str, int]], answers: int, *, named: bool) -> Counts:
    found: dict[str, list[float]] = {}
    for event, path, function, count in rows:
        name = f"{room(path)}:{function}" if named else room(path)
        found.setdefault(name, [0.0, 0.0])[event == "c_call"] += count / answers
    return {name: (python, c) for name, (python, c) in found.items() if python > SHOWN}


def room(path: str) -> str:
    """A file as it is called here, or by its package."""
    for above in ("/trunkline/", "/site-packages/", f"/python{sys.version_info[0]}.{sys.version_info[1]}/"):
        if above in path:
            return path.rpartition(above)[2]
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.rooms", description=__doc__)
    parser.add_argument("--kind", choices=KINDS, default="whole")
    parser.add_argument("--functions", action="store_true", help="each function by itself")
    parser.add_argument("--serve", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(Path(asked.serve[0]), asked.serve[1])
        return
    rooms, functions, answers = counted(KINDS[asked.kind])
    shown = functions if asked.functions else rooms
    for name, (python, c) in sorted(shown.items(), key=lambda row: -row[1][0]):
        print(f"{python:7.1f} {c:7.1f}  {name}")
    print(f"{sum(one for one, _ in rooms.values()):7.1f} {sum(one for _, one in rooms.values()):7.1f}  in all,")
    print(f"calls of Python's and of C's functions for one call of the gateway, of {answers:,}")


if __name__ == "__main__":
    main()
