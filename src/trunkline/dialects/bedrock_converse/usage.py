"""Token counts as Bedrock spells them: like Anthropic's, its input leaves out what a cache served or stored.

Refuses to guess: counts that cannot be read are as good as none. What of the output was thinking is not told.
"""

import msgspec
from msgspec import Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count, told


class CacheDetail(Struct, rename="camel"):
    """Tokens stored for one time: ``5m`` or ``1h``."""

    ttl: str = ""
    input_tokens: Count = 0


class WireUsage(Struct, rename="camel"):
    """``usage`` of an answer, or of the ``metadata`` event that ends a stream."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None
    cache_read_input_tokens: Count | None = None
    cache_write_input_tokens: Count | None = None
    cache_details: list[CacheDetail] | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> Usage | None:
    """The buckets; None where nothing (usable) was told."""
    wire = told(_DECODER, raw)
    if wire is None or (wire.input_tokens is None and wire.output_tokens is None):
        return None
    details = wire.cache_details or []
    stored = wire.cache_write_input_tokens
    if stored is None:
        stored = sum(detail.input_tokens for detail in details)
    hour = min(sum(detail.input_tokens for detail in details if detail.ttl == "1h"), stored)
    return Usage(
        input=wire.input_tokens or 0,
        cache_read=wire.cache_read_input_tokens or 0,
        cache_write=stored - hour,
        cache_write_1h=hour,
        output=wire.output_tokens or 0,
    )
