"""Writes core events as Google's stream: text and thoughts as they come, each call whole, the end with its usage.

Refuses to write a call before its arguments are whole: this dialect has no pieces of them.
"""

from typing import Any, ClassVar, assert_never

import msgspec

from trunkline.core.dialect import Envelope
from trunkline.core.events import Began, Continued, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.gemini.completion import call, candidate, thought
from trunkline.dialects.gemini.finish import WRITTEN
from trunkline.dialects.gemini.usage import write_usage

Json = dict[str, Any]


class _Call:
    """A call under way."""

    __slots__ = ("id", "name", "pieces", "signature")

    def __init__(self, delta: ToolDelta) -> None:
        self.id = delta.id or ""
        self.name = delta.name or ""
        self.signature = delta.signature
        self.pieces: list[str] = []


class GeminiWriter:
    """``modelVersion`` and ``responseId`` are the same in every event."""

    keep_alive: ClassVar[bytes] = b""  # Google's Python SDK takes a comment for a broken answer (3.4.0)
    __slots__ = ("_calls", "_head", "_usage")

    def __init__(self, envelope: Envelope) -> None:
        self._head: Json = {"modelVersion": envelope.model, "responseId": ""}
        self._calls: dict[int, _Call] = {}
        self._usage = UNKNOWN_USAGE

    def write(self, event: Event) -> bytes:
        """The bytes of an event; calls wait for the end of the answer."""
        match event:
            case TextDelta():
                return self._event([{"text": event.text}]) if event.text else b""
            case ThoughtDelta():
                signature = event.signature or event.redacted
                told = event.text or signature
                return self._event([thought(event.text, signature, event.origin)]) if told else b""
            case ToolDelta():
                self._calls.setdefault(event.index, _Call(event)).pieces.append(event.arguments)
                return b""
            case Began():
                self._head = {"modelVersion": event.model or self._head["modelVersion"], "responseId": event.id}
                return b""
            case UsageSeen():
                self._usage = event.usage
                return b""
            case Ended():
                return self._end(event)
            case Continued():
                return b""  # never asked of this dialect: it is no Continuable
            case _:
                assert_never(event)

    def close(self) -> bytes:
        """Nothing: the event with the finishReason was the end."""
        return b""

    def _end(self, event: Ended) -> bytes:
        parts = [
            call(one.id, one.name, "".join(one.pieces), one.signature, first=number == 0)
            for number, one in enumerate(self._calls.values())
        ]
        return self._event(parts or [{"text": ""}], WRITTEN[event.finish], write_usage(self._usage))

    def _event(self, parts: list[Json], finish: str | None = None, usage: Json | None = None) -> bytes:
        told = {"candidates": [candidate(parts, finish)], **(usage or {}), **self._head}
        return b"data: " + msgspec.json.encode(told) + b"\n\n"
