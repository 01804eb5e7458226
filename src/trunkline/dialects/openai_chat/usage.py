"""Token counts as OpenAI spells them, to and from buckets that never overlap.

Refuses to price them, and to guess: counts that cannot be read are as good as none.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count, told


class PromptDetails(Struct):
    """``prompt_tokens_details``."""

    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None


class CompletionDetails(Struct):
    """``completion_tokens_details``."""

    reasoning_tokens: Count | None = None


class WireUsage(Struct):
    """``usage``; ``prompt_cache_hit_tokens`` is DeepSeek's name for cached tokens, ``cached_tokens`` Moonshot's."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    prompt_tokens_details: PromptDetails | None = None
    completion_tokens_details: CompletionDetails | None = None
    prompt_cache_hit_tokens: Count | None = None
    cached_tokens: Count | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> Usage | None:
    """The buckets; None where nothing (usable) was told. A told zero is a zero."""
    wire = told(_DECODER, raw)
    if wire is None or (wire.prompt_tokens is None and wire.completion_tokens is None):
        return None
    return _buckets(wire)


def _buckets(wire: WireUsage) -> Usage:
    prompt, completion = wire.prompt_tokens or 0, wire.completion_tokens or 0
    details = wire.prompt_tokens_details or PromptDetails()
    read = min(details.cached_tokens or wire.prompt_cache_hit_tokens or wire.cached_tokens or 0, prompt)
    write = min(details.cache_write_tokens or 0, prompt - read)
    reasoning, output = _thinking(wire, prompt, completion)
    return Usage(input=prompt - read - write, cache_read=read, cache_write=write, output=output, reasoning=reasoning)


def _thinking(wire: WireUsage, prompt: int, completion: int) -> tuple[int, int]:
    """Reasoning tokens and the rest of the output.

    OpenAI counts reasoning inside ``completion_tokens``. xAI adds it on top, and Gemini adds it without telling it
    apart: there the total is larger than its parts.
    """
    told = (wire.completion_tokens_details or CompletionDetails()).reasoning_tokens or 0
    on_top = (wire.total_tokens or 0) - prompt - completion
    if on_top > 0 and on_top >= told:
        return on_top, completion
    inside = min(told, completion)
    return inside, completion - inside


def write_usage(usage: Usage) -> dict[str, Any]:
    """The object OpenAI's callers expect: prompt tokens with cached ones, completion tokens with reasoning."""
    return {
        "prompt_tokens": usage.prompt,
        "completion_tokens": usage.completion,
        "total_tokens": usage.total,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write + usage.cache_write_1h,
            "audio_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
