"""The config is the object: each table of the file decodes into the frozen struct that does the work.

Refuses to know YAML, TOML and files (config_source), and who uses it.
"""

from decimal import Decimal
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from trunkline.accounting.budgets import MOST_DOLLARS, BudgetRule
from trunkline.catalog.facts import ModelFacts
from trunkline.core.call import Caller, CallerLimits, Priority
from trunkline.core.exchange import Target
from trunkline.core.money import nanos
from trunkline.core.secret import Secret
from trunkline.files.settings import FilesSettings
from trunkline.gateway.limits import Limits
from trunkline.gateway.listen import DEFAULT_LISTEN
from trunkline.layers.cache import CacheSettings
from trunkline.providers.health import HealthSettings
from trunkline.providers.provider import Provider, Tags
from trunkline.providers.timeouts import RouteTimeouts, Timeouts, timeouts_of
from trunkline.quality.settings import QualitySettings
from trunkline.resilience.hedge import HedgeSettings
from trunkline.resilience.recovery import Recovery
from trunkline.routing.strategies import REORDERING, Ordered, Strategy
from trunkline.stores.opening import FilePath, StoreSettings
from trunkline.telemetry.settings import LogSettings, MetricsSettings, OtelSettings

ModelPatterns = Annotated[tuple[str, ...], Meta(min_length=1, max_length=1000)]
StrategyName = Literal["ordered", "cost_optimized", "quality_first", "balanced", "adaptive", "cascade", "latency"]
OnUnsupported = Literal["drop", "refuse"]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$",
        extra={"form": "a name of at most 64 letters, digits and ._@-"},
    ),
]
Repeating = Annotated[float, Meta(ge=1, le=30 * 86_400, extra_json_schema={"x-unit": "seconds"})]
Rate = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class RouteTarget(Struct, frozen=True, forbid_unknown_fields=True):
    """One model at one provider, as a step of a route."""

    model: Annotated[
        str,
        Meta(
            pattern=r"^[^/\s]+/\S+$",
            max_length=320,
            extra={"form": "provider/model, like openai/gpt-5-mini"},
            description="provider/model: the provider's name in this config, a slash, its own name of the model.",
        ),
    ]
    timeouts: Annotated[RouteTimeouts, Meta(description="Where this target differs from its route's timeouts.")] = (
        RouteTimeouts()
    )

    @classmethod
    def long_form(cls, short: str) -> dict[str, Any]:
        """``openai/gpt-5-mini`` stands for ``{model: openai/gpt-5-mini}``."""
        return {"model": short}

    @property
    def target(self) -> Target:
        """The two halves; split at the first slash, since models' names have slashes too."""
        provider, _, model = self.model.partition("/")
        return Target(provider, model)


class Route(Struct, frozen=True, forbid_unknown_fields=True):
    """What a model name that callers use stands for."""

    targets: Annotated[
        tuple[RouteTarget, ...],
        Meta(
            min_length=1,
            max_length=32,
            description="Asked in this order; the next one when one fails before its first content.",
        ),
    ]
    on_unsupported: Annotated[
        OnUnsupported,
        Meta(
            description="A field the target cannot express: drop it and name it in a header, or refuse the call. "
            "Set refuse where a silent difference would hurt more than an error."
        ),
    ] = "drop"
    timeouts: Annotated[RouteTimeouts, Meta(description="Where this route differs from the house's timeouts.")] = (
        RouteTimeouts()
    )

    shift: Annotated[
        bool,
        Meta(
            description="Ask the cheapest target first, for a growing share of a caller's calls, when a budget of it "
            "would not last to its window's end. Set it where a lesser answer is better than none later."
        ),
    ] = False
    recovery: Annotated[
        Recovery | None, Meta(description="This route's own; left out: the house's. max_attempts: 1 never asks again.")
    ] = None

    cache: Annotated[
        Repeating | None,
        Meta(
            description="Show an answer again to the very same request for so long; left out: never. Set it where "
            "requests repeat and an older answer will do."
        ),
    ] = None

    strategy: Annotated[
        Strategy,
        Meta(description="Who is asked first: a strategy's name, or a table with its kind and settings."),
    ] = Ordered()
    policy: Annotated[
        FilePath | None,
        Meta(
            description="File of `trunkline fit`, fitted on these targets' models: what to expect of each, and when a "
            "cascade's answer will do. Beside this file if relative."
        ),
    ] = None
    strategies: Annotated[
        tuple[StrategyName, ...],
        Meta(max_length=16, description="Other strategies that callers may ask for, request by request."),
    ] = REORDERING

    @classmethod
    def long_form(cls, short: Any) -> dict[str, Any]:
        """A list of targets, or a single one, stands for ``{targets: [...]}``."""
        return {"targets": [short] if isinstance(short, str) else short}


class VirtualKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A key that callers of this house show; it is not a key of any provider."""

    name: Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$",
            extra={"form": "a name of at most 64 letters, digits and ._@-"},
            description="Who holds it; shown in logs and records.",
        ),
    ]
    key: Annotated[Secret, Meta(description="At least 16 characters: ${NAME} or file:PATH keep it out of this file.")]
    models: Annotated[
        ModelPatterns | None, Meta(description="Names it may use, * matching anything; left out: all.")
    ] = None
    targets: Annotated[
        ModelPatterns | None,
        Meta(description="provider/model that may serve it, * matching anything; others are skipped. Left out: all."),
    ] = None
    team: Annotated[Name | None, Meta(description="Whose budgets its calls count against, beside its own.")] = None
    tags: Annotated[
        tuple[Name, ...], Meta(max_length=20, description="How the ledger groups its calls, for budgets too.")
    ] = ()
    budget: Annotated[
        Decimal | None,
        Meta(
            extra={"form": "dollars from 0 to a billion, like 50"},
            description="Dollars it may spend in a calendar month, UTC; what might pass them is refused.",
        ),
    ] = None
    requests_per_minute: Annotated[Rate | None, Meta(description="Requests a minute; more are refused, 429.")] = None
    tokens_per_minute: Annotated[
        Rate | None, Meta(description="Tokens a minute, of prompts and answers; more are refused, 429.")
    ] = None
    concurrent: Annotated[Rate | None, Meta(description="Calls at once; more are refused, 429.")] = None
    priority: Annotated[
        Priority,
        Meta(description="When money runs short: high keeps its first targets longest, low gives them up first."),
    ] = "normal"

    requires: Annotated[
        Tags,
        Meta(max_length=32, description="Tags that every target of its calls must have, such as where data may go."),
    ] = ()

    def __post_init__(self) -> None:
        if self.budget is not None and not (self.budget.is_finite() and 0 <= self.budget <= MOST_DOLLARS):
            raise ValueError(f"the budget of {self.name} is {self.budget}: write dollars, from 0 to a billion, like 50")

    @property
    def caller(self) -> Caller:
        """Who calls with this key."""
        limits = CallerLimits(self.requests_per_minute, self.tokens_per_minute, self.concurrent)
        budget = None if self.budget is None else nanos(self.budget)
        return Caller(
            self.name,
            self.models,
            self.team,
            self.tags,
            budget,
            limits,
            targets=self.targets,
            requires=self.requires,
            priority=self.priority,
        )


class Config(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole house."""

    providers: Annotated[
        dict[str, Provider],
        Meta(min_length=1, max_length=1000, description="Who answers. A known name needs nothing but {}."),
    ]
    listen: Annotated[
        str,
        Meta(max_length=262, description="host:port of the gateway. Any host but a loopback one wants keys."),
    ] = DEFAULT_LISTEN
    models: Annotated[
        dict[str, Route], Meta(max_length=10_000, description="Names that callers use, and the targets behind each.")
    ] = {}
    direct: Annotated[
        bool,
        Meta(
            description="Let callers name provider/model, or a catalogued model bare, without a route. "
            "Set false to offer the names in models and no others."
        ),
    ] = True
    keys: Annotated[
        tuple[VirtualKey, ...], Meta(max_length=100_000, description="Who may call. None: everybody, on loopback only.")
    ] = ()
    admin_key: Annotated[
        Secret | None,
        Meta(
            description="Opens the doors below /admin, calls no models. None: they are open where the whole house is."
        ),
    ] = None
    metrics: Annotated[MetricsSettings, Meta(description="Where Prometheus finds the figures.")] = MetricsSettings()
    log: Annotated[LogSettings, Meta(description="What `trunkline serve` writes down about calls.")] = LogSettings()
    otel: Annotated[OtelSettings | None, Meta(description="Where traces go. Left out: nowhere.")] = None
    timeouts: Annotated[Timeouts, Meta(description="Of every attempt; a route may differ.")] = Timeouts()
    health: Annotated[
        HealthSettings, Meta(description="How targets are protected, and calls from targets that fail.")
    ] = HealthSettings()
    recovery: Annotated[Recovery, Meta(description="What follows a failed attempt; a route may differ.")] = Recovery()
    hedging: Annotated[
        HedgeSettings, Meta(description="A second request where the first is late; off unless share is set.")
    ] = HedgeSettings(share=0.0)
    limits: Annotated[Limits, Meta(description="What callers may take.")] = Limits()
    files: Annotated[
        FilesSettings, Meta(description="What callers may leave with providers that keep files and run batches.")
    ] = FilesSettings()
    cache: Annotated[
        CacheSettings, Meta(description="Memory for answers that are shown again, on routes with `cache`.")
    ] = CacheSettings()
    ledger: Annotated[
        StoreSettings | None,
        Meta(
            description="Where usage, budgets and virtual keys are kept: a SQLite file, or {} for memory. Left out: "
            "trunkline serve keeps trunkline.db where it is started, the library keeps nothing."
        ),
    ] = None
    budgets: Annotated[
        tuple[BudgetRule, ...], Meta(max_length=1000, description="What may be spent, by whom, in which time.")
    ] = ()
    quality: Annotated[
        QualitySettings | None,
        Meta(
            description="How answers are checked, judged and learned from. {} checks all and judges none; "
            "left out: nothing is looked at, and routing keeps to its priors."
        ),
    ] = None
    prices: Annotated[
        FilePath | None,
        Meta(
            description="Price book, as trunkline prices refresh makes it. Left out: the catalogue's prices.",
        ),
    ] = None

    @property
    def closed(self) -> bool:
        """Strangers need a key: there is one here, or an admin who can make them."""
        return bool(self.keys or self.admin_key)

    def facts(self, target: Target) -> ModelFacts:
        """What is known of a target's model. Raises KeyError for a provider that is not configured."""
        return self.providers[target.provider].facts(target.model)

    def timeouts_of(self, step: RouteTarget, route: Route) -> Timeouts:
        """What holds for a route's target. Raises KeyError for a provider that is not configured."""
        target = step.target
        provider, reasoning = self.providers[target.provider], self.facts(target).reasoning
        return timeouts_of(self.timeouts, route.timeouts, step.timeouts, reasoning=reasoning, local=provider.local)

    def route(self, model: str) -> Route | None:
        """What a caller's model name stands for here; None when it stands for nothing.

        A name in ``models`` first; then, with ``direct``, provider/model; then a bare name of the catalogue, at the
        first configured provider that has it.
        """
        route = self.models.get(model)
        if route is not None or not self.direct:
            return route
        provider, slash, rest = model.partition("/")
        if slash and rest and provider in self.providers:
            return Route(targets=(RouteTarget(model),))
        holder = next((name for name, item in self.providers.items() if item.has(model)), None)
        return None if holder is None else Route(targets=(RouteTarget(f"{holder}/{model}"),))
