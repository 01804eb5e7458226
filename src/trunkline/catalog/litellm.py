"""A price book from LiteLLM's price file.

Refuses to guess: an entry whose price is not whole, or nothing at all, is left out and so stays unknown.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from trunkline.catalog.book import BookModel, BookProvider, BookRow, PriceBookError, PriceList
from trunkline.catalog.genai import tidy
from trunkline.catalog.published import PublishedTier

RENAMED = {
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "fireworks_ai": "fireworks",
    "fireworks_ai-embedding-models": "fireworks",
    "text-completion-openai": "openai",
    "together_ai": "together",
}

_BUCKETS = {
    "input_cost_per_token": "input",
    "output_cost_per_token": "output",
    "output_cost_per_reasoning_token": "reasoning",
    "cache_read_input_token_cost": "cache_read",
    "cache_creation_input_token_cost": "cache_write",
    "cache_creation_input_token_cost_above_1hr": "cache_write_1h",
    "input_cost_per_request": "request",
}
_FIELD = re.compile(
    rf"^({'|'.join(sorted(_BUCKETS, key=len, reverse=True))})(?:_above_(\d{{1,6}})k_tokens)?(?:_([a-z]+))?$"
)
_SERVICES = {"batches": "batch"}  # where trunkline's word is another
_WITHOUT_OUTPUT = {"embedding", "rerank", "moderation"}
_PER_MILLION = 1_000_000

Rates = dict[tuple[str, int], Decimal]
"""By bucket and the prompt length over which they hold, 0 for any."""


def imported(data: Any, today: date) -> PriceList:
    """The book of the file's JSON. Raises PriceBookError where it is none of LiteLLM's."""
    if not isinstance(data, dict) or not all(isinstance(entry, dict) for entry in data.values()):
        raise PriceBookError("this is not LiteLLM's price file: it maps models to their prices")
    providers: dict[str, dict[str, BookModel]] = {}
    for name, entry in data.items():
        provider = entry.get("litellm_provider")
        model = _model(entry)
        if isinstance(provider, str) and model is not None:
            models = providers.setdefault(RENAMED.get(provider, provider), {})
            models.setdefault(_bare(name, provider), model)  # the first entry of a name counts
    if not providers:
        raise PriceBookError("this is not LiteLLM's price file: no model in it has a price per token")
    listed = {provider: BookProvider(models) for provider, models in providers.items()}
    return PriceList(f"litellm {today}", today.isoformat(), listed)


def with_more(present: PriceList, more: PriceList) -> PriceList:
    """A book and what another has beside it; where both have a model, the first book's price counts."""
    providers = dict(present.providers)
    for name, listed in more.providers.items():
        own = providers.get(name, BookProvider({}))
        providers[name] = BookProvider({**listed.models, **own.models}, own.like)
    source = present.source if more.source in present.source else f"{present.source} + {more.source}"
    return PriceList(source, more.as_of, providers)


def _bare(name: str, provider: str) -> str:
    """A model's name as its provider has it: LiteLLM often puts its own word for the provider before it."""
    head, slash, rest = name.partition("/")
    return rest if slash and provider.startswith(head) else name


def _model(entry: Mapping[str, Any]) -> BookModel | None:
    if "tiered_pricing" in entry:
        return None  # its marks say no more than a range, not whether the whole call is charged by it
    services: dict[str, Rates] = {"": {}}
    uncounted = set()
    for field, value in entry.items():
        found = _FIELD.match(field)
        amount = _amount(value)
        if found and amount is not None:
            bucket, thousands, service = found.groups(default="")
            rates = services.setdefault(_SERVICES.get(service, service), {})
            rates[_BUCKETS[bucket], int(thousands or 0) * 1000] = amount
        elif "cost" in field and value:
            uncounted.add(field)
    try:
        rows = tuple(_rows(services, entry.get("mode")))
    except ValueError:
        return None  # a rate that is none: negative, or over a million
    return BookModel(rows, uncounted=tuple(sorted(uncounted))) if rows else None


def _amount(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value)


def _rows(services: Mapping[str, Rates], mode: Any) -> Iterator[BookRow]:
    standard = services[""]
    if mode in _WITHOUT_OUTPUT:
        standard.setdefault(("output", 0), Decimal(0))
    if not {("input", 0), ("output", 0)} <= standard.keys() or not any(standard.values()):
        return  # a price of nothing is how the file says that it does not know
    for service, rates in services.items():
        yield _row(standard | rates, service or None)


def _row(rates: Rates, service: str | None) -> BookRow:
    said: dict[str, Any] = {bucket: _dollars(bucket, rate) for (bucket, mark), rate in rates.items() if not mark}
    marks = sorted({mark for _, mark in rates if mark})
    return BookRow(**said, tiers=tuple(_tier(rates, mark) for mark in marks), service=service)


def _tier(rates: Rates, mark: int) -> PublishedTier:
    """What each bucket costs over a mark: by the highest mark of its own that is reached."""
    reached: dict[str, Any] = {}
    for (bucket, own), rate in sorted(rates.items(), key=lambda item: item[0][1]):
        if own <= mark and bucket != "request":
            reached[bucket] = _dollars(bucket, rate)
    return PublishedTier(mark, **reached)


def _dollars(bucket: str, rate: Decimal) -> Decimal:
    return tidy(rate if bucket == "request" else rate * _PER_MILLION)
