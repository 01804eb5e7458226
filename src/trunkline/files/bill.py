"""What a batch has cost: the lines of its output, each at the price of its own prompt's length.

Refuses to take a provider's sum where the lines are there: a sum hides which of them passed a tier.
"""

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from trunkline.accounting.ledger import DEAREST, MOST_COUNTED
from trunkline.catalog.tariff import Tariff
from trunkline.core.dialect import ProviderDialect
from trunkline.core.errors import CallError
from trunkline.core.money import Nanos
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_responses.usage import read_usage
from trunkline.files.load import SERVICE, Held
from trunkline.stores.records import OK, Millis, UsageRecord

LONGEST_LINE = 64 * 1024 * 1024  # bytes of an answer, as of a whole answer to one call
GOOD = 200


class _Response(Struct):
    status_code: int = 0
    body: Raw = Raw(b"")


class _Line(Struct):
    response: _Response | None = None


class _Model(Struct):
    model: str = ""


_LINE = msgspec.json.Decoder(_Line)
_MODEL = msgspec.json.Decoder(_Model)


class Account:
    """Adds up the lines of one model; ``cost`` is None as soon as one of them is not known."""

    def __init__(self, held: Held, tariff: Tariff | None) -> None:
        self.held = held
        self.usage = Usage()
        self.cost: Nanos | None = 0
        self.lines = 0
        self._price = None if tariff is None else tariff.price(held.draft.at / 1000, SERVICE)

    def add(self, usage: Usage) -> None:
        """One line more, or the sum of all."""
        self.lines += 1
        if usage.source != "reported" or not _credible(usage):
            self.cost = None
            self.usage = replace(self.usage, source="unknown")
            return
        self.usage = replace(self.usage.plus(usage), source=self.usage.source)
        if self.cost is not None and usage.total:
            self.cost = None if self._price is None else self.cost + self._price.charge(usage)

    def unknown(self) -> None:
        """Nobody can say what it was."""
        self.add(UNKNOWN_USAGE)

    def record(self, status: str, now: Millis) -> UsageRecord:
        """What the ledger says; where the cost is not known, budgets are charged what was held."""
        free = self._price is not None and not self.held.nanos
        cost = 0 if free else self.cost
        cost = cost if cost is None or cost <= DEAREST else None
        return replace(
            self.held.draft,
            usage=self.usage,
            cost=cost,
            booked=self.held.nanos if cost is None else cost,
            outcome=OK if self.lines or status == "completed" else f"batch_{status}",
            duration=max(0, now - self.held.draft.at),
        )


class Bill:
    """The accounts of one batch by its provider's names of models."""

    def __init__(self, accounts: Mapping[str, Account], dialect: ProviderDialect) -> None:
        self.accounts = accounts
        self._dialect = dialect

    def add(self, line: bytes) -> None:
        """One line of the output, or of the errors, where a refused request costs nothing."""
        try:
            response = _LINE.decode(line).response
            if response is None or response.status_code != GOOD:
                return
            body = bytes(response.body)
            account = self._of(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unknown()
            return
        try:
            account.add(self._dialect.sight(body).usage)
        except CallError:  # an answer that nobody can read was paid for all the same
            account.unknown()

    def _of(self, body: bytes) -> Account:
        """Whose line it is: answers name a snapshot (``gpt-x-2026-01-01``) of what was asked for (``gpt-x``)."""
        if len(self.accounts) > 1:
            said = _MODEL.decode(body).model
            named = [name for name in self.accounts if said == name or said.startswith(name)]
            if named:
                return self.accounts[max(named, key=len)]
        return max(self.accounts.values(), key=lambda one: one.held.nanos)

    def unknown(self) -> None:
        """Nobody can say what was used."""
        for account in self.accounts.values():
            account.unknown()

    def take_sum(self, usage: Raw) -> None:
        """The provider's own sum, where its lines cannot be had."""
        told = read_usage(usage)
        only = next(iter(self.accounts.values())) if len(self.accounts) == 1 else None
        if told is None or not told.total or only is None:
            self.unknown()  # some tell a sum of zeros while lines say otherwise
        else:
            only.add(told)


def _credible(usage: Usage) -> bool:
    counts = (usage.input, usage.cache_read, usage.cache_write, usage.cache_write_1h, usage.output, usage.reasoning)
    return min(counts) >= 0 and max(counts) <= MOST_COUNTED


class Cut:
    """Cuts bytes as they come into lines."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The lines that these bytes complete. Raises ValueError for one that does not end."""
        head, *more = data.split(b"\n")
        self._rest.append(head)
        self._size += len(head)
        if self._size > LONGEST_LINE:
            raise ValueError(f"a line has over {LONGEST_LINE} bytes")
        if not more:
            return
        yield b"".join(self._rest)
        yield from more[:-1]
        self._rest, self._size = [more[-1]], len(more[-1])

    @property
    def rest(self) -> bytes:
        """What no line end has followed."""
        return b"".join(self._rest)
