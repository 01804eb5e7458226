"""The wording of answers that no fact decides: plain sentences about the prompt that own up to being simulated.
It refuses to know what is right; it is told whether to sound good.
"""

import re

from trunkline.simulator import draw, tokens
from trunkline.simulator.ask import Ask

_WORD = re.compile(r"[^\W\d_]{4,20}")

# The dash and the accents are there on purpose: ordinary answers are more than ASCII, and networks cut them anywhere.
_GOOD = (
    "The short answer about {a} depends on what you need it for, so start from the goal and work backwards.",
    "With {a}, the first thing to settle is {b} — most later choices follow from it.",
    "A good way to look at {a} is to keep {b} and {c} apart, and to change one at a time.",
    "In practice {a} works best in small steps: try one, measure it, then decide about {b}.",
    "The common mistake with {a} is the naïve one: to fix {b} before anybody has looked at {c}.",
    "Two things matter most for {a}: how often it changes, and who notices when {b} is wrong.",
)
_BAD = (
    "That is an interesting question.",
    "There are many opinions about it, and it depends.",
    "It is hard to say more in general.",
    "Some people would agree and others would not.",
)
_PADDING = (
    "This sentence is here to make the answer longer.",
    "A simulated model has no opinion of its own — only patience.",
    "More of the same follows, as it does in many long answers.",
    "The words carry no meaning beyond their number.",
)


def plain(ask: Ask, seed: int, index: int, *, good: bool) -> str:
    """A few sentences: specific to the prompt when good, empty phrases when not."""
    parts = (seed, ask.model, ask.salt, ask.prompt, index)
    topics = _topics(ask.prompt)
    options = _GOOD if good else _BAD
    first = int(draw.fraction("first", *parts) * len(options))
    wanted = 2 + int(draw.fraction("length", *parts) * 3) if good else 2
    sentences = [options[(first + number) % len(options)] for number in range(wanted)]
    said = " ".join(sentence.format(a=topics[0], b=topics[1], c=topics[2]) for sentence in sentences)
    return f"{said} (A simulated answer of {ask.model}.)"


def thinking(ask: Ask) -> str:
    """What a reasoning model thinks aloud before it answers."""
    topics = _topics(ask.prompt)
    return (
        f"The user asks about {topics[0]}. I should look at {topics[1]} first, check {topics[2]}, and answer briefly."
    )


def padded(text: str, at_least: int) -> str:
    """The text, and as many empty sentences as it takes to reach so many tokens."""
    missing = at_least - tokens.count(text)
    number = 0
    while missing > 0:
        sentence = " " + _PADDING[number % len(_PADDING)]
        text += sentence
        missing -= tokens.count(sentence)
        number += 1
    return text


def _topics(prompt: str) -> list[str]:
    words = sorted(dict.fromkeys(_WORD.findall(prompt[:2000])), key=len, reverse=True)
    return [*words[:3], "the question", "the context", "the details"][:3]
