"""How hard to think, from an effort word or a token budget to what a generation of Gemini is told.

Refuses to know what a request says. Read on ai.google.dev in November 2026, "Gemini thinking" and "OpenAI
compatibility": Gemini 3 is told a level, 2.5 a budget, and those before think not at all.

    effort     none  minimal  low   medium  high   xhigh, max
    budget     0     1024     1024  8192    24576  24576
    level      LOW   LOW      LOW   MEDIUM  HIGH   HIGH
"""

from typing import Any

from trunkline.core.chat import Reasoning

BUDGETS = {"none": 0, "minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
LEVELS = {"none": "LOW", "minimal": "LOW", "low": "LOW", "medium": "MEDIUM"}
"""As the vendor's description of its interface spells them; its pages show small letters, too."""

THOUGHTLESS = ("gemini-1", "gemini-2.0")
BY_BUDGET = ("gemini-2.5", "gemini-robotics")
TWO_LEVELS = ("gemini-3-pro",)  # low and high only


def thinking_config(asked: Reasoning, model: str) -> dict[str, Any] | None:
    """``thinkingConfig``; None where the model has none, or the word is unknown."""
    if any(name in model for name in THOUGHTLESS) or asked.effort not in (None, *BUDGETS):
        return None
    shown = {"includeThoughts": asked.effort != "none"}
    if any(name in model for name in BY_BUDGET):
        budget = BUDGETS[asked.effort] if asked.effort else asked.budget
        return {"thinkingBudget": -1 if budget is None else budget, **shown}
    if asked.effort is None and asked.budget is None:
        return shown
    level = LEVELS.get(asked.effort or _word(asked.budget or 0), "HIGH")
    return {"thinkingLevel": "HIGH" if level == "MEDIUM" and any(n in model for n in TWO_LEVELS) else level, **shown}


def _word(budget: int) -> str:
    return next((word for word in ("low", "medium") if budget <= BUDGETS[word]), "high")
