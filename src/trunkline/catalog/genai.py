"""A price book from the data of genai-prices: of the installed package, or of its data file.

Refuses the network; the one file that imports genai_prices, and only when a book is made.
"""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from importlib import metadata
from itertools import pairwise
from typing import Any

import msgspec

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceBookError, PriceList, checked
from trunkline.catalog.genai_form import DAY, GenaiModel, GenaiProvider, Said, Tiered
from trunkline.catalog.published import PublishedTier

PACKAGE = "genai-prices"
RENAMED = {"google": "gemini", "x-ai": "xai", "aws": "bedrock"}  # where trunkline's name of a provider is another

_BUCKETS = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning",
}
_REQUESTS = "requests_kcount"  # dollars per thousand calls


def installed(today: date) -> PriceList:
    """The book of the installed package's own data. Raises PriceBookError where it is not installed."""
    try:
        from genai_prices.data import providers  # noqa: PLC0415 - half a second, for this one command
    except ImportError:
        raise PriceBookError(
            "genai-prices is not installed: pip install 'trunkline[prices]', or name a file: --from FILE"
        ) from None
    return compiled(plain(providers), f"{PACKAGE} {metadata.version(PACKAGE)}", today)


def compiled(data: Any, source: str, today: date) -> PriceList:
    """The book of decoded data. Raises PriceBookError where it has another form."""
    try:
        providers = msgspec.convert(data, list[GenaiProvider])
        listed = {RENAMED.get(provider.id, provider.id): _provider(provider) for provider in providers}
        return checked(PriceList(source, today.isoformat(), listed))
    except (msgspec.ValidationError, ValueError) as error:
        raise PriceBookError(f"{source} has a form that is not known here: {error}") from error


def plain(value: Any) -> Any:
    """The package's objects as its data file would have them."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict) or hasattr(value, "__dict__"):
        items = value if isinstance(value, dict) else vars(value)
        return {name.rstrip("_"): plain(item) for name, item in items.items()}  # its field for "or" is or_
    return value


def _provider(provider: GenaiProvider) -> BookProvider:
    models: dict[str, BookModel] = {}
    taken = {model.id for model in provider.models}
    for model in provider.models:
        try:
            rows = _all_rows(model)
        except ValueError as error:
            raise ValueError(f"{provider.id}/{model.id}: {error}") from error
        if not rows:
            continue
        aliases = tuple(name for name in dict.fromkeys(model.match.names()) if name not in taken)
        taken.update(aliases)  # the first model that is recognised by a name has it
        models[model.id] = BookModel(rows, aliases, tuple(sorted(_uncounted(model))))
    like = tuple(RENAMED.get(name, name) for name in provider.fallback_model_providers or ())
    return BookProvider(models, like)


def _all_rows(model: GenaiModel) -> tuple[BookRow, ...]:
    """The standard rows, then those of each service that costs other; none where there is no price per token."""
    rows = tuple(_rows(model, None))
    for service in model.services if rows else ():
        own = tuple(_rows(model, service))
        rows += own if _differ(own, rows) else ()
    return rows


def _differ(own: tuple[BookRow, ...], standard: tuple[BookRow, ...]) -> bool:
    plain_rows = tuple(msgspec.structs.replace(row, service=None) for row in own)
    return plain_rows != tuple(row for row in standard if row.service is None)


def _rows(model: GenaiModel, service: str | None) -> Iterator[BookRow]:
    """The rows of a service, each start day's after the one before; none where any of them has no price per token."""
    limits = model.constraints(service)
    days = sorted({limit.start_date for limit in limits if limit.start_date is not None})
    marks = sorted({at for limit in limits for at in limit.window or ()})
    before: list[BookRow] = []
    rows: list[BookRow] = []
    for day in (None, *days):
        group = _day(model, service, day, marks)
        if group is None:
            return
        if group != before:
            rows += [msgspec.structs.replace(row, since=None if day is None else day.isoformat()) for row in group]
        before = group
    yield from rows


def _day(model: GenaiModel, service: str | None, day: date | None, marks: list[int]) -> list[BookRow] | None:
    """What holds once a day has come: the price around midnight, then the hours that differ from it."""
    around = _row(model.id, model.rates(service, day, marks[-1] if marks else 0), service)
    if around is None:
        return None
    rows = [around]
    for start, end in pairwise(marks):
        row = _row(model.id, model.rates(service, day, start), service)
        if row is None:
            return None
        if row != around:
            rows.append(msgspec.structs.replace(row, daily=f"{_clock(start)}-{_clock(end)}"))
    return rows


def _row(name: str, rates: Said, service: str | None) -> BookRow | None:
    """None where no price per token is known; nothing at all stands for free only where the name says so."""
    if not rates and name.endswith(":free"):
        rates = {"input_mtok": Decimal(0)}
    if "input_mtok" not in rates:
        return None
    said: dict[str, Any] = {bucket: tidy(_base(rates[key])) for key, bucket in _BUCKETS.items() if key in rates}
    request = tidy(_base(rates[_REQUESTS]) / 1000) if _REQUESTS in rates else None
    said.setdefault("output", Decimal(0))  # an embedding has no output to pay for
    return BookRow(**said, tiers=tuple(_tiers(rates)), service=service, request=request)


def _tiers(rates: Said) -> Iterator[PublishedTier]:
    tiered = {bucket: rate for key, bucket in _BUCKETS.items() if isinstance(rate := rates.get(key), Tiered)}
    for mark in sorted({step.start for rate in tiered.values() for step in rate.tiers}):
        yield PublishedTier(mark, **{bucket: tidy(rate.over(mark)) for bucket, rate in tiered.items()})


def _base(rate: Decimal | Tiered) -> Decimal:
    return rate.base if isinstance(rate, Tiered) else rate


def _uncounted(model: GenaiModel) -> set[str]:
    return {key.rpartition("_")[0] for key in model.keys - set(_BUCKETS) - {_REQUESTS}}


def _clock(at: int) -> str:
    hours, rest = divmod(at % DAY, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours:02d}:{minutes:02d}" + (f":{seconds:02d}" if seconds else "")


def tidy(amount: Decimal) -> Decimal:
    """The same amount without an exponent and without trailing zeros; exact, unlike ``normalize``."""
    text = f"{amount:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
