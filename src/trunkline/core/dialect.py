"""The port a dialect fills: how callers ask and are answered, how providers are asked and answer.

Refuses to know any dialect in particular, and who uses it for what.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal, Protocol, runtime_checkable

from msgspec import Struct

from trunkline.core.chat import ChatRequest, Completion, Finish
from trunkline.core.errors import CallError
from trunkline.core.events import Event
from trunkline.core.usage import Usage

DialectName = Literal[
    "openai", "responses", "anthropic", "gemini", "bedrock", "ollama", "cohere", "ollama_embed", "cohere_embed",
    "embeddings", "completions", "rerank", "moderations", "images",
    "image_edits", "image_variations", "speech", "transcriptions", "translations",
]  # fmt: skip
"""What a provider can be spoken to in. Those of the last two lines are operations of their own, in OpenAI's form."""

Operation = Literal[
    "chat", "embeddings", "completions", "rerank", "moderations", "images",
    "image_edits", "image_variations", "speech", "transcriptions", "translations",
]  # fmt: skip
"""What is asked for: a call is translated between dialects of one operation, and never into another."""


class Envelope(Struct, frozen=True):
    """What the house needs to know of a request without opening it."""

    model: str
    stream: bool = False
    max_tokens: int | None = None
    include_usage: bool = False  # the caller asked for a usage chunk (OpenAI); Anthropic always shows usage
    base64: bool = False  # embeddings are asked for packed
    choices: int = 1  # answers of so many tokens that an operation besides chats can have
    plain: bool = True  # their limit is said once and in plain letters


class Rendered(Struct, frozen=True):
    """A request ready to send.

    ``dropped``     names of fields the target cannot express, as the caller spelled them.
    ``hide_usage``  usage was asked for on our own account: the caller must not see the chunk.
    ``echo``        a prefill that this provider repeats at the start of its answer, where its caller does not want it.
    ``path``        where this request goes below the dialect's own path, for dialects that say in it what is asked.
    """

    body: bytes
    dropped: tuple[str, ...] = ()
    hide_usage: bool = False
    echo: str = ""
    path: str = ""


Guess = Literal["answer", "prompt", "nothing"]


class Sighting(Struct, frozen=True):
    """What a look at a whole answer's bytes shows, without opening its content.

    ``guess``  whose length says how many tokens it was, where no usage is told: the answer's and the prompt's, the
    prompt's alone, or nobody's.
    """

    usage: Usage
    finish: Finish | None
    model: str = ""
    guess: Guess = "answer"


class Frame(Struct, frozen=True, gc=False):
    """One event of a stream; ``raw`` is exactly the bytes it came in, comments before it included.

    ``data`` is None where a blank line ended nothing but comments (a keep-alive).
    """

    raw: bytes
    event: bytes
    data: bytes | None


class Framing(Protocol):
    """Cuts one stream, however the network cut it, into frames."""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that these bytes complete. Raises ReplyTooLarge."""
        ...

    def end(self) -> list[Frame]:
        """The stream ended: what nothing had ended, as one last frame, or nothing."""
        ...


@runtime_checkable
class Framed(Protocol):
    """What a dialect has besides whose streams are no server-sent events."""

    @property
    def stream_type(self) -> bytes:
        """The content type of its streams."""
        ...

    def frames(self) -> Framing:
        """Cuts one of them."""
        ...


class Scanner(Protocol):
    """Looks at the frames of a stream that is handed on verbatim. Fed in order, one frame at a time."""

    usage: Usage  # the last seen, cumulative; source "unknown" while none was
    finish: Finish | None
    done: bool  # the terminator was seen: nothing after it belongs to the answer
    model: str
    written: int  # characters of content seen, for an estimate where no usage comes

    def scan(self, frame: Frame) -> bool:
        """True when the frame holds content (text, thought, tool call), which commits the answer and is progress.

        Raises the CallError that an error frame stands for, BrokenStream for one that cannot be read.
        """
        ...

    def usage_only(self, frame: Frame) -> bool:
        """True when the frame just scanned shows usage and nothing else (to be hidden if nobody asked for it)."""
        ...

    def end(self) -> None:
        """The connection ended cleanly. Raises BrokenStream when the answer had not."""
        ...


class Reader(Protocol):
    """Reads a provider's stream into events. Fed in order, one frame at a time."""

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame; raises as ``Scanner.scan`` does. After ``Ended`` nothing but usage may follow."""
        ...

    def end(self) -> list[Event]:
        """The connection ended cleanly: what was still held back (``Ended`` comes last of all, after usage).

        Raises BrokenStream when the answer had not ended.
        """
        ...


class Writer(Protocol):
    """Writes events as the caller's stream.

    ``keep_alive`` is what may be sent where an event becomes no bytes; empty where the dialect's clients take nothing.
    """

    keep_alive: ClassVar[bytes]

    def write(self, event: Event) -> bytes:
        """The bytes an event becomes; may be empty. ``Ended`` must be the last event."""
        ...

    def close(self) -> bytes:
        """What stands after the last event of a whole answer (``[DONE]``)."""
        ...


class Given(Struct, frozen=True):
    """What a caller holds of a stream that broke: ``text`` and nothing else; ``writer`` goes on where it stopped."""

    text: str
    writer: Writer


@runtime_checkable
class Continuable(Protocol):
    """What a dialect has besides where a text that broke off can be continued, by prefill: as caller's and provider's.

    A prefill is a last message of the assistant's that the model goes on with instead of answering anew.
    """

    def given(self, stream: bytes, envelope: Envelope) -> Given | None:
        """What a caller was sent, read back; None where that is not surely one text under way and nothing else."""
        ...

    def prefilled(self, body: bytes, text: str, spent: int) -> bytes | None:
        """The caller's request with ``text`` as its prefill and ``spent`` fewer tokens to write; None where it ends."""
        ...

    def prefills(self, model: str) -> bool:
        """True when this provider's model is known to go on with a prefill."""
        ...


