"""Takes a prefill out of the start of an answer, for providers that repeat it there.

Refuses to guess which do: a quirk says so. Words that turn out to be no echo are handed on.
"""

from msgspec.structs import replace

from trunkline.core.chat import Completion, Text
from trunkline.core.dialect import Frame, Reader
from trunkline.core.events import Ended, Event, TextDelta


class WithoutEcho:
    """A reader around a reader: holds text back while it could still be the echo."""

    __slots__ = ("_awaited", "_held", "_inner")

    def __init__(self, inner: Reader, echo: str) -> None:
        self._inner = inner
        self._awaited = echo
        self._held = ""

    def read(self, frame: Frame) -> list[Event]:
        """As the port says."""
        events = self._inner.read(frame)
        return self._listened(events) if self._awaited else events

    def end(self) -> list[Event]:
        """As the port says."""
        events = self._inner.end()
        return self._listened(events) if self._awaited else events

    def _listened(self, events: list[Event]) -> list[Event]:
        heard: list[Event] = []
        for event in events:
            if isinstance(event, TextDelta) and self._awaited:
                heard += self._compared(event.text)
            elif isinstance(event, Ended):
                heard += [*self._given_up(), event]
            else:
                heard.append(event)
        return heard

    def _compared(self, text: str) -> list[Event]:
        self._held += text
        if self._awaited.startswith(self._held) and self._held != self._awaited:
            return []
        rest = self._held.removeprefix(self._awaited)
        self._held = self._awaited = ""
        return [TextDelta(rest)] if rest else []

    def _given_up(self) -> list[Event]:
        """The answer ended within what could have been its echo, so it was none."""
        held, self._held, self._awaited = self._held, "", ""
        return [TextDelta(held)] if held else []


def spoken_after(completion: Completion, echo: str) -> Completion:
    """The same for an answer that came whole."""
    parts = list(completion.parts)
    for at, part in enumerate(parts):
        if isinstance(part, Text):
            parts[at] = Text(part.text.removeprefix(echo))
            break
    return replace(completion, parts=tuple(parts))
