"""Calls as careless, greedy and hasty callers make them, and what became of each.

Refuses to know budgets: it asks, reads as far as it likes, and notes what it saw.
"""

import asyncio
import json
from random import Random
from typing import Any, Literal

import aiohttp
from msgspec import Struct

Manner = Literal["whole", "stream", "cancel", "leave"]
"""Read all of a body, read all of a stream, leave a stream after its first bytes, leave before anything came."""

DIALECTS = ("openai", "anthropic")
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
ENDS = {"openai": b"data: [DONE]", "anthropic": b"event: message_stop"}
HASTE = 0.03  # seconds until a caller leaves that will not wait for the first byte


class Ask(Struct, frozen=True):
    """One call. ``marker`` stands in the prompt and as the request's id, so that both logs can be told it by."""

    marker: str
    model: str
    words: str
    key: str = ""
    dialect: str = "openai"
    manner: Manner = "whole"
    max_tokens: int | None = None
    choices: int = 1

    def body(self) -> bytes:
        said = {"model": self.model, "messages": [{"role": "user", "content": f"{self.marker} {self.words}"}]}
        limit = {} if self.max_tokens is None else {"max_tokens": self.max_tokens}
        if self.dialect == "anthropic":
            limit = {"max_tokens": self.max_tokens or 4000}
        several = {"n": self.choices} if self.choices > 1 and self.dialect == "openai" else {}
        return json.dumps({**said, **limit, **several, "stream": self.manner in {"stream", "cancel"}}).encode()

    def headers(self) -> dict[str, str]:
        shown = {"authorization": f"Bearer {self.key}"} if self.key else {}
        return {"content-type": "application/json", "x-request-id": self.marker, **shown}


class Seen(Struct, frozen=True):
    """What the caller saw. ``acknowledged``: the whole of an answer. Status 0: it left, or the gateway was gone."""

    ask: Ask
    status: int = 0
    acknowledged: bool = False
    said: bytes = b""

    @property
    def kind(self) -> str:
        """The kind of an error, in either dialect."""
        error: dict[str, Any] = json.loads(self.said).get("error", {}) if self.said else {}
        return str(error.get("code") or error.get("type") or "")

    @property
    def message(self) -> str:
        """The words of an error."""
        return str(json.loads(self.said).get("error", {}).get("message", "")) if self.said else ""


async def call(http: aiohttp.ClientSession, url: str, ask: Ask) -> Seen:
    """Make it, in its manner."""
    try:
        if ask.manner == "leave":
            async with asyncio.timeout(HASTE):
                return await _read(http, url, ask)
        return await _read(http, url, ask)
    except (aiohttp.ClientError, TimeoutError, ConnectionError):
        return Seen(ask)


async def _read(http: aiohttp.ClientSession, url: str, ask: Ask) -> Seen:
    async with http.post(url + PATHS[ask.dialect], data=ask.body(), headers=ask.headers()) as response:
        if response.status != 200:
            return Seen(ask, response.status, said=await response.read())
        if ask.manner == "cancel":
            await response.content.readany()
            response.close()
            return Seen(ask, 200)
        body = await response.read()
        return Seen(ask, 200, acknowledged=ask.manner != "stream" or ENDS[ask.dialect] in body)


def words(rng: Random, most: int = 40) -> str:
    """A prompt whose answer is as long as itself."""
    return "Repeat exactly: " + " ".join(f"{rng.randrange(10**5):05}" for _ in range(rng.randint(1, most)))
