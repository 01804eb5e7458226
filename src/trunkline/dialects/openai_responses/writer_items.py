"""The items of a response under way: what each tells when it begins, grows and is done.

Refuses to number events: the writer does, as it sends them.
"""

from typing import Any

from trunkline.core.chat import Thought
from trunkline.dialects.openai_responses.reasoning import OURS, write_item
from trunkline.dialects.openai_responses.write_completion import call, message, words

Json = dict[str, Any]
Told = tuple[str, Json]
ADDED, DONE = "response.output_item.added", "response.output_item.done"


class TextItem:
    """Words."""

    __slots__ = ("_id", "_pieces", "_place")

    def __init__(self, place: int, item_id: str) -> None:
        self._place = {"item_id": f"msg_{item_id}", "output_index": place, "content_index": 0}
        self._id = item_id
        self._pieces: list[str] = []

    def begun(self) -> list[Told]:
        """The events that open it."""
        item = message(self._id, None, "in_progress")
        added = {"output_index": self._place["output_index"], "item": item}
        return [(ADDED, added), ("response.content_part.added", {**self._place, "part": words("")})]

    def more(self, text: str) -> Told:
        """The event of more words."""
        self._pieces.append(text)
        return "response.output_text.delta", {**self._place, "delta": text, "logprobs": []}

    def done(self) -> list[Told]:
        """The events that close it."""
        text = "".join(self._pieces)
        done = {"output_index": self._place["output_index"], "item": self.whole()}
        return [
            ("response.output_text.done", {**self._place, "text": text, "logprobs": []}),
            ("response.content_part.done", {**self._place, "part": words(text)}),
            (DONE, done),
        ]

    def whole(self) -> Json:
        """The item as it stands in the output."""
        return message(self._id, "".join(self._pieces))


class ThoughtItem:
    """Reasoning, shown as a summary; ``sealed`` holds its signature once that has come."""

    __slots__ = ("_id", "_pieces", "_place", "sealed")

    def __init__(self, place: int, item_id: str) -> None:
        self._place = {"item_id": OURS + item_id, "output_index": place, "summary_index": 0}
        self._id = item_id
        self._pieces: list[str] = []
        self.sealed = Thought()

    def begun(self) -> list[Told]:
        """The events that open it."""
        item = write_item(Thought(), self._id)
        added = {"output_index": self._place["output_index"], "item": item}
        part = {"type": "summary_text", "text": ""}
        return [(ADDED, added), ("response.reasoning_summary_part.added", {**self._place, "part": part})]

    def more(self, text: str) -> Told:
        """The event of more reasoning."""
        self._pieces.append(text)
        return "response.reasoning_summary_text.delta", {**self._place, "delta": text}

    def done(self) -> list[Told]:
        """The events that close it."""
        text = "".join(self._pieces)
        part = {"type": "summary_text", "text": text}
        done = {"output_index": self._place["output_index"], "item": self.whole()}
        return [
            ("response.reasoning_summary_text.done", {**self._place, "text": text}),
            ("response.reasoning_summary_part.done", {**self._place, "part": part}),
            (DONE, done),
        ]

    def whole(self) -> Json:
        """The item as it stands in the output."""
        sealed = self.sealed
        return write_item(Thought("".join(self._pieces), sealed.signature, sealed.redacted, sealed.origin), self._id)


class CallItem:
    """A call of a tool."""

    __slots__ = ("_call", "_id", "_pieces", "_place")

    def __init__(self, place: int, item_id: str, call_id: str, name: str) -> None:
        self._place = {"item_id": f"fc_{item_id}", "output_index": place}
        self._id = item_id
        self._call = (call_id, name)
        self._pieces: list[str] = []

    def begun(self) -> list[Told]:
        """The event that opens it."""
        item = call(self._id, *self._call, "", "in_progress")
        return [(ADDED, {"output_index": self._place["output_index"], "item": item})]

    def more(self, arguments: str) -> Told:
        """The event of more arguments."""
        self._pieces.append(arguments)
        return "response.function_call_arguments.delta", {**self._place, "delta": arguments}

    def done(self) -> list[Told]:
        """The events that close it."""
        item = self.whole()
        told = {**self._place, "name": item["name"], "arguments": item["arguments"]}
        done = {"output_index": self._place["output_index"], "item": item}
        return [("response.function_call_arguments.done", told), (DONE, done)]

    def whole(self) -> Json:
        """The item as it stands in the output."""
        return call(self._id, *self._call, "".join(self._pieces) or "{}")


Item = TextItem | ThoughtItem | CallItem
