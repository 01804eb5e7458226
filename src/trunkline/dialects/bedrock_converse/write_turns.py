"""Writes core messages as a Converse conversation: system text apart, turns that alternate, results first.

Refuses to drop silently: what a part cannot hold is noted by the name its caller knows.
"""

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from trunkline.core.chat import Document, Foreign, Image, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.arguments import as_object
from trunkline.dialects.bedrock_converse.families import Family, caches
from trunkline.dialects.bedrock_converse.media import Names, document_block, image_block
from trunkline.dialects.bedrock_converse.reader import HOME
from trunkline.dialects.unasked import refuse_unasked

Json = dict[str, Any]
Note = Callable[[str], None]

SYSTEM_BLOCKS = {"text", "cachePoint", "guardContent"}
_TOOL_ID = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")


class TurnWriter:
    """Collects turns. Turns of one role that follow each other are joined: tool results must stand in one turn.

    ``tooled``: a call or a result was among them, so the request must tell its tools.
    """

    def __init__(self, note: Note, family: Family) -> None:
        self.system: list[Json] = []
        self.turns: list[Json] = []
        self.tooled = False
        self._note = note
        self._family: Family = family
        self._names = Names()

    def write(self, messages: tuple[Message, ...]) -> None:
        """Add all messages, in order."""
        for message in messages:
            if message.name:
                self._note("messages.name")
            written = [blocks for part in message.parts if (blocks := self._cached(part))]
            if message.role == "system":
                self._add_system([block for blocks in written for block in blocks])
            elif written:
                self._add(message.role, written)
        if self.turns or self.system:
            refuse_unasked(messages, self.turns[-1]["role"] if self.turns else None)
        if not self.turns and self.system:  # a system prompt alone: the vendor wants at least one turn
            self._add("user", [self.system])
            self.system = []
        self._finish()

    def _add_system(self, blocks: list[Json]) -> None:
        for block in blocks:
            if block.keys() & SYSTEM_BLOCKS:
                self.system.append(block)
            else:
                self._note("system")

    def _add(self, role: str, written: list[list[Json]]) -> None:
        """Each part's blocks stay together: a cache point belongs to what stands before it."""
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += written
        else:
            self.turns.append({"role": role, "content": written})

    def _finish(self) -> None:
        for turn in self.turns:
            if turn["role"] == "user":  # the vendor refuses a result that stands after other content
                turn["content"].sort(key=_after_results)
            turn["content"] = [block for blocks in turn["content"] for block in blocks]
            documents = [block["document"] for block in turn["content"] if "document" in block]
            if documents and not any("text" in block for block in turn["content"]):
                turn["content"].append({"text": documents[0]["name"]})  # the vendor refuses a file without a word
        last = self.turns[-1] if self.turns else None
        if last and last["role"] == "assistant" and "text" in last["content"][-1]:
            last["content"][-1]["text"] = last["content"][-1]["text"].rstrip()  # and a prefill that ends in white space

    def _cached(self, part: Part) -> list[Json]:
        block, cache = self._block(part), getattr(part, "cache", None)
        if block is None or cache is None:
            return [] if block is None else [block]
        if not caches(self._family):
            self._note("cache_control")
            return [block]
        return [block, cache_point(cache)]

    def _block(self, part: Part) -> Json | None:
        match part:
            case Text():
                return {"text": part.text} if part.text.strip() else None  # the vendor refuses blank ones
            case Image():
                return self._noted(part, image_block(part))
            case Document():
                return self._noted(part, document_block(part, self._names.name(part.name)))
            case ToolUse():
                self.tooled = True
                return {"toolUse": {"toolUseId": fitted(part.id), "name": part.name, "input": as_object(part)}}
            case ToolResult():
                self.tooled = True
                return self._result(part)
            case Thought():
                return self._noted(part, _thought(part, self._family))
            case Foreign(dialect="bedrock"):
                return {name: value for name, value in part.wire.items() if name != "type"}
            case _:
                return self._noted(part, None)

    def _noted(self, part: Part, block: Json | None) -> Json | None:
        if block is None:
            self._note(part.kind if isinstance(part, Foreign) else str(part.__struct_config__.tag))
        return block

    def _result(self, part: ToolResult) -> Json:
        content = [block for inner in part.content if (block := self._block(inner)) is not None]
        failed: Json = {"status": "error"} if part.is_error else {}
        if part.is_error and not content:
            content = [{"text": "error"}]  # the vendor refuses an error without content
        return {"toolResult": {"toolUseId": fitted(part.id), "content": content, **failed}}


def cache_point(cache: Json) -> Json:
    """The block behind what is to be cached."""
    lasting = {"ttl": "1h"} if cache.get("ttl") == "1h" else {}
    return {"cachePoint": {"type": "default", **lasting}}


def fitted(tool_id: str) -> str:
    """An id of a call as it is where the vendor takes it, else one that stands for it, the same each time."""
    return tool_id if _TOOL_ID.fullmatch(tool_id) else f"id_{sha256(tool_id.encode()).hexdigest()[:40]}"


def _after_results(blocks: list[Json]) -> bool:
    return "toolResult" not in blocks[0]


def _thought(part: Thought, family: Family) -> Json | None:
    """Sealed thoughts go back to who made them; Anthropic says that Claude's are good wherever Claude is served."""
    if part.origin != HOME and not (part.origin == "anthropic" and family == "claude"):
        return None
    if part.redacted is not None:
        return {"reasoningContent": {"redactedContent": part.redacted}}
    if not part.signature:  # one that cannot be verified is refused
        return None
    return {"reasoningContent": {"reasoningText": {"text": part.text, "signature": part.signature}}}
