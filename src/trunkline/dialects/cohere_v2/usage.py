"""Token counts as Cohere tells them, in buckets that never overlap.

Refuses to guess: counts that cannot be read are as good as none.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import told

Count = Annotated[float, Meta(ge=0, le=10**9)]


class Counts(Struct):
    """Of one kind; the vendor writes them as decimals."""

    input_tokens: Count | None = None
    output_tokens: Count | None = None


class WireUsage(Struct):
    """``tokens`` is what the model read and wrote, the vendor's preamble included; ``billed_units`` what is paid."""

    billed_units: Counts | None = None
    tokens: Counts | None = None
    cached_tokens: Count | None = None


_DECODER = msgspec.json.Decoder(WireUsage)


def read_usage(raw: Raw) -> Usage | None:
    """The buckets, by what is billed where that is told; None where nothing (usable) was told."""
    wire = told(_DECODER, raw)
    if wire is None:
        return None
    for counts in (wire.billed_units, wire.tokens):
        if counts is not None and counts.input_tokens is not None:
            prompt = int(counts.input_tokens)
            read = min(int(wire.cached_tokens or 0), prompt)
            return Usage(input=prompt - read, cache_read=read, output=int(counts.output_tokens or 0))
    return None
