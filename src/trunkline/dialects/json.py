"""JSON at the edge of a dialect: opening a caller's body, and re-addressing it without opening it.

Refuses to know any dialect; what it cannot read it explains, by byte, line and what to change.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec import Raw

from trunkline.core.errors import InvalidRequest

_ANY = msgspec.json.Decoder()
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ENCODER = msgspec.json.Encoder()
_AT_BYTE = re.compile(r"^(?:JSON is malformed: )?(.*?)(?: \(byte (\d+)\))?$")
_STRING_VALUE = re.compile(rb'"model"[ \t\r\n]*:[ \t\r\n]*("[^"\\]*+(?:\\.[^"\\]*+)*+")', re.DOTALL)
_ESCAPED_NAME = re.compile(rb"\\u00[567]")  # an escaped small letter or underscore may spell a field's name


def decode_object(body: bytes) -> dict[str, Any]:
    """A caller's body opened. Raises InvalidRequest saying where it is no JSON object and what to change."""
    try:
        value = _ANY.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(body, error) from None
    if not isinstance(value, dict):
        raise InvalidRequest(f"The request body is {_kind(value)}. Send one JSON object.")
    return cast("dict[str, Any]", value)


def encode(value: Any) -> bytes:
    """The JSON of a request. Raises InvalidRequest for what its caller nested too deeply to be written."""
    try:
        return _ENCODER.encode(value)
    except RecursionError:
        raise InvalidRequest("The request is nested too deeply. Flatten its deepest schema or tool input.") from None


def readdress(
    body: bytes,
    model: str,
    *,
    rename: Mapping[str, str] | None = None,
    drop: frozenset[str] = frozenset(),
    put: Mapping[str, bytes] | None = None,
) -> bytes:
    """The body with another model: every other byte stays where its field is not renamed, dropped or put.

    ``body`` must have passed a peek: a JSON object whose last ``model`` is a string. ``put`` holds values as JSON and
    wins over what the body says. Names are compared at the top level only, after unescaping.
    """
    rename, put = rename or {}, put or {}
    touched = (*rename, *drop, *put)
    if _ESCAPED_NAME.search(body) is None and not any(b'"%b"' % name.encode() in body for name in touched):
        spliced = _splice(body, _ENCODER.encode(model), put)
        if spliced is not None:
            return spliced
    return _rebuild(body, model, rename, drop, put)


def present(body: bytes, names: frozenset[str]) -> tuple[str, ...]:
    """Which of these fields the body has at its top level, sorted; ``body`` is a JSON object."""
    if not names:
        return ()
    return tuple(sorted(names & _FIELDS.decode(body).keys()))


def _splice(body: bytes, model: bytes, put: Mapping[str, bytes]) -> bytes | None:
    """New bytes for the one value of ``"model"``; None when more than one place could be meant."""
    at = body.find(b'"model"')
    found = _STRING_VALUE.match(body, at) if at == body.rfind(b'"model"') else None
    if found is None:
        return None
    start, end = found.span(1)
    if not put:
        return b"".join((body[:start], model, body[end:]))
    opened = body.index(b"{") + 1
    fields = b"".join(b'"%b":%b,' % (name.encode(), value) for name, value in put.items())
    return b"".join((body[:opened], fields, body[opened:start], model, body[end:]))


def _rebuild(
    body: bytes, model: str, rename: Mapping[str, str], drop: frozenset[str], put: Mapping[str, bytes]
) -> bytes:
    """Field by field, values still verbatim. A field given twice keeps its last value, so no second model slips by."""
    fields = {name: value for name, value in _FIELDS.decode(body).items() if name not in drop}
    for old, new in rename.items():
        if old in fields:
            value = fields.pop(old)
            fields.setdefault(new, value)
    fields |= {name: Raw(value) for name, value in put.items()}
    fields["model"] = Raw(_ENCODER.encode(model))
    return _ENCODER.encode(fields)


def _unreadable(body: bytes, error: Exception) -> InvalidRequest:
    if isinstance(error, RecursionError):
        return InvalidRequest("The request body is nested too deeply. Send JSON with fewer than 500 levels.")
    if not body.strip():
        return InvalidRequest("The request body is empty. Send one JSON object.")
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        return InvalidRequest(
            f"The request body is not UTF-8: byte 0x{body[wrong.start]:02x}, {_place(body, wrong.start)}. "
            "Encode it as UTF-8."
        )
    return _malformed(body, str(error))


def _malformed(body: bytes, said: str) -> InvalidRequest:
    if body.startswith(b"\xef\xbb\xbf"):
        return InvalidRequest("The request body starts with a byte order mark. Send UTF-8 without one.")
    found = _AT_BYTE.match(said)
    reason, at = (found[1], found[2]) if found else (said, None)
    place = _place(body, int(at) if at else len(body))
    return InvalidRequest(f"The request body is not JSON: {reason[:1].lower()}{reason[1:]}; {place}. Correct it there.")


def _place(body: bytes, at: int) -> str:
    line = body.count(b"\n", 0, at) + 1
    column = at - body.rfind(b"\n", 0, at)
    return f"line {line}, column {column} (byte {at})"


def _kind(value: object) -> str:
    match value:
        case list():
            return "a JSON array"
        case str():
            return "a JSON string"
        case None:
            return "null"
        case _:
            return "a JSON number or boolean"
