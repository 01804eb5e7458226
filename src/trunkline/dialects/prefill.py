"""A caller's request with one message more: the text its model is to go on with.

Refuses to know how a dialect spells a prefill: it is handed the message and the names of the token limits.
"""

from typing import Any

import msgspec
from msgspec import Raw

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_TURNS = msgspec.json.Decoder(list[Raw])


class _Role(msgspec.Struct):
    role: str = ""


_ROLE = msgspec.json.Decoder(_Role)
_LIMIT = msgspec.json.Decoder(int | None)
_encode = msgspec.json.Encoder().encode


def with_prefill(body: bytes, message: dict[str, Any], limits: tuple[str, ...], spent: int) -> bytes | None:
    """The body with ``message`` as its last and with ``spent`` tokens less in every field of ``limits`` it has.

    None where no token is left to write, and where the last message is the assistant's already: two on end have no
    meaning that all providers share. All other fields stay as they are.
    """
    fields = _FIELDS.decode(body)
    turns = _TURNS.decode(fields.get("messages", Raw(b"[]")))
    if not turns or _ROLE.decode(turns[-1]).role == "assistant":
        return None
    for name in limits:
        asked = _LIMIT.decode(fields[name]) if name in fields else None
        if asked is not None and asked <= spent:
            return None
        if asked is not None:
            fields[name] = Raw(b"%d" % (asked - spent))
    fields["messages"] = Raw(_encode([*turns, Raw(_encode(message))]))
    return _encode(fields)
