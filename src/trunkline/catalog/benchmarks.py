"""What is publicly known of how good models are: one hard benchmark's score for each, with the day it was published.

Refuses to rank, to average benchmarks, and to guess at a model whose name is merely similar.
"""

import re
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

_FILE = Path(__file__).with_name("benchmarks.json")
_SNAPSHOT = re.compile(r"[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4})$")
_VARIANT = re.compile(r"-(?:instruct|it|turbo|versatile|instant|preview|latest|fp8|chat|\d+b-\d+e|\d+e)(?=-|$)")
_NUMBER = re.compile(r"(?<=[a-z])v?(\d+)p(\d+)|(?<=-)v?(\d+)p(\d+)")


class Score(Struct, frozen=True):
    """The share of right answers, 0 to 1, the day it was published, and where it was read; empty: from memory."""

    score: float
    as_of: str
    source: str = ""


class _Table(Struct, frozen=True, forbid_unknown_fields=True):
    benchmark: str
    about: str
    models: dict[str, Score]


def benchmark_of(model: str) -> Score | None:
    """The score of a model under whatever name a provider sells it; None for one the table does not have."""
    return _scores().get(plain(model))


def plain(model: str) -> str:
    """A model's name without its seller, its date and the words for how it is served.

    ``meta-llama/Llama-3.3-70B-Instruct-Turbo`` and ``llama-3.3-70b-versatile`` are one model.
    """
    name = model.rsplit("/", 1)[-1].lower()
    name = _SNAPSHOT.sub("", name)
    name = _NUMBER.sub(lambda found: ".".join(number for number in found.groups() if number), name)
    return _SNAPSHOT.sub("", _VARIANT.sub("", name)).replace(".", "-")


@cache
def _scores() -> dict[str, Score]:
    table = msgspec.json.decode(_FILE.read_bytes(), type=_Table)
    return {plain(name): score for name, score in table.models.items()}
