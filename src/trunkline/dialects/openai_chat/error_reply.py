"""Writes errors as OpenAI's callers expect them.

Refuses to classify: the class has decided the status. What is not the caller's fault is never shown as 401 or 403.
"""

import msgspec

from trunkline.core.errors import CallError

TYPES: tuple[tuple[int, int, str], ...] = (
    (401, 401, "authentication_error"),
    (403, 403, "permission_error"),
    (429, 429, "rate_limit_error"),
    (400, 499, "invalid_request_error"),
    (500, 599, "server_error"),
)
"""``error.type`` by the status the caller is shown; first match wins."""

OURS_TO_SAY = (401, 403)
FIRST_SERVER_STATUS = 500


def write_error(error: CallError, request_id: str) -> bytes:
    """The error body: the provider's own where it is of this dialect and about the caller's request, else ours."""
    if error.body is not None and error.dialect == "openai" and passes_through(error):
        return error.body
    passed = passes_through(error)
    said = {
        "message": _named(error),
        "type": next((name for first, last, name in TYPES if first <= error.status <= last), "server_error"),
        "param": error.param,
        "code": (error.code if passed else None) or error.kind,
    }
    return msgspec.json.encode({"error": said, "request_id": request_id})


def write_stream_error(error: CallError, request_id: str) -> bytes:
    """One ``data:`` event on one line; no ``[DONE]`` follows it."""
    return b"data: " + msgspec.json.format(write_error(error, request_id), indent=-1) + b"\n\n"


def passes_through(error: CallError) -> bool:
    """True when what a provider said is the caller's business: its request, its rate."""
    return error.status < FIRST_SERVER_STATUS and error.status not in OURS_TO_SAY


def _named(error: CallError) -> str:
    return f"{error.provider}: {error.message}" if error.provider else error.message
