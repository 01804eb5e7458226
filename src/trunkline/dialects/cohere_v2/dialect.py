"""Cohere's own chat behind the provider's side of the Dialect port.

Refuses to do any of the work: each method is a door to the module that does. Read on docs.cohere.com in November 2026.
"""

from dataclasses import dataclass

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Operation, Reader, Rendered, Scanner, Sighting
from trunkline.core.errors import CallError
from trunkline.dialects.cohere_v2 import completion
from trunkline.dialects.cohere_v2.reader import CohereReader, CohereScanner
from trunkline.dialects.cohere_v2.write_request import RequestWriter
from trunkline.dialects.errors import provider_error


@dataclass(frozen=True, slots=True)
class Cohere:
    """The dialect of ``/v2/chat``; its fields are the quirks of one provider.

    ``drop``  top-level parameters the provider refuses.
    """

    drop: frozenset[str] = frozenset()

    @property
    def name(self) -> DialectName:
        """``cohere``."""
        return "cohere"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Below ``/v2``."""
        return "/chat"

    def headers(self) -> list[tuple[bytes, bytes]]:
        """None are needed."""
        return []

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        return RequestWriter(request, model).write(self.drop)

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return CohereScanner()

    def reader(self) -> Reader:
        """See the port."""
        return CohereReader()

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port. ``{"message": "words", "id": "..."}`` is all the vendor says."""
        return provider_error("cohere", status, headers, body, provider=provider, now=now)
