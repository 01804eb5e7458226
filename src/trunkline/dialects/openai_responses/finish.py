"""Why a response ended, in OpenAI's words and in ours.

Refuses to know anything else of a response.
"""

from trunkline.core.chat import Finish

INCOMPLETE: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "content_filter"}
WRITTEN: dict[Finish, str] = {
    "length": "max_output_tokens",
    "context_window": "max_output_tokens",
    "content_filter": "content_filter",
}


def read_finish(reason: str | None, *, called: bool, refused: bool) -> Finish:
    """The finish; ``reason`` is that of ``incomplete_details``, None for a response that is complete."""
    if reason is not None:
        return INCOMPLETE.get(reason, "length")
    if refused:
        return "content_filter"
    return "tool_calls" if called else "stop"
