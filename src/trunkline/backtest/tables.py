"""Tables of outcomes on disk: which files belong together, and their rows, read and checked for what they must have.

Refuses to compute anything. A suite is ``NAME_queries`` and ``NAME_outcomes``, with ``NAME_answers`` where answers were
kept, each as .parquet, .csv or .jsonl in one directory.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from math import isfinite
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from trunkline.backtest import parquet
from trunkline.core.errors import TrunklineError
from trunkline.core.nearest import hint, quoted

MOST_ROWS = 5_000_000
DEAREST = 1e6  # dollars for one call; more is a mistake, not a price
ENDINGS = (".parquet", ".csv", ".jsonl")
Row = dict[str, Any]
Made = TypeVar("Made")


class TablesError(TrunklineError):
    """Tables of outcomes cannot be used; the message names the file, the row and what to change."""


class Query(Struct, frozen=True):
    """One prompt of a suite."""

    query_id: str
    prompt: str
    category: str = ""
    benchmark: str = ""


class Outcome(Struct, frozen=True):
    """What one model made of one prompt: ``score`` 0 to 1; ``cost_usd`` dollars; ``latency_s`` seconds or None."""

    query_id: str
    model: str
    score: float
    cost_usd: float
    output_tokens: float | None = None
    latency_s: float | None = None


class Answer(Struct, frozen=True):
    """The final answer of one model to one prompt, None where none could be read."""

    query_id: str
    model: str
    answer: str | None
    response_chars: float | None = None


class Tables(Struct, frozen=True):
    """The rows of one suite; no ``answers`` where none were kept."""

    name: str
    queries: list[Query]
    outcomes: list[Outcome]
    answers: list[Answer]


def suites(directory: Path) -> list[str]:
    """The names of the suites in a directory. Raises TablesError where there is none."""
    if not directory.is_dir():
        raise TablesError(f"{directory} is no directory")
    names = {path.stem.removesuffix("_queries") for path in _tables(directory) if path.stem.endswith("_queries")}
    if not names:
        there = ", ".join(sorted(path.name for path in directory.iterdir())[:8]) or "nothing"
        raise TablesError(
            f"no data: {directory} needs NAME_queries and NAME_outcomes as .parquet, .csv or .jsonl; it has {there}"
        )
    return sorted(names)


def read(directory: Path, name: str) -> Tables:
    """Raises TablesError for a missing file or column, and for a row that cannot be."""
    answers = _find(directory, f"{name}_answers")
    return Tables(
        name=name,
        queries=_rows(_needed(directory, f"{name}_queries"), _query, ("query_id", "prompt")),
        outcomes=_rows(_needed(directory, f"{name}_outcomes"), _outcome, ("query_id", "model", "score", "cost_usd")),
        answers=[] if answers is None else _rows(answers, _answer, ("query_id", "model", "answer")),
    )


def _tables(directory: Path) -> Iterator[Path]:
    return (path for path in sorted(directory.iterdir()) if path.suffix in ENDINGS)


def _find(directory: Path, stem: str) -> Path | None:
    found = [path for path in _tables(directory) if path.stem == stem]
    if len(found) > 1:
        raise TablesError(f"{' and '.join(path.name for path in found)} are the same table twice; keep one")
    return found[0] if found else None


def _needed(directory: Path, stem: str) -> Path:
    found = _find(directory, stem)
    if found is None:
        raise TablesError(f"{directory} has no {stem}.parquet, .csv or .jsonl")
    return found


def _rows(path: Path, make: Callable[[Row], Made], columns: Sequence[str]) -> list[Made]:
    rows = _load(path)
    if not rows:
        raise TablesError(f"{path.name} has no rows")
    if len(rows) > MOST_ROWS:
        raise TablesError(f"{path.name} has more than {MOST_ROWS:,} rows")
    for column in columns:
        if column not in rows[0]:
            raise TablesError(f"{path.name} has no column {quoted(column)}{hint(column, map(str, rows[0]))}")
    made: list[Made] = []
    for number, row in enumerate(rows, 1):
        try:
            made.append(make(row))
        except (ValueError, TypeError, KeyError) as error:
            raise TablesError(f"{path.name}, row {number}: {error}") from error
    return made


def _load(path: Path) -> list[Row]:
    try:
        match path.suffix:
            case ".parquet":
                return parquet.rows(path, MOST_ROWS)
            case ".csv":
                with path.open(newline="", encoding="utf-8") as file:
                    return list(csv.DictReader(file))
            case _:
                return msgspec.json.Decoder(Row).decode_lines(path.read_bytes())
    except (OSError, ValueError, csv.Error, msgspec.MsgspecError) as error:
        raise TablesError(f"cannot read {path.name}: {error}") from error


def _query(row: Row) -> Query:
    return Query(_name(row, "query_id"), _text(row, "prompt"), _text(row, "category"), _text(row, "benchmark"))


def _outcome(row: Row) -> Outcome:
    score, cost = _number(row, "score"), _number(row, "cost_usd")
    if score is None or cost is None:
        raise ValueError("an outcome needs a score and a cost_usd; leave the row out where a model was not asked")
    if not 0 <= score <= 1:
        raise ValueError(f"score is {score}; scores go from 0 (wrong) to 1 (right)")
    if cost < 0:
        raise ValueError(f"cost_usd is {cost}; no call costs less than nothing")
    if cost > DEAREST:
        raise ValueError(f"cost_usd is {cost:g}; no call costs more than a million dollars")
    tokens, latency = _number(row, "output_tokens"), _number(row, "latency_s")
    return Outcome(_name(row, "query_id"), _name(row, "model"), score, cost, tokens, latency)


def _answer(row: Row) -> Answer:
    answer = row["answer"]
    return Answer(
        _name(row, "query_id"),
        _name(row, "model"),
        None if answer is None else answer if isinstance(answer, str) else msgspec.json.encode(answer).decode(),
        _number(row, "response_chars"),
    )


def _name(row: Row, column: str) -> str:
    value = row[column]
    if isinstance(value, dict | list | bytes):
        raise ValueError(f"{column} is a {type(value).__name__}; it must be text or a number")  # noqa: TRY004 - as every row that cannot be
    if value is None or not str(value).strip():
        raise ValueError(f"{column} is empty")
    return str(value)


def _text(row: Row, column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value)


def _number(row: Row, column: str) -> float | None:
    value = row.get(column)
    if value is None or value == "":
        return None
    number = float(value)
    if not isfinite(number):
        return None  # how tables write "unknown": NaN
    return number
