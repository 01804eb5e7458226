"""What an error of Bedrock's is: its name stands in a header, or in the name of an event, and its words in the body.

Refuses to judge it: the table of all providers' errors does.
"""

from typing import Any, cast

import msgspec

from trunkline.core.errors import CallError
from trunkline.dialects.errors import Headers, provider_error

NAME_HEADER = b"x-amzn-errortype"


def parse_error(status: int, headers: Headers, body: bytes, provider: str | None, now: float | None) -> CallError:
    """The error that an answer stands for, with its retry hint in seconds."""
    named = next((value.decode("latin-1") for name, value in headers if name == NAME_HEADER), "")
    return provider_error("bedrock", status, headers, _told(body, named), provider=provider, now=now)


def error_in_answer(name: str, body: bytes) -> CallError:
    """The error that a frame of a stream stands for, or a body under a good status."""
    return provider_error("bedrock", 200, [], _told(body, name), provider=None)


def _told(body: bytes, name: str) -> bytes:
    """The body with its error's name in it. A body that is none of Bedrock's own is left to tell for itself."""
    try:
        said = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body if body.strip() else msgspec.json.encode({"message": bare(name), "code": bare(name)})
    if not isinstance(said, dict) or "error" in said:
        return body
    fields = cast("dict[str, Any]", said)
    code = bare(name or str(fields.get("__type", fields.get("code", ""))))
    message = fields.get("message", fields.get("Message", fields.get("originalMessage"))) or code
    return msgspec.json.encode({"message": message, **({"code": code} if code else {})})


def bare(name: str) -> str:
    """``ValidationException`` of ``ValidationException:http://...`` and of ``com.amazon.coral#ValidationException``."""
    return name.partition(":")[0].rpartition("#")[2].strip()[:200]
