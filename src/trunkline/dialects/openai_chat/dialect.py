"""OpenAI chat completions behind the Dialect port.

Refuses to do any of the work: each door opens to the module that does.
"""

from dataclasses import dataclass
from typing import ClassVar

from trunkline.core.dialect import DialectName
from trunkline.dialects.openai_chat import completion, error_reply, given, parse_request, verbatim, write_request
from trunkline.dialects.openai_chat.quirks import Quirks
from trunkline.dialects.openai_chat.reader import ChunkReader
from trunkline.dialects.openai_chat.scanner import ChunkScanner
from trunkline.dialects.openai_chat.writer import ChunkWriter
from trunkline.dialects.prefill import with_prefill
from trunkline.dialects.usual import Usual


@dataclass(frozen=True, slots=True)
class OpenAIChat(Quirks, Usual):
    """The dialect of ``/chat/completions``; its fields are the quirks of one provider."""

    name: ClassVar[DialectName] = "openai"
    path = "/chat/completions"
    forward: ClassVar[frozenset[bytes]] = frozenset({b"openai-beta"})
    """Never openai-organization or -project: they belong to the caller's own account."""

    peek = staticmethod(parse_request.peek)
    parse_request = staticmethod(parse_request.parse_request)
    limit_answer = staticmethod(verbatim.limit_answer)
    write_completion = staticmethod(completion.write_completion)
    writer = staticmethod(ChunkWriter)
    write_error = staticmethod(error_reply.write_error)
    write_stream_error = staticmethod(error_reply.write_stream_error)
    readdress = verbatim.readdress
    write_request = write_request.write_request
    given = staticmethod(given.given)
    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(ChunkScanner)
    reader = staticmethod(ChunkReader)

    def prefilled(self, body: bytes, text: str, spent: int) -> bytes | None:
        """See ``Continuable``; ``prefix`` is Mistral's and DeepSeek's word for what OpenAI has none for."""
        message = {"role": "assistant", "content": text, "prefix": True}
        return with_prefill(body, message, ("max_tokens", "max_completion_tokens"), spent)

    def prefills(self, model: str) -> bool:
        """See ``Continuable``."""
        return self.prefill is not None
