"""Ollama's own chat behind the provider's side of the Dialect port.

Refuses to do any of the work: each method is a door to the module that does. Read on docs.ollama.com in November 2026.
"""

from dataclasses import dataclass

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Framing, Operation, Reader, Rendered, Scanner, Sighting
from trunkline.core.errors import CallError
from trunkline.dialects.errors import provider_error
from trunkline.dialects.ollama import completion
from trunkline.dialects.ollama.lines import Lines
from trunkline.dialects.ollama.reader import OllamaReader, OllamaScanner
from trunkline.dialects.ollama.write_request import RequestWriter


@dataclass(frozen=True, slots=True)
class Ollama:
    """The dialect of ``/api/chat``; its fields are the quirks of one server.

    ``num_ctx``     the context window each model is loaded with, in tokens; None: the server's own default.
    ``truncate``    a prompt that does not fit may lose its beginning; otherwise it is refused, and a larger one asked.
    ``keep_alive``  how long a model stays loaded after an answer, as ``10m``; None: the server's own default.
    ``drop``        top-level fields the server refuses.
    """

    num_ctx: int | None = None
    truncate: bool = False
    keep_alive: str | None = None
    drop: frozenset[str] = frozenset()

    @property
    def name(self) -> DialectName:
        """``ollama``."""
        return "ollama"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Below ``/api``."""
        return "/chat"

    @property
    def stream_type(self) -> bytes:
        """Lines of JSON."""
        return b"application/x-ndjson"

    def frames(self) -> Framing:
        """See the port."""
        return Lines()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """None are needed."""
        return []

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        writer = RequestWriter(request, model)
        return writer.write(num_ctx=self.num_ctx, keep_alive=self.keep_alive, truncate=self.truncate, drop=self.drop)

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return OllamaScanner()

    def reader(self) -> Reader:
        """See the port."""
        return OllamaReader()

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port. ``{"error": "words"}`` is all a server says."""
        return provider_error("ollama", status, headers, body, provider=provider, now=now)
