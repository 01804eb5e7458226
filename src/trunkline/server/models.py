"""The doors that list models, in the form of the dialect that asks.

Refuses to know where the list comes from.
"""

from trunkline.core.errors import UnknownModel
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.auth import Keys
from trunkline.server.chat import facts

CREATED = 1735689600  # 2025-01-01: the field is required by clients and means nothing here
CREATED_AT = "2025-01-01T00:00:00Z"


class Models:
    """``GET /v1/models`` and ``GET /v1/models/{id}``."""

    __slots__ = ("_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys) -> None:
        self._gateway = gateway
        self._keys = keys

    async def list(self, visit: Visit) -> None:
        """Every model this caller may name."""
        names = await self._names(visit)
        if visit.dialect.name == "anthropic":
            rows = [_anthropic(name) for name in names]
            page = {
                "data": rows,
                "has_more": False,
                "first_id": names[0] if names else None,
                "last_id": names[-1] if names else None,
            }
            await visit.json(200, page)
        else:
            await visit.json(200, {"object": "list", "data": [_openai(name) for name in names]})

    async def one(self, visit: Visit) -> None:
        """One model by its name, slashes included."""
        name = visit.path.removeprefix("/v1/models/")
        if name not in await self._names(visit):
            told = f"the model {name[:200]!r} is not in the list; GET /v1/models shows it"
            await visit.fail(UnknownModel(told, param="model"), facts(None, None))
            return
        await visit.json(200, _anthropic(name) if visit.dialect.name == "anthropic" else _openai(name))

    async def _names(self, visit: Visit) -> tuple[str, ...]:
        caller = await self._keys.caller(visit.scope["headers"])
        return tuple(name for name in self._gateway.model_names() if caller.may_use(name))


def _openai(name: str) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": CREATED,
        "owned_by": name.partition("/")[0] if "/" in name else "trunkline",
    }


def _anthropic(name: str) -> dict[str, object]:
    return {"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT, "lifecycle": "active"}
