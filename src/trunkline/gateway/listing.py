"""What a house offers: every name callers may use, what is behind it and what it costs.

Refuses to know who is asking and how it is shown.
"""

from collections.abc import Iterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from trunkline.catalog.facts import ModelFacts
from trunkline.catalog.price import Price
from trunkline.core.exchange import Target
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.providers.provider import Tariffs

ABILITIES = ("streaming", "tools", "vision", "structured_output", "reasoning")
RATES = ("input", "cache_read", "cache_write", "cache_write_1h", "output", "reasoning")


class Offer(Struct, frozen=True):
    """A name and the targets behind it, in the order they are asked, each with what is known of it."""

    name: str
    steps: tuple[tuple[Target, ModelFacts], ...]
    route: bool  # the config names it; otherwise it is a provider's own model


def offers(config: Config, book: Tariffs | None = None, now: float = 0.0) -> Iterator[Offer]:
    """The routes first, then, where direct calls are allowed, every known model as ``provider/model``.

    Prices are those of ``book`` at ``now``, seconds since 1970, where it has them.
    """
    for name, route in config.models.items():
        yield Offer(name, _steps(config, route, book, now), route=True)
    if not config.direct:
        return
    for provider in config.providers.values():
        for model in provider.model_names:
            yield Offer(
                f"{provider.name}/{model}",
                _steps(config, Route(targets=(RouteTarget(f"{provider.name}/{model}"),)), book, now),
                route=False,
            )


def _steps(config: Config, route: Route, book: Tariffs | None, now: float) -> tuple[tuple[Target, ModelFacts], ...]:
    return tuple((step.target, _facts(config, step.target, book, now)) for step in route.targets)


def _facts(config: Config, target: Target, book: Tariffs | None, now: float) -> ModelFacts:
    tariff = config.providers[target.provider].tariff(target.model, book)
    return replace(config.facts(target), price=None if tariff is None else tariff.price(now))


def plain(offer: Offer) -> dict[str, Any]:
    """An offer as plain values for JSON; dollars per million tokens as exact decimal text."""
    return {"name": offer.name, "targets": [_step(target, facts) for target, facts in offer.steps]}


def _step(target: Target, facts: ModelFacts) -> dict[str, Any]:
    price = facts.price
    return {
        "provider": target.provider,
        "model": target.model,
        "context_window": facts.context_window,
        "max_output": facts.max_output,
        "abilities": {name: getattr(facts, name) for name in ABILITIES},
        "usd_per_million_tokens": None if price is None else _prices(price),
        "as_of": facts.as_of,
    }


def _prices(price: Price) -> dict[str, Any]:
    tiers = [{"over": tier.over, **_prices(tier.price)} for tier in price.tiers]
    told = {name: f"{price.dollars(getattr(price, name)).normalize():f}" for name in RATES}
    return {**told, "tiers": tiers} if tiers else told
