"""Requests that were refused before a call began: no key, no such path, a body too large, a line that is no HTTP.

Refuses to keep what a stranger sent: an address, a method and a path cut short are all that is told of it, and none of
them is a label.
"""

import logging
from collections.abc import Callable

from msgspec import Struct

from trunkline.telemetry.series import Counter

log = logging.getLogger("trunkline")

LONGEST_PATH = 200  # characters
UNREAD = "unread"  # of what could not be read as a request, so that nobody knows which path it was for
NOWHERE = "nowhere"  # of paths that do not exist


class Refused(Struct, frozen=True):
    """One request. ``access`` is who may go to its path: caller, admin, public; or ``nowhere``, or ``unread``."""

    access: str
    status: int
    kind: str  # of the error
    id: str | None = None
    method: str | None = None
    path: str | None = None
    peer: str | None = None  # the address that it came from


class Refusals:
    """Counts them and tells who listens; a listener that raises is felt by nobody."""

    def __init__(self) -> None:
        about = "Requests refused before a call began, by who may go where they went."
        self.count = Counter("llm_refused_requests_total", about, ("access", "status", "kind"))
        self.listeners: list[Callable[[Refused], None]] = []

    def __call__(self, refused: Refused) -> None:
        """Take down one."""
        self.count.add((refused.access, str(refused.status), refused.kind))
        for listener in self.listeners:
            try:
                listener(refused)
            except Exception:
                log.exception("a listener failed on a refused request; nobody else is affected")
