"""A simulated provider as a pure model: what it answers, how fast, at what cost, and what goes wrong.
It refuses to know sockets, bytes and clocks: `now` is seconds since the start, chance comes from the seed.
"""

import math
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from trunkline.simulator import refusals, tokens
from trunkline.simulator.answering import answer, limited
from trunkline.simulator.ask import Answer, Ask
from trunkline.simulator.config import Model
from trunkline.simulator.config import Provider as ProviderConfig
from trunkline.simulator.fault_kinds import Harm
from trunkline.simulator.faults import Fault, Schedule, named
from trunkline.simulator.limits import RateLimits
from trunkline.simulator.prices import Tariff, Usage
from trunkline.simulator.prompt_cache import PromptCache, input_tokens
from trunkline.simulator.refusals import Refusal, Refused


class Served(Struct, frozen=True, kw_only=True):
    """What became of one request. `refusal` and `answers` exclude each other; a fault may leave neither.

    `usage` is what a whole answer uses and `cost_nanodollars` its price. `first_token` is in seconds.
    """

    ask: Ask
    answers: tuple[Answer, ...] = ()
    refusal: Refusal | None = None
    fault: Fault | None = None
    usage: Usage = Usage()
    tariff: Tariff = Tariff(0, 0, 0, 0)
    first_token: float = 0.0
    seconds_per_token: float = 0.0
    shows_usage: bool = False

    @property
    def cost_nanodollars(self) -> int:
        """The price of the whole answer."""
        return self.tariff.cost(self.usage)

    @property
    def duration(self) -> float:
        """Seconds until the last token, if nothing breaks."""
        return self.first_token + self.usage.output * self.seconds_per_token

    @property
    def outcome(self) -> Harm:
        """What the caller is left with: fine, refused, torn or stuck."""
        if self.refusal is not None:
            return "refused"
        return self.fault.about.harm if self.fault else "fine"


class SimulatedProvider:
    """One provider with its state: rate limits, prompts seen, faults that struck."""

    def __init__(self, name: str, config: ProviderConfig, *, seed: int = 0) -> None:
        """Two providers with the same name, config and seed behave alike, request by request."""
        self.name = name
        self.config = config
        self.seed = seed
        self.limits = RateLimits(config.limits)
        self._tariffs = {key: Tariff.of(model.prices) for key, model in config.models.items()}
        self._cache = PromptCache()
        self._schedule = Schedule(config.faults, Random(f"{seed}/{name}/faults"))
        self._waits = Random(f"{seed}/{name}/waits")

    def __repr__(self) -> str:
        """The provider at a glance."""
        return f"<SimulatedProvider {self.name} [{', '.join(self.config.models)} | {len(self.config.faults)} faults]>"

    def serve(self, ask: Ask, now: float) -> Served:
        """Answer one request that arrives at `now`. Never raises; calls must come in order of time."""
        try:
            return self._serve(ask, now)
        except Refused as refused:
            return Served(ask=ask, refusal=refused.refusal)

    def count(self, ask: Ask) -> int:
        """The input tokens of a request. Raises Refused for an unknown model."""
        self._model(ask)
        return input_tokens(ask)

    def _serve(self, ask: Ask, now: float) -> Served:
        name, model = self._model(ask)
        model = replace(model, context=min(model.context, ask.window or model.context))
        if ask.truncates and input_tokens(ask) > model.context:
            ask = replace(ask, text="".join(tokens.split(ask.counted)[-model.context // 2 :]))
        prompt = input_tokens(ask)
        self._check(ask, model, prompt, now)
        fault = self._schedule.strike(ask, now)
        if fault and not _is_billed(fault, ask):
            return Served(ask=ask, fault=fault, tariff=self._tariffs[name])
        try:
            answers = tuple(self._answer(ask, model, fault, prompt, index) for index in range(ask.choices))
        except (ValueError, TypeError, ArithmeticError, RecursionError) as error:
            # A schema that nobody can satisfy: it is not checked before it is used, for a check would cost as much.
            raise Refused(refusals.invalid_schema(ask.dialect, str(error))) from error
        produced = Usage(
            output=sum(one.output_tokens for one in answers),
            reasoning=sum(one.reasoning_tokens for one in answers),
        )
        usage = replace(self._cache.read(ask, model.cache), output=produced.output, reasoning=produced.reasoning)
        self.limits.charge(usage.output, now)
        first, per_token = self._speed(model)
        late = fault.number("seconds") if fault and fault.kind in {"slow", "slow-head"} else 0.0
        return Served(
            ask=ask,
            answers=answers,
            fault=fault,
            usage=usage,
            tariff=self._tariffs[name],
            first_token=first + late,
            seconds_per_token=per_token,
            shows_usage=ask.include_usage or model.usage_always,
        )

    def _model(self, ask: Ask) -> tuple[str, Model]:
        """The model asked for; the first one plays the part for a model name that asks for a fault."""
        try:
            name = next(iter(self.config.models)) if named(ask.model) else ask.model
        except ValueError as error:
            message = f"{ask.model}: {error}"
            raise Refused(refusals.invalid(ask.dialect, message)) from error
        if name not in self.config.models:
            raise Refused(refusals.unknown_model(ask.dialect, ask.model))
        return name, self.config.models[name]

    def _check(self, ask: Ask, model: Model, prompt: int, now: float) -> None:
        for name in sorted(model.rejects & ask.parameters):
            raise Refused(refusals.unsupported_parameter(ask.dialect, name))
        if prompt > model.context:
            raise Refused(refusals.too_long(ask.dialect, prompt, model.context))
        denied = self.limits.admit(prompt, now)
        if denied:
            raise Refused(refusals.rate_limited(ask.dialect, ask.model, denied))

    def _answer(self, ask: Ask, model: Model, fault: Fault | None, prompt: int, index: int) -> Answer:
        kind = fault.kind if fault else ""
        events = int(fault.number("after_events")) if fault and "after_events" in fault.about.parameters else 0
        # A fault that strikes after n content events needs an answer that is longer than that.
        made = answer(ask, model, self.seed, index=index, at_least=events + 4 if events > 0 else 0)
        if fault and kind == "length":
            made = limited(made, int(fault.number("tokens")), "length")
        if kind == "content-filter":
            made = replace(limited(made, max(1, made.output_tokens // 2), "filter"), finish="filter", score=0.0)
        return limited(made, model.context - prompt, "window") if made.output_tokens > model.context - prompt else made

    def _speed(self, model: Model) -> tuple[float, float]:
        latency = model.latency or self.config.latency
        spread = latency.first_token
        first = self._waits.lognormvariate(math.log(spread.median), spread.sigma) if spread.median else 0.0
        return first, 1 / latency.tokens_per_second if latency.tokens_per_second else 0.0


def _is_billed(fault: Fault, ask: Ask) -> bool:
    """An error event in a stream comes beside an answer; where nothing is streamed it comes in its place."""
    return fault.about.billed and (ask.stream or fault.kind != "error-in-stream")
