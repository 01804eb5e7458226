"""AWS Bedrock's Converse behind the provider's side of the Dialect port.

Refuses to do any of the work: each method is a door to the module that does.
"""

from dataclasses import dataclass
from urllib.parse import quote

from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import DialectName, Framing, Operation, Reader, Rendered, Scanner, Sighting
from trunkline.core.errors import CallError, Unsupported
from trunkline.dialects.bedrock_converse import completion, errors
from trunkline.dialects.bedrock_converse.event_frames import EventFrames
from trunkline.dialects.bedrock_converse.families import Family, family_of
from trunkline.dialects.bedrock_converse.reader import ConverseReader
from trunkline.dialects.bedrock_converse.scanner import ConverseScanner
from trunkline.dialects.bedrock_converse.write_request import RequestWriter

LONGEST_MODEL = 2048  # characters, as the vendor has it


@dataclass(frozen=True, slots=True)
class BedrockConverse:
    """The dialect of ``/model/{id}/converse``; its fields are the quirks of one provider.

    ``drop``    top-level fields the provider refuses.
    ``family``  whose models stand behind ids that do not say: ARNs of inference profiles and of endpoints.
    """

    drop: frozenset[str] = frozenset()
    family: Family | None = None

    @property
    def name(self) -> DialectName:
        """``bedrock``."""
        return "bedrock"

    @property
    def operation(self) -> Operation:
        """Chats."""
        return "chat"

    @property
    def path(self) -> str:
        """Where models stand; the rest of the path is each request's own."""
        return "/model"

    @property
    def stream_type(self) -> bytes:
        """Streams are frames of bytes, not lines of text."""
        return b"application/vnd.amazon.eventstream"

    def frames(self) -> Framing:
        """Cuts one of them."""
        return EventFrames()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """None are needed."""
        return []

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        family = family_of(model)
        if family == "other" and self.family is not None:
            family = self.family
        body, dropped = RequestWriter(request, model, family).written(self.drop)
        return Rendered(body, dropped, path=_path(model, stream=request.stream))

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        return completion.sight(body)

    def read_completion(self, body: bytes) -> Completion:
        """See the port."""
        return completion.read_completion(body)

    def scanner(self) -> Scanner:
        """See the port."""
        return ConverseScanner()

    def reader(self) -> Reader:
        """See the port."""
        return ConverseReader()

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port."""
        return errors.parse_error(status, headers, body, provider, now)


def _path(model: str, *, stream: bool) -> str:
    """Where a model is asked: its id is one segment, so colons and slashes in it are escaped."""
    if not model.strip(".") or len(model) > LONGEST_MODEL:
        raise Unsupported(f"{model[:80]!r} is no id of a model; name one as the provider's console does", param="model")
    return f"/{quote(model, safe='-._~')}/converse{'-stream' if stream else ''}"