@runtime_checkable
class Fitting(Protocol):
    """What a dialect has besides whose answers come in forms that the caller chooses and providers do not all obey."""

    def fitted(self, answer: bytes, envelope: Envelope) -> bytes:
        """A provider's whole answer in the form that was asked for."""
        ...


@runtime_checkable
class Unstreamed(Protocol):
    """What a dialect has besides whose streams some models answer whole, and whose answers are no events."""

    def as_stream(self, answer: bytes) -> bytes:
        """A provider's whole answer as the stream its caller asked for."""
        ...


@runtime_checkable
class Formed(Protocol):
    """What a dialect has besides whose requests are forms: their content type, with its boundary, is their caller's."""

    def fields(self, body: bytes) -> Mapping[str, str]:
        """The fields that are no files. Raises InvalidRequest."""
        ...


@runtime_checkable
class Counting(Protocol):
    """What a dialect has besides where callers can ask how many tokens a request is."""

    def parse_count(self, body: bytes) -> ChatRequest:
        """The body of such a question opened. Raises InvalidRequest."""
        ...

    def write_count(self, tokens: int) -> bytes:
        """The answer to it."""
        ...

    def readdress_count(self, body: bytes, model: str) -> Rendered:
        """The caller's own bytes for a provider of the same dialect."""
        ...


class ProviderDialect(Protocol):
    """The provider's side of a dialect: how a vendor is asked and answers. Frozen, without state; quirks are fields."""

    name: ClassVar[DialectName]
    """Two dialects of one name can hand bytes to each other verbatim."""
    operation: ClassVar[Operation]
    """What is asked for in it."""

    @property
    def path(self) -> str:
        """Where it is asked for, below a provider's base URL."""
        ...

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Headers a translated request needs (an API version)."""
        ...

    def write_request(self, request: ChatRequest, model: str) -> Rendered:
        """A request of another dialect, translated."""
        ...

    def sight(self, body: bytes) -> Sighting:
        """A look at a whole answer. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
        ...

    def read_completion(self, body: bytes) -> Completion:
        """A whole answer opened; raises as ``sight`` does."""
        ...

    def scanner(self) -> Scanner:
        """Watches one stream that is handed on."""
        ...

    def reader(self) -> Reader:
        """Opens one stream."""
        ...

    def parse_error(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        body: bytes,
        provider: str,
        now: float | None = None,
    ) -> CallError:
        """The error a non-2xx answer stands for: by body code first, status second; with its retry hint.

        ``now`` is Unix seconds; hints that are dates are measured against the answer's own Date header if it has one.
        """
        ...


class Dialect(ProviderDialect, Protocol):
    """A dialect that callers speak too."""

    forward: ClassVar[frozenset[bytes]]
    """Names of the caller's headers that travel with its bytes to a provider of the same dialect."""

    def peek(self, body: bytes) -> Envelope:
        """Raises InvalidRequest for a body that is no JSON object or has no usable model."""
        ...

    def parse_request(self, body: bytes) -> ChatRequest:
        """Raises InvalidRequest naming the field (``param``), what it holds and what is allowed."""
        ...

    def limit_answer(self, body: bytes, tokens: int) -> bytes:
        """The caller's body with this limit on its answer, said once; every other field stays the bytes it was."""
        ...

    def write_completion(self, answer: Completion) -> bytes:
        """A whole answer as this dialect's body."""
        ...

    def writer(self, envelope: Envelope) -> Writer:
        """Writes one stream for a caller."""
        ...

    def write_error(self, error: CallError, request_id: str) -> bytes:
        """The JSON body a caller of this dialect expects for an error."""
        ...

    def write_stream_error(self, error: CallError, request_id: str) -> bytes:
        """The one event that ends a stream after content; no terminator follows it."""
        ...

    def readdress(self, body: bytes, envelope: Envelope, model: str) -> Rendered:
        """The caller's own bytes with only ``model`` changed, plus what this provider's quirks demand.

        ``model`` is replaced at the top level only, however keys are escaped or doubled.
        """
        ...
