"""Writes events as OpenAI's stream of chunks.

Refuses to reorder: one role first, deltas as they come, one finish, the usage chunk if it was asked for, ``[DONE]``.
"""

from typing import Any, ClassVar, assert_never

import msgspec

from trunkline.core.dialect import Envelope
from trunkline.core.events import Began, Continued, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat.completion import signed
from trunkline.dialects.openai_chat.finish import WRITTEN
from trunkline.dialects.openai_chat.usage import write_usage
from trunkline.dialects.sse import KEEP_ALIVE

_encode = msgspec.json.Encoder().encode


class ChunkWriter:
    """``id``, ``created`` and ``model`` are rendered once, so they are the same bytes in every chunk.

    Asked for usage that nobody knows, it writes no usage chunk: zeros would be a lie.
    """

    keep_alive: ClassVar[bytes] = KEEP_ALIVE
    __slots__ = ("_after", "_before", "_include_usage", "_model", "_opened", "_tools", "_usage")

    def __init__(self, envelope: Envelope) -> None:
        self._model = envelope.model
        self._include_usage = envelope.include_usage
        self._opened = False
        self._before = b""
        self._after = b',"usage":null}\n\n' if envelope.include_usage else b"}\n\n"
        self._usage: Usage | None = None
        self._tools: set[int] = set()

    def write(self, event: Event) -> bytes:
        """The bytes of an event; the role chunk stands before the first that has any."""
        match event:
            case TextDelta():
                return self._delta(b'{"content":' + _encode(event.text) + b"}")
            case ThoughtDelta():
                # a signature means nothing outside Anthropic's dialect, and redacted thoughts have no text
                return self._delta(b'{"reasoning_content":' + _encode(event.text) + b"}") if event.text else b""
            case ToolDelta():
                return self._delta(_encode({"tool_calls": [self._call(event)]}))
            case Began():
                return self._open(event)
            case UsageSeen():
                self._usage = event.usage if event.usage.source != "unknown" else None
                return b""
            case Ended():
                return self._end(event)
            case Continued():
                return self._mark(event)
            case _:
                assert_never(event)

    def close(self) -> bytes:
        """``[DONE]``."""
        return b"data: [DONE]\n\n"

    def _open(self, began: Began) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        head = {"id": began.id or "chatcmpl-", "object": "chat.completion.chunk", "created": began.created}
        self._before = b"data: " + _encode({**head, "model": began.model or self._model})[:-1] + b',"choices":['
        return self._chunk(b'{"role":"assistant","content":"","refusal":null}')

    def _delta(self, delta: bytes) -> bytes:
        return (b"" if self._opened else self._open(Began("", ""))) + self._chunk(delta)

    def _chunk(self, delta: bytes, finish: bytes = b"null") -> bytes:
        choice = (b'{"index":0,"delta":', delta, b',"logprobs":null,"finish_reason":', finish, b"}]")
        return b"".join((self._before, *choice, self._after))

    def _mark(self, continued: Continued) -> bytes:
        """Every chunk from here on says who wrote it: a field that no client knows, and none refuses."""
        self._after = b',"trunkline":' + _encode({"continued_by": continued.by}) + self._after
        return b": continued by another target\n\n"

    def _call(self, event: ToolDelta) -> dict[str, Any]:
        if event.index in self._tools:
            return {"index": event.index, "function": {"arguments": event.arguments}}
        self._tools.add(event.index)
        function = {"name": event.name or "", "arguments": event.arguments}
        told = {"index": event.index, "id": event.id or "", "type": "function", "function": function}
        return told if event.signature is None else {**told, **signed(event.signature)}

    def _end(self, ended: Ended) -> bytes:
        opening = b"" if self._opened else self._open(Began("", ""))
        finish = self._chunk(b"{}", _encode(WRITTEN[ended.finish]))
        if not self._include_usage or self._usage is None:
            return opening + finish
        usage = b"".join((self._before, b'],"usage":', _encode(write_usage(self._usage)), b"}\n\n"))
        return opening + finish + usage
