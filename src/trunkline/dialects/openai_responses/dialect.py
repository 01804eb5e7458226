"""OpenAI responses behind the Dialect port.

Refuses to do any of the work: each method is a door to the module that does.
"""

from dataclasses import dataclass

from msgspec.structs import replace

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Envelope, Operation, Reader, Rendered, Scanner, Sighting, Writer
from trunkline.core.errors import CallError
from trunkline.dialects.errors import provider_error
from trunkline.dialects.openai_chat.error_reply import write_error
from trunkline.dialects.openai_responses import read_completion, write_completion
from trunkline.dialects.openai_responses.parse_request import parse_request, peek
from trunkline.dialects.openai_responses.reader import ResponseReader
from trunkline.dialects.openai_responses.scanner import ResponseScanner
from trunkline.dialects.openai_responses.stream_error import write_stream_error
from trunkline.dialects.openai_responses.verbatim import limit_answer, readdress
from trunkline.dialects.openai_responses.write_request import RequestWriter
from trunkline.dialects.openai_responses.writer import ResponseWriter

FORWARD = frozenset({b"openai-beta"})


@dataclass(frozen=True, slots=True)
class OpenAIResponses:
    """The dialect of ``/responses``; its fields are the quirks of one provider.

    ``drop``    top-level parameters the provider refuses.
    ``store``   it may keep a translated request's answer; a caller's own bytes say so themselves.
    ``sealed``  it gives reasoning sealed (``include: reasoning.encrypted_content``), to be shown again next turn.
    """

    drop: frozenset[str] = frozenset()
    store: bool = False
    sealed: bool = True

    @property
    def name(self) -> DialectName:
        """``responses``."""
        return "responses"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Where responses are asked for."""
        return "/responses"

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

    def parse_count(self, body: bytes) -> ChatRequest:
        """See ``Counting``: such a question is a request whose answer is not wanted."""
        return parse_request(body)

    def write_count(self, tokens: int) -> bytes:
        """See ``Counting``."""
        return b'{"object":"response.input_tokens","input_tokens":%d}' % tokens

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """See ``Counting``."""
        return replace(readdress(body, model, self.drop), path="/input_tokens")

    def limit_answer(self, body: bytes, tokens: int) -> bytes:
        """See the port."""
        return limit_answer(body, tokens)

    def write_completion(self, answer: Completion) -> bytes:
        """See the port."""
        return write_completion.write_completion(answer)

    def writer(self, envelope: Envelope) -> Writer:
        """See the port."""
        return ResponseWriter(envelope)

    def write_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return write_error(error, request_id)

    def write_stream_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return write_stream_error(error, request_id)

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        return readdress(body, model, self.drop)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        return RequestWriter(request, store=self.store, sealed=self.sealed).rendered(model, self.drop)

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return read_completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return read_completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return ResponseScanner()

    def reader(self) -> Reader:
        """See the port."""
        return ResponseReader()

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port."""
        return provider_error("openai", status, headers, body, provider=provider, now=now)
