"""Ollama's own chat behind the provider's side of the Dialect port.

Refuses to do any of the work: each door opens to the module that does. Read on docs.ollama.com in November 2026.
"""

from dataclasses import dataclass
from typing import ClassVar

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Rendered
from trunkline.dialects.ollama import completion
from trunkline.dialects.ollama.lines import Lines
from trunkline.dialects.ollama.reader import OllamaReader, OllamaScanner
from trunkline.dialects.ollama.write_request import RequestWriter
from trunkline.dialects.usual import Usual


@dataclass(frozen=True, slots=True)
class Ollama(Usual):
    """The dialect of ``/api/chat``; its fields are the quirks of one server.

    ``num_ctx``     the context window each model is loaded with, in tokens; None: the server's own default.
    ``truncate``    a prompt that does not fit may lose its beginning; otherwise it is refused, and a larger one asked.
    ``keep_alive``  how long a model stays loaded after an answer, as ``10m``; None: the server's own default.
    ``drop``        top-level fields the server refuses.
    """

    name: ClassVar[DialectName] = "ollama"
    path = "/chat"
    stream_type = b"application/x-ndjson"

    num_ctx: int | None = None
    truncate: bool = False
    keep_alive: str | None = None
    drop: frozenset[str] = frozenset()

    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(OllamaScanner)
    reader = staticmethod(OllamaReader)
    frames = staticmethod(Lines)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        writer = RequestWriter(request, model)
        return writer.write(num_ctx=self.num_ctx, keep_alive=self.keep_alive, truncate=self.truncate, drop=self.drop)
