"""The Anthropic messages dialect: the port ``Dialect`` filled, each method by the room that knows how.

Refuses to know who calls and who answers; a provider's quirks are its fields.
"""

from dataclasses import dataclass, field
from typing import ClassVar, Literal

import msgspec
from msgspec.structs import replace

from trunkline.core.chat import ChatRequest
from trunkline.core.dialect import DialectName, Envelope, Rendered
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.anthropic_messages import completion, errors, verbatim, vertex
from trunkline.dialects.anthropic_messages.generations import generation_of
from trunkline.dialects.anthropic_messages.given import given
from trunkline.dialects.anthropic_messages.read_request import read_request
from trunkline.dialects.anthropic_messages.reader import AnthropicReader
from trunkline.dialects.anthropic_messages.request_wire import Asked, Counted, Peek
from trunkline.dialects.anthropic_messages.scanner import AnthropicScanner
from trunkline.dialects.anthropic_messages.write_request import RequestWriter
from trunkline.dialects.anthropic_messages.writer import AnthropicWriter
from trunkline.dialects.prefill import with_prefill
from trunkline.dialects.shape import look
from trunkline.dialects.usual import Usual

Version = Literal["2023-06-01", "2026-10-21"]
_PEEK = msgspec.json.Decoder(Peek)


@dataclass(frozen=True, slots=True)
class AnthropicMessages(Usual):
    """Anthropic messages.

    ``version``             the API version a *translated* request is sent under; a caller's own bytes travel under
                            the caller's own. Under 2026-10-21 temperature, top_p and top_k are a 400.
    ``default_max_tokens``  the vendor requires ``max_tokens``; this is sent where the caller set no limit.
    ``drop``                top-level fields the provider refuses, left out of every request and named.
    ``prefill``             its models go on with a last message of the assistant's; None: as each Claude is known to,
                            and no other model.
    ``platform``            ``vertex``: asked on Google's cloud, with the model in the path.
    """

    name: ClassVar[DialectName] = "anthropic"
    forward: ClassVar[frozenset[bytes]] = frozenset({b"anthropic-version", b"anthropic-beta"})
    """The caller's headers that belong to its bytes: version and betas say how to read them."""

    version: Version = "2023-06-01"
    default_max_tokens: int = 8192
    drop: frozenset[str] = field(default_factory=frozenset)
    prefill: bool | None = None
    platform: Literal["anthropic", "vertex"] = "anthropic"

    limit_answer = staticmethod(verbatim.limited)
    write_completion = staticmethod(completion.write_completion)
    writer = staticmethod(AnthropicWriter)
    write_error = staticmethod(errors.write_error)
    write_stream_error = staticmethod(errors.write_stream_error)
    given = staticmethod(given)
    sight = staticmethod(completion.sight)
    read_completion = staticmethod(completion.read_completion)
    scanner = staticmethod(AnthropicScanner)
    reader = staticmethod(AnthropicReader)

    @property
    def path(self) -> str:
        """Where requests are sent, below the provider's base URL."""
        return "/messages" if self.platform == "anthropic" else "/models"

    def headers(self) -> list[tuple[bytes, bytes]]:
        """What a translated request needs; a verbatim one too, where its caller sent no version."""
        return [(b"anthropic-version", self.version.encode())]

    def peek(self, body: bytes) -> Envelope:
        """A quick look. ``max_tokens`` may be missing: a body for counting has none."""
        seen = look(_PEEK, body)
        if not seen.model.isprintable():
            raise InvalidRequest("`model` holds control characters. Send a model name.", param="model")
        return Envelope(seen.model, bool(seen.stream), seen.max_tokens, include_usage=True)

    def parse_request(self, body: bytes) -> ChatRequest:
        """The request opened."""
        return read_request(body, Asked)

    def parse_count(self, body: bytes) -> ChatRequest:
        """A ``count_tokens`` body opened: as a request, with ``max_tokens`` left out or not."""
        return read_request(body, Counted)

    def write_count(self, tokens: int) -> bytes:
        """The answer to ``count_tokens``."""
        return msgspec.json.encode({"input_tokens": tokens})

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """A question for a count, for a provider of the same dialect."""
        rendered = verbatim.readdressed(body, model, self.drop)
        return vertex.placed_count(rendered) if self.platform == "vertex" else replace(rendered, path="/count_tokens")

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """The caller's own bytes for another model, without what the provider refuses."""
        rendered = verbatim.readdressed(body, model, self.drop)
        return rendered if self.platform == "anthropic" else vertex.placed(rendered, model, stream=envelope.stream)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """A request of another dialect."""
        sampling = self.version < "2026-10-21"
        writer = RequestWriter(request, model, default_max_tokens=self.default_max_tokens, sampling=sampling)
        rendered = writer.write(self.drop)
        return rendered if self.platform == "anthropic" else vertex.placed(rendered, model, stream=request.stream)

    def prefilled(self, body: bytes, text: str, spent: int) -> bytes | None:
        """The caller's request with a prefill."""
        message = {"role": "assistant", "content": text}
        return with_prefill(body, message, ("max_tokens",), spent)

    def prefills(self, model: str) -> bool:
        """True where the model is known to go on with a prefill."""
        known = "claude" in model and generation_of(model).prefill
        return known if self.prefill is None else self.prefill
