"""Stretches of time in which a provider is not itself, as data: down, hanging, slow, failing, flooded, flapping.
It refuses to know how a fault looks on the wire: those are the simulator's.
"""

from msgspec import Struct

from trunkline.simulator import Fault

NEVER = float("inf")
DAILY = (  # what providers fail with on an ordinary day, before the first content; equally often
    Fault(kind="status", status=500),
    Fault(kind="status", status=503),
    Fault(kind="reset"),
    Fault(kind="error-in-stream"),
)


class Spell(Struct, frozen=True, kw_only=True):
    """From ``start`` until ``until`` (seconds of the run), ``share`` of the requests meet one of ``faults``.

    ``refuses``  they get no connection, instead. ``slower`` everything takes so many times as long, for all requests.
    """

    start: float = 0.0
    until: float = NEVER
    share: float = 1.0
    faults: tuple[Fault, ...] = ()
    refuses: bool = False
    slower: float = 1.0

    @property
    def deadly(self) -> bool:
        """Nothing comes from the provider while it lasts, not even a 429, which says when to come back."""
        return self.share == 1.0 and (self.refuses or any(fault.status != 429 for fault in self.faults))


def down(start: float, until: float) -> Spell:
    """Connections are refused."""
    return Spell(start=start, until=until, refuses=True)


def hangs(start: float, until: float) -> Spell:
    """Connections are accepted, and that is all."""
    return Spell(start=start, until=until, faults=(Fault(kind="silence"),))


def slower(times: float, start: float, until: float) -> Spell:
    """Everything takes so many times as long."""
    return Spell(start=start, until=until, slower=times)


def failing(share: float, start: float = 0.0, until: float = NEVER) -> Spell:
    """A share of all requests fails as on an ordinary day."""
    return Spell(start=start, until=until, share=share, faults=DAILY)


def flooded(start: float, until: float, *, retry_after: float) -> Spell:
    """Every request is a 429 that says when to come back."""
    return Spell(start=start, until=until, faults=(Fault(kind="status", status=429, retry_after=retry_after),))


def flapping(start: float, until: float, *, down_for: float, up_for: float) -> tuple[Spell, ...]:
    """Down and up again, all the time."""
    count = int((until - start) / (down_for + up_for))
    begins = [start + number * (down_for + up_for) for number in range(count)]
    return tuple(down(begin, begin + down_for) for begin in begins)
