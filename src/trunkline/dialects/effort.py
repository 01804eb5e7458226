"""How hard to think, as a word for those who are told in words.

Refuses to guess where nothing was asked.
"""

from trunkline.core.chat import Reasoning

BUDGETS = ((1024, "minimal"), (4096, "low"), (8192, "medium"))
"""Up to how many tokens of thought a word grants; above, ``high``. The same table Anthropic's side reads backwards."""


def effort_word(asked: Reasoning) -> str | None:
    """The word; None where that is left to the model, which is what it does unasked."""
    if asked.effort is not None or asked.budget is None:
        return asked.effort
    return next((word for most, word in BUDGETS if asked.budget <= most), "high")
