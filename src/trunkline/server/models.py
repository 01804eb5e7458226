"""The doors that list models, in the form of the dialect that asks.

Refuses to know where the list comes from.
"""

from collections.abc import Callable

from msgspec import Struct

from trunkline.core.errors import UnknownModel
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import Visit
from trunkline.server.auth import Keys
from trunkline.server.chat import facts

CREATED = 1735689600  # 2025-01-01: the field is required by clients and means nothing here
CREATED_AT = "2025-01-01T00:00:00Z"
UNTOLD = ("capabilities", "max_input_tokens", "max_tokens")


class Models:
    """``GET /v1/models`` and ``GET /v1/models/{id}``."""

    __slots__ = ("_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys) -> None:
        self._gateway = gateway
        self._keys = keys

    async def list(self, visit: Visit) -> None:
        """Every model this caller may name."""
        names = await self._names(visit)
        await visit.json(200, FORMS.get(visit.dialect.name, OPENAI).page(names))

    async def one(self, visit: Visit) -> None:
        """One model by its name, slashes included."""
        name = visit.path.partition("/models/")[2]
        if name not in await self._names(visit):
            told = f"the model {name[:200]!r} is not in the list; GET /v1/models shows it"
            await visit.fail(UnknownModel(told, param="model"), facts(None, None))
            return
        await visit.json(200, FORMS.get(visit.dialect.name, OPENAI).row(name))

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
    told = {"type": "model", "id": name, "display_name": name, "created_at": CREATED_AT, "lifecycle": "active"}
    return {**told, **dict.fromkeys(UNTOLD)}  # the vendor's clients require them; null is its word for unknown


def _gemini(name: str) -> dict[str, object]:
    return {"name": f"models/{name}", "version": "1", "displayName": name, "supportedGenerationMethods": METHODS}


METHODS = ["generateContent", "streamGenerateContent", "countTokens"]


class Form(Struct, frozen=True):
    """How one dialect lists models."""

    row: Callable[[str], dict[str, object]]
    page: Callable[[tuple[str, ...]], dict[str, object]]


def _anthropic_page(names: tuple[str, ...]) -> dict[str, object]:
    first, last = (names[0], names[-1]) if names else (None, None)
    return {"data": [_anthropic(name) for name in names], "has_more": False, "first_id": first, "last_id": last}


OPENAI = Form(_openai, lambda names: {"object": "list", "data": [_openai(name) for name in names]})
FORMS = {
    "anthropic": Form(_anthropic, _anthropic_page),
    "gemini": Form(_gemini, lambda names: {"models": [_gemini(name) for name in names]}),
}
