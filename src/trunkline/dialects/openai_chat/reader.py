"""Reads a provider's stream of chunks into events.

Refuses to hand out an end before the end: what tells it may be followed by usage.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.dialects.openai_chat.chunk import (
    NOTHING,
    Choice,
    Chunk,
    Said,
    ToolPiece,
    open_frame,
    refuse_error_of_choice,
    spoken,
)
from trunkline.dialects.openai_chat.finish import read_finish
from trunkline.dialects.openai_chat.scanner import DONE
from trunkline.dialects.openai_chat.usage import read_usage


class ChunkReader:
    """Only the first of ``n`` choices is read: no other dialect, nor the core, has more than one answer."""

    __slots__ = ("_began", "_done", "_finish", "_refused", "_tools")

    def __init__(self) -> None:
        self._began: Began | None = None
        self._finish: Finish | None = None
        self._refused = False
        self._done = False
        self._tools: list[tuple[int | None, str]] = []  # the provider's own index, and the id

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame. Raises as the port says."""
        data = frame.data
        if data is None or self._done:
            return []
        if data.startswith(DONE):
            return self._end(self._finish or "stop")
        chunk = open_frame(frame, data)
        events = self._begin(chunk)
        for choice in chunk.choices or ():
            if choice.index == 0:
                events += self._read(choice)
        if chunk.usage is not NOTHING and (usage := read_usage(chunk.usage)):
            events.append(UsageSeen(usage))
        return events

    def end(self) -> list[Event]:
        """``Ended``, where a finish_reason was seen and ``[DONE]`` was not. Raises BrokenStream without either."""
        if self._done:
            return []
        if self._finish is None:
            raise BrokenStream("the provider's stream ended without finish_reason or [DONE]")
        return self._end(self._finish)

    def _begin(self, chunk: Chunk) -> list[Event]:
        """Azure's first chunk has no choices and no id, so the answer begins with the first that has a choice."""
        if self._began is not None or not chunk.choices:
            return []
        self._began = Began(chunk.id or "", chunk.model or "", int(chunk.created or 0))
        return [self._began]

    def _end(self, finish: Finish) -> list[Event]:
        if self._began is None:
            raise BrokenStream("the provider's stream ended before any chunk of an answer")
        self._done = True
        if self._refused and finish == "stop":
            finish = "content_filter"
        # Ollama and Gemini say "stop" after tool calls, and callers of either dialect look for the word.
        return [Ended("tool_calls" if self._tools and finish == "stop" else finish)]

    def _read(self, choice: Choice) -> list[Event]:
        if choice.error is not NOTHING:
            refuse_error_of_choice(choice)
        if choice.finish_reason:
            self._finish = self._finish or read_finish(choice.finish_reason)
        return self._said(choice.delta) if choice.delta is not None else []

    def _said(self, delta: Said) -> list[Event]:
        events: list[Event] = []
        if thought := delta.reasoning_content or delta.reasoning:
            events.append(ThoughtDelta(thought))
        events += [ThoughtDelta(text) if thinks else TextDelta(text) for thinks, text in spoken(delta.content) if text]
        if delta.refusal:
            self._refused = True
            events.append(TextDelta(delta.refusal))
        events += [self._call(piece) for piece in delta.tool_calls or ()]
        if delta.function_call is not None:
            events.append(self._call(ToolPiece(index=0, function=delta.function_call)))
        return events

    def _call(self, piece: ToolPiece) -> ToolDelta:
        name = piece.function.name if piece.function else None
        arguments = piece.function.text if piece.function else ""
        index, known = self._place(piece, name)
        if known:
            return ToolDelta(index, arguments=arguments)
        return ToolDelta(index, self._tools[index][1], name or "", arguments)

    def _place(self, piece: ToolPiece, name: str | None) -> tuple[int, bool]:
        """Which of our calls a piece belongs to, and whether that call has begun.

        Without an index (Gemini), or with one used twice (older vLLM), a new id with a name begins the next call.
        """
        for at in reversed(range(len(self._tools))):
            index, known_id = self._tools[at]
            if piece.index in (None, index) and (not name or piece.id in (None, "", known_id)):
                return at, True
        at = len(self._tools)
        self._tools.append((piece.index, piece.id or f"call_{self._began.id if self._began else ''}_{at}"))
        return at, False
