"""Numbers from a text's characters and words, in one pass over its bytes each, whatever the language.

Refuses to know requests and to be a classifier: what the numbers mean for a model is learned or declared elsewhere.

Why bytes and sets: over 4 kB one alternation of words costs 80 us as a regular expression; ``bytes.translate`` (3 us),
``split`` and a set of the different words (12 us each) answer every subject's question by an intersection. The patterns
begin with the sign they look for and look back for the rest: a scan for one class of characters costs 5 us, one that
may begin anywhere 60.
"""

import re
from itertools import islice
from typing import Final

from msgspec import Struct

from trunkline.routing import words

ASKED_LENGTH = re.compile(rb"(\d{1,5}|one|a|two|three|four|five|six|ten)[ -]([a-z\x80-\xff]{4,12})\b")
OPTION = re.compile(r"([A-J])(?:(?<![^\n(].)|(?<=[\n(]\s.)|(?<=\A\s.))[).:]\s")  # at a line's begin, or in brackets
SUM = re.compile(r"[0-9](?: ?[+*×÷^] ?[0-9]| [-/] [0-9])")  # noqa: RUF001 - as people write it; dates have no spaces
LINE = re.compile(r"\n([-*] |[#|1-4])")  # of a list, a heading, a table
MOST_LINES = 64  # of those; a text full of them is one long list whatever comes then
CJK_TERM = re.compile("|".join(sorted(words.CJK, key=len, reverse=True)))  # the longest one that stands there
LONGEST_ASKED = 32_000  # tokens; nobody is believed who asks for more

# The class of every UTF-8 byte: letters by script through the leading byte, so one translate sees every language.
_CLASSES: Final = {
    b"a": b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    b"d": b"0123456789",
    b"s": b"{}[];=<>_&@`\\",  # what programs are full of and prose is not; round brackets are in both
    b"p": b"()/|+*^$#~%",
    b"l": bytes(range(0xC3, 0xCC)),  # Latin with accents
    b"g": b"\xce\xcf",
    b"c": bytes(range(0xD0, 0xD4)),
    b"h": b"\xd6\xd7",
    b"r": bytes(range(0xD8, 0xDC)),
    b"i": b"\xe0",  # Devanagari, Bengali, Tamil, Thai, ...
    b"j": bytes(range(0xE3, 0xEA)),  # kana and Han
    b"k": b"\xea\xeb\xec\xed",
    b"o": b"\xe1\xf0\xd4\xd5\xdc\xdd\xde\xdf",  # what is rarer, emoji included
}
_BY_BYTE: Final = {byte: kind[0] for kind, group in _CLASSES.items() for byte in group}
_CLASS: Final = bytes(_BY_BYTE.get(byte, 0x20) for byte in range(256))
SCRIPTS: Final = {
    b"g": ("greek", 0.40),
    b"c": ("cyrillic", 0.30),
    b"h": ("hebrew", 0.40),
    b"r": ("arabic", 0.35),
    b"i": ("indic", 0.45),
    b"j": ("han", 0.75),
    b"k": ("hangul", 0.60),
    b"o": ("other", 0.60),
}
"""Scripts that are not Latin, each with its tokens a character in vocabularies of 200,000 and more."""
_LATIN_RATE, _DIGIT_RATE, _SYMBOL_RATE = 0.23, 0.40, 0.45
_SHORT = 200  # characters; densities of shorter texts are taken as if they had so many: one sign is no program
_WORDS: Final = bytes(byte if 97 <= byte <= 122 or byte >= 128 or byte in b"'-/" else 32 for byte in range(256))


