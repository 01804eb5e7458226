"""What callers left with providers, files and batches, as a store keeps it: whose each is, above all.

Refuses to know what a file or a batch is good for, and what providers say of them means.
"""

from typing import Literal

from msgspec import Struct

from trunkline.stores.records import Millis

Kind = Literal["file", "batch"]


class Belonging(Struct, frozen=True, kw_only=True):
    """One file or batch at one provider.

    ``id``      the provider's own; of one provider and kind no two are the same.
    ``owner``   the name of the virtual key that made it: for everybody else it does not exist.
    ``purpose`` of a file.
    ``about``   what the house must know of it later, as JSON.
    ``shown``   what its provider said of it last, as JSON; empty until it has said anything: it is being made.
    ``open``    it has not ended, and is to be looked after.
    ``looked``  when somebody last did.
    """

    kind: Kind
    provider: str
    id: str
    owner: str
    at: Millis
    purpose: str = ""
    about: str = ""
    shown: str = ""
    open: bool = False
    looked: Millis = 0


class Listing(Struct, frozen=True):
    """Which of an owner's belongings: the newest first, or the oldest; those behind ``after``, an id of theirs."""

    kind: Kind
    owner: str
    purpose: str | None = None
    after: str | None = None
    oldest_first: bool = False
    limit: int = 20


Added = Literal["added", "known", "full"]
"""``known``: the provider has given this id before; ``full``: its owner has as many as may be."""
