"""Errors as operators' tools read them: ``application/problem+json``, RFC 9457.

Refuses to know dialects: callers get theirs.
"""

from typing import Any

import msgspec

from trunkline.core.errors import CallError

PROBLEM = (b"content-type", b"application/problem+json")


def operators(path: str) -> bool:
    """True for paths whose errors are told so."""
    return path.startswith("/admin/") or path in {"/admin", "/metrics"}


def problem(error: CallError, request_id: str) -> bytes:
    """``type`` is a URN of the error's kind, ``detail`` says what to change; ``param`` where one field is to blame."""
    told: dict[str, Any] = {
        "type": f"urn:trunkline:error:{error.kind}",
        "title": error.kind.replace("_", " "),
        "status": error.status,
        "detail": error.message,
        "request_id": request_id,
    }
    if error.param is not None:
        told["param"] = error.param
    return msgspec.json.encode(told)
