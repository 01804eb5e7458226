"""What a request asks for, as eighteen numbers: how long it is, how hard, in what form, and how much will be said.

Refuses to know models, prices and quality; and to read more than a sample of a long prompt.
"""

from collections.abc import Sequence
from math import expm1, isfinite, log1p

from msgspec import Struct, convert
from msgspec.structs import asdict

from trunkline.core.chat import ChatRequest
from trunkline.core.tokens import PER_IMAGE, PER_MESSAGE
from trunkline.routing import features, words
from trunkline.routing.features import Letters, Words
from trunkline.routing.prompt_text import Sample, sampled

LONG_CONTEXT = 16_000  # tokens; from about here on, finding things in a prompt is a task of its own
USUAL_OUTPUT = 250  # tokens; about the median answer of a chat
EFFORTS = {"none": 0.0, "minimal": 0.2, "low": 0.4, "medium": 0.6, "high": 0.8, "xhigh": 0.9, "max": 1.0}
MOST_BUDGET = 32_000  # tokens of thinking that count as full effort


class Complexity(Struct, frozen=True):
    """Counts are counts, the rest are shares from 0 to 1. Tokens are estimates, good to about a fifth.

    ``tokens``         of the whole prompt: system, every turn, tools, pictures.
    ``turns``          messages that are not the system's.
    ``reasoning``      how much the words ask for thinking: why, prove, compare, if, suppose.
    ``code``           how much of it is, or asks for, program text.
    ``mathematics``    formulas, numbers, the words of calculation.
    ``structure``      lists, tables, headings, objects in the prompt.
    ``constraints``    conditions the answer must meet: must, exactly, at most, only.
    ``choices``        options to choose from, as (A) (B) (C).
    ``questions``      question marks.
    ``digits``         share of the characters.
    ``word_length``    mean letters of a word, over 20.
    ``variety``        different words over all words.
    ``foreign``        share of the letters that are not Latin; ``script`` names the commonest one.
    ``tools``          functions offered; ``images`` pictures shown.
    ``structured``     0 free text, 0.5 any JSON, 1 a schema.
    ``effort``         how hard the caller wants the model to think.
    ``output_tokens``  expected length of the answer, the caller's limit heeded.
    """

    tokens: int
    turns: int = 1
    reasoning: float = 0.0
    code: float = 0.0
    mathematics: float = 0.0
    structure: float = 0.0
    constraints: float = 0.0
    choices: int = 0
    questions: int = 0
    digits: float = 0.0
    word_length: float = 0.0
    variety: float = 0.0
    foreign: float = 0.0
    tools: int = 0
    images: int = 0
    structured: float = 0.0
    effort: float = 0.0
    output_tokens: int = USUAL_OUTPUT
    script: str = "latin"

    @property
    def long_context(self) -> bool:
        """True when the prompt is so long that finding things in it is a task of its own."""
        return self.tokens > LONG_CONTEXT

    @property
    def score(self) -> float:
        """How hard the whole looks, from 0 to 1: the strongest sign counts most, the others add a little.

        A rule of thumb for the time before anything was measured; a fitted policy uses ``vector`` instead.
        """
        signs = (
            self.reasoning,
            0.9 * self.mathematics,
            0.9 * self.code,
            0.6 * self.constraints,
            0.05 * min(self.choices, 10),
            0.7 * self.effort,
            0.025 * min(self.tools, 20),
            0.6 * min(1.0, self.tokens / (4 * LONG_CONTEXT)),
            0.3 * self.foreign,
        )
        strongest = max(signs)
        return min(1.0, 0.8 * strongest + 0.15 * (sum(signs) - strongest))

    def vector(self) -> tuple[float, ...]:
        """The features as numbers of about 0 to 1, in the order of ``NAMES``; counts by their logarithm."""
        return (
            log1p(self.tokens) / 12,
            log1p(self.turns) / 4,
            self.reasoning,
            self.code,
            self.mathematics,
            self.structure,
            self.constraints,
            log1p(self.choices) / 3,
            log1p(self.questions) / 3,
            self.digits,
            self.word_length,
            self.variety,
            self.foreign,
            log1p(self.tools) / 4,
            log1p(self.images) / 3,
            self.structured,
            self.effort,
            log1p(self.output_tokens) / 9,
        )

    @classmethod
    def read(cls, vector: Sequence[float]) -> "Complexity":
        """The numbers behind a ``vector()``: counts as near as it was rounded, the script forgotten.

        A vector of fewer numbers has the defaults for the rest. Raises ValueError for one of more, or of no numbers.
        """
        if len(vector) > len(NAMES) or not all(map(isfinite, vector)):
            raise ValueError(f"a prompt has {len(NAMES)} finite numbers, not {len(vector)}")
        found = {name: _unscaled(name, value) for name, value in zip(NAMES, vector, strict=False)}
        return convert({"tokens": 0, **found}, cls)

    def facts(self) -> dict[str, float | int | str]:
        """All fields by name for showing, shares rounded to what they are worth."""
        return {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(self).items()}


