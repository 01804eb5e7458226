"""Operations besides chats, in OpenAI's form: embeddings, completions, rerank, moderations and images.
It refuses to make sense: what it answers follows from the bytes it is asked about, and is the same every time.
"""

import struct
from base64 import b64encode
from hashlib import sha256
from typing import Any

import msgspec

from trunkline.simulator import tokens
from trunkline.simulator.refusals import Refused, invalid_json, openai_error

Json = dict[str, Any]
PATHS = ("/v1/embeddings", "/v1/completions", "/v1/rerank", "/v1/moderations", "/v1/images/generations")
_DIMENSIONS = 8


def read(body: bytes) -> Json:
    """The request. Raises Refused."""
    try:
        asked = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused(invalid_json("openai")) from error
    if not isinstance(asked.get("model"), str):
        raise Refused(openai_error("you must provide a model parameter"))
    return asked


def counted(asked: Json) -> int:
    """The tokens that are billed."""
    told = (asked.get(name) for name in ("input", "prompt", "query", "documents"))
    return sum(tokens.count(text) for one in told if one for text in ([one] if isinstance(one, str) else one))


def answer(path: str, asked: Json, *, floats: bool = False) -> Json:
    """The answer; ``floats`` is a provider that knows no base64."""
    count = counted(asked)
    if path == "/v1/embeddings":
        return _embeddings(asked, count, floats=floats)
    usage = {"prompt_tokens": count, "completion_tokens": 0, "total_tokens": count}
    match path:
        case "/v1/completions":
            choice = {"index": 0, "text": " and so on", "logprobs": None, "finish_reason": "stop"}
            return {"id": "cmpl-1", "object": "text_completion", "created": 0, "model": asked["model"],
                    "choices": [choice], "usage": usage}  # fmt: skip
        case "/v1/rerank":
            found = [{"index": at, "relevance_score": 1 / (at + 1)} for at in range(len(asked.get("documents", ())))]
            return {"id": "rerank-1", "model": asked["model"], "results": found, "usage": usage}
        case "/v1/moderations":
            said = {"flagged": False, "categories": {}, "category_scores": {}}
            return {"id": "modr-1", "model": asked["model"], "results": [said]}
        case _:
            return {"created": 0, "data": [{"b64_json": "iVBORw0KGgo="}]}


def _embeddings(asked: Json, count: int, *, floats: bool) -> Json:
    inputs = asked.get("input")
    if not inputs:
        raise Refused(openai_error("'input' must not be empty", param="input"))
    size = asked.get("dimensions") or _DIMENSIONS
    vectors = [_vector(text, size) for text in ([inputs] if isinstance(inputs, str) else inputs)]
    packed = asked.get("encoding_format") == "base64" and not floats
    rows = [
        {
            "object": "embedding",
            "index": at,
            "embedding": b64encode(struct.pack(f"<{size}f", *one)).decode() if packed else one,
        }
        for at, one in enumerate(vectors)
    ]
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "data": rows, "model": asked["model"], "usage": usage}


def _vector(text: Any, size: int) -> list[float]:
    """Numbers that float32 holds exactly, so that no form of them loses any."""
    return [(sha256(f"{text}/{at}".encode()).digest()[0] - 128) / 128 for at in range(size)]
