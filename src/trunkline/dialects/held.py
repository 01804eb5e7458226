"""Fields that say the provider holds the earlier turns of a conversation.

Refuses to drop them: without those turns another question would be asked.
"""

from collections.abc import Collection, Mapping
from typing import Any

from trunkline.core.errors import Unsupported

HELD = frozenset({"thread", "previous_response_id", "conversation", "cachedContent", "item_reference"})


def refuse_held(extra: Mapping[str, Any], accepted: Collection[str] = ()) -> None:
    """Raises Unsupported for the first such field that is set and that the target does not take."""
    for name in HELD & extra.keys():
        if extra[name] is not None and name not in accepted:
            raise Unsupported(
                f"this target holds no conversations, so it cannot take `{name}`; send the whole conversation in "
                "`messages` (`input`, `contents`)",
                param=name,
                code=f"{name}_unsupported_request",
            )
