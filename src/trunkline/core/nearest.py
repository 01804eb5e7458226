"""The names nearest to one that does not exist, for messages that say what to change.

Refuses to know what is being named.
"""

from collections.abc import Iterable
from itertools import islice

_LONGEST = 64
_MOST = 500
_ALIKE = 0.6


def nearest(name: str, names: Iterable[str], count: int = 3) -> tuple[str, ...]:
    """At most ``count`` of ``names`` that look like ``name``, the nearest first; none when nothing is near.

    Bounded in time whatever a caller sends: 64 characters of at most 500 names are compared.
    """
    import difflib  # noqa: PLC0415 - 3 ms that only an error pays for

    folded = {candidate[:_LONGEST].casefold(): candidate for candidate in islice(names, _MOST)}
    found = difflib.get_close_matches(name[:_LONGEST].casefold(), folded, n=count, cutoff=_ALIKE)
    return tuple(folded[key] for key in found)


def hint(name: str, names: Iterable[str]) -> str:
    """The end of a sentence: ``'; did you mean "groq"?'``, or its full stop when no name is near."""
    found = nearest(name, names)
    return f"; did you mean {' or '.join(map(quoted, found))}?" if found else "."


def quoted(text: str) -> str:
    """Text in double quotes, shortened and on one line, as error messages show what they were given."""
    shown = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
    return '"' + shown.encode("unicode_escape").decode("ascii") + '"' if not shown.isprintable() else f'"{shown}"'
