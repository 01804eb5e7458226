"""The doors of quality: callers say what an answer was worth, operators see what is believed of each model.

Refuses to judge.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from trunkline.core.errors import InvalidRequest
from trunkline.gateway.gateway import Gateway
from trunkline.server.admin import Admin
from trunkline.server.app import NotFound, Visit
from trunkline.server.auth import Keys
from trunkline.server.http import read_body

MOST_BYTES = 16 * 1024


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """What a caller says of an answer: a score from 0 to 1, or a label, or both."""

    request_id: Annotated[str, Meta(min_length=1, max_length=128)]
    score: float | None = None
    label: str = ""
    comment: str = ""


class QualityDoors:
    """``POST /v1/feedback`` and ``GET /admin/quality``."""

    __slots__ = ("_admin", "_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys, admin: Admin) -> None:
        self._gateway = gateway
        self._keys = keys
        self._admin = admin

    async def feedback(self, visit: Visit) -> None:
        """Take a caller's word on an answer that its own key got."""
        caller = await self._keys.caller(visit.scope["headers"])
        word = _read(await read_body(visit.scope, visit.receive, MOST_BYTES))
        quality = self._gateway.measured()
        taken = quality.feedback(
            word.request_id, score=word.score, label=word.label, comment=word.comment, key=caller.name
        )
        await visit.json(200, {"id": taken.id, "object": "feedback", "request_id": taken.request, "score": taken.score})

    async def report(self, visit: Visit) -> None:
        """What is believed of each model, what was looked at, and which have changed."""
        await self._admin.guard(visit)
        if self._gateway.quality is None:
            raise NotFound("this house measures no quality; `quality: {}` in the config begins it")
        await visit.json(200, self._gateway.quality.report())


def _read(body: bytes) -> Word:
    try:
        return msgspec.json.decode(body, type=Word)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequest(
            f'send JSON like {{"request_id": "req_1", "label": "thumbs_up"}}, with a score, a label, a comment: {error}'
        ) from error
