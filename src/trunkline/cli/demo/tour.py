"""The tour as it runs: a row for each step, filled as its answer comes.

Refuses to draw anything.
"""

from collections.abc import Callable, Sequence

from trunkline.cli.demo.call import Caller, Seen
from trunkline.cli.demo.steps import Step, shown
from trunkline.core.errors import CallError
from trunkline.core.money import Nanos, nanos, usd
from trunkline.simulator.config import Config as Clouds
from trunkline.simulator.prices import Tariff, Usage

LOCAL_PRICE = 0  # nano-dollars: the model runs on this machine


class Row:
    """A step of the tour: waiting, running, done, or skipped."""

    def __init__(self, number: int, step: Step) -> None:
        self.number = number
        self.step = step
        self.text = ""  # of the answer so far
        self.running = False
        self.skipped = False
        self.seen: Seen | None = None
        self.surprise: str | None = None
        self.price: Nanos | None = None  # by the provider's own price list

    @property
    def fell_back(self) -> bool:
        """True when another provider answered than the first that was asked."""
        return self.seen is not None and self.seen.attempts > 1

    @property
    def cost(self) -> Nanos | None:
        """Nano-dollars of the answer; None where nobody knows."""
        seen = self.seen
        if seen is None or not seen.attempts:
            return 0 if seen else None
        if self.price is not None:
            return self.price
        return None if seen.cost in {"", "unknown"} else nanos(seen.cost)

    @property
    def is_expected(self) -> bool:
        """True when the cost is what the gateway expected before the answer had ended, and no more is known."""
        return self.seen is not None and self.seen.cost_source == "expected" and self.price is None


class Tour:
    """Walks through the steps; ``changed`` is told whenever a row has."""

    def __init__(self, steps: Sequence[Step], clouds: Clouds, changed: Callable[[Row], None]) -> None:
        self.rows = [Row(number, step) for number, step in enumerate(steps, 1)]
        self._clouds = clouds
        self._changed = changed

    @property
    def surprises(self) -> list[Row]:
        """The rows that did not end as they should."""
        return [row for row in self.rows if row.surprise]

    async def run(self, caller: Caller, *, has_local: bool) -> None:
        """Every step, one after the other."""
        for row in self.rows:
            if row.step.is_local and not has_local:
                row.skipped = True
            else:
                await self._ask(caller, row)
            self._changed(row)

    async def _ask(self, caller: Caller, row: Row) -> None:
        def watch(text: str) -> None:
            row.text = " ".join(text.split())
            self._changed(row)

        row.running = True
        self._changed(row)
        try:
            seen = await caller.ask(row.step.dialect, row.step.body(), watch)
        except CallError as error:
            row.surprise = f"{type(error).__name__}: {error}"
        else:
            row.seen, row.text = seen, shown(seen)
            row.price = self._price(seen)
            row.surprise = row.step.surprise(seen) or wrong_cost(seen, row.price)
        row.running = False

    def _price(self, seen: Seen) -> Nanos | None:
        """What the reported tokens cost by the provider's own price list; None without an answer or its usage."""
        if seen.error is not None or seen.usage.source != "reported":
            return None
        provider = self._clouds.providers.get(seen.provider)
        if provider is None:
            return LOCAL_PRICE
        model = provider.models.get(seen.model)
        return None if model is None else Tariff.of(model.prices).cost(_as_billed(seen))


def wrong_cost(seen: Seen, price: Nanos | None) -> str | None:
    """A surprise when the gateway's figure for a whole answer is not that of the provider's price list."""
    if price is None or seen.cost_source != "reported" or seen.cost == usd(price):
        return None
    return f"cost: the gateway says ${seen.cost}, the price list ${usd(price)}"


def _as_billed(seen: Seen) -> Usage:
    usage = seen.usage
    return Usage(
        input=usage.input,
        cache_read=usage.cache_read,
        cache_write=usage.cache_write + usage.cache_write_1h,
        output=usage.completion,
    )
