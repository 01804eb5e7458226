"""Gemini's ``embedContent`` and ``batchEmbedContents``, for callers; providers are asked in OpenAI's form.

Refuses to be a provider's dialect: Google answers the same models under OpenAI's form too.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec

from trunkline.core.chat import ChatRequest, Completion, Message, Text
from trunkline.core.dialect import DialectName, Envelope, Operation
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.embeddings import vectors_of
from trunkline.dialects.gemini import error_reply
from trunkline.dialects.gemini.camel import camelled
from trunkline.dialects.json import decode_object
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_operations import OpenAIOperation
from trunkline.dialects.shape import shown

MOST_INPUTS = 10_000
SAID = frozenset({"model", "stream", "content", "outputDimensionality", "taskType", "title"})


@dataclass(frozen=True, slots=True)
class GeminiEmbeddings(OpenAIOperation):
    """``batch``: the plural form, which the vendor's SDKs always use."""

    name: ClassVar[DialectName] = "gemini"
    """No provider of embeddings speaks it, so every call is translated."""
    operation: ClassVar[Operation] = "embeddings"
    path = ""

    batch: bool = True

    def peek(self, body: bytes) -> Envelope:
        """See the port; the address stands in the body."""
        model = str(decode_object(body).get("model", ""))
        check_model(model)
        return Envelope(model, max_tokens=1)

    def parse_request(self, body: bytes) -> ChatRequest:
        """The texts and their dimensions, under OpenAI's names in ``extra``."""
        raw = camelled(decode_object(body))
        asked = raw.get("requests") if self.batch else [raw]
        if not isinstance(asked, list) or not asked or len(asked) > MOST_INPUTS:
            raise InvalidRequest(f"`requests` must hold 1 to {MOST_INPUTS} requests.", param="requests")
        texts = [_text(one, at) for at, one in enumerate(asked)]
        sizes = {_size(one.get("outputDimensionality"), at) for at, one in enumerate(asked)}
        if len(sizes) > 1:
            raise InvalidRequest(
                "`outputDimensionality` differs between the requests. Send them apart.", param="requests"
            )
        extra: dict[str, Any] = {"input": texts, "dimensions": sizes.pop()}
        extra |= {name: one[name] for one in asked for name in ("taskType", "title") if one.get(name)}
        return ChatRequest(str(raw["model"]), (Message("user", (Text("\n".join(texts)),)),), extra=extra)

    def write_completion(self, answer: Completion) -> bytes:
        """``embeddings``, or the one ``embedding``."""
        values = [{"values": one} for one in vectors_of(answer)]
        return msgspec.json.encode({"embeddings": values} if self.batch else {"embedding": values[0]})

    def write_error(self, error: Any, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_error(error, request_id)


def _size(said: Any, at: int) -> int | None:
    if said is None or (type(said) is int and said > 0):
        return said
    path = f"requests[{at}].outputDimensionality"
    raise InvalidRequest(f"`{path}` is {shown(said)}; send a whole number of at least 1, or none.", param=path)


def _text(asked: Any, at: int) -> str:
    content = asked.get("content") if isinstance(asked, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    found = parts if isinstance(parts, list) else []
    texts = [part["text"] for part in found if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if not texts or len(texts) < len(found):
        path = f"requests[{at}].content.parts"
        raise InvalidRequest(f"`{path}` must be a list of texts: only texts are embedded here.", param=path)
    return "\n".join(texts)
