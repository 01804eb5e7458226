"""The operator's doors, below ``/admin``: behind a key of their own, or for this machine only.

Refuses to answer a caller's key: who may call models may not look behind them.
"""

import hmac

from trunkline.core.errors import Forbidden, Unauthorized
from trunkline.core.secret import Secret
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import NotFound, Visit
from trunkline.server.auth import Keys, presented


class Admin:
    """``GET`` of ``/admin/health``, ``/admin/decisions`` and ``/admin/decisions/{id}``."""

    __slots__ = ("_gateway", "_key", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys, key: Secret | None) -> None:
        self._gateway = gateway
        self._keys = keys
        self._key = key

    async def health(self, visit: Visit) -> None:
        """Each target's state, why, and until when."""
        gateway = self._gateway
        status = "draining" if gateway.draining else "ok"
        targets = gateway.health.report(gateway.clock())
        await visit.json(200, {"status": status, **gateway.figures(), "targets": targets})

    async def decision(self, visit: Visit) -> None:
        """Why one of the newest calls went where it went, by its request id."""
        known = self._gateway.decisions
        asked = visit.path.rpartition("/")[2]
        told = known.explained(asked)
        if told is None:
            raise NotFound(
                f"no decision is remembered for the request {asked[:128]!r}; the newest {len(known)} are, of models "
                "with a strategy: GET /admin/decisions lists them"
            )
        await visit.json(200, told)

    async def decisions(self, visit: Visit) -> None:
        """The request ids of the newest decisions, the newest first; ``?details=true``: with what was decided."""
        known = self._gateway.decisions
        details = b"details=true" in visit.scope.get("query_string", b"")[:256]
        newest = {"newest": known.newest()} if details else {}
        await visit.json(200, {"decisions": known.ids(), **newest})

    async def guard(self, visit: Visit) -> None:
        """With an admin key: that key and no other. Without one: only while the whole house is open, on loopback."""
        if self._key is None:
            if not await self._keys.open():
                raise Forbidden("the admin doors are shut: set admin_key in the config to open them")
            return
        shown = presented(visit.scope["headers"])
        if not hmac.compare_digest(shown, self._key.reveal().encode()):
            raise Unauthorized("this is not the admin key; send it as 'Authorization: Bearer KEY'")
