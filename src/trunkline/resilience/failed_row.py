"""How many calls failed one after another, in the order in which they began.

Refuses to know when they ended and what else was counted: the order of ends is the circuit's own.
"""

MOST_REMEMBERED = 4096  # ends of rows; a flaky target that never opens its circuit would fill the memory with them


class FailedRow:
    """Calls have numbers that rise as they begin; a row is numbers without a gap that all failed.

    A busy target that dies leaves slow successes of earlier calls behind, which break every row in the order of ends
    (68 calls went to a flapping target at 200 a second). They do not break this one: they began before it. A call that
    is still under way does, so failures that are merely quicker than the successes between them are no row.
    """

    __slots__ = ("_lengths",)

    def __init__(self) -> None:
        self._lengths: dict[int, int] = {}  # right at the two ends of each row, history in between

    def add(self, number: int) -> int:
        """The call of this number failed; the length of the row that it stands in. O(1)."""
        lengths = self._lengths
        if len(lengths) >= MOST_REMEMBERED:
            lengths.clear()
        before, after = lengths.get(number - 1, 0), lengths.get(number + 1, 0)
        length = before + 1 + after
        lengths[number] = lengths[number - before] = lengths[number + after] = length
        return length

    def clear(self) -> None:
        """Forget all rows."""
        self._lengths.clear()

    def __repr__(self) -> str:
        return f"<FailedRow [longest {max(self._lengths.values(), default=0)}]>"
