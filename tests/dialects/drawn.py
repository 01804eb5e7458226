"""Requests and answers drawn at random, of everything that the core types can say.

Knows no dialect's words: what a drawn request means, and what of it did not arrive, is told in core types.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from hypothesis import strategies as st

from trunkline.core.chat import (
    ChatRequest,
    Completion,
    Document,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Part,
    Reasoning,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.usage import Usage

PNG = "iVBORw0KGgo="
CACHE = {"type": "ephemeral"}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": ["string", "null"]}},
    "additionalProperties": False,
}
WORDS = st.text(min_size=1, max_size=6).filter(str.strip)
CACHES = st.sampled_from([None, None, CACHE])
ARGUMENTS = st.dictionaries(
    st.text(max_size=3),
    st.integers() | st.none() | st.text(max_size=3) | st.lists(st.booleans(), max_size=2),
    max_size=2,
).map(lambda told: msgspec.json.encode(told).decode())
TEXTS = st.builds(Text, WORDS, CACHES)
SHOWN = (
    TEXTS
    | st.builds(Image, data=st.just(PNG), media_type=st.just("image/png"), detail=st.sampled_from([None, "low"]))
    | st.builds(Image, url=st.just("https://host/y.png"), cache=CACHES)
    | st.builds(Document, text=WORDS, media_type=st.just("text/plain"))
    | st.builds(Document, data=st.just(PNG), media_type=st.just("application/pdf"), name=st.just("report.pdf"))
    | st.builds(Document, url=st.just("https://host/z.pdf"), media_type=st.just("application/pdf"))
    | st.builds(
        Foreign, st.just("openai"), st.just({"type": "input_audio", "input_audio": {"data": PNG, "format": "mp3"}})
    )
)
TOOLS = st.lists(
    st.builds(
        Tool, st.text("abc", min_size=1, max_size=3), st.none() | WORDS, st.just(SCHEMA), st.sampled_from([None, True])
    ),
    max_size=2,
    unique_by=lambda tool: tool.name,
).map(tuple)
CHOICES = [None, ToolChoice("auto"), ToolChoice("any"), ToolChoice("none"), ToolChoice("tool", "a")]


def thoughts(origins: list[str]) -> st.SearchStrategy[Thought]:
    """Reasoning of a model of one of these dialects, signed as each signs."""

    def signed(text: str, origin: str) -> Thought:
        return Thought(text, "rs_1|c2ln" if origin == "responses" else "c2ln", origin=origin)

    return st.builds(signed, WORDS, st.sampled_from(origins))


@st.composite
def conversations(draw: st.DrawFn, origins: list[str]) -> tuple[Message, ...]:
    """Turns in an order that every vendor takes: what tools answered stands right behind the turn that called them."""
    turns = [Message("system", (draw(TEXTS),))] if draw(st.booleans()) else []
    for number in range(draw(st.integers(1, 3))):
        turns.append(
            Message("user", tuple(draw(st.lists(SHOWN, min_size=1, max_size=3))), draw(st.none() | st.just("ann")))
        )
        ids = [f"call_{number}_{at}" for at in range(draw(st.integers(0, 2)))]
        calls = [ToolUse(one, draw(st.sampled_from(["f", "g"])), draw(ARGUMENTS)) for one in ids]
        said = [draw(thoughts(origins))] if draw(st.booleans()) else []
        turns.append(Message("assistant", (*said, Text(draw(WORDS)), *calls)))
        if calls:
            results = (ToolResult(one, (Text(draw(WORDS)),), draw(st.booleans()), draw(CACHES)) for one in ids)
            turns.append(Message("user", tuple(results)))
    return (*turns, Message("user", (Text("go on"),)))


def requests(origins: list[str]) -> st.SearchStrategy[ChatRequest]:
    """Whole requests."""
    return st.builds(
        ChatRequest,
        st.just("m"),
        conversations(origins),
        stream=st.booleans(),
        include_usage=st.just(True),
        max_tokens=st.integers(1, 10**6),
        temperature=st.none() | st.floats(0, 2),
        top_p=st.none() | st.floats(0, 1),
        top_k=st.none() | st.integers(1, 50),
        stop=st.lists(st.text(min_size=1, max_size=3), max_size=3).map(tuple),
        tools=TOOLS,
        tool_choice=st.sampled_from(CHOICES),
        parallel_tools=st.none() | st.booleans(),
        output=st.sampled_from(
            [None, OutputFormat("json"), OutputFormat("schema", SCHEMA, "answer", None, strict=True)]
        ),
        reasoning=st.sampled_from(
            [None, Reasoning("none"), Reasoning("low"), Reasoning("high"), Reasoning(budget=2048)]
        ),
        seed=st.none() | st.integers(0, 2**31),
        frequency_penalty=st.sampled_from([None, 0.0, 0.5]),
        presence_penalty=st.sampled_from([None, 0.0, -0.5]),
        user=st.sampled_from([None, "u-1"]),
        service_tier=st.sampled_from([None, "auto", "default", "flex"]),
    )


def answers(*, signed: bool = False) -> st.SearchStrategy[Completion]:
    """Whole answers; ``signed``: with thoughts that a model of Anthropic's has signed."""
    signatures = st.just("c2ln") if signed else st.none()
    part = (
        st.builds(Text, st.text(min_size=1, max_size=5))
        | st.builds(Thought, st.text(min_size=1, max_size=5), signatures)
        | st.builds(ToolUse, st.just(""), st.sampled_from(["f", "g"]), ARGUMENTS)
    )

    def made(parts: list[Part], finish: Any) -> Completion:
        numbered = [
            ToolUse(f"c{at}", one.name, one.arguments) if isinstance(one, ToolUse) else one
            for at, one in enumerate(parts)
        ]
        usage = Usage(input=10, cache_read=100, output=35, reasoning=15)
        called = any(isinstance(one, ToolUse) for one in parts)
        ended = "tool_calls" if called and finish == "stop" else finish
        return Completion("id_1", "real-model", tuple(numbered), ended, usage, created=1_700_000_000)

    return st.builds(made, st.lists(part, max_size=6), st.sampled_from(["stop", "stop", "length", "content_filter"]))


