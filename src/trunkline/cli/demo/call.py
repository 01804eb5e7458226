"""One real HTTP call to the gateway, and what was seen of its answer while it came.

Refuses to know what should have come.
"""

import asyncio
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from trunkline.core.chat import Completion, Finish, ToolUse
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import CallError
from trunkline.core.events import CONTENT, Gathering
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.sse import Frames
from trunkline.transport.transport import Origin, Request, Response, Transport

DIALECTS: dict[DialectName, Dialect] = {"openai": OpenAIChat(), "anthropic": AnthropicMessages()}
PATIENCE = 60.0  # seconds; a small model on a slow machine takes a few
LONGEST = 1 << 20  # bytes of an answer; the tour's are below 2 KiB
OK = 200
NOT_FOUND = 404
LOOKS = 40  # times that an answer is looked for: the gateway notes it after its caller has it, and is in no hurry
PAUSE = 0.05  # seconds between them

Watch = Callable[[str], None]


class Seen(Struct, frozen=True):
    """What a caller sees of one call; times in seconds, ``cost`` in dollars as the gateway's header says it.

    ``error`` is the text of an error, whether it came instead of an answer or in the middle of one.
    """

    status: int
    provider: str
    model: str
    attempts: int
    cost: str
    cost_source: str
    duration: float
    first_content: float | None = None
    text: str = ""
    tool_calls: tuple[ToolUse, ...] = ()
    finish: Finish | None = None
    usage: Usage = UNKNOWN_USAGE
    error: str | None = None
    id: str = ""


class Caller:
    """Asks one gateway; ``watch`` is told the text of a stream as it grows."""

    def __init__(self, url: str, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        parts = urlsplit(url)
        self._origin = Origin(parts.scheme, parts.hostname or "", parts.port or 80)
        self._transport = transport
        self._clock = clock

    async def ask(self, name: DialectName, body: dict[str, object], watch: Watch) -> Seen:
        """Send a body in a dialect and read the answer to its end, good or bad. Raises CallError: no gateway there."""
        dialect, began = DIALECTS[name], self._clock()
        headers = [(b"content-type", b"application/json"), *dialect.headers()]
        encoded = msgspec.json.encode(body)
        request = Request("POST", self._origin, f"/v1{dialect.path}", headers, encoded, began + PATIENCE)
        response = await self._transport.send(request)
        response.expires = began + PATIENCE
        if response.status != OK:
            error = dialect.parse_error(response.status, response.headers, await response.read(LONGEST), "gateway")
            return self._seen(response, began, error=error.message)
        if body.get("stream"):
            return await self._stream(response, dialect, began, watch)
        return self._seen(response, began, dialect.read_completion(await response.read(LONGEST)))

    async def tell(self, request_id: str, score: float) -> None:
        """Say what an answer was worth, 0 to 1. Raises CallError: it was not taken."""
        encoded = msgspec.json.encode({"request_id": request_id, "score": score})
        headers = [(b"content-type", b"application/json")]
        for look in range(LOOKS):
            request = Request("POST", self._origin, "/v1/feedback", headers, encoded, self._clock() + PATIENCE)
            response = await self._transport.send(request)
            body = await response.read(LONGEST)
            if response.status == OK:
                return
            if response.status != NOT_FOUND or look == LOOKS - 1:
                raise DIALECTS["openai"].parse_error(response.status, response.headers, body, "gateway")
            await asyncio.sleep(PAUSE)

    async def _stream(self, response: Response, dialect: Dialect, began: float, watch: Watch) -> Seen:
        frames, reader, gathering = Frames(), dialect.reader(), Gathering()
        first: float | None = None
        error: str | None = None
        try:
            while data := await response.receive():
                for event in [event for frame in frames.feed(data) for event in reader.read(frame)]:
                    gathering.add(event)
                    if isinstance(event, CONTENT) and first is None:
                        first = self._clock() - began
                watch(gathering.completion().text)
            for event in reader.end():
                gathering.add(event)
        except CallError as broken:
            error = broken.message
            response.abort()
        return self._seen(response, began, gathering.completion(), first, error)

    def _seen(
        self,
        response: Response,
        began: float,
        answer: Completion | None = None,
        first: float | None = None,
        error: str | None = None,
    ) -> Seen:
        def header(name: bytes) -> str:
            return (response.header(b"x-trunkline-" + name) or b"").decode("ascii", "replace")

        seen = Seen(
            status=response.status,
            provider=header(b"provider"),
            model=header(b"model"),
            attempts=int(header(b"attempts") or 0),
            cost=header(b"cost-usd"),
            cost_source=header(b"cost-source"),
            duration=self._clock() - began,
            first_content=first,
            error=error,
            id=(response.header(b"x-request-id") or b"").decode("ascii", "replace"),
        )
        if answer is None:
            return seen
        return msgspec.structs.replace(
            seen, text=answer.text, tool_calls=answer.tool_calls, finish=answer.finish, usage=answer.usage
        )
