"""A caller's own bytes, re-addressed for a provider of the same dialect.

Refuses to open them, save for one thing of our own making: thoughts that another dialect's provider had on an earlier
turn. We showed them without a signature or with another vendor's, the caller hands them back, and this vendor would
refuse the whole request.
"""

import re
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Rendered
from trunkline.dialects.json import encode, present, readdress
from trunkline.dialects.seal import MARK

_UNSIGNED = re.compile(rb'"(?:signature|data)"\s*:\s*"(?:"|trunkline\.)')


class _Conversation(Struct):
    messages: list[dict[str, Any]]


_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_CONVERSATION = msgspec.json.Decoder(_Conversation)


def readdressed(body: bytes, model: str, drop: frozenset[str]) -> Rendered:
    """The body for ``model``, without the fields in ``drop`` and without unsigned thoughts; both are named."""
    dropped = present(body, drop)
    put: dict[str, bytes] = {}
    if b"thinking" in body and _UNSIGNED.search(body):
        found = _CONVERSATION.decode(body).messages
        signed = [turn for turn in map(_signed, found) if turn is not None]
        if signed != found:
            put["messages"] = encode(signed)
            dropped = (*dropped, "thinking")
    return Rendered(readdress(body, model, drop=drop, put=put), dropped)


def _signed(turn: dict[str, Any]) -> dict[str, Any] | None:
    """The turn without unsigned thoughts; None when nothing else was in it."""
    if not isinstance(turn.get("content"), list):
        return turn
    content = cast("list[Any]", turn["content"])
    kept = [block for block in content if not _unsigned(block)]
    return {**turn, "content": kept} if kept or not content else None


def _unsigned(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    fields = cast("dict[str, Any]", block)
    told = fields.get({"thinking": "signature", "redacted_thinking": "data"}.get(str(fields.get("type")), ""))
    return isinstance(told, str) and (not told or told.startswith(MARK))


def limited(body: bytes, tokens: int) -> bytes:
    """The same body with this limit on its answer, said once."""
    return msgspec.json.encode({**_FIELDS.decode(body), "max_tokens": Raw(b"%d" % tokens)})
