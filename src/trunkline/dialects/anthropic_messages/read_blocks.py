"""Reads the content of a caller's turn, block by block, into core parts.

Refuses to guess: a block it does not know is the caller's mistake, one that only Anthropic has is kept whole.
"""

from collections.abc import Callable
from typing import Any, TypeVar, assert_never, cast

import msgspec

from trunkline.core.chat import Document, Foreign, Image, Part, Role, Text, Thought, ToolResult, ToolUse
from trunkline.dialects.anthropic_messages import request_wire as wire
from trunkline.dialects.seal import unseal
from trunkline.dialects.shape import fit, left_over, unknown

S = TypeVar("S", bound=msgspec.Struct)

FOREIGN = frozenset(
    {
        "search_result",
        "server_tool_use",
        "web_search_tool_result",
        "web_fetch_tool_result",
        "code_execution_tool_result",
        "bash_code_execution_tool_result",
        "text_editor_code_execution_tool_result",
        "tool_search_tool_result",
        "tool_reference",
        "container_upload",
        "mcp_tool_use",
        "mcp_tool_result",
        "browser_state",
        "compaction",
    }
)
"""Blocks that only Anthropic can read: a translation drops them by name."""

FOREIGN_SOURCES = frozenset({"file", "content"})
"""Sources of images and documents that only Anthropic can open: files it stores, blocks within blocks."""


def _image(block: wire.ImageBlock) -> Image:
    match block.source:
        case wire.UrlSource(url=url):
            return Image(url=url, cache=block.cache_control)
        case wire.Base64Source(data=data, media_type=media_type):
            return Image(data=data, media_type=media_type, cache=block.cache_control)
        case _:
            assert_never(block.source)


def _document(block: wire.DocumentBlock) -> Document:
    match block.source:
        case wire.UrlSource(url=url):
            return Document(url=url, name=block.title, cache=block.cache_control)
        case wire.TextSource(data=text, media_type=media_type):
            return Document(text=text, media_type=media_type, name=block.title, cache=block.cache_control)
        case wire.Base64Source(data=data, media_type=media_type):
            return Document(data=data, media_type=media_type, name=block.title, cache=block.cache_control)
        case _:
            assert_never(block.source)


def _tool_use(block: wire.ToolUseBlock) -> ToolUse:
    return ToolUse(block.id, block.name, msgspec.json.encode(block.input).decode(), block.cache_control)


def _thought(block: wire.ThinkingBlock) -> Thought:
    signature, origin = unseal(block.signature or "", "anthropic")
    return Thought(block.thinking, signature or None, origin=origin)


def _redacted(block: wire.RedactedBlock) -> Thought:
    data, origin = unseal(block.data, "anthropic")
    return Thought(redacted=data, origin=origin)


Read = Callable[[Any], Part]
SIMPLE: dict[str, tuple[type[msgspec.Struct], Read]] = {
    "text": (wire.TextBlock, lambda block: Text(block.text, block.cache_control)),
    "image": (wire.ImageBlock, _image),
    "document": (wire.DocumentBlock, _document),
    "thinking": (wire.ThinkingBlock, _thought),
    "redacted_thinking": (wire.RedactedBlock, _redacted),
    "tool_use": (wire.ToolUseBlock, _tool_use),
}
ALLOWED: dict[Role, frozenset[str]] = {
    "system": frozenset({"text"}),
    "user": frozenset({"text", "image", "document", "tool_result"}),
    # documents: with anthropic-version 2023-06-01 only; the provider judges
    "assistant": frozenset({"text", "image", "document", "thinking", "redacted_thinking", "tool_use"}),
}
IN_RESULTS = frozenset({"text", "image", "document"})


class BlockReader:
    """Reads blocks; fields of theirs that have no place in core types are noted in ``extra``."""

    def __init__(self, extra: dict[str, Any]) -> None:
        self._extra = extra

    def parts(self, content: str | list[wire.Json], role: Role, path: str) -> tuple[Part, ...]:
        """The parts of a turn's content; ``path`` is where it stands in the body."""
        if isinstance(content, str):
            return (Text(content),)
        return tuple(self._part(block, ALLOWED[role], f"{path}[{at}]") for at, block in enumerate(content))

    def _part(self, block: wire.Json, allowed: frozenset[str], path: str) -> Part:
        kind = block.get("type")
        if isinstance(kind, str) and _foreign(block, kind):
            return Foreign("anthropic", block)
        if not isinstance(kind, str) or kind not in allowed:
            raise unknown(f"{path}.type", kind, allowed)
        if kind == "tool_result":
            return self._result(block, path)
        shape, read = SIMPLE[kind]
        return read(self._fitted(block, shape, path))

    def _result(self, block: wire.Json, path: str) -> ToolResult:
        fitted = self._fitted(block, wire.ToolResultBlock, path)
        content = [] if fitted.content is None else fitted.content
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        parts: list[Text | Image | Document] = []
        for at, inner in enumerate(content):
            part = self._part(inner, IN_RESULTS, f"{path}.content[{at}]")
            if isinstance(part, Foreign):
                self._extra[f"tool_result.{part.kind}"] = inner
            else:
                parts.append(cast("Text | Image | Document", part))
        return ToolResult(fitted.tool_use_id, tuple(parts), bool(fitted.is_error), fitted.cache_control)

    def _fitted(self, block: wire.Json, shape: type[S], path: str) -> S:
        fitted = fit(block, shape, path)
        for name, value in left_over(fitted, block, str(block["type"])):
            self._extra.setdefault(name, value)
        return fitted


def _foreign(block: wire.Json, kind: str) -> bool:
    source = block.get("source")
    if kind in ("image", "document") and isinstance(source, dict):
        return str(cast("wire.Json", source).get("type")) in FOREIGN_SOURCES
    return kind in FOREIGN
