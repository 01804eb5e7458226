"""Errors in Anthropic's envelope: read from a provider, and written for a caller.

Refuses to judge: what an error means is the shared table's decision, what status it has is the error's own.
"""

from typing import Any

import msgspec

from trunkline.core.errors import CallError, Unsupported
from trunkline.dialects.errors import Headers, provider_error

FIRST_SERVER_STATUS = 500
TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}
"""Anthropic's ``error.type`` by the status a caller is shown; of the rest, 4xx are ``invalid_request_error``."""


def read_error(
    status: int, headers: Headers, body: bytes, provider: str | None = None, now: float | None = None
) -> CallError:
    """The error an answer stands for; ``status`` 200 means it was told inside a good-looking reply."""
    return provider_error("anthropic", status, headers, body, provider=provider, now=now)


def write_error(error: CallError, request_id: str) -> bytes:
    """The envelope; the provider's own, byte for byte, where it is Anthropic's and about the caller's request."""
    if error.body is not None and error.dialect == "anthropic" and not error.blames_provider:
        return error.body
    fallback = "invalid_request_error" if error.status < FIRST_SERVER_STATUS else "api_error"
    inner: dict[str, Any] = {"type": TYPES.get(error.status, fallback), "message": _message(error)}
    if isinstance(error, Unsupported) and error.code:
        # the vendor's SDK finds here that it has to send a conversation whole
        inner["details"] = {"error_code": error.code, "unsupported": [error.param]}
    return msgspec.json.encode({"type": "error", "error": inner, "request_id": request_id})


def write_stream_error(error: CallError, request_id: str) -> bytes:
    """The ``error`` event that ends a stream; ``message_stop`` never follows it."""
    # a provider's own body may be spread over lines, an event's data may not
    return b"event: error\ndata: %b\n\n" % msgspec.json.format(write_error(error, request_id), indent=-1)


def _message(error: CallError) -> str:
    """What happened, by whom; a provider's words about our credential are kept back, since they may quote the key."""
    if error.provider is None:
        return error.message
    if error.blames == "credential":
        return f"{error.provider}: the provider refused the credential or the account configured for it"
    return f"{error.provider}: {error.message}"
