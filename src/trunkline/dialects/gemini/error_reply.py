"""Writes errors as Google's callers expect them: a google.rpc status.

Refuses to classify: the class has decided the status. What is not the caller's fault is never shown as 401 or 403.
"""

from typing import Any

import msgspec

from trunkline.core.errors import CallError

WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "INVALID_ARGUMENT",
    408: "DEADLINE_EXCEEDED",
    409: "ABORTED",
    413: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""``error.status`` by the status a caller is shown."""

FIRST_SERVER_STATUS = 500
OURS_TO_SAY = (401, 403)
TYPE = "type.googleapis.com/google.rpc."


def write_error(error: CallError, request_id: str) -> bytes:
    """The error body: the provider's own where it is of this dialect and about the caller's request, else ours."""
    passes = error.status < FIRST_SERVER_STATUS and error.status not in OURS_TO_SAY
    if error.body is not None and error.dialect == "gemini" and passes:
        return error.body
    reason = (error.code if passes else None) or error.kind
    metadata = {"request_id": request_id} | ({"param": error.param} if error.param else {})
    details: list[dict[str, Any]] = [
        {"@type": f"{TYPE}ErrorInfo", "reason": reason.upper(), "domain": "trunkline", "metadata": metadata}
    ]
    if error.retry_after is not None:
        details.append({"@type": f"{TYPE}RetryInfo", "retryDelay": f"{error.retry_after:.3f}s"})
    said = {
        "code": error.status,
        "message": f"{error.provider}: {error.message}" if error.provider else error.message,
        "status": WORDS.get(error.status, "INTERNAL" if error.status >= FIRST_SERVER_STATUS else "INVALID_ARGUMENT"),
        "details": details,
    }
    return msgspec.json.encode({"error": said})


def write_stream_error(error: CallError, request_id: str) -> bytes:
    """One ``data:`` event on one line."""
    return b"data: " + msgspec.json.format(write_error(error, request_id), indent=-1) + b"\n\n"
