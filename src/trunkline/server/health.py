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
        """200 when new calls are welcome, 503 once it was told to stop, or while nobody can count what calls cost."""
        ready, status = self._state()
        await visit.json(200 if ready else 503, {"status": status})

    async def health(self, visit: Visit) -> None:
        """The same, with a few figures."""
        ready, status = self._state()
        await visit.json(200 if ready else 503, {"status": status, **self._gateway.figures()})

    def _state(self) -> tuple[bool, str]:
        gateway = self._gateway
        leaving = gateway.leaving or gateway.draining
        status = "draining" if leaving else "ok" if gateway.ready else "no ledger"
        return gateway.ready and not leaving, status

    async def head(self, visit: Visit) -> None:
        """An empty 200: this is a server that is there."""
        visit.started = True
        await respond(visit.send, 200, visit.headers, b"")
