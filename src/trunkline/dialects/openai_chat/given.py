"""What a caller holds of a stream that broke, read back from the very bytes it was sent.

Refuses to be generous: a chunk with anything but words in it, and there is nothing to go on with.
"""

from typing import Any

import msgspec

from trunkline.core.dialect import Envelope, Given
from trunkline.core.events import Began, TextDelta
from trunkline.dialects.openai_chat.writer import ChunkWriter
from trunkline.dialects.sse import Frames

_CHUNK = msgspec.json.Decoder(dict[str, Any])
_EMPTY: tuple[object, ...] = (None, "", [], {})


def given(stream: bytes, envelope: Envelope) -> Given | None:
    """The text of the one choice, and a writer that has just written it; None for tool calls, thoughts, an end."""
    began: Began | None = None
    text: list[str] = []
    frames = Frames()
    for frame in [*frames.feed(stream), *frames.end()]:
        if frame.data is None:
            continue
        try:
            chunk = _CHUNK.decode(frame.data)
            words = _words(chunk)
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, AttributeError, KeyError):
            return None
        if words is None:
            return None
        if began is None and chunk.get("choices"):
            began = Began(str(chunk.get("id") or ""), str(chunk.get("model") or ""), int(chunk.get("created") or 0))
        text.append(words)
    if began is None:
        return None
    writer = ChunkWriter(envelope)
    writer.write(began)
    whole = "".join(text)
    writer.write(TextDelta(whole))
    return Given(whole, writer)


def _words(chunk: dict[str, Any]) -> str | None:
    """The words of a chunk, of which there may be none; None where it holds anything else."""
    choices = chunk.get("choices") or []
    if len(choices) > 1 or chunk.get("error"):
        return None
    if not choices:
        return ""
    choice = choices[0]
    delta = dict(choice.get("delta") or {})
    role, content = delta.pop("role", None), delta.pop("content", None)
    whole = choice.get("index", 0) == 0 and choice.get("finish_reason") is None and choice.get("logprobs") is None
    if not whole or role not in (None, "assistant") or any(value not in _EMPTY for value in delta.values()):
        return None
    return content if isinstance(content, str) else "" if content is None else None
