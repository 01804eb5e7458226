"""The questions of ``demo --learn``: four kinds, each with the program that knows a right answer when it sees one.

Refuses to know who answers. Kinds are told apart by nobody but whoever reads the table: the gateway sees prompts.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any, Literal

from msgspec import Struct

from trunkline.quality.expected import Expected
from trunkline.simulator.capitals import CAPITALS

Kind = Literal["capitals", "sums", "JSON", "letters"]
KINDS: tuple[Kind, ...] = ("capitals", "sums", "JSON", "letters")
LONGEST_ANSWER = 24  # tokens; every right answer has fewer, and the small model says nothing better after them
FIELD = "value"
FORM = {
    "type": "object",
    "properties": {FIELD: {"type": "string"}},
    "required": [FIELD],
    "additionalProperties": False,
}
BY_SCHEMA = {"type": "json_schema", "json_schema": {"name": "copied", "strict": True, "schema": FORM}}
BACKWARDS = (
    "Reverse the word {}: write its letters from the last one to the first one, as one word in small letters, "
    "with no spaces, no quotation marks and nothing else around them."
)
ASCII_CAPITALS = sorted(country for country, (city, _) in CAPITALS.items() if city.isascii())


class Question(Struct, frozen=True):
    """What is asked, and how a right answer is recognised."""

    kind: Kind
    text: str
    expected: Expected
    by_schema: bool = False

    def body(self, model: str) -> dict[str, object]:
        """The request, in OpenAI's dialect."""
        asked: dict[str, Any] = {
            "model": model,
            "messages": [{"role": "user", "content": self.text}],
            "max_tokens": LONGEST_ANSWER,
        }
        return {**asked, "response_format": BY_SCHEMA} if self.by_schema else asked

    def met_by(self, text: str) -> bool:
        """True when a program sees that the answer is right."""
        if not self.by_schema:
            return self.expected.met_by(text)
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return False
        return isinstance(value, dict) and value.keys() == {FIELD} and self.expected.met_by(str(value[FIELD]))


def questions(seed: int) -> Iterator[Question]:
    """For ever, a round of all kinds in a new order each time; the same seed asks the same."""
    rng = random.Random(seed)  # noqa: S311 - a stream that can be asked again is the point
    capitals = _capitals(rng)
    make: dict[Kind, Callable[[], Question]] = {
        "capitals": lambda: next(capitals),
        "sums": lambda: _sum(rng),
        "JSON": lambda: _copied(rng),
        "letters": lambda: _reversed(rng),
    }
    while True:
        for kind in rng.sample(KINDS, len(KINDS)):
            yield make[kind]()


def _capitals(rng: random.Random) -> Iterator[Question]:
    """Every country once before any comes again."""
    while True:
        for country in rng.sample(ASCII_CAPITALS, len(ASCII_CAPITALS)):
            asked = f"What is the capital of {country.title()}? Answer in one sentence."
            yield Question("capitals", asked, Expected(CAPITALS[country][0]))


def _sum(rng: random.Random) -> Question:
    left, right = rng.randint(11, 99), rng.randint(11, 99)
    return Question("sums", f"What is {left} + {right}?", Expected(str(left + right), by="number"))


def _copied(rng: random.Random) -> Question:
    word = _word(rng)
    # Told twice, for the small model: told once it goes on to explain the word.
    asked = f'Copy this word into the JSON field {FIELD}. The word is "{word}". Repeat exactly: {word}'
    return Question("JSON", asked, Expected(word, by="exact"), by_schema=True)


def _reversed(rng: random.Random) -> Question:
    word = _word(rng)
    return Question("letters", BACKWARDS.format(word), Expected(word[::-1], by="exact"))


WORDS = """
amber anchor basket beacon bottle candle carpet cellar cherry circle copper corner cotton dolphin dragon engine
falcon feather forest garden ginger guitar hammer harbor helmet island jacket jungle kettle kitten ladder lantern
lemon marble market meadow mirror monkey needle orange orchard palace paper pepper pillow planet pocket quartz
rabbit ribbon river saddle salmon shadow silver spider summer temple thunder ticket timber tunnel turtle umbrella
valley velvet violin walnut window winter yellow zipper
"""


def _word(rng: random.Random) -> str:
    return rng.choice(WORDS.split())
