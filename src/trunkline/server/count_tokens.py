"""The door that counts a prompt's tokens without asking a model.

Refuses to bill from what it says: it is an estimate, and its header says so.
"""

from trunkline.core.dialect import Dialect
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.auth import Keys
from trunkline.server.http import read_body


class CountTokens:
    """``POST /v1/messages/count_tokens``."""

    __slots__ = ("_dialect", "_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys, dialect: Dialect) -> None:
        self._gateway = gateway
        self._keys = keys
        self._dialect = dialect

    async def __call__(self, visit: Visit) -> None:
        """``{"input_tokens": n}``; the provider's own count where the first target has one, else an estimate."""
        caller = self._keys.caller(visit.scope["headers"])
        limits = self._gateway.limits
        body = await read_body(visit.scope, visit.receive, limits.body, limits.body_timeout)
        count, source = await self._gateway.count_tokens(body, self._dialect, caller, visit.scope["headers"])
        await visit.json(200, {"input_tokens": count}, [(b"x-trunkline-token-source", source.encode())])
