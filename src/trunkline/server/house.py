"""The operator's doors to the house itself: what it offers, its config, and how to change or end it while it runs.

Refuses to show a secret.
"""

import time
from decimal import Decimal
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit, urlunsplit

import msgspec

from trunkline.core.secret import Secret
from trunkline.gateway.gateway import Gateway
from trunkline.gateway.listing import plain
from trunkline.server.app import Visit


class Steward(Protocol):
    """Who can change the house."""

    async def reload(self) -> Gateway:
        """Let the house of the config as it is now take over. Raises CallError, and then nothing has changed."""
        ...

    def drain(self) -> None:
        """Take no new calls, and end."""
        ...


class HouseDoors:
    """``GET /admin/models`` and ``/admin/config``, ``POST /admin/reload`` and ``/admin/drain``."""

    __slots__ = ("_gateway", "_steward")

    def __init__(self, gateway: Gateway, steward: Steward) -> None:
        self._gateway = gateway
        self._steward = steward

    async def models(self, visit: Visit) -> None:
        """Every route: how it chooses, its targets, their abilities and prices; ``?direct=true``: all models known."""
        config = self._gateway.config
        asked = parse_qs(visit.scope.get("query_string", b"").decode("latin-1")[:256])
        direct = asked.get("direct", ["false"])[0] == "true"
        told: list[dict[str, Any]] = []
        for offer in self._gateway.offers(time.time()):
            if offer.route:
                route = config.models[offer.name]
                chosen = {"strategy": built(route.strategy), "callers_may_ask_for": list(route.strategies)}
                told.append({**plain(offer), **chosen, "route": True})
            elif direct:
                told.append({**plain(offer), "route": False})
        await visit.json(200, {"models": told})

    async def config(self, visit: Visit) -> None:
        """The config as it was read, defaults written out; of a secret no more than its last four characters."""
        await visit.json(200, built(self._gateway.config))

    async def reload(self, visit: Visit) -> None:
        """Read the config again; answers when the new house takes the calls."""
        after = (await self._steward.reload()).config
        await visit.json(200, {"status": "reloaded", "providers": len(after.providers), "models": len(after.models)})

    async def drain(self, visit: Visit) -> None:
        """As SIGTERM: no new calls, open answers end, then the process does."""
        self._steward.drain()
        await visit.json(202, {"status": "draining"})


def built(value: object) -> Any:
    """Plain values for JSON, with every secret blotted: keys, and the passwords in URLs."""
    return _blotted(msgspec.to_builtins(value, enc_hook=_written))


def _written(value: object) -> str:
    if isinstance(value, Secret | Decimal):
        return str(value)
    return repr(value)


def _blotted(value: Any) -> Any:
    match value:
        case dict():
            return {name: _blotted(one) for name, one in value.items()}
        case list() | tuple():
            return [_blotted(one) for one in value]
        case str() if "://" in value and "@" in value:
            return _without_password(value)
        case _:
            return value


def _without_password(text: str) -> str:
    try:
        url = urlsplit(text)
    except ValueError:
        return "****"
    if url.password is None and url.username is None:
        return text
    return urlunsplit(url._replace(netloc=f"****@{url.netloc.rpartition('@')[2]}"))
