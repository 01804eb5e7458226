"""Lines reach a sink that works, and a sink that does not is felt by nobody."""

import threading
import time

from trunkline.telemetry import lines as room
from trunkline.telemetry.lines import LineWriter


def test_lines_arrive_in_order_and_whole() -> None:
    written: list[bytes] = []
    writer = LineWriter(written.append)

    for number in range(500):
        writer.put(b"%d\n" % number)
    writer.close()

    assert b"".join(written).split() == [b"%d" % number for number in range(500)]
    assert writer.dropped == 0


def test_a_sink_that_raises_loses_its_lines_and_gets_the_next_ones() -> None:
    written: list[bytes] = []
    broken = threading.Event()
    broken.set()

    def write(text: bytes) -> None:
        if broken.is_set():
            raise OSError("no space left on device")
        written.append(text)

    writer = LineWriter(write)
    writer.put(b"lost\n")
    while not writer.dropped:
        time.sleep(0.01)
    broken.clear()
    writer.put(b"kept\n")
    writer.close()

    assert (written, writer.dropped) == ([b"kept\n"], 1)


def test_a_sink_that_hangs_holds_up_neither_writers_nor_the_end(monkeypatch) -> None:
    monkeypatch.setattr(room, "LAST_CHANCE", 0.05)
    monkeypatch.setattr(room, "MOST_WAITING", 100)
    stuck = threading.Event()
    writer = LineWriter(lambda _: stuck.wait())

    for number in range(1000):
        writer.put(b"%d\n" % number)
    dropped = writer.dropped
    writer.close()
    stuck.set()

    assert 1000 - dropped <= 200
