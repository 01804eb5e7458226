"""Token counts as OpenAI's responses spell them, to and from buckets that never overlap.

Refuses to guess: counts that cannot be read are as good as none.
"""

from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count, told


class InputDetails(Struct):
    """``input_tokens_details``; the second pair of names is Perplexity's."""

    cached_tokens: Count | None = None
    cache_write_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_creation_input_tokens: Count | None = None


class OutputDetails(Struct):
    """``output_tokens_details``."""

    reasoning_tokens: Count | None = None


class WireUsage(Struct):
    """``usage``: input with cached tokens, output with reasoning."""

    input_tokens: Count
    output_tokens: Count
    input_tokens_details: InputDetails | None = None
    output_tokens_details: OutputDetails | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> Usage | None:
    """The buckets; None where nothing (usable) was told."""
    wire = told(_DECODER, raw)
    if wire is None:
        return None
    details = wire.input_tokens_details or InputDetails()
    read = min(details.cached_tokens or details.cache_read_input_tokens or 0, wire.input_tokens)
    written = details.cache_write_tokens or details.cache_creation_input_tokens or 0
    write = min(written, wire.input_tokens - read)
    thought = min((wire.output_tokens_details or OutputDetails()).reasoning_tokens or 0, wire.output_tokens)
    return Usage(
        input=wire.input_tokens - read - write,
        cache_read=read,
        cache_write=write,
        output=wire.output_tokens - thought,
        reasoning=thought,
    )


def write_usage(usage: Usage) -> dict[str, Any] | None:
    """The object a caller expects; None where nothing is known: zeros would be a lie."""
    if usage.source == "unknown":
        return None
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read,
            "cache_write_tokens": usage.cache_write + usage.cache_write_1h,
        },
        "output_tokens": usage.completion,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.total,
    }
