"""OpenAI responses behind the Dialect port.

Refuses to do any of the work: each door opens to the module that does.
"""

from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Envelope, Rendered
from trunkline.dialects.openai_chat.error_reply import write_error
from trunkline.dialects.openai_responses import parse_request, read_completion, write_completion
from trunkline.dialects.openai_responses.reader import ResponseReader
from trunkline.dialects.openai_responses.scanner import ResponseScanner
from trunkline.dialects.openai_responses.stream_error import write_stream_error
from trunkline.dialects.openai_responses.verbatim import limit_answer, readdress
from trunkline.dialects.openai_responses.write_request import RequestWriter
from trunkline.dialects.openai_responses.writer import ResponseWriter
from trunkline.dialects.usual import Usual


@dataclass(frozen=True, slots=True)
class OpenAIResponses(Usual):
    """The dialect of ``/responses``; its fields are the quirks of one provider.

    ``drop``    top-level parameters the provider refuses.
    ``store``   it may keep a translated request's answer; a caller's own bytes say so themselves.
    ``sealed``  it gives reasoning sealed (``include: reasoning.encrypted_content``), to be shown again next turn.
    """

    name: ClassVar[DialectName] = "responses"
    errors_as: ClassVar[DialectName | None] = "openai"
    path = "/responses"
    forward: ClassVar[frozenset[bytes]] = frozenset({b"openai-beta"})

    drop: frozenset[str] = frozenset()
    store: bool = False
    sealed: bool = True

    peek = staticmethod(parse_request.peek)
    parse_count = staticmethod(parse_request.parse_request)
    parse_request = staticmethod(parse_request.parse_request)
    limit_answer = staticmethod(limit_answer)
    write_completion = staticmethod(write_completion.write_completion)
    writer = staticmethod(ResponseWriter)
    write_error = staticmethod(write_error)
    write_stream_error = staticmethod(write_stream_error)
    sight = staticmethod(read_completion.sight)
    read_completion = staticmethod(read_completion.read_completion)
    scanner = staticmethod(ResponseScanner)
    reader = staticmethod(ResponseReader)

    def write_count(self, tokens: int) -> bytes:
        """See ``Counting``."""
        return b'{"object":"response.input_tokens","input_tokens":%d}' % tokens

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """See ``Counting``."""
        return replace(readdress(body, model, self.drop), path="/input_tokens")

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        return readdress(body, model, self.drop)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        return RequestWriter(request, store=self.store, sealed=self.sealed).rendered(model, self.drop)
