"""An answer on its way out: all that a dialect needs to write it.
A value only; it refuses to know which dialect that is.
"""

from msgspec import Struct

from trunkline.simulator.ask import Answer, Ask
from trunkline.simulator.prices import Usage


class Delivery(Struct, frozen=True, kw_only=True):
    """`id` is the bare id, without the vendor's prefix; `created` is seconds since 1970."""

    ask: Ask
    answers: tuple[Answer, ...]
    usage: Usage
    id: str
    created: int
    shows_usage: bool = True
