"""Requests of whose question nothing is left once a target's words for it are found.

Refuses them: who asks with a sound alone must not be answered to what was said before it.
"""

from trunkline.core.chat import Message
from trunkline.core.errors import Unsupported

ASKING = frozenset({"user", "tool"})


def refuse_unasked(turns: tuple[Message, ...], last: str | None) -> None:
    """Raises Unsupported where the caller's turns end with a question and the written ones, in role ``last``, do not.

    A turn further back of which nothing is left is left out: its parts are named among what was dropped.
    """
    if turns and turns[-1].role == "user" and last not in ASKING:
        raise Unsupported(
            "Nothing of the last message is left that this target takes. Send it with text.", param="messages"
        )
