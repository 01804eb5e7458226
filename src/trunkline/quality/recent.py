"""Who answered what lately, so that a user's word about an answer finds its model.

Refuses to grow, and to keep a word of questions and answers.
"""

from collections import OrderedDict

from msgspec import Struct

from trunkline.quality.validators import Finding
from trunkline.routing.learner import Asked

MOST_KEPT = 20_000  # answers, about 8 MB


class RecentAnswer(Struct, frozen=True):
    """One answered call, and what checks saw in its answer."""

    id: str
    target: str
    asked: Asked
    key: str
    found: tuple[Finding, ...] = ()


class Recent:
    """The latest answers by request id; the oldest go. Ids may be a caller's own, so a key only finds its own."""

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int = MOST_KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str], RecentAnswer] = OrderedDict()

    def keep(self, answer: RecentAnswer) -> None:
        """One more."""
        self._kept[answer.id, answer.key] = answer
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def find(self, request: str, key: str) -> RecentAnswer | None:
        """The answer to a request of this key; None where it is not known (any more)."""
        return self._kept.get((request, key))

    def __len__(self) -> int:
        return len(self._kept)
