"""The caller's own bytes for another model and provider: only what must change does.

Refuses to open what need not change.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Rendered
from trunkline.core.errors import InvalidRequest
from trunkline.dialects import json
from trunkline.dialects.openai_responses.reasoning import OURS, is_ours
from trunkline.dialects.seal import MARK


class _Input(Struct):
    input: list[dict[str, Any]] | str = ""


_INPUT = msgspec.json.Decoder(_Input)
_MARKS = (b'"' + OURS.encode(), b'"' + MARK.encode())


def readdress(body: bytes, model: str, drop: frozenset[str]) -> Rendered:
    """The body with ``model`` at its top level, without reasoning that another dialect's provider has made."""
    put: dict[str, bytes] = {}
    dropped: tuple[str, ...] = json.present(body, frozenset(name for name in drop if b'"%b"' % name.encode() in body))
    if any(mark in body for mark in _MARKS):
        kept = _without_ours(body)
        if kept is not None:
            put["input"] = kept
    rendered = json.readdress(body, model, drop=frozenset(dropped), put=put)
    return Rendered(rendered, (*dropped, "reasoning") if put else dropped)


def _without_ours(body: bytes) -> bytes | None:
    try:
        items = _INPUT.decode(body).input
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"`input` cannot be read: {error}. Send a list of items.", param="input") from None
    if isinstance(items, str):
        return None
    kept = [item for item in items if not is_ours(item)]
    return json.encode(kept) if len(kept) < len(items) else None


def limit_answer(body: bytes, tokens: int) -> bytes:
    """The same body with this limit on its answer, said once."""
    fields = msgspec.json.decode(body, type=dict[str, Raw])
    fields["max_output_tokens"] = Raw(b"%d" % tokens)
    return msgspec.json.encode(fields)
