"""A prompt as numbers: the complexity's, a dozen more of its surface, and its words as a bag of hashed counts.

Refuses to know models; and to read more than the same sample of a long prompt that the complexity reads.
"""

import re
from collections import Counter
from collections.abc import Sequence
from math import log, log1p
from zlib import crc32

import numpy as np

from trunkline.routing import complexity
from trunkline.routing.learned.arrays import Bags
from trunkline.routing.prompt_text import SAMPLE, ends

BUCKETS = 4_096  # words fall into these; two of one prompt's 200 words meet in one bucket about five times
_WORD = re.compile(r"[a-z]+|[0-9]+|[^\s\w]|[^\W\d_a-z]+")
_NUMBER = re.compile(r"[0-9]+")
_NEGATION = re.compile(r"\b(?:not|except|false|incorrect|never|least)\b")
SURFACE = 11  # numbers beside the complexity's
FEATURES = len(complexity.NAMES) + SURFACE


def features(text: str, vector: Sequence[float] | None = None) -> tuple[float, ...]:
    """``FEATURES`` numbers of about 0 to 3; ``vector`` is ``Complexity.vector()`` where the caller has it already."""
    known = vector if vector is not None else complexity.analyse(text).vector()
    return (*known, *_surface(ends(text, SAMPLE)))


def _surface(text: str) -> tuple[float, ...]:
    length = len(text) + 1
    numbers = _NUMBER.findall(text)
    lower = text.lower()
    return (
        log(length) / 9,
        log1p(text.count(" ")) / 7,
        50 * text.count("\n") / length,
        50 * text.count("\\") / length,
        20 * text.count("$") / length,
        10 * sum(map(text.count, "{}[]()=_")) / length,
        float("def " in text or "```" in text or "return " in text),
        min(text.count("?"), 5) / 3,
        log1p(len(numbers)) / 3,
        log1p(max(map(len, numbers), default=0)) / 3,
        float(_NEGATION.search(lower) is not None),
    )


def words(text: str) -> Counter[int]:
    """Hashed words with their counts; a number counts by its length, so that sums with other numbers look alike."""
    found = _WORD.findall(ends(text, SAMPLE).lower())
    buckets: Counter[int] = Counter()
    for word, count in Counter(found).items():
        term = f"#{min(len(word), 6)}" if "0" <= word[0] <= "9" else word
        buckets[crc32(term.encode("utf-8", "surrogatepass")) % BUCKETS] += count
    return buckets


def bag(texts: Sequence[str]) -> Bags:
    """The words of many prompts, prompts x ``BUCKETS``: 1 + log of the count where a word stands, else 0."""
    rows = np.zeros((len(texts), BUCKETS), np.float32)
    for row, text in zip(rows, texts, strict=True):
        counted = words(text)
        row[list(counted)] = 1.0 + np.log(list(counted.values()))
    return rows
