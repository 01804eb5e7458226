"""The day or month a moment belongs to, in any time zone: from the clock alone, so that nothing need be reset.

Refuses to know what is counted in a window.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from msgspec import Struct

Window = Literal["day", "month"]
Millis = int


class Period(Struct, frozen=True):
    """The half-open time ``[start, end)`` in Unix milliseconds; ``label`` names it among all periods of all zones."""

    start: Millis
    end: Millis
    label: str

    def has(self, at: Millis) -> bool:
        """True for a moment within it."""
        return self.start <= at < self.end


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name. Raises ValueError for one this machine does not know."""
    if name == "UTC":
        return UTC  # works without any time zone data
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # noqa: PLC0415 - 5 ms of every start, and few have zones

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(
            f"{name!r} is no time zone known here; write one like Europe/Berlin (where none is known, install tzdata)"
        ) from error


def period(window: Window, name: str, at: Millis) -> Period:
    """The day or month of a zone that has this moment in it. Raises ValueError for an unknown zone."""
    last = _last.get((window, name))
    if last is None or not last.has(at):
        last = _last[window, name] = _period(window, name, at)
    return last


_last: dict[tuple[Window, str], Period] = {}  # the window that was asked for last: a call asks for the same again


def _period(window: Window, name: str, at: Millis) -> Period:
    """Days have 23 or 25 hours where clocks change; one without a midnight begins with its first moment."""
    place = zone(name)
    local = datetime.fromtimestamp(at / 1000, place)
    first = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if window == "month":
        first = first.replace(day=1)
    label = f"{first:%Y-%m-%d}" if window == "day" else f"{first:%Y-%m}"
    return Period(_millis(first), _millis(_next(window, first)), f"{window} {label} {name}")


def _next(window: Window, first: datetime) -> datetime:
    """The beginning of the next day or month: the same hour of the calendar, whatever lies between on the clock."""
    days = timedelta(days=1 if window == "day" else 32)
    later = first.replace(tzinfo=None) + days
    if window == "month":
        later = later.replace(day=1)
    return later.replace(tzinfo=first.tzinfo)


def _millis(moment: datetime) -> Millis:
    return round(moment.timestamp()) * 1000
