"""Bodies that no client should send, made of one that it may: junk in place of each value, and what is barely JSON.

Each path a program answers at has a whole body here, with every field that it is known to look at.
"""

import json
from collections.abc import Iterator
from typing import Any

from tests.dialects.test_translation_requests import REQUEST
from tests.spoken import ANSWERED

Json = dict[str, Any]
HUGE = 10**400
DEEP = 100_000
JUNK: tuple[Any, ...] = (
    None, [], {}, "", "odd", -1, 0, 2**63, 10**30, 1.5, True, [None], [[], {}, None], [{}], {"odd": None}, ["odd"], [0],
    "\ud800", "\x00", {"": {"": [{}]}},
)  # fmt: skip
RAW = {
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "1e999": b"1e999",
    "400 digits": str(HUGE).encode(),
    "deep": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "many keys": json.dumps({f"k{number}": number for number in range(10_000)}).encode(),
    "half a surrogate": b'"\\ud800"',
    "no utf-8": b'"\xff\xfe"',
    "cut": b'{"a": [1,',
    "nothing": b"",
}
"""What stands in place of a value, and cannot be said with ``json.dumps``."""

_MARK = "\u0001the junk\u0001"


def values(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, the whole first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from values(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    """The same with junk at the end of the way."""
    if not path:
        return junk
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], junk)
    return copy


def raw_at(value: Any, path: tuple[Any, ...], raw: bytes) -> bytes:
    """The JSON of a value with these bytes at the end of the way."""
    return json.dumps(put(value, path, _MARK)).encode().replace(json.dumps(_MARK).encode(), raw)


def malformed(body: Json) -> Iterator[tuple[str, bytes]]:
    """Every body that differs from this one in one value, each with a name."""
    for path in values(body):
        where = ".".join(map(str, path)) or "body"
        for junk in JUNK:
            yield f"{where}={junk!r:.40}", json.dumps(put(body, path, junk)).encode()
        if len(path) <= 2:
            for name, raw in RAW.items():
                yield f"{where}={name}", raw_at(body, path, raw)


def _chat(name: str, model: str, **more: Any) -> Json:
    dialect = next(row.dialect for row in ANSWERED if row.name == name)
    return {**json.loads(dialect.write_request(REQUEST, model).body), **more}


USER = {"role": "user", "content": "hi"}
WORDS: dict[str, Json] = {
    "/v1/embeddings": {
        "model": "sim", "input": ["a", "b"], "encoding_format": "base64", "dimensions": 8, "user": "u",
        "input_type": "query",
    },
    "/v1/completions": {
        "model": "sim", "prompt": ["a"], "max_tokens": 5, "n": 1, "best_of": 1, "stream": False, "stop": ["x"],
        "stream_options": None, "temperature": 0.5, "echo": False, "suffix": "", "logprobs": None, "user": "u",
    },
    "/v1/rerank": {"model": "sim", "query": "q", "documents": ["a", {"text": "b"}], "top_n": 1},
    "/v1/moderations": {"model": "sim", "input": ["a", {"type": "text", "text": "b"}]},
    "/v1/images/generations": {
        "model": "sim", "prompt": "p", "n": 1, "size": "1x1", "quality": "low", "response_format": "b64_json",
        "stream": False,
    },
    "/v1/audio/speech": {"model": "sim", "input": "a", "voice": "v", "response_format": "mp3", "speed": 1.0},
}  # fmt: skip
"""Operations besides chats."""


def chats(model: str = "sim") -> dict[str, Json]:
    """Whole bodies of chats by dialect: messages of every kind, tools, and the options."""
    more: dict[str, Json] = {
        "openai": {
            "top_p": 0.5, "n": 1, "seed": 1, "logprobs": True, "top_logprobs": 1, "reasoning_effort": "low",
            "service_tier": "auto", "metadata": {"a": "b"}, "modalities": ["text"], "logit_bias": {"1": 1},
            "presence_penalty": 0.1, "frequency_penalty": 0.1, "stop": ["END"], "prediction": None, "max_tokens": 9,
            "functions": None, "function_call": None, "audio": None, "web_search_options": None,
            "prompt_cache_key": "k", "safety_identifier": "s", "store": False, "verbosity": "low",
        },
        "responses": {
            "instructions": "i", "include": ["reasoning.encrypted_content"], "metadata": {"a": "b"},
            "previous_response_id": None, "conversation": None, "prompt": None, "truncation": "auto", "store": False,
            "reasoning": {"effort": "low", "summary": "auto"}, "service_tier": "auto", "background": False,
            "max_tool_calls": 3, "top_logprobs": 1, "stream_options": None,
        },
        "anthropic": {
            "metadata": {"user_id": "u"}, "service_tier": "auto", "container": None,
            "mcp_servers": None, "thinking": {"type": "enabled", "budget_tokens": 1024}, "output_config": None,
            "context_management": None, "betas": None, "max_tokens": 2000, "temperature": 1, "top_k": None,
            "tool_choice": {"type": "auto"}, "top_p": None, "output_format": None,
        },
        "gemini": {
            "safetySettings": [{"category": "c", "threshold": "t"}], "cachedContent": None, "labels": {"a": "b"},
        },
        "bedrock": {
            "additionalModelRequestFields": {"top_k": 1}, "guardrailConfig": None, "requestMetadata": {"a": "b"},
            "performanceConfig": {"latency": "standard"}, "promptVariables": None,
            "additionalModelResponseFieldPaths": ["/a"],
        },
        "ollama": {"think": True, "keep_alive": "5m", "format": "json", "options": {"num_ctx": 4000, "num_predict": 9}},
        "cohere": {
            "k": 1, "p": 0.5, "seed": 1, "safety_mode": "OFF", "documents": ["a"], "citation_options": {"mode": "OFF"},
            "strict_tools": False, "thinking": {"type": "enabled", "token_budget": 100}, "priority": 1,
        },
    }  # fmt: skip
    return {name: _chat(name, model, **fields) for name, fields in more.items()}
