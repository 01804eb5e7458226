"""What embeddings are in every dialect: texts that are asked for, vectors that are answered, and nothing streamed.

Refuses to know how a vendor spells them.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, cast

import msgspec

from trunkline.core.chat import ChatRequest, Completion, Foreign
from trunkline.core.dialect import Operation, Reader, Scanner, Sighting
from trunkline.core.errors import BadReply, Unsupported
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.usual import Usual

SAID = frozenset({"model", "input", "dimensions", "encoding_format"})
"""What every vendor's form has words for; base64 is made of its numbers."""


@dataclass(frozen=True, slots=True)
class NativeEmbeddings(Usual):
    """A vendor's own embeddings: the provider's side of the Dialect port but for the bytes."""

    operation: ClassVar[Operation] = "embeddings"

    def scanner(self) -> Scanner:
        """Never asked: nothing is streamed."""
        raise BadReply("embeddings are answered whole")

    def reader(self) -> Reader:
        """Never asked: nothing is streamed."""
        raise BadReply("embeddings are answered whole")


def texts(request: ChatRequest) -> list[str]:
    """What is to be embedded. Raises Unsupported for tokens, which mean something to one vendor's models alone."""
    told = request.extra.get("input")
    found: list[Any] = told if isinstance(told, list) else [told]
    if not all(isinstance(one, str) for one in found):
        raise Unsupported(
            "This target embeds texts, not tokens. Send `input` as a text or a list of texts.", param="input"
        )
    return found


def left_out(request: ChatRequest, *kept: str) -> tuple[str, ...]:
    """The fields that a vendor has no words for, as their caller spelled them."""
    named = (name for name, value in request.extra.items() if value is not None)
    return tuple(sorted(set(named) - SAID - set(kept)))


def sighted(usage: Usage | None, model: str = "") -> Sighting:
    """An answer's tokens; where none are told the prompt's length says how many."""
    return Sighting(usage or UNKNOWN_USAGE, "stop", model, "prompt")


def answered(vectors: list[list[float]] | None, usage: Usage | None, number: str = "", model: str = "") -> Completion:
    """The vectors as one part that only embeddings' callers can read. Raises BadReply where there are none."""
    if not vectors or not all(vectors):
        raise BadReply("the provider's answer holds no embeddings")
    return Completion(number, model, (Foreign("embeddings", {"vectors": vectors}),), "stop", usage or UNKNOWN_USAGE)


def vectors_of(answer: Completion) -> list[list[float]]:
    """The vectors of an answer. Raises BadReply for one without."""
    for part in answer.parts:
        if isinstance(part, Foreign) and part.dialect == "embeddings":
            return cast("list[list[float]]", part.wire["vectors"])
    raise BadReply("the provider's answer holds no embeddings")


def opened(decoder: "msgspec.json.Decoder[Any]", body: bytes) -> Any:
    """An answer's wire. Raises BadReply for what is none."""
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from None
