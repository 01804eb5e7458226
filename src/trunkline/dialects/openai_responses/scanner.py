"""Looks at the events of a stream that is handed on verbatim: content, finish, usage, error, end.

Refuses to change or keep a byte of them.
"""

from trunkline.core.chat import Finish
from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_responses.finish import read_finish
from trunkline.dialects.openai_responses.usage import read_usage
from trunkline.dialects.openai_responses.wire import ENDS, Glance, StreamEvent, open_frame

DONE = b"[DONE]"
CALLS = ("function_call", "custom_tool_call")
NEVER_ENDED = "the provider's stream ended without response.completed"


class ResponseScanner:
    """A stream has ended with ``response.completed`` or ``response.incomplete``, and with nothing else."""

    __slots__ = ("_called", "_refused", "done", "finish", "model", "usage", "written")

    def __init__(self) -> None:
        self.usage: Usage = UNKNOWN_USAGE
        self.finish: Finish | None = None
        self.done = False
        self.model = ""
        self.written = 0
        self._called = self._refused = False

    def scan(self, frame: Frame) -> bool:
        """True for content: any delta, and the start of a call. Raises as the port says."""
        data = frame.data
        if data is None or self.done or data.startswith(DONE):
            return False
        event = open_frame(frame, data)
        if event.delta is not None:
            size = len(event.delta)
            self.written += size
            self._refused |= event.type == "response.refusal.delta"
            return size > 0
        if event.response is not None:
            self._see(event.type, event.response)
        return event.item is not None and self._item(event)

    def _item(self, event: StreamEvent) -> bool:
        called = event.item is not None and event.item.type in CALLS
        self._called |= called
        return called

    def _see(self, kind: str, response: Glance) -> None:
        self.model = self.model or response.model
        if kind not in ENDS:
            return
        self.usage = read_usage(response.usage) or self.usage
        reason = response.incomplete_details.reason if response.incomplete_details else None
        self.finish = read_finish(reason, called=self._called, refused=self._refused)
        self.done = True

    def usage_only(self, frame: Frame) -> bool:
        """Never: usage stands in the event that ends the response."""
        return False

    def end(self) -> None:
        """Raises BrokenStream when the response had not ended."""
        if not self.done:
            raise BrokenStream(NEVER_ENDED)
