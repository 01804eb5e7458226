"""What a caller is told when the store cannot do its work: the call is refused, never made unmetered.

Refuses to know any engine's own errors.
"""

from trunkline.core.errors import CallError

RETRY_SECONDS = 1.0


class StoreUnavailable(CallError):
    """The store did not answer in time, or cannot write. Nothing was sent to any provider."""

    kind, status, fallback = "store_unavailable", 503, False

    def __init__(self, message: str) -> None:
        super().__init__(message, retry_after=RETRY_SECONDS)
