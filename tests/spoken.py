"""Every dialect the gateway speaks, as two lists: a dialect joins all the matrices of tests by a row here.

SPOKEN are those that callers speak: what a client of each sends, and what it takes for a whole answer, told without the
gateway's own code; ASKED are they in every form of their streams. ANSWERED are those that providers are asked in: the
same, and the vendors' own.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from anthropic.types import Message, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import BaseModel, TypeAdapter

from trunkline.catalog.price import Price
from trunkline.core.chat import ChatRequest, Completion
from trunkline.core.dialect import Dialect, Framed, Framing, ProviderDialect, Scanner
from trunkline.core.events import Event, Gathering
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.bedrock_converse import BedrockConverse
from trunkline.dialects.cohere_v2 import Cohere
from trunkline.dialects.gemini import Gemini
from trunkline.dialects.ollama import Ollama
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_responses import OpenAIResponses
from trunkline.dialects.sse import Frames
from trunkline.providers.quirks import DIALECTS, speak
from trunkline.simulator.ask import Answer, Ask
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Script
from trunkline.simulator.wires import WIRES

Json = dict[str, Any]


@dataclass(frozen=True)
class Spoken:
    """One dialect.

    ``short``   the simulated provider that speaks nothing else.
    ``ask``     path and body of a question: model, text, stream.
    ``said``    the words of an event.
    ``ended``   whether an event is what a client takes for the end of a whole answer.
    ``finish``  the reason for its end that a whole answer tells, None where it tells none.
    ``last``    how the event of a stream that ends with a plain stop is known.
    ``answer``, ``event``  the types of the vendor's SDK.
    ``listed``  its streams are JSON arrays, and its errors at the path of streams as well.
    """

    name: str
    short: str
    dialect: Dialect
    ask: Callable[..., tuple[str, Json]]
    said: Callable[[Json], str]
    ended: Callable[[Json], bool]
    finish: Callable[[Json], Any]
    last: bytes
    answer: type[BaseModel]
    event: TypeAdapter[Any]
    listed: bool = False

    def whole(self, body: bytes) -> bool:
        """Whether a client takes the stream for a whole answer."""
        done = self.name == "openai" and re.search(rb"\ndata: ?\[DONE\]", body) is not None
        return done or any(self.ended(event) for event in payloads(body))

    def said_in(self, body: bytes) -> str:
        """The text that a client gathers from a stream."""
        return "".join(self.said(event) for event in payloads(body))

    def error_at_end(self, body: bytes) -> bool:
        """Whether the last event is an error in the dialect."""
        if re.search(rb"data: ?\[DONE\]\s*$", body):
            return False
        last = payloads(body)[-1]
        named = self.dialect.name in {"openai", "gemini"} or (
            body.rfind(b"event: error") > 0 and last["type"] == "error"
        )
        return bool(last.get("error")) and named

    def gathered(self, body: bytes) -> Completion:
        """What a client makes of a stream, each event checked against the vendor's types."""
        reader, gathering = self.dialect.reader(), Gathering()
        if self.listed:
            body = b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in json.loads(body))
        for frame in Frames().feed(body):
            if frame.data and frame.data != b"[DONE]" and frame.event != b"ping":  # no part of the SDK's types
                self.event.validate_json(frame.data, strict=True)
            for event in reader.read(frame):
                gathering.add(event)
        for event in reader.end():
            gathering.add(event)
        return gathering.completion()

    def opened(self, body: bytes) -> Completion:
        """A whole answer, checked against the vendor's types."""
        self.answer.model_validate_json(body, strict=True)
        return self.dialect.read_completion(body)

    def request(self, asked: ChatRequest, model: str) -> tuple[str, bytes]:
        """Path and body of a request, as this dialect's own writer writes it."""
        rendered = self.dialect.write_request(asked, model)
        path = rendered.path.removesuffix("?alt=sse") if self.listed else rendered.path
        return f"/v1{self.dialect.path}{path}", rendered.body

    def error(self, body: bytes) -> Json:
        """What a whole answer says went wrong."""
        told = json.loads(body)
        shown: Json = (told[0] if isinstance(told, list) else told)["error"]
        return shown


