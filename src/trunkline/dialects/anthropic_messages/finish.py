"""Why an answer ended, in Anthropic's words and ours.

Refuses to fail on a reason it has not heard of: an answer that ended, ended.
"""

from trunkline.core.chat import Finish

FINISHES: dict[str, Finish] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "model_context_window_exceeded": "context_window",
    "pause_turn": "pause",
}
REASONS: dict[Finish, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "context_window": "model_context_window_exceeded",
    "pause": "pause_turn",
}


def finish_of(reason: str) -> Finish:
    """Our word for a ``stop_reason``."""
    return FINISHES.get(reason, "stop")


def reason_of(finish: Finish, stop_sequence: str | None, *, called_tools: bool) -> str:
    """The ``stop_reason`` a caller is shown.

    Servers exist that call tools and say ``stop``; an Anthropic client runs tools only on ``tool_use``.
    """
    if finish == "stop" and called_tools:
        return "tool_use"
    return "stop_sequence" if finish == "stop" and stop_sequence is not None else REASONS[finish]
