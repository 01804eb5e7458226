"""What the models behind Bedrock's one form still want each in its own: facts that age, read in November 2026.

Refuses to know what a request says. Claude's own facts stand where Anthropic's dialect has them.

    family    thinking                                     top_k                  cache points
    claude    thinking, outputConfig.effort                top_k                  everywhere
    nova      reasoningConfig.maxReasoningEffort           inferenceConfig.topK   not behind tools
    gpt-oss   reasoning_effort                             none                   none
"""

from typing import Any, Literal

from trunkline.core.chat import ChatRequest
from trunkline.dialects.effort import effort_word

Family = Literal["claude", "nova", "gpt-oss", "other"]
Json = dict[str, Any]

EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high"}
"""The three words that both other families know."""


def family_of(model: str) -> Family:
    """The family that a model's id names; ids of inference profiles and endpoints of one's own name none."""
    if "claude" in model:
        return "claude"
    if "amazon.nova" in model:
        return "nova"
    return "gpt-oss" if "openai.gpt" in model else "other"


def thinking_fields(request: ChatRequest, family: Family) -> Json | None:
    """What a family other than Claude is told to think by; None where it cannot be told."""
    word = effort_word(request.reasoning) if request.reasoning else "none"
    if word == "none":
        return {}
    effort = EFFORTS.get(word or "medium")
    if effort is None or family not in ("nova", "gpt-oss"):
        return None
    if family == "nova":
        return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": effort}}
    return {"reasoning_effort": effort}


def top_k_fields(top_k: int | None, family: Family) -> Json | None:
    """Where a family takes ``top_k``; None where it takes none."""
    if top_k is None:
        return {}
    fields: dict[str, Json] = {"claude": {"top_k": top_k}, "nova": {"inferenceConfig": {"topK": top_k}}}
    return fields.get(family)


def caches(family: Family, *, tools: bool = False) -> bool:
    """True where a cache point may stand; elsewhere it is a 400."""
    return family == "claude" or (family == "nova" and not tools)
