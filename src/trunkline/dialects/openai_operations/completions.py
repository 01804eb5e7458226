"""Text that goes on from a prompt, whole or streamed: the form before chats, passed on as it came.

Refuses to be translated, and to show a stream as whole that was cut.
"""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta, Raw, Struct

from trunkline.core.dialect import DialectName, Envelope, Guess, Operation, Rendered, Scanner
from trunkline.dialects import json
from trunkline.dialects.model_name import check_model
from trunkline.dialects.openai_operations.completions_scanner import CompletionScanner
from trunkline.dialects.openai_operations.operation import OpenAIOperation
from trunkline.dialects.shape import look

USUAL_TOKENS = 16
"""The answer's length where its caller says none: OpenAI's reference, which vLLM took over."""
OPTIONS = "stream_options"


Choices = Annotated[int, Meta(le=1024)]  # vendors take 128; what it could cost must be countable


class _Peeked(Struct):
    model: str
    stream: bool | None = None
    stream_options: dict[str, Any] | None = None
    max_tokens: Annotated[int, Meta(ge=0, le=2**31)] | None = None
    n: Choices | None = None
    best_of: Choices | None = None
    prompt: Any = None


_PEEKED = msgspec.json.Decoder(_Peeked)
_FIELDS = msgspec.json.Decoder(dict[str, Raw])


@dataclass(frozen=True, slots=True)
class Completions(OpenAIOperation):
    """The dialect of ``/completions``."""

    name: ClassVar[DialectName] = "completions"
    operation: ClassVar[Operation] = "completions"
    path = "/completions"
    GUESS: ClassVar[Guess] = "answer"

    def peek(self, body: bytes) -> Envelope:
        """See the port. Every prompt of a list is answered, and ``best_of`` answers are written to choose from."""
        seen = look(_PEEKED, body)
        check_model(seen.model)
        options = seen.stream_options or {}
        return Envelope(
            seen.model,
            bool(seen.stream),
            USUAL_TOKENS if seen.max_tokens is None else seen.max_tokens,
            include_usage=options.get("include_usage") is True,
            choices=_prompts(seen.prompt) * max(seen.n or 1, seen.best_of or 1, 1),
            plain=seen.max_tokens is not None and body.count(b'"max_tokens"') == 1 and b"\\u00" not in body,
        )

    def limit_answer(self, body: bytes, tokens: int) -> bytes:
        """See the port."""
        return msgspec.json.encode({**_FIELDS.decode(body), "max_tokens": tokens})

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """See the port. A stream's usage is asked for on our own account, where its caller did not."""
        dropped = json.present(body, frozenset(name for name in self.drop if b'"%b"' % name.encode() in body))
        hidden = envelope.stream and not envelope.include_usage
        put: dict[str, bytes] = {}
        if hidden and OPTIONS not in self.drop:
            given = look(_PEEKED, body).stream_options or {}
            put[OPTIONS] = msgspec.json.encode({**given, "include_usage": True})
        return Rendered(json.readdress(body, model, drop=frozenset(dropped), put=put), dropped, hide_usage=hidden)

    def scanner(self) -> Scanner:
        """Watches one stream."""
        return CompletionScanner()


def _prompts(prompt: Any) -> int:
    """How many there are: a list of numbers is one prompt, in tokens."""
    if not isinstance(prompt, list) or not prompt or isinstance(prompt[0], int):
        return 1
    return len(prompt)
