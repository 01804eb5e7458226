"""Cohere's own embeddings behind the provider's side of the Dialect port. Read on docs.cohere.com in November 2026.

Refuses to cut a text that is too long, and to send fewer texts than were asked about.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Rendered, Sighting
from trunkline.core.errors import Unsupported
from trunkline.dialects.cohere_v2.usage import read_usage
from trunkline.dialects.embeddings import NativeEmbeddings, answered, left_out, opened, sighted, texts
from trunkline.dialects.json import encode

InputType = Literal["search_document", "search_query", "classification", "clustering"]
INPUT_TYPES = frozenset({"search_document", "search_query", "classification", "clustering"})
TASKS: dict[str, InputType] = {
    "RETRIEVAL_DOCUMENT": "search_document",
    "RETRIEVAL_QUERY": "search_query",
    "QUESTION_ANSWERING": "search_query",
    "FACT_VERIFICATION": "search_query",
    "CODE_RETRIEVAL_QUERY": "search_query",
    "CLASSIFICATION": "classification",
    "CLUSTERING": "clustering",
}
"""Google's words for what a vector is for; SEMANTIC_SIMILARITY has no counterpart."""

MOST_TEXTS = 96


class _Vectors(Struct, rename={"floats": "float"}):
    floats: list[list[float]] | None = None


class _Answer(Struct):
    embeddings: _Vectors
    id: str = ""
    meta: Raw = Raw(b"")


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class CohereEmbeddings(NativeEmbeddings):
    """The dialect of ``/v2/embed``; its fields are the quirks of one provider.

    ``input_type``  what vectors are for where a call does not say it, by ``input_type`` or Google's ``taskType``.
    ``truncate``    a text that does not fit may lose its end; otherwise the call is refused.
    """

    name: ClassVar[DialectName] = "cohere_embed"
    errors_as: ClassVar[DialectName | None] = "cohere"
    path = "/embed"

    input_type: InputType = "search_document"
    truncate: bool = False

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """Floats are asked for: every model has them, and base64 is made of them. Raises Unsupported."""
        asked = texts(request)
        if len(asked) > MOST_TEXTS:
            raise Unsupported(f"This target embeds at most {MOST_TEXTS} texts at once. Send fewer.", param="input")
        extra = request.extra
        task, kind = TASKS.get(str(extra.get("taskType"))), extra.get("input_type")
        told: dict[str, Any] = {"model": model, "texts": asked}
        told["input_type"] = kind if isinstance(kind, str) and kind in INPUT_TYPES else task or self.input_type
        told |= {"embedding_types": ["float"], "truncate": "END" if self.truncate else "NONE"}
        if extra.get("dimensions") is not None:
            told["output_dimension"] = extra["dimensions"]
        heard = (*(("taskType",) if task else ()), *(("input_type",) if told["input_type"] == kind else ()))
        return Rendered(encode(told), left_out(request, *heard))

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return sighted(read_usage(opened(_ANSWER, body).meta))

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        answer: _Answer = opened(_ANSWER, body)
        return answered(answer.embeddings.floats, read_usage(answer.meta), answer.id)
