"""What a usual prompt of a kind looks like to each model: the mean of its features over the prompts that were scored.

Refuses to know what the features mean. Sums are evidence like any other: they add up over processes, and fade.
"""

from collections.abc import Iterable
from math import isfinite

from trunkline.stores.records import Millis
from trunkline.stores.scores import Evidence

KIND = "usual"
MOST_KINDS = 10_000  # (model, kind) pairs; of more the prompt itself is taken to be usual

Vector = tuple[float, ...]


class Usual:
    """Means of ``features`` numbers each; ``half_life`` in milliseconds."""

    __slots__ = ("_features", "_fresh", "_half_life", "_known")

    def __init__(self, features: int, half_life: Millis) -> None:
        self._features = features
        self._half_life = half_life
        self._known: dict[str, Evidence] = {}
        self._fresh: dict[str, Evidence] = {}

    def of(self, target: str, cluster: str) -> Vector | None:
        """The usual prompt; None where none was scored."""
        known = self._known.get(_name(target, cluster))
        if known is None or known.sums[0] <= 0:
            return None
        return tuple(value / known.sums[0] for value in known.sums[1:])

    def learn(self, target: str, cluster: str, features: Vector, weight: float, now: Millis) -> None:
        """One more scored prompt."""
        name = _name(target, cluster)
        if weight > 0 and (name in self._known or len(self._known) < MOST_KINDS):
            piece = Evidence(name, now, (weight, *(weight * value for value in features)))
            self._known[name] = self._plus(self._known.get(name), piece)
            self._fresh[name] = self._plus(self._fresh.get(name), piece)

    def fresh(self) -> list[Evidence]:
        """What was learned since this was last asked: to be added to the store."""
        found = list(self._fresh.values())
        self._fresh.clear()
        return found

    def put_back(self, piece: Evidence) -> None:
        """What ``fresh`` gave could not be stored: it is fresh still."""
        self._fresh[piece.name] = self._plus(self._fresh.get(piece.name), piece)

    def replace(self, stored: Iterable[Evidence]) -> None:
        """Take what all processes have stored, and what this one has not stored yet."""
        self._known = {piece.name: piece for piece in stored if self._sane(piece)}
        for piece in self._fresh.values():
            self._known[piece.name] = self._plus(self._known.get(piece.name), piece)

    def _sane(self, piece: Evidence) -> bool:
        """Of this kind and of these features; a file that was written to by hand must not poison a decision."""
        whole = len(piece.sums) == self._features + 1 and all(map(isfinite, piece.sums))
        return piece.name.startswith(f"{KIND}|") and whole

    def _plus(self, known: Evidence | None, more: Evidence) -> Evidence:
        return more if known is None else known.plus(more, self._half_life)


def _name(target: str, cluster: str) -> str:
    return f"{KIND}|{target}|{cluster}"
