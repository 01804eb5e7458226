"""The object in which Google's APIs tell an error.
It refuses to know when.
"""

from typing import Any

GOOGLE_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
SERVER_FAILED = 500


def google_body(message: str, status: int) -> dict[str, Any]:
    """``{"error": {code, message, status}}``."""
    word = GOOGLE_STATUS.get(status, "INTERNAL" if status >= SERVER_FAILED else "INVALID_ARGUMENT")
    return {"error": {"code": status, "message": message, "status": word}}