class Letters(Struct, frozen=True):
    """Counts of characters by class: ``foreign`` are letters of no Latin script, ``symbols`` a program's signs."""

    length: int
    latin: int
    digits: int
    symbols: int
    foreign: int
    script: str
    tokens_each: float

    @classmethod
    def of(cls, text: str) -> "Letters":
        """One translate, then counts."""
        data = text.encode("utf-8", "surrogatepass")
        kinds = data.translate(_CLASS)
        latin, digits, symbols = kinds.count(b"a"), kinds.count(b"d"), kinds.count(b"s")
        signs = symbols + kinds.count(b"p")
        spread = {} if len(data) == len(text) else {kind: kinds.count(kind) for kind in SCRIPTS}
        foreign = sum(spread.values())
        latin += kinds.count(b"l") if spread else 0
        commonest = max(spread, key=spread.__getitem__, default=b"")
        script = SCRIPTS[commonest][0] if foreign > latin else "latin"
        tokens = sum(SCRIPTS[kind][1] * count for kind, count in spread.items())
        rest = len(text) - digits - signs - foreign
        tokens += rest * _LATIN_RATE + digits * _DIGIT_RATE + signs * _SYMBOL_RATE
        return cls(len(text), latin, digits, symbols, foreign, script, tokens / len(text) if text else 0.25)


class Words(Struct, frozen=True):
    """The different words of a text and what they are about; every share saturates at three different ones.

    ``terms``: what stands for words in scripts without spaces.
    """

    count: int
    different: frozenset[bytes]
    text: str
    terms: frozenset[str] = frozenset()

    @classmethod
    def of(cls, text: str, letters: Letters) -> "Words":
        """Lower case, split at everything that is no letter; scripts without spaces are searched in ``text``."""
        spaced = text.lower().encode("utf-8", "surrogatepass").translate(_WORDS)
        listed = spaced.split()
        terms = CJK_TERM.findall(text) if letters.script in {"han", "hangul"} else ()
        return cls(len(listed), frozenset(listed), text, frozenset(terms))

    def share(self, subject: frozenset[bytes], in_cjk: frozenset[str] = frozenset(), *, enough: int = 3) -> float:
        """How much of a subject: 1 from ``enough`` different words of it on."""
        return min(1.0, (len(self.different & subject) + len(self.terms & in_cjk)) / enough)


def code(letters: Letters, said: Words) -> float:
    """Program text by the density of its signs (prose has hardly any, programs 5 % and more), fences, and its words."""
    density = letters.symbols / max(letters.length, _SHORT)
    signs = min(1.0, max(0.0, density - 0.01) / 0.05)
    fenced = 0.6 if "```" in said.text else 0.0
    return min(1.0, max(fenced, 0.7 * signs) + 0.6 * said.share(words.CODE, words.CODE_CJK))


def mathematics(letters: Letters, said: Words) -> float:
    """The words of calculation, the density of digits, and formulas."""
    density = letters.digits / max(letters.length, _SHORT)
    text = said.text
    formulas = text.count("$") // 2 + text.count("\\") + text.count("^") + text.count("√") + text.count("∫")
    if letters.digits and SUM.search(text):
        formulas += 4
    signs = 0.3 * min(1.0, density / 0.05) + 0.5 * min(1.0, formulas / 4)
    return min(1.0, signs + 0.6 * said.share(words.MATHEMATICS, words.MATHEMATICS_CJK, enough=4))


def structure(text: str) -> float:
    """Lists, headings, tables, objects: lines that are no prose, 1 from eight on."""
    marks = [found[1] for found in islice(LINE.finditer(text), MOST_LINES)]
    numbers = [mark for mark in marks if mark in "1234"]
    return min(1.0, (len(marks) - len(numbers) + len(set(numbers)) + text.count('":')) / 8)


def choices(text: str) -> int:
    """Options to choose from: as many of (A), B), C., D: as stand in order from A."""
    if "B)" not in text and "B." not in text and "B:" not in text:
        return 0
    seen = set(OPTION.findall(text))
    count = next((place for place, letter in enumerate("ABCDEFGHIJ") if letter not in seen), 10)
    return count if count > 1 else 0


def asked_length(said: Words) -> float | None:
    """Tokens of answer that are asked for in so many words ("in two sentences", "a 500-word essay"), or None."""
    if not said.different & words.UNIT_WORDS:
        return None
    lower = said.text.lower().encode("utf-8", "surrogatepass")
    for number, unit in ASKED_LENGTH.findall(lower):
        if unit in words.UNITS:
            times = words.NUMERALS.get(number) or int(number)
            return min(LONGEST_ASKED, max(1.0, times * words.UNITS[unit]))
    return None
