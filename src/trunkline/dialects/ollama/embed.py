"""Ollama's own embeddings behind the provider's side of the Dialect port. Read on docs.ollama.com in November 2026.

Refuses to have a text cut that is too long, unless it is told to.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Rendered, Sighting
from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count
from trunkline.dialects.embeddings import NativeEmbeddings, answered, left_out, opened, sighted, texts
from trunkline.dialects.json import encode


class _Answer(Struct):
    embeddings: list[list[float]]
    model: str = ""
    prompt_eval_count: Count | None = None

    @property
    def usage(self) -> Usage | None:
        """What the model read."""
        return None if self.prompt_eval_count is None else Usage(input=self.prompt_eval_count)


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class OllamaEmbeddings(NativeEmbeddings):
    """The dialect of ``/api/embed``; its fields are the quirks of one server, as in its chat.

    ``num_ctx``     the context window each model is loaded with, in tokens; None: the server's own default.
    ``truncate``    a text that does not fit may lose its end; otherwise the call is refused.
    ``keep_alive``  how long a model stays loaded after an answer, as ``10m``; None: the server's own default.
    """

    name: ClassVar[DialectName] = "ollama_embed"
    errors_as: ClassVar[DialectName | None] = "ollama"
    path = "/embed"

    num_ctx: int | None = None
    truncate: bool = False
    keep_alive: str | None = None

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port. Raises Unsupported for tokens."""
        told: dict[str, Any] = {"model": model, "input": texts(request), "truncate": self.truncate}
        if request.extra.get("dimensions") is not None:
            told["dimensions"] = request.extra["dimensions"]
        if self.num_ctx is not None:
            told["options"] = {"num_ctx": self.num_ctx}
        if self.keep_alive is not None:
            told["keep_alive"] = self.keep_alive
        return Rendered(encode(told), left_out(request))

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        answer: _Answer = opened(_ANSWER, body)
        return sighted(answer.usage, answer.model)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        answer: _Answer = opened(_ANSWER, body)
        return answered(answer.embeddings, answer.usage, model=answer.model)
