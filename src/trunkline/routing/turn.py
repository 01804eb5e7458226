"""Waiting for one's turn at targets without room: lines say whose it is, gates say when there is room.

Refuses to decide whether to wait and whom to ask then: ``recovery`` does, and decides again when no turn came.
"""

import asyncio
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import NamedTuple

from trunkline.providers.health import TargetHealth
from trunkline.resilience.gate import NEVER
from trunkline.resilience.waiting_line import Place, WaitingLine


class Wanted(NamedTuple):
    """A target that would do, and the moment before which it is not to be asked."""

    health: TargetHealth
    not_before: float


async def turn(wanted: Sequence[Wanted], number: int, clock: Callable[[], float], until: float) -> TargetHealth | None:
    """The first target where the call of this number is first in line and the gates are open; None at ``until``.

    Nothing is held while it waits: a caller that leaves steps out of its lines, and whoever is next is told.
    """
    woken = asyncio.Event()
    with ExitStack() as lines:
        places = [lines.enter_context(_standing(one.health.line, number, woken.set)) for one in wanted]
        while True:
            now = clock()
            times = [_turn_at(one, place, now) for one, place in zip(wanted, places, strict=True)]
            at = min(times)
            if at <= now:
                return wanted[times.index(at)].health
            if now >= until:
                return None
            woken.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(min(at, until) - now):
                    await woken.wait()


def _turn_at(wanted: Wanted, place: Place, now: float) -> float:
    health = wanted.health
    return max(wanted.not_before, health.gates.ready_at(now)) if health.line.is_first(place) else NEVER


@contextmanager
def _standing(line: WaitingLine, number: int, wake: Callable[[], None]) -> Generator[Place]:
    place = line.join(number, wake)
    try:
        yield place
    finally:
        line.leave(place)
