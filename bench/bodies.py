"""What callers send and providers answer, in the shapes and sizes that real ones have.

Refuses to know sockets. ``max_tokens`` of a request is the number of content chunks in the answer.
"""

from functools import lru_cache
from typing import Any, Literal

import msgspec

DialectName = Literal["openai", "anthropic"]

PATHS: dict[DialectName, str] = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
WORDS = ("Tuned ", "fibre ", "carries ", "light ", "for ", "hundreds ", "of ", "kilometres; ")
CREATED = 1772366400
OPENAI_END = b"data: [DONE]\n\n"
ANTHROPIC_END = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
_encode = msgspec.json.encode


def ask(dialect: DialectName, model: str, size: int, *, chunks: int = 20, stream: bool = False) -> bytes:
    """A request's body of about ``size`` bytes."""
    system = "You are a concise assistant for network engineers. Answer in plain English."
    messages: list[dict[str, Any]] = [{"role": "user", "content": "How far does light travel in a fibre?"}]
    body: dict[str, Any] = {"model": model, "messages": messages, "max_tokens": chunks, "temperature": 0.2}
    if dialect == "openai":
        messages.insert(0, {"role": "system", "content": system})
    else:
        body["system"] = system
    if stream:
        body["stream"] = True
    messages[-1]["content"] += "\nContext: " + "attenuation of 0.2 dB per km. " * (max(0, size - 300) // 30)
    return _encode(body)


def text(chunks: int) -> str:
    """The words of an answer."""
    return "".join(WORDS[index % len(WORDS)] for index in range(chunks))


@lru_cache
def whole(dialect: DialectName, model: str, chunks: int) -> bytes:
    """A whole answer's body."""
    return _encode(_openai_whole(model, chunks) if dialect == "openai" else _anthropic_whole(model, chunks))


@lru_cache
def stream(dialect: DialectName, model: str, chunks: int, *, usage: bool) -> tuple[bytes, ...]:
    """A streamed answer in ``chunks`` pieces: what opens it comes with the first, what ends it with the last."""
    if dialect == "openai":
        return _openai_stream(model, chunks, usage=usage)
    return _anthropic_stream(model, chunks)


def shown(dialect: DialectName, model: str, chunks: int, *, streamed: bool, asked: bool) -> bytes:
    """What a caller that did not ask for usage gets; ``asked``: the gateway did, and hides the chunk it got."""
    if not streamed:
        return whole(dialect, model, chunks)
    answer = b"".join(stream(dialect, model, chunks, usage=asked))
    if asked and dialect == "openai":
        *rest, _usage, done, _ = answer.split(b"\n\n")
        answer = b"\n\n".join([*rest, done, b""])
    return answer


def _openai_whole(model: str, chunks: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": text(chunks), "refusal": None, "annotations": []}
    return {
        "id": "chatcmpl-CkV0mVQH2w5ZbTn8yRj4LqXs7PeAd",
        "object": "chat.completion",
        "created": CREATED,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}],
        "usage": _openai_usage(chunks),
        "service_tier": "default",
        "system_fingerprint": "fp_9b0abffe81",
    }


def _openai_usage(chunks: int) -> dict[str, Any]:
    return {
        "prompt_tokens": 212,
        "completion_tokens": chunks,
        "total_tokens": 212 + chunks,
        "prompt_tokens_details": {"cached_tokens": 128, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _openai_stream(model: str, chunks: int, *, usage: bool) -> tuple[bytes, ...]:
    head = {
        "id": "chatcmpl-CkV0mVQH2w5ZbTn8yRj4LqXs7PeAd",
        "object": "chat.completion.chunk",
        "created": CREATED,
        "model": model,
        "service_tier": "default",
        "system_fingerprint": "fp_9b0abffe81",
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        extra = {"usage": None} if usage else {}
        return b"data: " + _encode({**head, "choices": [choice], **extra}) + b"\n\n"

    pieces = [chunk({"content": WORDS[index % len(WORDS)]}) for index in range(chunks)]
    pieces[0] = chunk({"role": "assistant", "content": "", "refusal": None}) + pieces[0]
    pieces[-1] += chunk({}, "stop")
    if usage:
        pieces[-1] += b"data: " + _encode({**head, "choices": [], "usage": _openai_usage(chunks)}) + b"\n\n"
    pieces[-1] += OPENAI_END
    return tuple(pieces)


def _anthropic_usage(chunks: int) -> dict[str, Any]:
    return {
        "input_tokens": 84,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 128,
        "output_tokens": chunks,
        "service_tier": "standard",
    }


def _anthropic_whole(model: str, chunks: int, content: str | None = None) -> dict[str, Any]:
    return {
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text(chunks) if content is None else content}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": _anthropic_usage(chunks),
    }


def _anthropic_stream(model: str, chunks: int) -> tuple[bytes, ...]:
    def event(kind: str, **fields: Any) -> bytes:
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode({"type": kind, **fields}))

    message = _anthropic_whole(model, 1) | {"content": [], "stop_reason": None}
    pieces = [
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": WORDS[index % len(WORDS)]})
        for index in range(chunks)
    ]
    opening = event("message_start", message=message)
    opening += event("content_block_start", index=0, content_block={"type": "text", "text": ""}) + event("ping")
    pieces[0] = opening + pieces[0]
    pieces[-1] += event("content_block_stop", index=0)
    end = {"stop_reason": "end_turn", "stop_sequence": None}
    pieces[-1] += event("message_delta", delta=end, usage={"output_tokens": chunks}) + ANTHROPIC_END
    return tuple(pieces)
