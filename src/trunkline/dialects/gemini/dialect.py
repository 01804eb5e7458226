"""Google's generateContent behind the Dialect port.

Refuses to do any of the work: each door opens to the module that does.
"""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

import msgspec

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Envelope, Rendered
from trunkline.dialects.gemini import completion, error_reply, parse_request
from trunkline.dialects.gemini.address import bare, method
from trunkline.dialects.gemini.reader import GeminiReader
from trunkline.dialects.gemini.scanner import GeminiScanner
from trunkline.dialects.gemini.verbatim import limit_answer, stripped
from trunkline.dialects.gemini.write_request import RequestWriter
from trunkline.dialects.gemini.writer import GeminiWriter
from trunkline.dialects.usual import Usual


@dataclass(frozen=True, slots=True)
class Gemini(Usual):
    """The dialect of ``:generateContent``; its fields are the quirks of one provider.

    ``drop``  top-level parameters the provider refuses.
    """

    name: ClassVar[DialectName] = "gemini"
    path = "/models"
    forward: ClassVar[frozenset[bytes]] = frozenset({b"x-goog-api-client"})

    drop: frozenset[str] = frozenset()

    peek = staticmethod(parse_request.peek)
    parse_count = staticmethod(parse_request.parse_count)
    parse_request = staticmethod(parse_request.parse_request)
    limit_answer = staticmethod(limit_answer)
    write_completion = staticmethod(completion.write_completion)
    writer = staticmethod(GeminiWriter)
    write_error = staticmethod(error_reply.write_error)
    write_stream_error = staticmethod(error_reply.write_stream_error)
    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(GeminiScanner)
    reader = staticmethod(GeminiReader)

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """A question for a count, for a provider of the same dialect."""
        return Rendered(bare(body), path=f"/{_quoted(model)}:countTokens")

    def write_count(self, tokens: int) -> bytes:
        """The answer to ``countTokens``."""
        return msgspec.json.encode({"totalTokens": tokens})

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        body, dropped = stripped(body, self.drop)
        return Rendered(body, dropped, path=_path(model, stream=envelope.stream))

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        body, dropped = RequestWriter(request, model).written(self.drop)
        return Rendered(body, dropped, path=_path(model, stream=request.stream))


def _path(model: str, *, stream: bool) -> str:
    return f"/{_quoted(model)}{method(stream=stream)}"


def _quoted(model: str) -> str:
    return quote(model.removeprefix("models/"), safe="/:@._-")
