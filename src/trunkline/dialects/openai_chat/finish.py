"""Why an answer ended, in OpenAI's words and in ours.

Refuses to know anything else of an answer.
"""

from trunkline.core.chat import Finish
from trunkline.core.errors import CallError, ModelOverloaded, ServerError

READ: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "model_length": "context_window",  # Mistral
}

WRITTEN: dict[Finish, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "context_window": "length",
    "pause": "stop",
}

BROKE_OFF: dict[str, type[CallError]] = {
    "error": ServerError,  # OpenRouter, Mistral
    "insufficient_system_resource": ModelOverloaded,  # DeepSeek
}
"""Reasons that say the provider failed: such an answer is none."""


def read_finish(reason: str) -> Finish:
    """The finish a reason stands for; words of other vendors (``eos``, ``end_turn``) mean a plain stop.

    Raises the CallError of a reason that says the provider failed.
    """
    if failed := BROKE_OFF.get(reason):
        raise failed(f"the provider ended its answer with finish_reason {reason!r}", code=reason)
    return READ.get(reason, "stop")
