"""A virtual key as it is kept: its digest and what it may do, never the key.

Refuses to know how keys are made and proved.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.call import Priority
from trunkline.stores.records import Millis

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$")]
Rate = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class KeyScope(Struct, frozen=True, omit_defaults=True):
    """What a key may do; None is without limit."""

    models: tuple[str, ...] | None = None
    team: Name | None = None
    tags: tuple[Name, ...] = ()
    requests_per_minute: Rate | None = None
    tokens_per_minute: Rate | None = None
    concurrent: Rate | None = None
    budget_usd: str | None = None  # decimal dollars in each calendar month, UTC
    expires: Millis | None = None
    targets: tuple[str, ...] | None = None
    priority: Priority = "normal"
    requires: tuple[Name, ...] = ()  # tags that every target of its calls must have


class KeyRow(Struct, frozen=True):
    """A key: ``digest`` is its HMAC-SHA256 under the pepper, ``hint`` the last four characters people know it by."""

    id: str
    name: Name
    digest: bytes
    hint: str
    created: Millis
    scope: KeyScope = KeyScope()
    revoked: Millis | None = None

    def usable(self, now: Millis) -> bool:
        """Neither revoked nor expired."""
        return self.revoked is None and (self.scope.expires is None or now < self.scope.expires)
