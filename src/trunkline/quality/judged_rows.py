"""Files of questions and answers to be judged, and of what came of it: one JSON object a line.

Refuses rows it does not understand, and says which line and why.
"""

from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from trunkline.core.errors import ConfigError
from trunkline.quality.pairwise import Choice

MOST_ROWS = 200_000
LONGEST_LINE = 16 * 1024 * 1024  # bytes

Unit = Annotated[float, Meta(ge=0, le=1)]


class ToJudge(Struct, frozen=True, omit_defaults=True):
    """One line of a file. Other fields are allowed, and kept out.

    ``request``   the question: text, or messages.
    ``response``  the answer; or two of them, ``a`` and ``b``, to be compared.
    ``score``     what people gave the answer, 0 to 1; ``label`` which of two they chose.
    ``model``     provider/model that answered, so that no judge judges its own family.
    """

    request: str | list[dict[str, Any]]
    response: str | None = None
    a: str | None = None
    b: str | None = None
    score: Unit | None = None
    label: Choice | None = None
    reference: str = ""
    model: str = ""
    id: str = ""


class Judged(Struct, frozen=True, omit_defaults=True):
    """One line of what came of it: ``score`` is the judge's, ``people`` what people gave; None where there is none."""

    id: str
    model: str = ""
    judge: str = ""
    score: float | None = None
    people: float | None = None
    grades: dict[str, int] = {}
    label: Choice | None = None
    orders: tuple[Choice | None, Choice | None] | None = None
    lengths: tuple[int, int] | None = None
    cost: int | None = None
    why: str = ""


def read_rows(path: Path) -> list[ToJudge]:
    """The rows of a file to be judged. Raises ConfigError with the line."""
    rows = list(_lines(path, ToJudge))
    for number, row in enumerate(rows, 1):
        if (row.response is None) == (row.a is None or row.b is None):
            raise ConfigError(f"{path}: row {number} needs either a response, or a and b to be compared")
    return rows


def read_judged(path: Path) -> list[Judged]:
    """The rows of a file that ``judge run`` or ``judge calibrate`` wrote. Raises ConfigError with the line."""
    return list(_lines(path, Judged))


def _lines(path: Path, kind: type[Any]) -> Iterator[Any]:
    decoder = msgspec.json.Decoder(kind)
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE or number > MOST_ROWS:
                    raise ConfigError(f"{path}: more than {MOST_ROWS} lines, or one of over {LONGEST_LINE} bytes")
                if line.strip():
                    try:
                        yield decoder.decode(line)
                    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                        raise ConfigError(f"{path}:{number}: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error


class Calibration(Struct, frozen=True):
    """A judge against people's scores: ``bias`` is its mean less theirs, ``error`` the mean distance, ``together``
    Pearson's correlation (None where one of them never varies).
    """

    rows: int
    unjudged: int
    bias: float
    error: float
    together: float | None


def calibrated(rows: list[Judged]) -> Calibration:
    """What the rows with both scores say of their judge. Raises ConfigError when there are none."""
    both = [(row.score, row.people) for row in rows if row.score is not None and row.people is not None]
    if not both:
        raise ConfigError("no row has both a judge's score and people's")
    judge, people = [said for said, _ in both], [label for _, label in both]
    mean, truth = fmean(judge), fmean(people)
    spread = sum((said - mean) ** 2 for said in judge) * sum((label - truth) ** 2 for label in people)
    joint = sum((said - mean) * (label - truth) for said, label in both)
    unjudged = sum(row.score is None and row.people is not None for row in rows)
    distance = fmean(abs(said - label) for said, label in both)
    return Calibration(len(both), unjudged, mean - truth, distance, joint / spread**0.5 if spread > 1e-12 else None)