# what a request says, and what of it was lost on a way

KINDS = {  # under which names writers tell of a part that they leave out
    "thought": {"thought", "thinking", "reasoning", "reasoning_content"},
    "image": {"image", "image_url"},
    "document": {"document", "file"},
    "foreign": {"input_audio", "messages.content.input_audio"},
}
FIELDS = {  # under which names writers tell of a field that they leave out
    **{name: name for name in ("temperature", "top_p", "top_k", "stop", "seed", "user", "service_tier", "tool_choice")},
    **{name: name for name in ("frequency_penalty", "presence_penalty")},
    "parallel_tools": "parallel_tool_calls",
    "output": "response_format",
    "reasoning": "reasoning_effort",
}
Said = tuple[str, str, Any]


def said(messages: Iterable[Message]) -> Iterator[Said]:
    """Who says what: role, kind of part, and all of it that is no label. Words by letters: turns may be joined."""
    for message in messages:
        for part in message.parts:
            kind, meant = _meant(part)
            yield from ((message.role, kind, one) for one in (meant if kind == "text" else (meant,)))


def _meant(part: Part) -> tuple[str, Any]:
    match part:
        case Text():
            return "text", part.text
        case Document(text=str()):
            return "text", part.text  # plain text is text: most have no other word for it
        case Image() | Document():
            kind = "image" if isinstance(part, Image) else "document"
            return kind, part.url or (part.media_type, part.data)  # a file's name is a label
        case ToolUse():
            return "call", (part.id, part.name, msgspec.json.decode(part.arguments))
        case ToolResult():
            return "result", (part.id, "".join(one.text for one in part.content if isinstance(one, Text)))
        case Thought():
            return "thought", (part.origin, part.text, part.signature)
        case Foreign():
            return "foreign", part.wire


def marks(request: ChatRequest) -> dict[str, Any]:
    """What stands beside the parts: names, marks for caches, details of images, failures of tools."""
    parts = [part for message in request.messages for part in message.parts]
    return {
        "messages.name": [message.name for message in request.messages if message.name],
        "cache_control": sum(getattr(part, "cache", None) is not None for part in parts),
        "image_url.detail": [
            part.detail for part in parts if isinstance(part, Image) and part.detail not in (None, "auto")
        ],
        "is_error": [part.is_error for part in parts if isinstance(part, ToolResult) and part.is_error],
        "strict": [tool.name for tool in request.tools if tool.strict],
    }


def meaning(request: ChatRequest) -> dict[str, Any]:
    """The fields of a request, each as what it asks for: what asks for nothing is None."""
    tools = bool(request.tools)
    may_call = tools and request.tool_choice != ToolChoice("none")
    thinks = request.reasoning is not None and request.reasoning.effort != "none"  # some cannot be told not to think
    return {
        "temperature": request.temperature,
        "top_p": request.top_p,
        "top_k": request.top_k,
        "stop": request.stop,
        "seed": request.seed,
        "user": request.user,
        "frequency_penalty": request.frequency_penalty or None,
        "presence_penalty": request.presence_penalty or None,
        "service_tier": {"standard_only": "default"}.get(request.service_tier or "", request.service_tier),
        "tool_choice": request.tool_choice if tools and request.tool_choice != ToolChoice("auto") else None,
        "parallel_tools": False if may_call and request.parallel_tools is False else None,
        "output": request.output and (request.output.kind, request.output.schema),
        "reasoning": thinks or None,  # how hard is told in words here and in tokens there
    }


def lost(asked: ChatRequest, arrived: ChatRequest, dropped: Iterable[str]) -> list[str]:
    """What was asked for, did not arrive as it was, and is not named among what was dropped."""
    named = set(dropped)
    found = [
        f"{name}: {value!r} became {meaning(arrived)[name]!r}"
        for name, value in meaning(asked).items()
        if value not in (None, meaning(arrived)[name]) and FIELDS[name] not in named
    ]
    found += [
        f"{name}: {value!r} became {marks(arrived)[name]!r}"
        for name, value in marks(asked).items()
        if value != marks(arrived)[name] and name not in named
    ]
    if [_told(tool) for tool in asked.tools] != [_told(tool) for tool in arrived.tools]:
        found.append(f"tools: {asked.tools} became {arrived.tools}")
    return found + _lost_parts(list(said(asked.messages)), list(said(arrived.messages)), named)


def _told(tool: Tool) -> tuple[Any, ...]:
    return tool.name, tool.description or None, tool.parameters


def _lost_parts(asked: list[Said], arrived: list[Said], named: set[str]) -> list[str]:
    """Parts that did not arrive in their order, and parts that nobody said."""
    found, at = [], 0
    for part in asked:
        if at < len(arrived) and arrived[at] == part:
            at += 1
        elif named.isdisjoint(KINDS.get(part[1], ())):
            found.append(f"{part} did not arrive")
    return found + [f"{part} was never said" for part in arrived[at:]]
