"""What a house offers: every name callers may use, what is behind it and what it costs.

Refuses to know who is asking and how it is shown.
"""

from collections.abc import Iterator

from msgspec import Struct
from msgspec.structs import replace

from trunkline.catalog.facts import ModelFacts
from trunkline.core.exchange import Target
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.providers.provider import Tariffs


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
