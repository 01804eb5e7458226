"""Who waits for a target that is full, first come first served.

Refuses to wait: it knows whose turn it is, and wakes whoever that is. No permit is handed over, so none can be lost.
"""

from bisect import bisect_left
from collections.abc import Callable
from operator import attrgetter

_NUMBER = attrgetter("number")


class Place:
    """A place in the line; ``number`` says when its call came, ``wake`` is called when it may look again."""

    __slots__ = ("number", "wake")

    def __init__(self, number: int, wake: Callable[[], None]) -> None:
        self.number = number
        self.wake = wake

    def __repr__(self) -> str:
        return f"<Place of call {self.number}>"


class WaitingLine:
    """Places in the order of their numbers, so that who steps out to look around comes back to where it stood."""

    __slots__ = ("most", "places")

    def __init__(self, most: int) -> None:
        self.most = most
        self.places: list[Place] = []

    def ahead(self, number: int) -> int:
        """How many stand before a call of this number, whether it stands in the line or not."""
        return bisect_left(self.places, number, key=_NUMBER)

    def takes(self, number: int) -> bool:
        """False when the line is full for a call of this number."""
        return self.ahead(number) < self.most

    def join(self, number: int, wake: Callable[[], None]) -> Place:
        """Stand in line. A number stands in it once at a time."""
        place = Place(number, wake)
        self.places.insert(self.ahead(number), place)
        return place

    def is_first(self, place: Place) -> bool:
        """True when it is this one's turn, as soon as the target has room."""
        return self.places[0] is place

    def leave(self, place: Place) -> None:
        """Step out; if it was the first, the next one is told."""
        at = self.ahead(place.number)
        del self.places[at]
        if at == 0:
            self.call()

    def call(self) -> None:
        """The target may have room: the first one is to look."""
        if self.places:
            self.places[0].wake()

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return f"<WaitingLine {len(self.places)} of {self.most}>"
