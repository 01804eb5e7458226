"""Every price of one model: which holds is a question of when, and of the service asked for.

Refuses to know models' names and where prices were published.
"""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from trunkline.catalog.price import Price

DAY = 86_400


class Dated(Struct, frozen=True):
    """A price from a moment on, and daily between two seconds of the UTC day: ``start <= second < end``.

    ``since`` in seconds since 1970 (UTC). A window whose end is not after its start passes midnight.
    """

    price: Price
    since: int = 0
    start: int = 0
    end: int = DAY

    def holds(self, now: float) -> bool:
        """True at this moment, in seconds since 1970."""
        if now < self.since:
            return False
        second = now % DAY
        if self.start < self.end:
            return self.start <= second < self.end
        return second >= self.start or second < self.end


class Tariff(Struct, frozen=True):
    """Find it once for an endpoint; ``price`` costs about a microsecond at most.

    ``version`` says which prices these are, for records. ``services`` are prices of ``flex``, ``priority``, ``batch``
    and the like, by that word.
    """

    version: str
    standard: tuple[Dated, ...]
    services: Mapping[str, tuple[Dated, ...]] = {}

    @classmethod
    def always(cls, price: Price, version: str) -> "Tariff":
        """A price that depends on nothing, as somebody's config says it."""
        return cls(version, (Dated(price),))

    def raised(self, percent: int) -> "Tariff":
        """One so much higher; 0 is the same."""
        if percent == 0:
            return self

        def rows(told: tuple[Dated, ...]) -> tuple[Dated, ...]:
            return tuple(replace(row, price=row.price.raised(percent)) for row in told)

        services = {name: rows(told) for name, told in self.services.items()}
        return Tariff(f"{self.version}+{percent}%", rows(self.standard), services)

    def price(self, now: float, service: str | None = None) -> Price:
        """What a call that begins now costs; ``now`` in seconds since 1970.

        The last row that holds counts, or the first where none does. A service without a price of its own costs the
        standard price, as vendors serve and bill what they have no such service for.
        """
        rows = self.services.get(service, self.standard) if service else self.standard
        if len(rows) == 1:
            return rows[0].price
        return next((row.price for row in reversed(rows) if row.holds(now)), rows[0].price)
