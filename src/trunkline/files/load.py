"""What a batch asks of one model, in sums, and the most it can cost; and what must be known of it later.

Refuses to guess low: what rests on these numbers is a promise never to overspend.
"""

from collections.abc import Callable

from msgspec import Struct

from trunkline.catalog.price import Price
from trunkline.core.money import Nanos
from trunkline.stores.records import UsageRecord

SERVICE = "batch"
"""The word for batches among a tariff's services; where it has no such price the standard one is reckoned."""


class Load(Struct, frozen=True):
    """Requests for one model: its names as callers say them (``routes``), and as its provider does.

    ``prompt`` and ``answer`` are the most tokens all lines together can have, ``longest`` the most of one prompt.
    """

    routes: tuple[str, ...]
    model: str
    lines: int = 0
    prompt: int = 0
    longest: int = 0
    answer: int = 0

    def plus(self, prompt: int, answer: int) -> "Load":
        """With one line more."""
        return Load(
            self.routes,
            self.model,
            self.lines + 1,
            self.prompt + prompt,
            max(self.longest, prompt),
            self.answer + answer,
        )

    def most(self, price: Price) -> Nanos:
        """What all lines cost at most: each bucket at the dearest rate that any line can reach.

        A line is rounded half up by itself, so each may cost a nano-dollar more than its share.
        """
        reached = [price, *(tier.price for tier in price.tiers if self.longest > tier.over)]

        def dearest(tokens: int, rate: Callable[[Price], int]) -> Nanos:
            return max(-(-tokens * rate(one) // one.per_nano) for one in reached)

        prompt = dearest(self.prompt, lambda one: max(one.input, one.cache_read, one.cache_write, one.cache_write_1h))
        answer = dearest(self.answer, lambda one: max(one.output, one.reasoning))
        most = prompt + answer + dearest(self.lines, lambda one: one.request)
        return most + self.lines if most else 0


class FileAbout(Struct, frozen=True, omit_defaults=True):
    """Of a file that is a batch's: the ``url`` all its lines name, and what they ask.

    ``capped``: every line has a limit on its answer, set here where it had none.
    """

    url: str = ""
    loads: tuple[Load, ...] = ()
    capped: bool = False


class Held(Struct, frozen=True):
    """Money held for one model's lines, and the record that will stand."""

    nanos: Nanos
    draft: UsageRecord


class BatchAbout(Struct, frozen=True):
    """Of a batch: the file it was made of, who holds its money, and how much for which model."""

    file: str
    url: str
    owner: str
    holds: tuple[Held, ...] = ()
