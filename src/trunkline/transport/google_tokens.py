"""Access tokens that last an hour: fetched once for all who wait, and renewed before their time is over.

Refuses to know how a token is come by, and to tell the time: it is passed in.
"""

import asyncio
import copy
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.errors import CallError
from trunkline.core.secret import Secret
from trunkline.transport.transport import Request

AHEAD = 300.0
"""Seconds before its end at which a token is renewed while it still serves; of a short one, half of its time."""

PAUSE = 10.0
"""Seconds after a failed renewal in which a token that still serves is not renewed again."""


class Token(Struct, frozen=True):
    """One token; ``fresh`` and ``ends`` are Unix seconds: from when on it is renewed, and is of no use."""

    secret: Secret
    fresh: float
    ends: float

    @classmethod
    def lasting(cls, secret: str, now: float, seconds: float) -> "Token":
        """A token that was given for so long."""
        return cls(Secret(secret), now + seconds - min(AHEAD, seconds / 2), now + seconds)


class Grant(Protocol):
    """A way to come by a token."""

    async def token(self, now: float) -> Token:
        """A new one; ``now`` is Unix seconds. Raises CallError, without a secret in it."""
        ...


class GoogleTokens:
    """The port ``Credential``: each request with a token that is good now.

    At most one renewal is under way; a caller that leaves does not end it for the others.
    """

    __slots__ = ("_again", "_grant", "_renewal", "_token")

    def __init__(self, grant: Grant) -> None:
        self._grant = grant
        self._token: Token | None = None
        self._renewal: asyncio.Task[Token] | None = None
        self._again = 0.0

    async def signed(self, request: Request, now: float) -> Request:
        """The request with ``authorization``. Raises the CallError of a renewal that failed."""
        token = self._token
        if token is None or now >= token.ends:
            try:
                token = await asyncio.shield(self._renewing(now))
            except CallError as error:
                raise copy.copy(error) from error  # each who waited has an error of its own to settle with
        elif now >= token.fresh and now >= self._again:
            self._renewing(now)
        said = b"Bearer " + token.secret.reveal().encode("ascii")
        return replace(request, headers=[*request.headers, (b"authorization", said)])

    def _renewing(self, now: float) -> asyncio.Task[Token]:
        if self._renewal is None:
            self._renewal = asyncio.get_running_loop().create_task(self._renew(now))
            self._renewal.add_done_callback(self._ended)
        return self._renewal

    async def _renew(self, now: float) -> Token:
        try:
            self._token = await self._grant.token(now)
        except CallError:
            self._again = now + PAUSE
            raise
        return self._token

    def _ended(self, task: asyncio.Task[Token]) -> None:
        self._renewal = None
        if not task.cancelled():
            task.exception()  # looked at: whoever waited has it, and nobody waits for one ahead of time

    def __repr__(self) -> str:
        return f"<GoogleTokens [{'none yet' if self._token is None else 'a token'}]>"