NAMES: tuple[str, ...] = Complexity.__struct_fields__[:-1]
"""What each number of ``vector()`` is."""
_SCALES = {"tokens": 12, "turns": 4, "choices": 3, "questions": 3, "tools": 4, "images": 3, "output_tokens": 9}


def _unscaled(name: str, value: float) -> float:
    """Of one number of ``vector()``; only counts were scaled."""
    return round(expm1(min(_SCALES[name] * value, 40.0))) if name in _SCALES else value


class Setting(Struct, frozen=True):
    """What of a request is no text: its turns, tools, form and limits."""

    turns: int = 1
    tools: int = 0
    structured: float = 0.0
    effort: float = 0.0
    max_tokens: int | None = None


def of(request: ChatRequest) -> Complexity:
    """The complexity of a parsed request. A prompt of megabytes costs hardly more than one of 8 kB."""
    output = request.output
    setting = Setting(
        turns=sum(message.role != "system" for message in request.messages),
        tools=len(request.tools),
        structured=0.0 if output is None else 1.0 if output.kind == "schema" else 0.5,
        effort=_effort(request),
        max_tokens=request.max_tokens,
    )
    return measured(sampled(request), setting)


def analyse(text: str) -> Complexity:
    """The complexity of one user's words alone: what ``of`` says of a request with that single message."""
    return measured(Sample.of(text), Setting())


def measured(sample: Sample, setting: Setting) -> Complexity:
    """The numbers of a sample of text in its setting."""
    text = sample.text
    letters = Letters.of(text)
    said = Words.of(text, letters)
    tokens = round(sample.characters * letters.tokens_each) + PER_MESSAGE * sample.messages + PER_IMAGE * sample.images
    alphabet = letters.latin + letters.foreign
    code, reasoning = features.code(letters, said), said.share(words.REASONING, words.REASONING_CJK)
    return Complexity(
        tokens=tokens,
        turns=setting.turns,
        reasoning=reasoning,
        code=code,
        mathematics=features.mathematics(letters, said),
        structure=features.structure(text),
        constraints=said.share(words.CONSTRAINTS),
        choices=features.choices(text),
        questions=text.count("?") + text.count("\uff1f"),
        digits=letters.digits / letters.length if letters.length else 0.0,
        word_length=min(1.0, alphabet / said.count / 20) if said.count else 0.0,
        variety=len(said.different) / said.count if said.count else 0.0,
        foreign=letters.foreign / alphabet if alphabet else 0.0,
        script=letters.script,
        tools=setting.tools,
        images=sample.images,
        structured=setting.structured,
        effort=setting.effort,
        output_tokens=_output(said, code, reasoning, setting),
    )


def _output(said: Words, code: float, reasoning: float, setting: Setting) -> int:
    """Tokens the answer will about have: what is asked for in words, else by the kind of task."""
    expected = features.asked_length(said)
    if expected is None:
        expected = USUAL_OUTPUT * (
            1 + code + reasoning + 2 * said.share(words.ASKS_MUCH, words.ASKS_MUCH_CJK, enough=2)
        )
        if said.share(words.BRIEF, words.BRIEF_CJK):
            expected /= 3
    expected *= 1 + 4 * setting.effort  # what it thinks is billed as output
    return max(1, round(min(expected, setting.max_tokens or expected)))


def _effort(request: ChatRequest) -> float:
    asked = request.reasoning
    if asked is None:
        return 0.0
    by_budget = min(1.0, (asked.budget or 0) / MOST_BUDGET)
    return max(EFFORTS.get(asked.effort or "", 0.5 if asked.effort or asked.adaptive else 0.0), by_budget)
