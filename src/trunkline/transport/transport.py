"""The port between trunkline and the network: one request out, one response whose bytes come as they arrive.

Refuses to know dialects, providers, retries: it sends once and says what happened.
"""

from typing import Protocol

from msgspec import Struct

Headers = list[tuple[bytes, bytes]]
"""Header names (lower case) and values, in the order of the wire."""


Body = bytes | memoryview
"""A view is of what is on disk: our own client sends it piece by piece, so that it is never in memory as a whole."""


class Origin(Struct, frozen=True):
    """Where connections go: requests to the same origin share a pool."""

    scheme: str  # "http" or "https"
    host: str
    port: int


class Request(Struct, frozen=True):
    """One HTTP request. ``host`` and ``content-length`` are added by the transport."""

    method: str
    origin: Origin
    target: str  # path and query, percent-encoded
    headers: Headers
    body: Body
    expires: float  # the response's headers must be here by then, on the transport's clock
    connect_timeout: float = 5.0  # seconds for DNS, TCP and TLS together
    most: int | None = None  # decoded bytes of the answer's body; None: as the transport's limits say

    def __repr__(self) -> str:
        """Without the headers: one of them is the credential."""
        return f"<Request {self.method} {self.origin} {self.target} [{len(self.body)} bytes]>"


class Response(Protocol):
    """A response whose headers have arrived.

    The connection goes back to the pool by itself once ``receive`` has returned ``b""``; ``abort`` is for every
    other end. ``expires`` may be moved at any time; a pending ``receive`` sees the new value.
    """

    status: int
    headers: Headers

    @property
    def expires(self) -> float:
        """Until when ``receive`` waits, on the transport's clock."""
        ...

    @expires.setter
    def expires(self, value: float) -> None: ...

    def header(self, name: bytes) -> bytes | None:
        """The first value under a lower-case name, or None."""
        ...

    async def receive(self) -> bytes:
        """The next bytes of the decoded body, as many as are there; ``b""`` at the end.

        Raises ReadTimeout past ``expires``, ConnectionLost when the body is cut, BadReply when the framing or the
        content encoding is wrong, ReplyTooLarge past the transport's limit on decoded bytes.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole body; ReplyTooLarge when it has more than ``limit`` bytes (the response is then aborted)."""
        ...

    def abort(self) -> None:
        """Leave now: a response that has not ended closes its connection. Idempotent; never waits."""
        ...


class Transport(Protocol):
    """Sends requests. Safe for many tasks at once on one event loop."""

    async def send(self, request: Request) -> Response:
        """Send once and wait for the response's headers; redirects are returned, never followed.

        Raises ConnectFailed, ConnectTimeout, TlsFailed (nothing was sent), StaleConnection, ConnectionLost,
        ReadTimeout (past ``request.expires``) or BadReply. Cancelling the task closes the connection.
        """
        ...

    async def aclose(self) -> None:
        """Close idle connections now and those in use as they end."""
        ...
