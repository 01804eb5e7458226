"""One operation behind the Dialect port: its bytes go on with another model's name, its answers come back as they are.

Refuses to be translated: where a provider does not have the operation, another is asked or the call is refused.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import ChatRequest, Completion, Message, Text
from trunkline.core.dialect import DialectName, Envelope, Guess, Operation, Reader, Rendered, Scanner, Sighting, Writer
from trunkline.core.errors import BadReply, CallError, InvalidRequest, Unsupported
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects import json
from trunkline.dialects.errors import provider_error
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_chat import error_reply
from trunkline.dialects.openai_operations.usage import read_counts
from trunkline.dialects.shape import look

ABSENT = (b"", b"null")
INPUTS = ("input", "prompt", "query", "documents")
"""Under which names operations are told what to work on."""


class _Peeked(Struct):
    model: str
    stream: bool | None = None
    encoding_format: str | None = None


class _Answer(Struct):
    model: str = ""
    usage: Raw = Raw(b"")
    meta: Raw = Raw(b"")
    error: Raw = Raw(b"")


_PEEKED = msgspec.json.Decoder(_Peeked)


_ANSWER = msgspec.json.Decoder(_Answer)


@dataclass(frozen=True, slots=True)
class OpenAIOperation:
    """An operation of OpenAI's, or of those who took after it (``/rerank``).

    ``drop``  top-level parameters the provider refuses.
    """

    name: ClassVar[DialectName]
    operation: ClassVar[Operation]
    path = ""
    forward: ClassVar[frozenset[bytes]] = frozenset()
    GUESS: ClassVar[Guess] = "prompt"

    drop: frozenset[str] = frozenset()

    def headers(self) -> list[tuple[bytes, bytes]]:
        """None are needed."""
        return []

    def peek(self, body: bytes) -> Envelope:
        """See the port. An answer has no tokens to be limited: one is the bound of none."""
        seen = look(_PEEKED, body)
        check_model(seen.model)
        if seen.stream:
            raise InvalidRequest(
                "`stream` is true, and this operation is answered whole here. Leave it out.", param="stream"
            )
        return Envelope(seen.model, max_tokens=1, base64=seen.encoding_format == "base64")

    def parse_request(self, body: bytes) -> ChatRequest:
        """What it is about, as a chat would say it: for those who choose a model by that."""
        raw = json.decode_object(body)
        told = [_words(raw.get(name)) for name in INPUTS]
        return ChatRequest(str(raw.get("model")), (Message("user", (Text("\n".join(filter(None, told))),)),), extra=raw)

    def limit_answer(self, body: bytes, tokens: int) -> bytes:
        """As it is."""
        return body

    def write_completion(self, answer: Completion) -> bytes:
        """Never asked: nothing is translated."""
        raise BadReply(f"no answer to another operation is one to {self.name}")

    def writer(self, envelope: Envelope) -> Writer:
        """Never asked: nothing is streamed."""
        raise BadReply(f"{self.name} is answered whole")

    def write_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_error(error, request_id)

    def write_stream_error(self, error: CallError, request_id: str) -> bytes:
        """See the port."""
        return error_reply.write_stream_error(error, request_id)

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port."""
        dropped = json.present(body, frozenset(name for name in self.drop if b'"%b"' % name.encode() in body))
        return Rendered(json.readdress(body, model, drop=frozenset(dropped)), dropped)

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """Refused."""
        raise Unsupported(f"{self.name} cannot be made of another operation")

    def sight(self, body: bytes) -> Sighting:
        """See the port."""
        try:
            answer = _ANSWER.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadReply(f"the provider's answer cannot be read: {error}") from None
        if bytes(answer.error) not in ABSENT:
            raise provider_error("openai", 200, [], body, provider=None)
        return Sighting(read_counts(answer.usage) or UNKNOWN_USAGE, "stop", answer.model, self.GUESS)

    def read_completion(self, body: bytes) -> Completion:
        """Never opened."""
        raise BadReply(f"an answer to {self.name} is no text")

    def scanner(self) -> Scanner:
        """Never asked: nothing is streamed."""
        raise BadReply(f"{self.name} is answered whole")

    def reader(self) -> Reader:
        """Never asked: nothing is streamed."""
        raise BadReply(f"{self.name} is answered whole")

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """See the port."""
        return provider_error("openai", status, headers, body, provider=provider, now=now)


def _words(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "\n".join(one for one in value if isinstance(one, str)) if isinstance(value, list) else ""
