"""Token counts as Google spells them, to and from buckets that never overlap.

Refuses to guess: counts that cannot be read are as good as none.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count, told


class WireUsage(Struct, rename="camel"):
    """``usageMetadata``: the prompt with cached tokens, the candidates without their thoughts."""

    prompt_token_count: Count | None = None
    candidates_token_count: Count | None = None
    cached_content_token_count: Count | None = None
    thoughts_token_count: Count | None = None
    tool_use_prompt_token_count: Count | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> Usage | None:
    """The buckets; None where nothing (usable) was told."""
    wire = told(_DECODER, raw)
    if wire is None or (wire.prompt_token_count is None and wire.candidates_token_count is None):
        return None
    prompt = (wire.prompt_token_count or 0) + (wire.tool_use_prompt_token_count or 0)
    read = min(wire.cached_content_token_count or 0, prompt)
    output, thoughts = wire.candidates_token_count or 0, wire.thoughts_token_count or 0
    return Usage(input=prompt - read, cache_read=read, output=output, reasoning=thoughts)


def write_usage(usage: Usage) -> dict[str, Any]:
    """The object a caller expects, in a field of its own; empty where nothing is known: zeros would be a lie."""
    if usage.source == "unknown":
        return {}
    told = {
        "promptTokenCount": usage.prompt,
        "candidatesTokenCount": usage.output,
        "totalTokenCount": usage.total,
        "cachedContentTokenCount": usage.cache_read,
        "thoughtsTokenCount": usage.reasoning,
    }
    always = ("promptTokenCount", "candidatesTokenCount", "totalTokenCount")
    return {"usageMetadata": {name: count for name, count in told.items() if count or name in always}}
