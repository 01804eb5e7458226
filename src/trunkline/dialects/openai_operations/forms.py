"""The operations that are asked for with a form: audio to text, and pictures made of pictures.

Refuses to open the files in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from trunkline.core.chat import ChatRequest, Message, Text
from trunkline.core.dialect import DialectName, Envelope, Guess, Operation, Rendered, Scanner, Sighting
from trunkline.core.errors import BadReply, InvalidRequest
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_operations import multipart
from trunkline.dialects.openai_operations.audio import AudioScanner, transcript_streamed
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.openai_operations.verbatim import MOST_OF_A_PICTURE, MOST_PICTURES


@dataclass(frozen=True, slots=True)
class OpenAIForm(OpenAIOperation):
    """An operation whose requests are forms."""

    GUESS: ClassVar[Guess] = "nothing"
    STREAMS: ClassVar[bool] = False

    forward: ClassVar[frozenset[bytes]] = frozenset({b"content-type"})
    """The form's content type, which names its boundary."""

    def fields(self, body: bytes) -> Mapping[str, str]:
        """The fields that are no files. Raises InvalidRequest."""
        found = multipart.fields(body)
        return {field.name: multipart.value(body, field) for field in found if not field.is_file}

    def peek(self, body: bytes) -> Envelope:
        """See the port."""
        told = self.fields(body)
        if "model" not in told:
            raise InvalidRequest("`model` is missing. Add it to the form.", param="model")
        check_model(told["model"])
        if not self.STREAMS and _streamed(told):
            raise InvalidRequest(
                "`stream` is true, and this operation is answered whole here. Leave it out.", param="stream"
            )
        return self.envelope(told)

    def envelope(self, told: Mapping[str, str]) -> Envelope:
        """The bounds of the answer; audio becomes at most as many words as its model writes."""
        return Envelope(told["model"], choices=1, plain=True)

    def parse_request(self, body: bytes) -> ChatRequest:
        """What it is about, as a chat would say it."""
        told = self.fields(body)
        return ChatRequest(told["model"], (Message("user", (Text(told.get("prompt", "")),)),), extra=dict(told))

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        names = {field.name for field in multipart.fields(body)}
        dropped = tuple(sorted(names & self.drop))
        kept = multipart.without(body, frozenset(dropped)) if dropped else body
        place = next(field for field in multipart.fields(kept) if field.name == "model")
        return Rendered(multipart.replaced(kept, place, model), dropped)


class OpenAITranscript(OpenAIForm):
    """What was said, as JSON, or as plain words or subtitles where those are asked for."""

    __slots__ = ()

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        if body.lstrip()[:1] == b"{":
            return OpenAIOperation.sight(self, body)
        if not body:
            raise BadReply("the provider's answer is empty")
        return Sighting(UNKNOWN_USAGE, "stop", guess="nothing")


@dataclass(frozen=True, slots=True)
class Transcriptions(OpenAITranscript):
    """What was said, in its own language."""

    name: ClassVar[DialectName] = "transcriptions"
    operation: ClassVar[Operation] = "transcriptions"
    path = "/audio/transcriptions"
    STREAMS: ClassVar[bool] = True

    def envelope(self, told: Mapping[str, str]) -> Envelope:
        """See above."""
        return replace(OpenAIForm.envelope(self, told), stream=_streamed(told))

    def scanner(self) -> Scanner:
        """Watches one stream."""
        return AudioScanner()

    def as_stream(self, answer: bytes) -> bytes:
        """See the port."""
        return transcript_streamed(answer)


@dataclass(frozen=True, slots=True)
class Translations(OpenAITranscript):
    """What was said, in English."""

    name: ClassVar[DialectName] = "translations"
    operation: ClassVar[Operation] = "translations"
    path = "/audio/translations"


def _streamed(told: Mapping[str, str]) -> bool:
    return told.get("stream", "false").strip().lower() not in ("false", "0", "")


class OpenAIPictures(OpenAIForm):
    """Pictures made of pictures."""

    __slots__ = ()

    def envelope(self, told: Mapping[str, str]) -> Envelope:
        """See above."""
        asked = told.get("n", "1").strip()
        count = int(asked) if multipart.NUMBER.fullmatch(asked) else MOST_PICTURES  # whatever a provider makes of it
        return Envelope(told["model"], max_tokens=MOST_OF_A_PICTURE, choices=max(1, min(count, MOST_PICTURES)))


@dataclass(frozen=True, slots=True)
class ImageEdits(OpenAIPictures):
    """Pictures changed by words."""

    name: ClassVar[DialectName] = "image_edits"
    operation: ClassVar[Operation] = "image_edits"
    path = "/images/edits"


@dataclass(frozen=True, slots=True)
class ImageVariations(OpenAIPictures):
    """Pictures like another."""

    name: ClassVar[DialectName] = "image_variations"
    operation: ClassVar[Operation] = "image_variations"
    path = "/images/variations"
