"""Writes core events as OpenAI's stream of response events, ``response.created`` to ``response.completed``.

Refuses to leave an item open: what was begun is told whole before the response ends.
"""

from typing import Any, ClassVar, assert_never

import msgspec

from trunkline.core.chat import Thought
from trunkline.core.dialect import Envelope
from trunkline.core.events import Began, Continued, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.openai_responses.write_completion import ended, shell
from trunkline.dialects.openai_responses.writer_items import CallItem, Item, TextItem, ThoughtItem
from trunkline.dialects.sse import KEEP_ALIVE

Json = dict[str, Any]
_encode = msgspec.json.encode


class ResponseWriter:
    """Text and thoughts are closed by whatever comes next; tool calls, which may interleave, at the end."""

    keep_alive: ClassVar[bytes] = KEEP_ALIVE
    __slots__ = ("_calls", "_items", "_open", "_response", "_sequence", "_usage")

    def __init__(self, envelope: Envelope) -> None:
        self._response: Json = shell("", envelope.model, 0, "in_progress")
        self._sequence = -1  # no event was written yet
        self._items: list[Item] = []
        self._open: TextItem | ThoughtItem | None = None
        self._calls: dict[int, CallItem] = {}
        self._usage = UNKNOWN_USAGE

    def write(self, event: Event) -> bytes:
        """The events an event becomes; ``response.created`` stands before the first."""
        match event:
            case TextDelta():
                return self._start() + self._more(TextItem, event.text) if event.text else b""
            case ThoughtDelta():
                return self._start() + self._thought(event)
            case ToolDelta():
                return self._start() + self._call(event)
            case Began():
                named = {"id": event.id, "created_at": event.created, "model": event.model or self._response["model"]}
                self._response |= named
                return self._start()
            case UsageSeen():
                self._usage = event.usage
                return b""
            case Ended():
                return self._start() + self._end(event)
            case Continued():
                return b""  # never asked of this dialect: it is no Continuable
            case _:
                assert_never(event)

    def close(self) -> bytes:
        """Nothing: the event that ends the response was the end."""
        return b""

    def _event(self, kind: str, **fields: object) -> bytes:
        self._sequence += 1
        told = {"type": kind, "sequence_number": self._sequence, **fields}
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode(told))

    def _told(self, events: list[tuple[str, Json]]) -> bytes:
        return b"".join([self._event(kind, **fields) for kind, fields in events])

    def _start(self) -> bytes:
        if self._sequence >= 0:
            return b""
        created = self._event("response.created", response=self._response)
        return created + self._event("response.in_progress", response=self._response)

    def _place(self) -> tuple[int, str]:
        return len(self._items), f"{self._response['id']}_{len(self._items)}"

    def _more(self, kind: type[TextItem | ThoughtItem], text: str) -> bytes:
        item, written = self._open, b""
        if not isinstance(item, kind):
            written = self._shut()
            item = self._open = kind(*self._place())
            self._items.append(item)
            written += self._told(item.begun())
        return written + self._told([item.more(text)])

    def _thought(self, delta: ThoughtDelta) -> bytes:
        written = self._more(ThoughtItem, delta.text) if delta.text else b""
        if delta.signature is None and delta.redacted is None:
            return written
        if not isinstance(self._open, ThoughtItem):
            written += self._more(ThoughtItem, "")
        if isinstance(self._open, ThoughtItem):
            self._open.sealed = Thought("", delta.signature, delta.redacted, delta.origin)
        return written + self._shut()

    def _call(self, delta: ToolDelta) -> bytes:
        written = self._shut()
        item = self._calls.get(delta.index)
        if item is None:
            place, item_id = self._place()
            call_id = delta.id or f"call_{item_id}"
            item = self._calls[delta.index] = CallItem(place, item_id, call_id, delta.name or "")
            self._items.append(item)
            written += self._told(item.begun())
        return written + (self._told([item.more(delta.arguments)]) if delta.arguments else b"")

    def _shut(self) -> bytes:
        item, self._open = self._open, None
        return b"" if item is None else self._told(item.done())

    def _end(self, event: Ended) -> bytes:
        written = self._shut() + b"".join([self._told(call.done()) for call in self._calls.values()])
        output = [item.whole() for item in self._items]
        response = ended(self._response, output, event.finish, self._usage)
        return written + self._event(f"response.{response['status']}", response=response)
