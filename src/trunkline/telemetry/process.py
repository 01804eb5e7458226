"""The process itself, under the names that Prometheus' own clients use.

Refuses to guess: what the system does not tell (``/proc`` is Linux's) is left out.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from trunkline.telemetry.series import Gauge, Readings, Series

STARTED = time.time()
PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def process_series() -> list[Series]:
    """CPU, memory, open files, start."""
    return [
        Gauge("process_cpu_seconds_total", "User and system CPU time.", (), _cpu, "counter"),
        Gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", (), _start),
        Gauge("process_resident_memory_bytes", "Memory in use.", (), _memory),
        Gauge("process_open_fds", "Open files and sockets.", (), _files),
    ]


def _cpu() -> Readings:
    yield (), time.process_time()


def _start() -> Readings:
    yield (), STARTED


def _memory() -> Readings:
    with suppress(OSError):
        yield (), float(int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE)


def _files() -> Readings:
    with suppress(OSError):
        yield (), float(len(list(Path("/proc/self/fd").iterdir())))
