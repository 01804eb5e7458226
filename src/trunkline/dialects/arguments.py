"""A tool call's arguments as an object, for those who take nothing else.

Refuses to guess what broken arguments meant.
"""

import msgspec
from msgspec import Raw

from trunkline.core.chat import ToolUse
from trunkline.core.errors import Unsupported


def as_object(call: ToolUse) -> Raw:
    """The arguments as the model wrote them; ``{}`` for none. Raises Unsupported for what is no JSON object."""
    if not call.arguments.strip():
        return Raw(b"{}")
    try:
        found = msgspec.json.decode(call.arguments)
    except (msgspec.DecodeError, RecursionError):
        found = None
    if isinstance(found, dict):
        return Raw(call.arguments.encode())
    raise Unsupported(
        f"The arguments of the tool call {call.id!r} ({call.name}) are no JSON object, and this target takes nothing "
        "else. Correct them, or leave the call out of `messages`.",
        param="messages.tool_calls.function.arguments",
    )