def payloads(body: bytes) -> list[Any]:
    """The data of a stream's events, opened; the specification's way, without the gateway's own parser."""
    if body.startswith(b"["):
        return list(json.loads(body))
    found, data = [], []
    for line in body.removeprefix(b"\xef\xbb\xbf").splitlines():
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif not line and data:
            found.append(b"\n".join(data))
            data = []
    return [json.loads(text) for text in found if text != b"[DONE]"]


def _chat(model: str, text: str, *, stream: bool = False) -> tuple[str, Json]:
    body = {"model": model, "messages": [{"role": "user", "content": text}]}
    return "/v1/chat/completions", {**body, "stream": True} if stream else body


def _messages(model: str, text: str, *, stream: bool = False) -> tuple[str, Json]:
    _, body = _chat(model, text, stream=stream)
    return "/v1/messages", {**body, "max_tokens": 500}


def _responses(model: str, text: str, *, stream: bool = False) -> tuple[str, Json]:
    body = {"model": model, "input": text}
    return "/v1/responses", {**body, "stream": True} if stream else body


def _gemini(model: str, text: str, *, stream: bool = False) -> tuple[str, Json]:
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/v1beta/models/{model}:{method}", {"contents": [{"role": "user", "parts": [{"text": text}]}]}


def _gemini_array(model: str, text: str, *, stream: bool = False) -> tuple[str, Json]:
    path, body = _gemini(model, text, stream=stream)
    return path.removesuffix("?alt=sse"), body


def _told(event: Json) -> list[Json]:
    return list(event["candidates"][0]["content"]["parts"]) if event.get("candidates") else []


def _finished(answer: Json) -> Any:
    return answer["candidates"][0].get("finishReason") if answer.get("candidates") else None


SPOKEN = (
    Spoken(
        name="openai",
        short="oa",
        dialect=OpenAIChat(),
        ask=_chat,
        said=lambda event: "".join(
            one["delta"].get("content") or "" for one in event.get("choices", ()) if "delta" in one
        ),
        ended=lambda event: any(choice.get("finish_reason") for choice in event.get("choices", ())),
        finish=lambda answer: answer["choices"][0]["finish_reason"],
        last=b'"finish_reason":"stop"',
        answer=ChatCompletion,
        event=TypeAdapter(ChatCompletionChunk),
    ),
    Spoken(
        name="responses",
        short="re",
        dialect=OpenAIResponses(),
        ask=_responses,
        said=lambda event: event["delta"] if event.get("type") == "response.output_text.delta" else "",
        ended=lambda event: event["type"] in {"response.completed", "response.incomplete"},
        finish=lambda answer: answer["status"],
        last=b"event: response.completed",
        answer=Response,
        event=TypeAdapter(ResponseStreamEvent),
    ),
    Spoken(
        name="anthropic",
        short="an",
        dialect=AnthropicMessages(),
        ask=_messages,
        said=lambda event: str(event.get("delta", {}).get("text", "")),
        ended=lambda event: event["type"] == "message_stop" or bool(event.get("delta", {}).get("stop_reason")),
        finish=lambda answer: answer["stop_reason"],
        last=b"event: message_delta",
        answer=Message,
        event=TypeAdapter(RawMessageStreamEvent),
    ),
    Spoken(
        name="gemini",
        short="ge",
        dialect=Gemini(),
        ask=_gemini,
        said=lambda event: "".join(part.get("text", "") for part in _told(event) if not part.get("thought")),
        ended=lambda event: bool(_finished(event)),
        finish=_finished,
        last=b'"finishReason":"STOP"',
        answer=GenerateContentResponse,
        event=TypeAdapter(GenerateContentResponse),
    ),
)
NAMES = [row.name for row in SPOKEN]
ASKED = (*SPOKEN, replace(SPOKEN[-1], name="gemini-array", ask=_gemini_array, listed=True))
"""SPOKEN, and Gemini without ``?alt=sse``: one JSON array."""


