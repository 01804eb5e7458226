"""Counts of tokens as providers tell them: read where they can be read, else as good as none.

Refuses to know how a dialect spells them, and to lose an answer for its counts.
"""

from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Raw

Count = Annotated[int, Meta(ge=0, le=10**9)]
"""A billion tokens is beyond any window: more is a fault of the provider, not a bill."""
Wire = TypeVar("Wire")


def told(decoder: msgspec.json.Decoder[Wire], raw: Raw) -> Wire | None:
    """What stands in a ``usage`` field; None where nothing (usable) does."""
    text = bytes(raw)
    if text in (b"", b"null"):
        return None
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
