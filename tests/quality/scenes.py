"""What the scenes of judging are made of: judges that say what they are told to."""

from collections.abc import Sequence

from trunkline.core.errors import CallError
from trunkline.quality.judge import Said
from trunkline.quality.prompts import Prompt

GOOD = '{"faithfulness": {"reason": "true", "grade": 5}, "completeness": {"grade": 4}, "coherence": {"grade": 3}}'


class PlayedJudge:
    """Says its lines in order, the last one for ever; an error in the list is raised. Remembers what it was asked."""

    def __init__(self, *lines: str | CallError, name: str = "anthropic/claude-judge", cost: int | None = 100) -> None:
        self.name = name
        self.asked: list[Prompt] = []
        self._lines: Sequence[str | CallError] = lines
        self._cost = cost

    async def ask(self, prompt: Prompt, most_tokens: int) -> Said:
        self.asked.append(prompt)
        line = self._lines[min(len(self.asked), len(self._lines)) - 1]
        if isinstance(line, CallError):
            raise line
        return Said(line, self._cost)
