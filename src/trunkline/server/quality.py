"""The doors of quality: callers say what an answer was worth, operators see what is believed of each model.

Refuses to judge.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from trunkline.core.errors import InvalidRequest
from trunkline.gateway.gateway import Gateway
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


class Feedback:
    """``POST /v1/feedback``."""

    __slots__ = ("_gateway", "_keys")

    def __init__(self, gateway: Gateway, keys: Keys) -> None:
        self._gateway = gateway
        self._keys = keys

    async def take(self, visit: Visit) -> None:
        """Take a caller's word on an answer that its own key got."""
        caller = await self._keys.caller(visit.scope["headers"])
        word = _read(await read_body(visit.scope, visit.receive, MOST_BYTES))
        quality = self._gateway.measured()
        taken = await quality.feedback(
            word.request_id, score=word.score, label=word.label, comment=word.comment, key=caller.name
        )
        await visit.json(200, {"id": taken.id, "object": "feedback", "request_id": taken.request, "score": taken.score})


class QualityDoors:
    """``GET /admin/quality``."""

    __slots__ = ("_gateway",)

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def report(self, visit: Visit) -> None:
        """What is believed of each model, what was looked at, and which have changed."""
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
