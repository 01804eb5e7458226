"""How hard to think, from an effort word or a token budget to what a generation of Claude is told.

Refuses to take more than the caller allows: a budget always leaves room for the answer.

    effort     minimal  low   medium  high   xhigh  max
    budget     1024     4096  8192    16384  24576  32768     older models: thinking.budget_tokens
    effort     low      low   medium  high   xhigh  max       newer models: thinking adaptive, output_config.effort

``none`` leaves thinking out; newer models, some of which cannot stop thinking, are told effort ``low``.
"""

from typing import Any

from msgspec import Struct

from trunkline.core.chat import ChatRequest, Reasoning, ToolUse

BUDGETS = {"minimal": 1024, "low": 4096, "medium": 8192, "high": 16384, "xhigh": 24576, "max": 32768}
EFFORTS = {"none": "low", "minimal": "low", "low": "low", "medium": "medium", "high": "high"} | {
    "xhigh": "xhigh",
    "max": "max",
}
LEAST_BUDGET = 1024  # the vendor's own lower limit


class Thinking(Struct, frozen=True):
    """``config`` for the field ``thinking``, ``effort`` for ``output_config``, and the tokens it takes."""

    config: dict[str, Any] | None = None
    effort: str | None = None
    budget: int = 0


NOT = Thinking()


def with_budget(asked: Reasoning, max_tokens: int | None) -> Thinking | None:
    """For models that take budgets. None when ``max_tokens`` leaves no room to think, or the word is unknown."""
    if asked.effort == "none":
        return NOT
    budget = asked.budget or BUDGETS.get(asked.effort or "medium", 0)
    if max_tokens is not None:
        # a budget asked for by number is the caller's own split; one made from a word leaves half for the answer
        budget = min(budget, max_tokens - 1 if asked.budget else max_tokens // 2)
    if budget < LEAST_BUDGET:
        return None
    return Thinking({"type": "enabled", "budget_tokens": budget}, budget=budget)


def adaptive(asked: Reasoning) -> Thinking | None:
    """For models that find their own budget. None when the word is unknown."""
    effort = asked.effort or _nearest(asked.budget)
    if effort is not None and effort not in EFFORTS:
        return None
    config = None if effort == "none" else {"type": "adaptive"}
    return Thinking(config, EFFORTS[effort] if effort else None)


def _nearest(budget: int | None) -> str | None:
    """The least effort word that grants a budget."""
    if budget is None:
        return None
    return next((word for word, tokens in BUDGETS.items() if budget <= tokens), "max")


def granted(request: ChatRequest, *, budgets: bool) -> tuple[Thinking, bool]:
    """How hard a model is told to think about a request; False where that is less than was asked.

    ``budgets``: it is told in tokens.
    """
    asked = request.reasoning
    if asked is None:
        return NOT, True
    choice = request.tool_choice
    forced = choice is not None and choice.mode in ("any", "tool") and request.tools
    found = with_budget(asked, request.max_tokens) if budgets else adaptive(asked)
    if found is None:
        return NOT, False
    if (found.config is not None and forced) or (found.budget and _unsigned_call(request)):
        # the vendor: "Thinking may not be enabled when tool_choice forces tool use", and with a budget a turn
        # that called tools must begin with the thought it was made with
        return Thinking(effort=found.effort), False
    return found, True


def _unsigned_call(request: ChatRequest) -> bool:
    """True when the last answer called tools and its signed thought is not there."""
    for message in reversed(request.messages):
        if message.role == "assistant":
            called = any(isinstance(part, ToolUse) for part in message.parts)
            first = message.parts[0] if message.parts else None
            return called and not (getattr(first, "signature", None) or getattr(first, "redacted", None))
    return False
