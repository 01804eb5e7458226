"""Streams as OpenAI-compatible providers send them."""

import json
from collections.abc import Callable

import pytest

from trunkline.core.dialect import Frame

Chunk = Callable[..., Frame]


def frame_of(data: bytes, event: bytes = b"message") -> Frame:
    return Frame(b"data: " + data + b"\n\n", event, data)


@pytest.fixture
def chunk() -> Chunk:
    """A frame with one delta: ``chunk(content="hi", finish="stop")``."""

    def make(finish: str | None = None, *, index: int = 0, more: dict | None = None, **delta: object) -> Frame:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}
        head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 7, "model": "m"}
        return frame_of(json.dumps(head | {"choices": [choice]} | (more or {})).encode())

    return make


@pytest.fixture
def frame() -> Callable[..., Frame]:
    """A frame with any object, or with these bytes."""
    return lambda data, event=b"message": frame_of(
        data if isinstance(data, bytes) else json.dumps(data).encode(), event
    )
