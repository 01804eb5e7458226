"""OpenAI's embeddings: vectors of texts, as lists of numbers or packed in base64, whichever its caller asked for.

Refuses to answer in another form than was asked: providers differ, and clients read what they asked for.
"""

import struct
from base64 import b64decode, b64encode
from binascii import Error
from dataclasses import dataclass
from typing import Any, ClassVar, cast

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import ChatRequest, Completion, Foreign
from trunkline.core.dialect import DialectName, Envelope, Operation, Rendered
from trunkline.core.errors import BadReply, InvalidRequest
from trunkline.dialects import json
from trunkline.dialects.embeddings import vectors_of
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.shape import look

KEPT = ("input", "dimensions", "user")


class _Input(Struct):
    input: Raw = Raw(b"")


_INPUT = msgspec.json.Decoder(_Input)


@dataclass(frozen=True, slots=True)
class OpenAIEmbeddings(OpenAIOperation):
    """The dialect of ``/embeddings``."""

    name: ClassVar[DialectName] = "embeddings"
    operation: ClassVar[Operation] = "embeddings"
    path = "/embeddings"

    def fitted(self, answer: bytes, envelope: Envelope) -> bytes:
        """The answer in the form its caller asked for. Raises BadReply for vectors that are none."""
        packed = b'"embedding":"' in answer or b'"embedding": "' in answer
        if packed == envelope.base64:
            return answer
        found = _opened(answer)
        for row in found["data"]:
            row["embedding"] = pack(vector(row)) if envelope.base64 else vector(row)
        return msgspec.json.encode(found)

    def peek(self, body: bytes) -> Envelope:
        """See the port. Raises InvalidRequest without an input, too."""
        envelope = OpenAIOperation.peek(self, body)
        told = bytes(look(_INPUT, body).input)
        if told[:1] not in (b'"', b"[") or not told[1:-1].strip():
            raise InvalidRequest("`input` must be a text, or a list of texts, and not be empty.", param="input")
        return envelope

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """A request of Gemini's form: its texts stand in ``extra`` under OpenAI's names."""
        fields = {name: request.extra[name] for name in KEPT if request.extra.get(name) is not None}
        dropped = tuple(sorted(request.extra.keys() - fields.keys() - {"model", "encoding_format"}))
        return Rendered(json.encode({"model": model, **fields, "encoding_format": "float"}), dropped)

    def write_completion(self, answer: Completion) -> bytes:
        """Vectors of a vendor's own form, as lists of numbers; no usage where none was told."""
        rows = [{"object": "embedding", "index": at, "embedding": one} for at, one in enumerate(vectors_of(answer))]
        told: dict[str, Any] = {"object": "list", "data": rows, "model": answer.model}
        if answer.usage.source == "reported":
            told["usage"] = {"prompt_tokens": answer.usage.prompt, "total_tokens": answer.usage.prompt}
        return msgspec.json.encode(told)

    def read_completion(self, body: bytes) -> Completion:
        """The vectors, in order, as one part that only embeddings' callers can read."""
        found = _opened(body)
        seen = self.sight(body)
        vectors = [vector(row) for row in sorted(found["data"], key=lambda row: int(row.get("index", 0)))]
        return Completion("", seen.model, (Foreign("embeddings", {"vectors": vectors}),), "stop", seen.usage)


def _opened(answer: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(answer)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("data"), list):
        raise BadReply("the provider's answer has no `data`, so it holds no embeddings")
    return cast("dict[str, Any]", found)


def vector(row: dict[str, Any]) -> list[float]:
    """A row's numbers, however they are packed: base64 is of little-endian float32."""
    told = row.get("embedding")
    if isinstance(told, str):
        try:
            packed = b64decode(told, validate=True)
            return list(struct.unpack(f"<{len(packed) // 4}f", packed))
        except (Error, struct.error) as error:
            raise BadReply(f"the provider's embedding is no base64 of float32: {error}") from None
    if not isinstance(told, list) or not all(isinstance(one, int | float) for one in told):
        raise BadReply("the provider's embedding is no list of numbers")
    return [float(one) for one in cast("list[float]", told)]


def pack(numbers: list[float]) -> str:
    """Base64 of little-endian float32. Raises BadReply for a number that is none of those."""
    try:
        return b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()
    except (struct.error, OverflowError) as error:
        raise BadReply(f"the provider's embedding holds a number that is no float32: {error}") from None
