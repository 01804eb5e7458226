"""The house, assembled on one screen: a config becomes the handler that every door calls.

Refuses to know HTTP's server side and how callers prove who they are.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec import structs

from trunkline._version import __version__
from trunkline.accounting.rates import NO_LIMITS, Rates
from trunkline.catalog.price import Price
from trunkline.catalog.tariff import Tariff
from trunkline.core.call import Call, Caller
from trunkline.core.dialect import Formed, Framed, ProviderDialect
from trunkline.core.errors import InvalidRequest
from trunkline.core.exchange import Handler, Target
from trunkline.core.money import Nanos
from trunkline.core.secret import Secret
from trunkline.core.usage import Usage
from trunkline.gateway import config as configs
from trunkline.gateway.config import Config
from trunkline.gateway.figures import batch_series, cache_series, money_series, rate_series
from trunkline.gateway.limits import Limits
from trunkline.gateway.listing import Offer, offers
from trunkline.gateway.pricing import book_of, prices_of
from trunkline.gateway.profiles import fitted_of, judged_by, profile
from trunkline.gateway.transports import Transports
from trunkline.layers.admit import Admit, allowed
from trunkline.layers.cache import Cache
from trunkline.layers.overhear import Heard, Overhear, unfelt
from trunkline.layers.rate_limit import RateLimited
from trunkline.layers.record import Listener, Record
from trunkline.providers.endpoint import Door, Endpoint
from trunkline.providers.health import Health
from trunkline.providers.provider import DEFAULT_REGION, Provider
from trunkline.resilience.hedge import Hedging
from trunkline.routing.affinity import Affinity
from trunkline.routing.chooser import OF_PRIORS, Chooser
from trunkline.routing.chosen import SEEDS
from trunkline.routing.decision import Decision
from trunkline.routing.decisions import Decisions
from trunkline.routing.dispatch import Dispatch
from trunkline.routing.routes import Route, Routes
from trunkline.stores.opening import StoreSettings
from trunkline.telemetry.figures import Figures
from trunkline.telemetry.live import Live
from trunkline.telemetry.names import Names
from trunkline.telemetry.series import Series
from trunkline.transport.auth import Auth
from trunkline.transport.google_credentials import GoogleCredentials
from trunkline.transport.google_tokens import GoogleTokens
from trunkline.transport.sigv4 import SigV4
from trunkline.transport.transport import Origin, Transport

if TYPE_CHECKING:
    from trunkline.gateway.filing import Filing
    from trunkline.gateway.money import Money
    from trunkline.quality.house import Quality
    from trunkline.quality.judge import Behind, Form

PORTS = {"http": 80, "https": 443}


class Gateway:
    """One engine for all doors: HTTP, the library and tests hand it exchanges."""

    def __init__(
        self,
        config: Config,
        *,
        transport: Transport | None = None,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
        before: "Gateway | None" = None,
    ) -> None:
        """``before``: the house that this one follows; what was learned and counted there goes on here."""
        self.config = config
        self.clock = clock
        self.leaving = False  # told to stop: no longer ready, and still serving
        self.draining = False  # taking no new calls
        self.followed = False  # another house takes the new calls
        self._before = before
        self.started: float = clock() if before is None else before.started
        self.listening: list[Listener] = []
        self.overhearing: list[Callable[[Heard], None]] = []
        self._transports = Transports(config.limits.provider_connections, clock, transport)
        self._doors: dict[str, dict[str, Door]] = {}
        self.health = Health(config.health, rng=rng) if before is None else followed_health(before, config, rng)
        self.rates: Rates = Rates() if before is None else before.rates
        self.money: Money | None = _money(config, None if before is None else before.money)
        self._book = book_of(config)
        self._rng = rng
        self.affinity: Affinity = Affinity(clock) if before is None else before.affinity
        self.refused_forms: dict[str, Form] = {} if before is None else before.refused_forms  # by judges' providers
        self.quality = self._quality()
        self.decisions: Decisions = Decisions(self._would_cost, None if before is None else before.decisions)
        self._routes = Routes([self._route(name, route) for name, route in config.models.items()], self._unlisted)
        self.cache = self._cache(answering := self._answering())
        self.filing: Filing | None = self._filing(None if before is None else before.filing)
        self._record = Record(Admit(self._limited(self._own_files(self.cache or answering))), clock)
        self.handle: Handler = self._record
        named = Names(config.models, (step.target for route in config.models.values() for step in route.targets))
        counted = None if before is None else before.metrics
        self.metrics: Figures = Figures(named, self.health, clock, lambda: self.calls_open, counted)
        self.live: Live = Live() if before is None else before.live
        self._record.listeners += [self.metrics, self.decisions]
        self.metrics.house += self._series()
        for listener in [] if before is None else before.listening:
            self.listen(listener)
        for take in [] if before is None else before.overhearing:
            self.overhear(take)
        if self.quality is not None:
            self.quality.use(self.handle)
            if before is not None and before.quality is not None:
                self.quality.follow(before.quality)

    @property
    def limits(self) -> Limits:
        """What callers may take."""
        return self.config.limits

    @property
    def ready(self) -> bool:
        """New calls are welcome."""
        return not self.draining and (self.money is None or self.money.works)

    def open(self) -> None:
        """Begin what is done beside calls, on the running loop; ``aclose`` ends it."""
        if self.money is not None:
            self.money.keep()
        if self.quality is not None:
            self.quality.open()
        if self.filing is not None:
            self.filing.open()

    def pressure(self, caller: Caller) -> float:
        """How near a caller's budget is to its end, 0 to 1."""
        return 0.0 if self.money is None else self.money.purse.pressure(caller)

    def listen(self, listener: Listener) -> None:
        """Have every exchange told to ``listener`` when it has ended; a listener that raises is logged and ignored."""
        self.listening.append(listener)  # for the house that may follow this one
        self._record.listeners.append(listener)

    def overhear(self, take: Callable[[Heard], None]) -> None:
        """Have ``take`` told of every answer that reached its caller whole; one that raises is logged and ignored."""
        self.overhearing.append(take)  # for the house that may follow this one
        self.handle = Overhear(self.handle, unfelt(take))

    def model_names(self) -> list[str]:
        """Every name callers may use: the routes, then ``provider/model`` where direct calls are allowed."""
        names = list(self.config.models)
        if self.config.direct:
            names += [
                f"{name}/{model}" for name, provider in self.config.providers.items() for model in provider.model_names
            ]
        return list(dict.fromkeys(names))

    def offers(self, now: float) -> Iterator[Offer]:
        """What callers may name, and what is behind each at the prices of now, seconds since 1970."""
        return offers(self.config, self._book, now)

    async def count_tokens(self, call: Call) -> tuple[Target, bytes] | None:
        """The caller's first target and its own count of a prompt, in Anthropic's form; None where it has none."""
        if self.filing is not None:
            await self.filing.check_names(call)
        for endpoint in self._routes.find(call.envelope.model).endpoints:
            if call.caller.may_reach(str(endpoint.target)):
                counted = await endpoint.count_tokens(call)
                return None if counted is None else (endpoint.target, counted)
        return None

    def route(self, call: Call, seed: int | None = None) -> Decision:
        """What would be decided for a call now, without making it; the same call and seed give the same decision.

        Raises as ``handle`` does before anybody is asked: UnknownModel, Forbidden, Unsupported, InvalidRequest.
        """
        model = call.envelope.model
        allowed(call.caller, model)
        chooser = self._routes.find(model).chooser
        assert chooser is not None  # noqa: S101 - every route of a gateway has one
        return chooser.decide(call, self.clock(), int(self._rng() * SEEDS) if seed is None else seed).decision

    def prefer(self, name: str, model: str | None) -> None:
        """Serve a route by this provider/model first, and by its own targets after it; None: as the config says."""
        route = self.config.models[name]
        if model is not None:
            others = tuple(step for step in route.targets if step.model != model)
            route = structs.replace(route, targets=(configs.RouteTarget(model), *others))
        self._routes.put(self._route(name, route))

    def judged_by(self, model: str) -> "Behind":
        """Who answers to the name of a judge, and how it can be held to its form. Raises UnknownModel."""
        return judged_by(self.config, [endpoint.target for endpoint in self._routes.find(model).endpoints])

    def measured(self) -> "Quality":
        """The house's quality. Raises InvalidRequest where it measures none."""
        if self.quality is None:
            raise InvalidRequest("this house measures no quality; its operator can: `quality: {}` in the config")
        return self.quality

    @property
    def calls_open(self) -> int:
        """Calls that have not ended, with those of the houses before this one."""
        return self._record.open + (0 if self._before is None else self._before.calls_open)

    @property
    def calls_ended(self) -> int:
        """Calls that have ended, there too."""
        return self._record.ended + (0 if self._before is None else self._before.calls_ended)

    def forget(self, before: "Gateway") -> None:
        """A house before this one has ended; its counts stay."""
        if self._before is before:
            self._record.ended += before.calls_ended
            self._before = None
        elif self._before is not None:
            self._before.forget(before)

    def figures(self) -> dict[str, object]:
        """A few numbers for whoever asks how the house is."""
        return {
            "version": __version__,
            "uptime_seconds": round(self.clock() - self.started, 3),
            "calls_open": self.calls_open,
            "calls_ended": self.calls_ended,
        }

    async def aclose(self, left: "Sequence[Gateway]" = ()) -> None:
        """Take no new calls and close the connections to providers as their answers end.

        ``left``: houses that stay, with whatever they share with this one.
        """
        self.draining = True
        if self.quality is not None:
            await self.quality.aclose()
        if self.filing is not None:
            await self.filing.aclose()
        await self._transports.aclose()
        if self.money is not None:
            shared = {id(house.money.store) for house in left if house.money is not None}
            await self.money.aclose(keep_store=id(self.money.store) in shared)

    # assembly

    def _answering(self) -> Handler:
        """Whoever asks providers, and those who hear the answers."""
        dispatch = Dispatch(self._routes, self.clock, self._rng, pressure=self.pressure)
        return dispatch if self.quality is None else self.quality.around(dispatch)

    def _cache(self, inner: Handler) -> Cache | None:
        lasting = {name: route.cache for name, route in self.config.models.items() if route.cache is not None}
        return Cache(inner, self.config.cache, lasting, self.clock) if lasting else None

    def _limited(self, inner: Handler) -> Handler:
        """Held to the callers' rates, where any could have one."""
        if self.money is not None or any(row.caller.limits != NO_LIMITS for row in self.config.keys):
            return RateLimited(inner, self.rates, self.clock)
        return inner

    def _filing(self, before: "Filing | None") -> "Filing | None":
        """Files and batches, where a provider has them and a ledger can say whose they are."""
        keeping = {name: one for name, one in self.config.providers.items() if one.keeps_files}
        if self.money is None or not keeping:
            return None
        from trunkline.gateway.filing import Filing, depot  # noqa: PLC0415 - who has no files loads none of it

        depots = {
            name: depot(one, self._provider_doors(name)["openai"], self._transports.of(one), self.clock)
            for name, one in keeping.items()
        }
        return Filing(self.config, self.money, depots, self._targets, self.tariff, before)

    def _targets(self, model: str) -> list[Target]:
        return [endpoint.target for endpoint in self._routes.find(model).endpoints]

    def _own_files(self, inner: Handler) -> Handler:
        filing = self.filing
        if filing is None:
            return inner
        from trunkline.files.trespass import NoTrespass  # noqa: PLC0415 - as above

        return NoTrespass(inner, filing.desk.register.check_names, lambda: filing.used)

    def _series(self) -> list[Series]:
        money = [] if self.money is None else money_series(self.money.purse)
        cache = [] if self.cache is None else cache_series(self.cache)
        batches = [] if self.filing is None else batch_series(self.filing.counts)
        quality = [] if self.quality is None else self.quality.series
        return [*rate_series(self.rates), *money, *cache, *batches, *quality]

    def _unlisted(self, model: str) -> Route | None:
        route = self.config.route(model)
        return None if route is None else self._route(model, route)

    def _route(self, name: str, route: configs.Route) -> Route:
        endpoints = tuple(self._endpoint(step, route) for step in route.targets)
        if len(endpoints) > 1:
            self.health.group([endpoint.target for endpoint in endpoints])
        recovery = route.recovery or self.config.recovery
        total = route.timeouts.over(self.config.timeouts).total
        hedging = Hedging(self.config.hedging) if self.config.hedging.share else None
        return Route(name, endpoints, recovery, total, hedging, self._chooser(name, route, endpoints), route.shift)

    def _chooser(self, name: str, route: configs.Route, endpoints: tuple[Endpoint, ...]) -> Chooser:
        profiles = [profile(self.config, endpoint) for endpoint in endpoints]
        return Chooser(
            name,
            profiles,
            route.strategy,
            allowed=route.strategies,
            affinity=self.affinity,
            predictor=OF_PRIORS if self.quality is None else self.quality.predictor,
            pressure=self.pressure,
            fitted=fitted_of(name, route),
        )

    def _quality(self) -> "Quality | None":
        if self.config.quality is None:
            return None
        from trunkline.quality.house import Quality  # noqa: PLC0415 - who measures nothing loads no judge

        return Quality(
            self.config.quality,
            clock=self.clock,
            store=lambda: None if self.money is None else self.money.store.quality,
            behind=self.judged_by,
            prefer=self.prefer,
            refused=self.refused_forms,
            ledger=lambda: None if self.money is None else self.money.store.usage,
            rng=self._rng,
        )

    def _endpoint(self, step: configs.RouteTarget, route: configs.Route) -> Endpoint:
        target = step.target
        facts = self.config.facts(target)
        tariff = self.tariff(target)
        endpoint = Endpoint(
            target,
            self._provider_doors(target.provider),
            self._transports.of(self.config.providers[target.provider]),
            self.clock,
            self.config.timeouts_of(step, route),
            self.health.of(target, thinks=facts.reasoning is True),
            tariff=tariff,
            window=facts.context_window,
            refuse_unsupported=route.on_unsupported == "refuse",
        )
        if self.money is not None:
            endpoint.ask = self.money.around(endpoint.attempt, target, tariff, facts)
        return endpoint

    def tariff(self, target: Target) -> Tariff | None:
        """All that a target costs; None where nobody knows."""
        return self.config.providers[target.provider].tariff(target.model, self._book)

    def prices(self, now: float) -> Mapping[Target, Price]:
        """What the routes' targets cost at a moment, in seconds since 1970."""
        return prices_of(self.config, self._book, now)

    def _would_cost(self, target: Target, usage: Usage) -> Nanos | None:
        if target.provider not in self.config.providers:
            return None  # decided by a house before this one
        tariff = self.tariff(target)
        return None if tariff is None else tariff.price(time.time()).charge(usage)

    def _provider_doors(self, name: str) -> dict[str, Door]:
        if name not in self._doors:
            provider = self.config.providers[name]
            doors: dict[str, Door] = {spoken: door(provider, provider.dialect(spoken)) for spoken in provider.spoken}
            if provider.key is None and provider.google is not None:
                tokens = google_tokens(provider.google, self._transports.of(provider), self.clock)
                doors = {spoken: structs.replace(one, credential=tokens) for spoken, one in doors.items()}
            self._doors[name] = doors
        return self._doors[name]

    def __repr__(self) -> str:
        return f"<Gateway [{len(self.config.providers)} providers | {len(self.config.models)} models]>"


