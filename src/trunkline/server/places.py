"""A table of paths: what stands where, who may go there, and what it is for.

Refuses to stand with a place that nobody has classified: whoever adds a path says who may go there, or nothing starts.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, get_args

from msgspec import Struct

from trunkline.core.errors import TrunklineError
from trunkline.server.app import Door, Visit

Access = Literal["caller", "admin", "public"]
"""``caller`` asks for a caller's key itself, for it wants to know whose; ``admin`` is guarded here; ``public``: nobody
is asked, and nothing is shown that a stranger should not see."""
OPERATORS = ("/admin", "/metrics")  # nothing at or below these is for anybody else


class Unclassified(TrunklineError):
    """Nobody has said who may go to a path, or it was said wrongly: a mistake in this program, told at its start."""


class Place(Struct, frozen=True):
    """``path`` may hold one ``{name}``, which stands for anything, slashes too. ``about`` says what it is for."""

    path: str
    access: Access
    doors: Mapping[str, Door]
    about: str
    query: tuple[str, ...] = ()  # parameters after the question mark
    answers: Mapping[str, Any] = {}  # by method: the type of a good answer, or a media type that is not JSON
    wants: Any = None  # the type of a body

    @property
    def halves(self) -> tuple[str, str]:
        """What stands before and after the ``{name}``."""
        before, _, rest = self.path.partition("{")
        return before, rest.partition("}")[2]

    def holds(self, path: str) -> bool:
        """True where the path is this one with a name for the braces."""
        before, after = self.halves
        long_enough = len(path) > len(before) + len(after)
        return self.parameter is not None and long_enough and path.startswith(before) and path.endswith(after)

    @property
    def parameter(self) -> str | None:
        """The name in the braces."""
        return self.path.partition("{")[2].partition("}")[0] or None


class Places:
    """The table; ``guard`` lets operators pass and raises for everybody else. Raises Unclassified."""

    __slots__ = ("_exact", "_patterns", "all")

    def __init__(self, places: Iterable[Place], guard: Callable[[Visit], Awaitable[None]]) -> None:
        self.all = tuple(places)
        self._exact: dict[str, Mapping[str, Door]] = {}
        self._patterns: list[tuple[str, str, Mapping[str, Door]]] = []
        for place in self.all:
            _check(place)
            doors = place.doors
            if place.access == "admin":
                doors = {method: _guarded(door, guard) for method, door in doors.items()}
            if place.parameter is None:
                self._exact[place.path] = doors
            else:
                self._patterns.append((*place.halves, doors))

    def find(self, path: str) -> Mapping[str, Door] | None:
        """The doors of a path by method; the first place that fits counts."""
        found = self._exact.get(path)
        if found is not None:
            return found
        for before, after, doors in self._patterns:
            if path.startswith(before) and path.endswith(after) and len(path) > len(before) + len(after):
                return doors
        return None

    def at(self, path: str) -> Place | None:
        """The place of a path; slower than ``find``, for what is not done at every call."""
        exact = (place for place in self.all if place.path == path)
        return next(exact, None) or next((place for place in self.all if place.holds(path)), None)


def _check(place: Place) -> None:
    if place.access not in get_args(Access):
        raise Unclassified(f"{place.path} is for {place.access!r}: say caller, admin or public")
    operators = any(place.path == above or place.path.startswith(f"{above}/") for above in OPERATORS)
    if operators and place.access != "admin":
        raise Unclassified(f"{place.path} is for {place.access!r}: what is at or below {OPERATORS} is for admin only")


def _guarded(door: Door, guard: Callable[[Visit], Awaitable[None]]) -> Door:
    async def guarded(visit: Visit) -> None:
        await guard(visit)
        await door(visit)

    return guarded
