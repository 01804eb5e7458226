"""One scenario played through a gateway: calls arrive by chance, each is read to its end, and noted.
It refuses to judge; see ``findings``.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

import msgspec
from msgspec import Struct

from trunkline.core.call import Call
from trunkline.core.errors import CallError, InvalidRequest
from trunkline.core.exchange import Exchange
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.gateway.gateway import Gateway
from trunkline.providers.health import HealthSettings
from trunkline.providers.provider import Provider, Speech
from trunkline.providers.timeouts import Timeouts
from trunkline.resilience.circuit_settings import CircuitSettings
from trunkline.resilience.transitions import Transition
from trunkline.testing import virtual_time
from trunkline.testing.chaos.scenarios import MODEL, SECONDS, Scenario
from trunkline.testing.played_transport import PlayedTransport
from trunkline.testing.rehearsed_provider import RehearsedProvider

CAPITALS = {"France": "Paris", "Japan": "Tokyo", "Italy": "Rome", "Egypt": "Cairo", "Norway": "Oslo", "Peru": "Lima"}
DIALECT = OpenAIChat()
FIRST_CONTENT = 5.0  # seconds; of whole answers too, which take half a second here
DONE = b"data: [DONE]\n\n"


def house(names: tuple[str, ...] = ("a", "b", "c")) -> Config:
    """The config under test: the defaults, and what anybody would set for a model that answers in half a second."""
    return Config(
        providers={
            name: Provider(name=name, url=f"http://{name}/v1", dialects={"openai": Speech()}, local=True)
            for name in names
        },
        models={"chat": Route(targets=tuple(RouteTarget(f"{name}/{MODEL}") for name in names))},
        timeouts=Timeouts(first_content=FIRST_CONTENT, answer=FIRST_CONTENT, total=60.0),
        health=HealthSettings(circuit_breaker=CircuitSettings(slow_first_content=3.0, slow_answer=4.0)),
    )


class Ask(Struct, frozen=True):
    """A request's body, and what a right answer has in it; ``bad``: there is no right answer."""

    body: bytes
    right: bytes = b""
    stream: bool = False
    bad: bool = False


def _ask(country: str, *, stream: bool, bad: bool = False) -> Ask:
    question = {"role": "user", "content": f"What is the capital of {country}?"}
    fields = {"model": "chat", "messages": [question], "stream": stream, "temperature": 9 if bad else 1}
    body = msgspec.json.encode(fields)
    return Ask(body, CAPITALS[country].encode(), stream, bad)


GOOD = [_ask(country, stream=stream) for country in CAPITALS for stream in (True, False)]
BAD = [_ask("Peru", stream=stream, bad=True) for stream in (True, False)]


@dataclass(slots=True)
class Log:
    """What clients saw, and what lay behind it. Seconds."""

    waits: list[float] = field(default_factory=list)  # of good calls, to the first content or the error
    calls: int = 0
    good: int = 0
    answered: int = 0  # good calls with the right answer, whole
    refused: int = 0  # bad calls that were told so
    lies: int = 0  # answers shown as complete that were not
    failures: Counter[str] = field(default_factory=Counter)  # of good calls, by what their clients were told
    failed_attempts: list[tuple[str, float, float]] = field(default_factory=list)  # provider, begun, ended
    opened: list[tuple[str, float]] = field(default_factory=list)  # provider, when a circuit of it opened
    sent: Mapping[str, Sequence[float]] = field(default_factory=dict)
    left_open: int = 0


class Trial:
    """Plays one scenario; ``config`` may be any house with a route ``chat`` over providers a, b and c."""

    def __init__(self, scenario: Scenario, calls: int, seed: int, config: Config | None = None) -> None:
        self.scenario = scenario
        self.calls = calls
        self.log = Log()
        self._seed = f"{seed}/{scenario.name}"
        self._config = config or house()

    def play(self) -> Log:
        """All of it, in virtual time."""
        return virtual_time.run(self._play())

    async def _play(self) -> Log:
        self._loop = asyncio.get_running_loop()
        transport = self._transport()
        rng = Random(f"{self._seed}/gateway")
        self._gateway = Gateway(self._config, transport=transport, clock=self._loop.time, rng=rng.random)
        self._watch_circuits()
        await self._arrive(Random(f"{self._seed}/arrivals"))
        await self._gateway.aclose()
        self.log.sent = transport.sent
        self.log.left_open = transport.open
        return self.log

    def _transport(self) -> PlayedTransport:
        return PlayedTransport(
            {
                name: RehearsedProvider(
                    name, provider, rng=Random(f"{self._seed}/{name}"), spells=self.scenario.spells[name]
                )
                for name, provider in self.scenario.providers(self.calls).items()
            }
        )

    def _watch_circuits(self) -> None:
        for step in self._config.models["chat"].targets:
            provider = step.target.provider

            def note(change: Transition, provider: str = provider) -> None:
                if change.state == "open":
                    self.log.opened.append((provider, change.at))

            for circuit in self._gateway.health.of(step.target).circuits:
                circuit.listen(note)

    async def _arrive(self, rng: Random) -> None:
        """Poisson arrivals that wait for nobody: slow answers do not hold back new calls."""
        at, rate = 0.0, self.calls / SECONDS
        async with asyncio.TaskGroup() as calls:
            for number in range(self.calls):
                at += rng.expovariate(rate)
                await asyncio.sleep(at - self._loop.time())
                asks = BAD if rng.random() < self.scenario.bad else GOOD
                calls.create_task(self._call(number, asks[int(rng.random() * len(asks))]))

    async def _call(self, number: int, ask: Ask) -> None:
        log, began = self.log, self._loop.time()
        exchange = Exchange(f"req_{number}", Call(ask.body, DIALECT), began)
        log.calls += 1
        log.good += not ask.bad
        try:
            reply = await self._gateway.handle(exchange)
            if not ask.bad:
                log.waits.append(self._loop.time() - began)
            try:
                blocks = [block async for block in reply.blocks(DIALECT, exchange.call.envelope, exchange.id)]
            finally:
                await reply.aclose()
            self._heard(ask, b"".join(blocks))
        except CallError as error:
            if not ask.bad:
                log.waits.append(self._loop.time() - began)
                log.failures[error.kind] += 1
            elif isinstance(error, InvalidRequest) and _refusals(exchange) == 1:
                log.refused += 1
        self._note_attempts(exchange)

    def _heard(self, ask: Ask, answer: bytes) -> None:
        """Whole as its form says, and right as the simulator's truth says; whole and wrong is the worst."""
        whole = answer.endswith(DONE) if ask.stream else answer.endswith(b"}")
        right = ask.right in answer
        if ask.bad or (whole and not right):
            self.log.lies += 1
        elif whole:
            self.log.answered += 1
        else:
            self.log.failures["stream_broken_in_sight"] += 1

    def _note_attempts(self, exchange: Exchange) -> None:
        for attempt in exchange.attempts:
            outcome = attempt.outcome
            if outcome is not None and outcome.error is not None:
                ended = attempt.started + outcome.duration
                self.log.failed_attempts.append((attempt.target.provider, attempt.started, ended))


def _refusals(exchange: Exchange) -> int:
    """How many providers were shown a request after which no other should have been asked."""
    outcomes = [attempt.outcome for attempt in exchange.attempts]
    return sum(outcome is not None and isinstance(outcome.error, InvalidRequest) for outcome in outcomes)
