"""A string that does not show itself: keys and passwords on their way from the config to a header.

Refuses to be printed, formatted or logged; ``reveal`` is the one way out, and easy to search for.
"""

import hmac
from typing import NoReturn

_SHOWN_FROM = 16  # characters: with fewer, four of them would be too much of the whole


class Secret:
    """A masked string. ``str`` and ``repr`` show ``****`` and, of a long one, its last four characters."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself."""
        return self._value

    def __str__(self) -> str:
        return "****" + (self._value[-4:] if len(self._value) >= _SHOWN_FROM else "")

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied into files; call reveal() where the value itself is meant")
