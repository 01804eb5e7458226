"""AWS Bedrock's Converse behind the provider's side of the Dialect port.

Refuses to do any of the work: each door opens to the module that does.
"""

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Rendered
from trunkline.core.errors import CallError, Unsupported
from trunkline.dialects.bedrock_converse import completion, errors
from trunkline.dialects.bedrock_converse.event_frames import EventFrames
from trunkline.dialects.bedrock_converse.families import Family, family_of
from trunkline.dialects.bedrock_converse.reader import ConverseReader
from trunkline.dialects.bedrock_converse.scanner import ConverseScanner
from trunkline.dialects.bedrock_converse.write_request import RequestWriter
from trunkline.dialects.errors import Headers
from trunkline.dialects.usual import Usual

LONGEST_MODEL = 2048  # characters, as the vendor has it


@dataclass(frozen=True, slots=True)
class BedrockConverse(Usual):
    """The dialect of ``/model/{id}/converse``; its fields are the quirks of one provider.

    ``drop``    top-level fields the provider refuses.
    ``family``  whose models stand behind ids that do not say: ARNs of inference profiles and of endpoints.
    """

    name: ClassVar[DialectName] = "bedrock"
    path = "/model"
    stream_type = b"application/vnd.amazon.eventstream"

    drop: frozenset[str] = frozenset()
    family: Family | None = None

    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(ConverseScanner)
    reader = staticmethod(ConverseReader)
    frames = staticmethod(EventFrames)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """See the port."""
        family = family_of(model)
        if family == "other" and self.family is not None:
            family = self.family
        body, dropped = RequestWriter(request, model, family).written(self.drop)
        return Rendered(body, dropped, path=_path(model, stream=request.stream))

    def parse_error(
        self, status: int, headers: Headers, body: bytes, provider: str, now: float | None = None
    ) -> CallError:
        """See the port; the error's name stands in a header."""
        return errors.parse_error(status, headers, body, provider, now)


def _path(model: str, *, stream: bool) -> str:
    """Where a model is asked: its id is one segment, so colons and slashes in it are escaped."""
    if not model.strip(".") or len(model) > LONGEST_MODEL:
        raise Unsupported(f"{model[:80]!r} is no id of a model; name one as the provider's console does", param="model")
    return f"/{quote(model, safe='-._~')}/converse{'-stream' if stream else ''}"
