"""The blocks of a stream under way: one is open, later ones wait until it may close.

Refuses to know usage and ends; it turns content into ``content_block_start``, ``_delta`` and ``_stop`` events.
"""

from collections import deque
from typing import Any, Literal

import msgspec

from trunkline.core.events import TextDelta, ThoughtDelta, ToolDelta
from trunkline.dialects.seal import seal

Kind = Literal["text", "thinking", "redacted_thinking", "tool_use"]


def event_bytes(name: str, fields: dict[str, Any]) -> bytes:
    """One event as it travels."""
    return b"event: %b\ndata: %b\n\n" % (name.encode(), msgspec.json.encode({"type": name, **fields}))


class Block:
    """One block: what it starts with, and the deltas that wait for it to be open."""

    __slots__ = ("_arguments", "kind", "sealed", "start", "waiting")

    def __init__(self, kind: Kind, **start: Any) -> None:
        self.kind = kind
        self.start = {"type": kind, **start}
        self.sealed = kind == "redacted_thinking"  # takes no more deltas
        self.waiting: list[dict[str, Any]] = []
        self._arguments: list[str] = []

    def take(self, arguments: str) -> None:
        """More of a tool call's arguments."""
        self._arguments.append(arguments)
        self.waiting.append({"type": "input_json_delta", "partial_json": arguments})

    @property
    def whole(self) -> bool:
        """True when nothing more can belong here: a tool call's arguments are one complete JSON value."""
        if self.kind != "tool_use":
            return True
        try:
            msgspec.json.decode("".join(self._arguments))
        except (msgspec.DecodeError, RecursionError):
            return False
        return True


class Blocks:
    """Puts content in order. OpenAI streams may interleave parallel tool calls; Anthropic's never do.

    A later block makes an open text or thought close at once, an open tool call as soon as its arguments are whole,
    and at the end of the answer at the latest. So nothing waits when the provider interleaves nothing.
    """

    __slots__ = ("_index", "_opened", "_queue", "_tools", "called_tools")

    def __init__(self) -> None:
        self._queue: deque[Block] = deque()
        self._tools: dict[int, Block] = {}
        self._index = 0
        self._opened = False
        self.called_tools = False

    def text(self, delta: TextDelta) -> bytes:
        """Visible text."""
        if not delta.text:
            return b""
        self._last("text", text="").waiting.append({"type": "text_delta", "text": delta.text})
        return self._advance()

    def thought(self, delta: ThoughtDelta) -> bytes:
        """Reasoning; a signature is the last delta of its block."""
        if delta.redacted is not None:
            self._queue.append(Block("redacted_thinking", data=seal(delta.redacted, delta.origin, "anthropic")))
            return self._advance()
        if not delta.text and delta.signature is None:
            return b""
        block = self._last("thinking", thinking="", signature="")
        if delta.text:
            block.waiting.append({"type": "thinking_delta", "thinking": delta.text})
        if delta.signature is not None:
            signature = seal(delta.signature, delta.origin, "anthropic")
            block.waiting.append({"type": "signature_delta", "signature": signature})
            block.sealed = True
        return self._advance()

    def tool(self, delta: ToolDelta, message: str) -> bytes:
        """A tool call; ``message`` is the answer's id, from which a missing call id is made."""
        block = self._tools.get(delta.index)
        if block is None:
            self.called_tools = True
            call = delta.id or f"toolu_{message}_{delta.index}"
            block = self._tools[delta.index] = Block("tool_use", id=call, name=delta.name or "", input={})
            self._queue.append(block)
        if delta.arguments:
            block.take(delta.arguments)
        return self._advance()

    def marked(self, mark: dict[str, Any]) -> bytes:
        """An empty piece of the open text that carries ``mark`` beside it."""
        self._last("text", text="")
        delta = {"type": "text_delta", "text": ""}
        return self._advance() + event_bytes("content_block_delta", {"index": self._index, "delta": delta, **mark})

    def close(self) -> bytes:
        """Everything that waits, and the end of the last block."""
        written: list[bytes] = []
        while self._queue:
            written += [self._flush(), self._stop()]
        return b"".join(written)

    def _last(self, kind: Kind, **start: Any) -> Block:
        last = self._queue[-1] if self._queue else None
        if last is None or last.kind != kind or last.sealed:
            last = Block(kind, **start)
            self._queue.append(last)
        return last

    def _advance(self) -> bytes:
        written = [self._flush()]
        while len(self._queue) > 1 and self._queue[0].whole:
            written += [self._stop(), self._flush()]
        return written[0] if len(written) == 1 else b"".join(written)

    def _flush(self) -> bytes:
        """Opens the first block if it is not, and sends what waits for it."""
        block = self._queue[0]
        written: list[bytes] = []
        if not self._opened:
            self._opened = True
            fields = {"index": self._index, "content_block": block.start}
            written.append(event_bytes("content_block_start", fields))
        for delta in block.waiting:
            written.append(event_bytes("content_block_delta", {"index": self._index, "delta": delta}))  # noqa: PERF401
        block.waiting.clear()
        return b"".join(written)

    def _stop(self) -> bytes:
        self._queue.popleft()
        self._opened = False
        self._index += 1
        return event_bytes("content_block_stop", {"index": self._index - 1})
