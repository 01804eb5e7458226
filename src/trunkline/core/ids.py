"""Ids: random digits, so many that no two are the same.

Refuses to make secrets: an id is told to everybody, and whoever has seen enough of them can say the next.
"""

import os
from random import Random

_random = Random()  # noqa: S311 - no secrets; asking the operating system each time costs five times as much
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.seed)  # anew from the operating system: two processes draw no id twice


def new_id(size: int) -> str:
    """``size`` random bytes as lower-case hex digits."""
    return _random.randbytes(size).hex()
