"""OpenAI chat completions behind the Dialect port.

Refuses to do any of the work: each method is a door to the module that does.
"""

from dataclasses import dataclass

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Envelope, Given, Operation, Reader, Rendered, Scanner, Sighting, Writer
from trunkline.core.errors import CallError
from trunkline.dialects.errors import provider_error
from trunkline.dialects.openai_chat import completion, error_reply
from trunkline.dialects.openai_chat.given import given
from trunkline.dialects.openai_chat.parse_request import parse_request, peek
from trunkline.dialects.openai_chat.quirks import Quirks
from trunkline.dialects.openai_chat.reader import ChunkReader
from trunkline.dialects.openai_chat.scanner import ChunkScanner
from trunkline.dialects.openai_chat.verbatim import limit_answer, readdress
from trunkline.dialects.openai_chat.write_request import write_request
from trunkline.dialects.openai_chat.writer import ChunkWriter
from trunkline.dialects.prefill import with_prefill

FORWARD = frozenset({b"openai-beta"})  # never openai-organization or -project: they belong to the caller's own account


@dataclass(frozen=True, slots=True)
class OpenAIChat(Quirks):
    """The dialect of ``/chat/completions``; its fields are the quirks of one provider."""

    @property
    def name(self) -> DialectName:
        """``openai``."""
        return "openai"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Where chats are asked for."""
        return "/chat/completions"

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

    def write_completion(self, answer: Completion) -> bytes:
        """See the port."""
        return completion.write_completion(answer)

    def writer(self, envelope: Envelope) -> Writer:
        """See the port."""
        return ChunkWriter(envelope)

    def write_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_error(error, request_id)

    def write_stream_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_stream_error(error, request_id)

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        return readdress(self, body, envelope, model)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        return write_request(self, request, model)

    def given(self, stream: bytes, envelope: Envelope) -> Given | None:
        """See ``Continuable``."""
        return given(stream, envelope)

    def prefilled(self, body: bytes, text: str, spent: int) -> bytes | None:
        """See ``Continuable``; ``prefix`` is Mistral's and DeepSeek's word for what OpenAI has none for."""
        message = {"role": "assistant", "content": text, "prefix": True}
        return with_prefill(body, message, ("max_tokens", "max_completion_tokens"), spent)

    def prefills(self, model: str) -> bool:
        """See ``Continuable``."""
        return self.prefill is not None

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return ChunkScanner()

    def reader(self) -> Reader:
        """See the port."""
        return ChunkReader()

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
