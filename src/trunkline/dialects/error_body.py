"""Reads the bodies in which providers put their errors, whatever their shape.

Refuses to judge what was read: the table in ``errors`` does. Never raises: a body that says nothing is read as nothing.

    {"error": {"message", "type", "param", "code"}}         OpenAI and most others; ``code`` may be a number
    {"type": "error", "error": {"type", "message"}}         Anthropic
    {"error": {"code": 429, "status", "details": [...]}}    google.rpc, also as the only item of a list
    {"error": "text"}, {"object": "error", "message"}, {"message"}, {"detail": ...}, and HTML
"""

from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.dialect import DialectName
from trunkline.dialects.retry_hints import seconds_of

LONGEST_MESSAGE = 2_000
LARGEST_BODY = 1 << 20


class Told(Struct, frozen=True):
    """What an error body says.

    ``flagged``  OpenRouter refused the input by its moderation: a 403 that is not about our key.
    ``daily``    google.rpc names a quota per day: waiting seconds does not help.
    """

    message: str = ""
    kind: str | None = None
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None
    flagged: bool = False
    daily: bool = False
    dialect: DialectName | None = None


def read_told(body: bytes) -> Told:
    """What a body says, in any of the shapes."""
    try:
        found = msgspec.json.decode(body[:LARGEST_BODY])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Told(_plain(body))
    match found:
        case dict():
            return told_by(found)
        case [dict(only), *_]:  # google.rpc; no caller expects a list
            return replace(told_by(only), dialect=None)
        case _:
            return Told(_shortened(found))


def told_by(answer: dict[str, Any]) -> Told:
    """What a decoded error object says."""
    error = answer.get("error")
    if isinstance(error, dict):
        return _inner(cast("dict[str, Any]", error), answer)
    if error is not None:
        said = answer.get("message")  # Scaleway: ``error`` is a word, and the message stands beside it
        message = said if isinstance(said, str) and said else error
        return Told(_shortened(message), _word(answer.get("type")), _word(answer.get("code")))
    message = answer.get("message", answer.get("detail", answer))
    code = _word(answer.get("reason")) or _word(answer.get("code"))  # Novita's code is the status, its reason says why
    return Told(_shortened(message), _word(answer.get("type")), code, _word(answer.get("param")))


def _inner(error: dict[str, Any], answer: dict[str, Any]) -> Told:
    details = error.get("details")
    metadata = error.get("metadata")
    inner_code = details.get("error_code") if isinstance(details, dict) else _reason(details)  # Anthropic's spend limit
    return Told(
        message=_shortened(error.get("message", error)),
        kind=_word(error.get("type")) or _word(error.get("status")),
        code=_word(inner_code) or _word(error.get("code")),
        param=_word(error.get("param")),
        retry_after=_retry_delay(details),
        flagged=isinstance(metadata, dict) and "reasons" in metadata,
        daily=isinstance(details, list) and "PerDay" in str(details)[:LONGEST_MESSAGE],
        dialect=_dialect(error, answer),
    )


def _dialect(error: dict[str, Any], answer: dict[str, Any]) -> DialectName | None:
    """The dialect whose own form this is, so that its callers can be shown the body as it came."""
    if not isinstance(error.get("message"), str):
        return None
    if isinstance(error.get("status"), str) and isinstance(error.get("code"), int):
        return "gemini"
    if answer.get("type") == "error":
        return "anthropic" if isinstance(error.get("type"), str) else None
    return "openai"


def _reason(details: object) -> str | None:
    """google.rpc.ErrorInfo's ``reason``, where it says more than the status."""
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and str(detail.get("@type", "")).endswith("ErrorInfo"):
            return _word(detail.get("reason"))
    return None


def _retry_delay(details: object) -> float | None:
    """google.rpc.RetryInfo: ``{"@type": ".../google.rpc.RetryInfo", "retryDelay": "34.07s"}``."""
    for detail in details if isinstance(details, list) else []:
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str):
            return seconds_of(delay)
    return None


def _word(value: object) -> str | None:
    if isinstance(value, str):
        return value[:200] or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _shortened(value: object) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= LONGEST_MESSAGE else text[:LONGEST_MESSAGE] + "..."


def _plain(body: bytes) -> str:
    """A body that is no JSON: HTML is named, not shown, since it belongs to some proxy between."""
    text = body[:LONGEST_MESSAGE].decode("utf-8", "replace").strip()
    return "the provider answered with an HTML page" if text.startswith("<") else text