def followed_health(before: Gateway, config: Config, rng: Callable[[], float]) -> Health:
    """What is known of targets stays known of those whose provider is the same in the new config."""
    health = Health(config.health, rng=rng)
    if before.config.health == config.health:
        old = before.config.providers
        health.follow(before.health, {name for name, one in config.providers.items() if old.get(name) == one})
    return health


def google_tokens(credentials: GoogleCredentials, transport: Transport, clock: Callable[[], float]) -> GoogleTokens:
    """One credential for all doors of a provider. Raises ConfigError."""
    from trunkline.transport.google_grants import grant_of  # noqa: PLC0415 - for those who ask Google's cloud

    return GoogleTokens(grant_of(credentials, transport, clock))


def _money(config: Config, before: "Money | None") -> "Money | None":
    """None where nothing is kept and nothing limited: then money costs a call nothing."""
    limited = config.budgets or any(key.budget is not None for key in config.keys)
    kept = config.ledger is not None and config.ledger.keep
    if not kept and not limited:
        return None
    from trunkline.gateway.money import Money  # noqa: PLC0415 - who keeps nothing loads none of it

    return Money(config.ledger or StoreSettings(), config.budgets, before=before)


def door(provider: Provider, dialect: ProviderDialect) -> Door:
    """Where a provider is asked in one dialect, and with which headers."""
    url = urlsplit(provider.base_url(dialect.name))
    origin = Origin(url.scheme, url.hostname or "", url.port or PORTS[url.scheme])
    key = provider.key or Secret("")
    auth = Auth(provider.auth_for(dialect.name), key)
    kind = [] if isinstance(dialect, Formed) else [(b"content-type", b"application/json")]
    headers = [*kind, *auth.headers()]
    target = url.path + dialect.path + (f"?{provider.query}" if provider.query else "")
    made = Door(dialect, origin, target, headers, key.reveal().encode())
    if provider.key is None and provider.aws is not None:
        signing = SigV4(provider.aws, provider.region or DEFAULT_REGION)
        made = structs.replace(made, credential=signing, key=signing.shown.encode())
    if isinstance(dialect, Framed):
        return structs.replace(made, frames=dialect.frames, stream_type=dialect.stream_type)
    return made
