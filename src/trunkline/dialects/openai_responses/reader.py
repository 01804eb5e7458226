"""Reads a provider's stream of response events into core events.

Refuses to invent an end: without ``response.completed`` or ``response.incomplete`` there is none.
"""

from trunkline.core.dialect import Frame
from trunkline.core.errors import BrokenStream
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.dialects.openai_responses.finish import read_finish
from trunkline.dialects.openai_responses.reasoning import read_seal
from trunkline.dialects.openai_responses.scanner import DONE, NEVER_ENDED
from trunkline.dialects.openai_responses.usage import read_usage
from trunkline.dialects.openai_responses.wire import ENDS, Glance, Item, StreamEvent, open_frame

BETWEEN_SUMMARIES = "\n\n"


class ResponseReader:
    """The port ``Reader`` for responses. Events and items of other kinds are passed over."""

    __slots__ = ("_began", "_done", "_refused", "_silent", "_summary", "_tools")

    def __init__(self) -> None:
        self._began = False
        self._done = False
        self._refused = False
        self._summary = (0, 0)  # item and number of the summary part under way
        self._tools: dict[int, int] = {}  # output index -> number of the tool call
        self._silent: set[int] = set()  # calls whose arguments have not come yet

    def read(self, frame: Frame) -> list[Event]:
        """The events of a frame; ``Ended`` comes with the event that ends the response."""
        data = frame.data
        if data is None or self._done or data.startswith(DONE):
            return []
        event = open_frame(frame, data)
        if isinstance(event.delta, str) and event.delta:
            return self._more(event.type, event, event.delta)
        if event.response is not None:
            return self._end(event.response) if event.type in ENDS else self._begin(event.response)
        if event.type == "response.function_call_arguments.done" and event.output_index in self._silent:
            return self._arguments(event.output_index, event.arguments or "")
        if event.item is not None:
            closes = event.type == "response.output_item.done"
            return (self._closed if closes else self._opened)(event.output_index, event.item)
        return []

    def _more(self, kind: str, event: StreamEvent, delta: str) -> list[Event]:
        match kind:
            case "response.output_text.delta":
                return [TextDelta(delta)]
            case "response.refusal.delta":
                self._refused = True
                return [TextDelta(delta)]
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                return self._thought(event, delta)
            case "response.function_call_arguments.delta":
                return self._arguments(event.output_index, delta)
            case _:
                return []

    def end(self) -> list[Event]:
        """Nothing is held back. Raises BrokenStream when the response had not ended."""
        if not self._done:
            raise BrokenStream(NEVER_ENDED)
        return []

    def _begin(self, response: Glance) -> list[Event]:
        if self._began:
            return []
        self._began = True
        return [Began(response.id, response.model, int(response.created_at))]

    def _thought(self, event: StreamEvent, delta: str) -> list[Event]:
        place = (event.output_index, event.summary_index)
        again = place[0] == self._summary[0] and place[1] > self._summary[1]
        self._summary = place
        return [ThoughtDelta(BETWEEN_SUMMARIES + delta if again else delta)]

    def _opened(self, place: int, item: Item) -> list[Event]:
        if item.type != "function_call" or place in self._tools:
            return []
        number = self._tools[place] = len(self._tools)
        if not item.arguments:
            self._silent.add(place)
        return [ToolDelta(number, item.call_id or item.id or "", item.name or "", item.arguments or "")]

    def _arguments(self, place: int, delta: str) -> list[Event]:
        if not delta or place not in self._tools:
            return []
        self._silent.discard(place)
        return [ToolDelta(self._tools[place], arguments=delta)]

    def _closed(self, place: int, item: Item) -> list[Event]:
        """A call may come only here, or its arguments; a thought's seal is only whole here."""
        if item.type == "reasoning":
            signature, origin = read_seal(item.id or "", item.encrypted_content)
            return [ThoughtDelta(signature=signature, origin=origin)] if signature else []
        if place not in self._tools:
            return self._opened(place, item)
        return self._arguments(place, item.arguments or "") if place in self._silent else []

    def _end(self, response: Glance) -> list[Event]:
        self._done = True
        events = self._begin(response)
        if usage := read_usage(response.usage):
            events.append(UsageSeen(usage))
        reason = response.incomplete_details.reason if response.incomplete_details else None
        return [*events, Ended(read_finish(reason, called=bool(self._tools), refused=self._refused))]
