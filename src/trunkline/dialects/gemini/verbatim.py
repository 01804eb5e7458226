"""The caller's own bytes for another model and provider: only what must change does.

Refuses to open what need not change.
"""

from typing import Any

import msgspec
from msgspec import Raw

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.gemini.address import bare
from trunkline.dialects.gemini.signature import OURS, heard
from trunkline.dialects.json import encode

_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_MARK = b'"' + OURS.encode()


def stripped(body: bytes, drop: frozenset[str]) -> tuple[bytes, tuple[str, ...]]:
    """The body without its address, without what the provider refuses and without another vendor's thoughts."""
    body = bare(body)
    dropped: tuple[str, ...] = ()
    if any(b'"%b"' % name.encode() in body for name in drop):
        fields = _FIELDS.decode(body)
        dropped = tuple(sorted(drop & fields.keys()))
        body = msgspec.json.encode({name: value for name, value in fields.items() if name not in drop})
    if _MARK in body:
        fields = _FIELDS.decode(body)
        fields["contents"] = Raw(encode(_own(fields.get("contents", Raw(b"[]")))))
        return msgspec.json.encode(fields), (*dropped, "thought")
    return body, dropped


def _own(raw: Raw) -> list[dict[str, Any]]:
    """The turns without thoughts that another vendor sealed; one that held nothing else goes with them."""
    try:
        turns = msgspec.json.decode(raw, type=list[dict[str, Any]])
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"`contents` cannot be read: {error}. Send a list of turns.", param="contents") from None
    kept = [{**turn, "parts": [part for part in turn.get("parts") or () if not _foreign(part)]} for turn in turns]
    return [turn for turn in kept if turn["parts"]]


def _foreign(part: dict[str, Any]) -> bool:
    told = part.get("thoughtSignature") or part.get("thought_signature")
    return isinstance(told, str) and heard(told)[1] != "gemini"


def limit_answer(body: bytes, tokens: int) -> bytes:
    """The same body with this limit on its answer, said once."""
    fields = _FIELDS.decode(body)
    names = ("generationConfig", "generation_config")
    config: dict[str, Raw] = {}
    for name in names:
        if name in fields:
            config |= _FIELDS.decode(fields.pop(name))
    config.pop("max_output_tokens", None)
    config["maxOutputTokens"] = Raw(b"%d" % tokens)
    fields["generationConfig"] = Raw(msgspec.json.encode(config))
    return msgspec.json.encode(fields)
