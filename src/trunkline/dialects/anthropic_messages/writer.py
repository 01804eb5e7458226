"""Writes core events as an Anthropic stream: message_start, its blocks, message_delta, message_stop.

Refuses to start before there is something to say, so that ``message_start`` can carry the usage that came first.
"""

from typing import Any, ClassVar, assert_never

from trunkline.core.dialect import Envelope
from trunkline.core.events import Began, Continued, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.anthropic_messages.blocks import Blocks, event_bytes
from trunkline.dialects.anthropic_messages.finish import reason_of
from trunkline.dialects.anthropic_messages.usage import write_last_usage, write_usage
from trunkline.dialects.sse import KEEP_ALIVE


class AnthropicWriter:
    """The port ``Writer`` for Anthropic streams."""

    keep_alive: ClassVar[bytes] = KEEP_ALIVE
    __slots__ = ("_began", "_blocks", "_mark", "_started", "_usage")

    def __init__(self, envelope: Envelope) -> None:
        self._began = Began("", envelope.model)
        self._blocks = Blocks()
        self._started = False
        self._usage = UNKNOWN_USAGE
        self._mark: dict[str, Any] = {}  # where another target went on: who, on the last event too

    def write(self, event: Event) -> bytes:
        """The events an event becomes; ``Began`` and ``UsageSeen`` are kept for those that show them."""
        match event:
            case Began():
                self._began = Began(event.id, event.model or self._began.model)
                return b""
            case UsageSeen():
                self._usage = event.usage
                return b""
            case TextDelta():
                return self._start() + self._blocks.text(event)
            case ThoughtDelta():
                return self._start() + self._blocks.thought(event)
            case ToolDelta():
                return self._start() + self._blocks.tool(event, self._began.id)
            case Ended():
                return self._start() + self._blocks.close() + self._end(event)
            case Continued():
                self._mark = {"trunkline": {"continued_by": event.by}}
                return b": continued by another target\n\n" + self._start() + self._blocks.marked(self._mark)
            case _:
                assert_never(event)

    def close(self) -> bytes:
        """Nothing: ``message_stop`` was the end."""
        return b""

    def _start(self) -> bytes:
        if self._started:
            return b""
        self._started = True
        message: dict[str, Any] = {
            "id": self._began.id,
            "type": "message",
            "role": "assistant",
            "model": self._began.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "container": None,
            "usage": write_usage(self._usage),
        }
        return event_bytes("message_start", {"message": message})

    def _end(self, ended: Ended) -> bytes:
        reason = reason_of(ended.finish, ended.stop_sequence, called_tools=self._blocks.called_tools)
        delta = {"stop_reason": reason, "stop_sequence": ended.stop_sequence, "stop_details": None, "container": None}
        fields = {"delta": delta, "usage": write_last_usage(self._usage), **self._mark}
        return event_bytes("message_delta", fields) + event_bytes("message_stop", {})
