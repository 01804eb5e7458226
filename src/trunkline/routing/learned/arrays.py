"""Arrays of numbers inside msgspec structs, and their way into a file and back.

Refuses pickles: a policy file may come from anywhere, and what it holds are numbers and nothing that runs.
"""

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bags = NDArray[np.float32]  # of words: wide, mostly zeros, and only ever multiplied
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MOST_NUMBERS = 8_000_000  # of one array; 32 MB in the file
_ON_DISK = np.dtype("<f4")  # seven digits are more than any fit knows


def encode(value: object) -> list[Any]:
    """msgspec's ``enc_hook``: shape and bytes. Raises NotImplementedError for what is no array, as msgspec asks."""
    if not isinstance(value, np.ndarray):
        raise NotImplementedError(f"{type(value).__name__} does not belong into a policy file")
    return [list(value.shape), value.astype(_ON_DISK).tobytes()]


def decode(_: type, value: object) -> Floats:
    """msgspec's ``dec_hook``. Raises ValueError for what is no array of finite numbers of that shape."""
    match value:
        case [[*shape], bytes() as data]:
            sides = [side for side in shape if isinstance(side, int) and side >= 0]
            if len(sides) != len(shape) or prod(sides) > MOST_NUMBERS or prod(sides) * _ON_DISK.itemsize != len(data):
                raise ValueError(f"an array of shape {shape} does not have {len(data)} bytes")
            numbers: Floats = np.frombuffer(data, _ON_DISK).reshape(sides).astype(np.float64)
            if not np.isfinite(numbers).all():
                raise ValueError("an array holds numbers that are not finite")
            return numbers
        case _:
            raise ValueError("an array is [shape, bytes]")


def sigmoid(score: Floats) -> Floats:
    """Log odds to probability, without overflow."""
    chance: Floats = 1.0 / (1.0 + np.exp(-np.clip(score, -30.0, 30.0)))
    return chance


def log_odds(chance: Floats) -> Floats:
    """Probability to log odds; kept within 2 % and 98 %, beyond which nothing fitted on thousands of rows knows."""
    kept = np.clip(chance, 0.02, 0.98)
    odds: Floats = np.log(kept / (1.0 - kept))
    return odds