@dataclass(frozen=True)
class Answered:
    """One dialect that providers are asked in.

    ``short``   the simulated provider that speaks nothing else, and ``base``, where it stands below that.
    ``cannot``  the features it has no words for, each with the name of what is dropped.
    ``counts_thoughts``  its usage tells the tokens of thoughts apart.
    ``quirks``  what the house says of its provider.
    """

    name: str
    short: str
    dialect: ProviderDialect
    base: str = "/v1"
    cannot: Mapping[str, str] = field(default_factory=dict)
    counts_thoughts: bool = True
    quirks: Json = field(default_factory=dict)


NATIVE = (
    Answered("bedrock", "br", BedrockConverse(), counts_thoughts=False, quirks={"family": "claude"}),
    Answered(
        name="ollama",
        short="ol",
        dialect=Ollama(),
        base="/api",
        cannot={"a tool that must be called": "tool_choice"},
        counts_thoughts=False,
    ),
    Answered(name="cohere", short="co", dialect=Cohere(), base="/v2", counts_thoughts=False),
)
ANSWERED = (*(Answered(row.name, row.short, row.dialect) for row in SPOKEN), *NATIVE)


def spoken(name: str) -> Spoken:
    """The row of a dialect, or of a form of its streams."""
    return next(row for row in ASKED if row.name == name)


PROVIDED: tuple[ProviderDialect, ...] = tuple(
    one for one in (speak(name, {}) for name in DIALECTS) if one.operation == "chat"
)
"""Every dialect that providers are asked for chats in, spoken by callers or not: from the gateway's own table."""


@dataclass(frozen=True)
class Wired:
    """A provider of a dialect, as the simulator writes it, and what its reader and its scanner make of that."""

    dialect: ProviderDialect

    def _delivery(self, said: Answer) -> Delivery:
        name: Any = self.dialect.name
        usage = Usage(input=12, cache_read=100, output=said.output_tokens, reasoning=said.reasoning_tokens)
        ask = Ask(model="real-model", prompt="", dialect=name, stream=True, include_usage=True)
        return Delivery(ask=ask, answers=(said,), usage=usage, id="0123456789", created=1_700_000_000)

    def framing(self) -> Framing:
        """Cuts one of its streams into frames."""
        return self.dialect.frames() if isinstance(self.dialect, Framed) else Frames()

    def whole(self, said: Answer) -> bytes:
        """An answer in one body."""
        name: Any = self.dialect.name
        return json.dumps(WIRES[name].whole(self._delivery(said))).encode()

    def stream(self, said: Answer) -> bytes:
        """The same, streamed."""
        name: Any = self.dialect.name
        wire = WIRES[name]
        script = Script(pieces=tuple(wire.stream(self._delivery(said))), streamed=True)
        return (wire.framed(script) if wire.framed else script).body

    def events(self, *pieces: bytes) -> list[Event]:
        """What the reader makes of a stream that comes in these pieces. Raises the CallError of a broken one."""
        frames, reader, found = self.framing(), self.dialect.reader(), list[Event]()
        for piece in pieces:
            found += [event for frame in frames.feed(piece) for event in reader.read(frame)]
        found += [event for frame in frames.end() for event in reader.read(frame)]
        return found + reader.end()

    def scanned(self, *pieces: bytes) -> Scanner:
        """What the scanner, which watches streams handed on, has seen at the end. Raises as ``events`` does."""
        frames, scanner = self.framing(), self.dialect.scanner()
        whole = [frame for piece in pieces for frame in frames.feed(piece)]
        for frame in (*whole, *frames.end()):
            scanner.scan(frame)
            if scanner.done:
                break
        scanner.end()
        return scanner

    def bill(self, price: Price, *pieces: bytes) -> int:
        """What its tokens cost."""
        return price.charge(self.scanned(*pieces).usage)
