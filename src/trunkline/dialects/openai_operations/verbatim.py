"""The operations that are passed on and nothing else.

Refuses to know more of them than where they stand and what their answers can cost.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.dialect import DialectName, Envelope, Guess, Operation, Scanner, Sighting
from trunkline.core.errors import BadReply
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.openai_operations.audio import AudioScanner, speech_streamed
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.shape import look

MOST_OF_A_PICTURE = 16_384  # tokens; gpt-image-1's largest has 6,240
MOST_PICTURES = 10  # of one request, by OpenAI's reference
MOST_OF_A_SPEECH = 16_384  # tokens; 4,096 letters are read in about five minutes of some 1,250 tokens each


class _Count(Struct):
    n: Any = None


class _Format(Struct):
    stream_format: Any = None


_STREAM = msgspec.json.Decoder(_Format)
_COUNT = msgspec.json.Decoder(_Count)


@dataclass(frozen=True, slots=True)
class Rerank(OpenAIOperation):
    """Documents put in the order of a question: Cohere's form, which Jina, Voyage, Together and vLLM took over."""

    name: ClassVar[DialectName] = "rerank"
    operation: ClassVar[Operation] = "rerank"
    path = "/rerank"


@dataclass(frozen=True, slots=True)
class Moderations(OpenAIOperation):
    """Whether a text breaks a policy."""

    name: ClassVar[DialectName] = "moderations"
    operation: ClassVar[Operation] = "moderations"
    path = "/moderations"


@dataclass(frozen=True, slots=True)
class Images(OpenAIOperation):
    """Pictures of words."""

    name: ClassVar[DialectName] = "images"
    operation: ClassVar[Operation] = "images"
    path = "/images/generations"
    GUESS: ClassVar[Guess] = "nothing"  # a picture's bytes say nothing of its tokens, and older models have none

    def peek(self, body: bytes) -> Envelope:
        """See the port."""
        asked = look(_COUNT, body).n
        count = asked if isinstance(asked, int) else 1 if asked is None else MOST_PICTURES  # whatever is made of it
        known = OpenAIOperation.peek(self, body)
        return replace(known, max_tokens=MOST_OF_A_PICTURE, choices=max(1, min(count, MOST_PICTURES)))


@dataclass(frozen=True, slots=True)
class Speech(OpenAIOperation):
    """Words read aloud: the answer is sound, and tells no usage; as a stream of events it tells some."""

    name: ClassVar[DialectName] = "speech"
    operation: ClassVar[Operation] = "speech"
    path = "/audio/speech"
    GUESS: ClassVar[Guess] = "nothing"

    def peek(self, body: bytes) -> Envelope:
        """See the port."""
        streamed = look(_STREAM, body).stream_format == "sse"
        return replace(OpenAIOperation.peek(self, body), max_tokens=MOST_OF_A_SPEECH, stream=streamed)

    def scanner(self) -> Scanner:
        """Watches one stream."""
        return AudioScanner()

    def as_stream(self, answer: bytes) -> bytes:
        """See the port."""
        return speech_streamed(answer)

    def sight(self, body: bytes) -> Sighting:
        """See the port: sound is an answer, a JSON object is an error that came with a 200."""
        if body[:1] == b"{":
            return OpenAIOperation.sight(self, body)
        if not body:
            raise BadReply("the provider's answer is empty")
        return Sighting(UNKNOWN_USAGE, "stop", guess="nothing")
