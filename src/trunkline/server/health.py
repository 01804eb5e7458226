"""The doors for probes: is the process alive, may it get traffic, how is it.

Refuses to show anything that a stranger should not see: no names of providers, no keys.
"""

from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.http import respond


class Health:
    """``/livez``, ``/readyz``, ``/health`` and the ``HEAD /`` that coding agents send first."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def live(self, visit: Visit) -> None:
        """200 as long as the event loop turns."""
        await visit.json(200, {"status": "ok"})

    async def ready(self, visit: Visit) -> None:
        """200 when new calls are welcome, 503 while the gateway drains."""
        draining = self._gateway.draining
        await visit.json(503 if draining else 200, {"status": "draining" if draining else "ok"})

    async def health(self, visit: Visit) -> None:
        """The same, with a few figures."""
        gateway = self._gateway
        status = 503 if gateway.draining else 200
        await visit.json(status, {"status": "draining" if gateway.draining else "ok", **gateway.figures()})

    async def head(self, visit: Visit) -> None:
        """An empty 200: this is a server that is there."""
        visit.started = True
        await respond(visit.send, 200, visit.headers, b"")
