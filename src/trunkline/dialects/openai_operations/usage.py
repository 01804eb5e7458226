"""Token counts of operations besides chats, under all the names they have.

Refuses to make tokens of seconds and characters.
"""

import msgspec
from msgspec import Raw, Struct

from trunkline.core.usage import Usage
from trunkline.dialects.counts import Count, told
from trunkline.dialects.openai_chat.usage import read_usage


class _Counts(Struct):
    input_tokens: Count | None = None
    output_tokens: Count | None = None
    total_tokens: Count | None = None


_COUNTS = msgspec.json.Decoder(_Counts)


def read_counts(raw: Raw) -> Usage | None:
    """OpenAI's ``usage``: of pictures and of sound it has other names. Jina and Voyage tell ``total_tokens`` alone."""
    known = read_usage(raw)
    if known is not None:
        return known
    counts = told(_COUNTS, raw)
    if counts is None:
        return None
    if counts.input_tokens is not None:
        return Usage(input=counts.input_tokens, output=counts.output_tokens or 0)
    return None if counts.total_tokens is None else Usage(input=counts.total_tokens)
