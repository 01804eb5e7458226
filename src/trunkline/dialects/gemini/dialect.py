"""Google's generateContent behind the Dialect port.

Refuses to do any of the work: each method is a door to the module that does.
"""

from dataclasses import dataclass
from urllib.parse import quote

import msgspec

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Envelope, Operation, Reader, Rendered, Scanner, Sighting, Writer
from trunkline.core.errors import CallError
from trunkline.dialects.errors import provider_error
from trunkline.dialects.gemini import completion, error_reply
from trunkline.dialects.gemini.address import bare, method
from trunkline.dialects.gemini.parse_request import parse_count, parse_request, peek
from trunkline.dialects.gemini.reader import GeminiReader
from trunkline.dialects.gemini.scanner import GeminiScanner
from trunkline.dialects.gemini.verbatim import limit_answer, stripped
from trunkline.dialects.gemini.write_request import RequestWriter
from trunkline.dialects.gemini.writer import GeminiWriter

FORWARD = frozenset({b"x-goog-api-client"})


@dataclass(frozen=True, slots=True)
class Gemini:
    """The dialect of ``:generateContent``; its fields are the quirks of one provider.

    ``drop``  top-level parameters the provider refuses.
    """

    drop: frozenset[str] = frozenset()

    @property
    def name(self) -> DialectName:
        """``gemini``."""
        return "gemini"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Where models stand; the rest of the path is each request's own."""
        return "/models"

    @property
    def forward(self) -> frozenset[bytes]:
        """The caller's headers that travel with its bytes."""
        return FORWARD

    def headers(self) -> list[tuple[bytes, bytes]]:
        """None are needed."""
        return []

    def peek(self, body: bytes) -> Envelope:
        """See the port."""
        return peek(body)

    def parse_request(self, body: bytes) -> ChatRequest:
        """See the port."""
        return parse_request(body)

    def limit_answer(self, body: bytes, tokens: int) -> bytes:
        """See the port."""
        return limit_answer(body, tokens)

    def parse_count(self, body: bytes) -> ChatRequest:
        """A ``countTokens`` body opened, of either form."""
        return parse_count(body)

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """A question for a count, for a provider of the same dialect."""
        return Rendered(bare(body), path=f"/{_quoted(model)}:countTokens")

    def write_count(self, tokens: int) -> bytes:
        """The answer to ``countTokens``."""
        return msgspec.json.encode({"totalTokens": tokens})

    def write_completion(self, answer: Completion) -> bytes:
        """See the port."""
        return completion.write_completion(answer)

    def writer(self, envelope: Envelope) -> Writer:
        """See the port."""
        return GeminiWriter(envelope)

    def write_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_error(error, request_id)

    def write_stream_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_stream_error(error, request_id)

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        body, dropped = stripped(body, self.drop)
        return Rendered(body, dropped, path=_path(model, stream=envelope.stream))

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        body, dropped = RequestWriter(request, model).written(self.drop)
        return Rendered(body, dropped, path=_path(model, stream=request.stream))

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return GeminiScanner()

    def reader(self) -> Reader:
        """See the port."""
        return GeminiReader()

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port."""
        return provider_error("gemini", status, headers, body, provider=provider, now=now)


def _path(model: str, *, stream: bool) -> str:
    return f"/{_quoted(model)}{method(stream=stream)}"


def _quoted(model: str) -> str:
    return quote(model.removeprefix("models/"), safe="/:@._-")
