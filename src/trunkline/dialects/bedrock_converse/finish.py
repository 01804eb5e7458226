"""Why an answer ended, in Bedrock's words and in ours.

Refuses to know anything else of an answer.
"""

from trunkline.core.chat import Finish
from trunkline.core.errors import BadReply

READ: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
    "model_context_window_exceeded": "context_window",
}
"""What is not here is a plain stop: what came is all there is."""

NO_ANSWER = frozenset({"malformed_model_output", "malformed_tool_use"})
"""Reasons that say the model wrote something that could not be told: asked again, it mostly can."""


def read_finish(reason: str, *, written: bool) -> Finish:
    """The finish a reason stands for. Raises BadReply for one that says there is no answer, where none came."""
    if reason in NO_ANSWER and not written:
        raise BadReply(f"the provider ended its answer with stopReason {reason}", code=reason)
    return READ.get(reason, "stop")
