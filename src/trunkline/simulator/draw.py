"""Repeatable chance: the same parts always draw the same number, in any process and any order of calls.
It knows nothing of models, prompts or providers.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")


def fraction(*parts: object) -> float:
    """A number in [0, 1) that depends on the parts alone."""
    return int.from_bytes(_digest(parts)[:8], "big") / 2**64


def choose(options: Sequence[T], *parts: object) -> T:
    """One of the options, always the same one for the same parts."""
    return options[int(fraction(*parts) * len(options))]


def identifier(prefix: str, length: int, *parts: object) -> str:
    """An id such as ``call_3f9a...``: the prefix and `length` (at most 64) hexadecimal characters."""
    return prefix + _digest(parts).hex()[:length]


def _digest(parts: tuple[object, ...]) -> bytes:
    text = "\x1f".join(map(str, parts))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).digest()
