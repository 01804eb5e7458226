"""Looks at an Anthropic stream that is handed on verbatim: is this content, is it over, what did it use.

Refuses to change or keep a byte of it.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages.finish import finish_of
from trunkline.dialects.anthropic_messages.stream_wire import NO_DELTA, StreamEvent, never_ended, open_frame
from trunkline.dialects.anthropic_messages.usage import Tally


class AnthropicScanner:
    """The port ``Scanner`` for Anthropic streams."""

    __slots__ = ("_tally", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self._tally = Tally()
        self.usage: Usage = self._tally.usage  # estimated while only the start's is known
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0

    def scan(self, frame: Frame) -> bool:
        """True for content: text, thoughts and tool calls, and any other block the vendor may add."""
        if self.done:
            return False
        event = open_frame(frame)
        if event.type == "content_block_delta":
            return self._delta(event)
        if event.type == "content_block_start":
            return self._started(event)
        self._note(event)
        return False

    def _delta(self, event: StreamEvent) -> bool:
        delta = event.delta or NO_DELTA
        size = len(delta.text) + len(delta.thinking) + len(delta.partial_json)
        self.written += size
        return size > 0 or delta.type not in ("text_delta", "thinking_delta")

    def _started(self, event: StreamEvent) -> bool:
        block = event.content_block
        if block is None:
            return False
        size = len(block.text) + len(block.thinking) + len(block.name)
        self.written += size
        return size > 0 or block.type not in ("text", "thinking")

    def _note(self, event: StreamEvent) -> None:
        if event.type == "message_start" and event.message:
            self.model = event.message.model
            self.usage = self._tally.add(event.message.usage, final=False)
        elif event.type == "message_delta":
            reason = (event.delta or NO_DELTA).stop_reason
            self.finish = finish_of(reason) if reason else self.finish
            self.usage = self._tally.add(event.usage, final=True)
        elif event.type == "message_stop":
            self.done = True

    def usage_only(self, frame: Frame) -> bool:
        """Never: Anthropic always shows usage, in events that say more than that."""
        return False

    def end(self) -> None:
        """Raises BrokenStream when neither ``message_stop`` nor a stop reason has come."""
        if not self.done and self.finish is None:
            raise never_ended()
