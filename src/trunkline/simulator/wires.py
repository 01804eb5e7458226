"""The dialects the simulator speaks, as one table: how each is read and written, and where it is asked for.
It refuses to know what is asked and answered.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from trunkline.simulator import (
    anthropic_wire,
    bedrock_wire,
    cohere_wire,
    event_stream,
    gemini_wire,
    ollama_wire,
    openai_wire,
    responses_wire,
)
from trunkline.simulator.ask import DialectName
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Script

COMMENT = Piece(b": OPENROUTER PROCESSING\n\n", "frame")


class Wire(Struct, frozen=True, kw_only=True):
    """One dialect's way of writing.

    `usage_at` names the objects of a payload that may hold `usage_key`, "" is the payload itself; without a key the
    fields of `usage` stand in it. `call_prefix` begins the ids of tool calls. `finish` is where in a whole answer the
    reason for its end stands. Streams are server-sent events, or with `lines` a line of JSON an event, or what
    `framed` makes of the former; `noise` keeps them alive.
    """

    whole: Callable[[Delivery], dict[str, Any]]
    stream: Callable[[Delivery], list[Piece]]
    usage: Callable[[Usage], dict[str, Any]]
    usage_key: str = "usage"
    usage_at: tuple[str, ...] = ("",)
    call_prefix: str = "call_"
    finish: tuple[str | int, ...]
    empty: dict[str, Any]
    lines: bool = False
    noise: Piece = COMMENT
    framed: Callable[[Script], Script] | None = None

    @property
    def content_type(self) -> str:
        """Of its streams."""
        if self.framed is not None:
            return event_stream.TYPE
        return ollama_wire.CONTENT_TYPE if self.lines else "text/event-stream; charset=utf-8"


WIRES: dict[DialectName, Wire] = {
    "openai": Wire(
        whole=openai_wire.completion,
        stream=openai_wire.stream,
        usage=openai_wire.usage_object,
        finish=("choices", 0, "finish_reason"),
        empty={"object": "chat.completion", "choices": []},
    ),
    "responses": Wire(
        whole=responses_wire.completion,
        stream=responses_wire.stream,
        usage=responses_wire.usage_object,
        usage_at=("", "response"),
        finish=("status",),
        empty={"object": "response", "output": []},
    ),
    "anthropic": Wire(
        whole=anthropic_wire.message,
        stream=anthropic_wire.stream,
        usage=anthropic_wire.usage_object,
        usage_at=("", "message"),
        call_prefix="toolu_",
        finish=("stop_reason",),
        empty={"type": "message", "role": "assistant", "content": []},
        noise=anthropic_wire.PING,
    ),
    "gemini": Wire(
        whole=gemini_wire.completion,
        stream=gemini_wire.stream,
        usage=gemini_wire.usage_object,
        usage_key="usageMetadata",
        call_prefix="",
        finish=("candidates", 0, "finishReason"),
        empty={"candidates": []},
    ),
    "ollama": Wire(
        whole=ollama_wire.completion,
        stream=ollama_wire.stream,
        usage=ollama_wire.usage_object,
        usage_key="",
        finish=("done_reason",),
        empty={},
        lines=True,
        noise=ollama_wire.BLANK,
    ),
    "bedrock": Wire(
        whole=bedrock_wire.completion,
        stream=bedrock_wire.stream,
        usage=bedrock_wire.usage_object,
        call_prefix="tooluse_",
        finish=("stopReason",),
        empty={"output": {"message": {"role": "assistant", "content": []}}},
        framed=event_stream.framed,
    ),
    "cohere": Wire(
        whole=cohere_wire.completion,
        stream=cohere_wire.stream,
        usage=cohere_wire.usage_object,
        usage_at=("", "delta"),
        finish=("finish_reason",),
        empty={},
    ),
}
