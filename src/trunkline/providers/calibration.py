"""How many tokens a model really counts for the characters of its prompts and answers, learned from what it reported.

Refuses to be exact: what rests on it is marked ``estimated``.
"""

from trunkline.core.tokens import tokens_in

LEARNING = 0.1  # weight of the newest report
FARTHEST = 8.0  # times the rule of thumb; beyond it were pictures, or a broken count, and no text


class Calibration:
    """The rule of thumb until something was reported; then what was."""

    __slots__ = ("_answer", "_prompt")

    def __init__(self) -> None:
        self._prompt = 1.0
        self._answer = 1.0

    def prompt(self, characters: int) -> int:
        """Tokens of a prompt whose body has so many characters; never none."""
        return max(1, round(tokens_in(characters) * self._prompt))

    def answer(self, characters: int) -> int:
        """Tokens of an answer of so many characters of content."""
        return round(tokens_in(characters) * self._answer)

    def saw_prompt(self, characters: int, tokens: int) -> None:
        """What a provider counted for a prompt."""
        self._prompt = _learned(self._prompt, tokens_in(characters), tokens)

    def saw_answer(self, characters: int, tokens: int) -> None:
        """What it counted for an answer's visible part."""
        self._answer = _learned(self._answer, tokens_in(characters), tokens)

    def __repr__(self) -> str:
        return f"<Calibration [prompt x {self._prompt:.2f} | answer x {self._answer:.2f}]>"


def _learned(known: float, guessed: int, told: int) -> float:
    """Weighed by nothing but its age: a long prompt says no more of the next one than a short one."""
    if not guessed or not guessed <= told * FARTHEST <= guessed * FARTHEST**2:
        return known
    return known + (told / guessed - known) * LEARNING
