"""The embeddable API: the gateway's engine without HTTP around it.

Refuses to do anything the engine does not: it only makes calls out of arguments and answers out of replies.
"""

import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from trunkline.core.call import Call
from trunkline.core.chat import Completion, Finish, ToolUse
from trunkline.core.errors import InvalidRequest
from trunkline.core.events import Event, Gathering, TextDelta
from trunkline.core.exchange import Attempt, Decided, Exchange, Target
from trunkline.core.ids import new_id
from trunkline.core.money import NANOS_PER_USD
from trunkline.core.reply import Reply
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.routing.decision import Decision

if TYPE_CHECKING:
    from trunkline.quality.asking import ModelJudge

Messages = str | Iterable[Mapping[str, Any]]
"""One user's words, or messages in the form of OpenAI's chat completions: ``{"role": ..., "content": ...}``."""

_DIALECT = OpenAIChat()


class Dollars(Decimal):
    """An exact amount of US dollars that prints without an exponent."""

    def __str__(self) -> str:
        text = format(self, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text

    __repr__ = __str__


class Answer:
    """What came back; ``completion`` is the whole of it, ``dropped`` what the target could not express."""

    __slots__ = ("_exchange", "completion", "dropped")

    def __init__(self, exchange: Exchange, completion: Completion, dropped: tuple[str, ...]) -> None:
        self._exchange = exchange
        self.completion = completion
        self.dropped = dropped

    @property
    def text(self) -> str:
        """The visible text, joined."""
        return self.completion.text

    @property
    def thoughts(self) -> str:
        """The reasoning text, where the provider shows it."""
        return self.completion.thoughts

    @property
    def tool_calls(self) -> tuple[ToolUse, ...]:
        """The tools the model wants called."""
        return self.completion.tool_calls

    @property
    def finish(self) -> Finish:
        """Why the answer ended."""
        return self.completion.finish

    @property
    def usage(self) -> Usage:
        """Tokens by bucket, and whether the provider reported them."""
        outcome = self._exchange.outcome
        return outcome.usage if outcome else self.completion.usage

    @property
    def _target(self) -> Target:
        target = self._exchange.target
        assert target is not None  # noqa: S101 - an answer has a target
        return target

    @property
    def provider(self) -> str:
        """Who answered."""
        return self._target.provider

    @property
    def model(self) -> str:
        """The provider's own name of the model that answered."""
        return self._target.model

    @property
    def cost(self) -> Dollars | None:
        """Exact US dollars over all attempts; None where a price or a usage is not known."""
        nanos = self._exchange.cost
        return None if nanos is None else Dollars(Decimal(nanos) / NANOS_PER_USD)

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every request that was made, in order."""
        return tuple(self._exchange.attempts)

    @property
    def continued(self) -> bool:
        """True where a stream broke and another target went on with its text: ``recovery.continue_streams``."""
        went_on = [attempt for attempt in self.attempts if attempt.continues is not None]
        return any(attempt.outcome is None or attempt.outcome.first_content is not None for attempt in went_on)

    @property
    def decision(self) -> Decided | None:
        """How the target was chosen; None where the model's own order was followed."""
        return self._exchange.decision

    @property
    def request_id(self) -> str:
        """The id that logs and records know this call by."""
        return self._exchange.id

    @property
    def duration(self) -> float:
        """Seconds from the call to the end of its answer."""
        outcome = self._exchange.outcome
        return outcome.duration if outcome else 0.0

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        cost = "unknown" if self.cost is None else f"${self.cost}"
        return f"<Answer from {self.provider}/{self.model} [{self.finish} | {self.usage.total} tokens | {cost}]>"


class Stream:
    """An answer on its way: iterate for its text, or over ``events()``; ``answer`` is the whole once it has ended."""

    __slots__ = ("_exchange", "_gathering", "_reply")

    def __init__(self, exchange: Exchange, reply: Reply) -> None:
        self._exchange = exchange
        self._reply = reply
        self._gathering = Gathering()

    async def __aiter__(self) -> AsyncIterator[str]:
        """Pieces of text as they come. Raises the CallError of a stream that breaks: a cut one never ends cleanly."""
        async for event in self.events():
            if isinstance(event, TextDelta):
                yield event.text

    async def events(self) -> AsyncIterator[Event]:
        """Everything that happens: text, thoughts, tool calls, usage, the end."""
        async for event in self._reply.events():
            self._gathering.add(event)
            yield event

    @property
    def answer(self) -> Answer:
        """What has come so far; the whole answer once the iteration has ended."""
        return Answer(self._exchange, self._gathering.completion(), self._reply.dropped)

    def __repr__(self) -> str:
        return f"<Stream {self._exchange!r}>"


class Client:
    """A house to call models through. Made by ``trunkline.open``; safe for many tasks on one event loop."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    async def chat(
        self,
        model: str,
        messages: Messages,
        *,
        max_attempts: int | None = None,
        strategy: str | None = None,
        requires: tuple[str, ...] = (),
        **options: Any,
    ) -> Answer:
        """Ask and wait for the whole answer.

        ``model``     a name of the config, or ``provider/model``.
        ``max_attempts``  the most requests to providers for this call; 1 switches retries and fallbacks off.
        ``strategy``  the routing strategy to use, by name, where the model's route allows it.
        ``requires``  tags that whoever is asked must have, such as where data may go.
        ``options``   any field of OpenAI's chat completions: ``max_tokens``, ``temperature``, ``tools``, ...

        Raises CallError: InvalidRequest and its kinds for what the caller must change, others for what failed.
        """
        exchange = self._exchange(_body(model, messages, options, stream=False), max_attempts, strategy, requires)
        reply = await self.gateway.handle(exchange)
        try:
            return Answer(exchange, await reply.completion(), reply.dropped)
        finally:
            await reply.aclose()

    @asynccontextmanager
    async def stream(
        self,
        model: str,
        messages: Messages,
        *,
        max_attempts: int | None = None,
        strategy: str | None = None,
        requires: tuple[str, ...] = (),
        **options: Any,
    ) -> AsyncGenerator[Stream]:
        """Ask and read the answer as it comes; leaving early cancels the provider's work. Arguments as ``chat``."""
        exchange = self._exchange(_body(model, messages, options, stream=True), max_attempts, strategy, requires)
        reply = await self.gateway.handle(exchange)
        try:
            yield Stream(exchange, reply)
        finally:
            await reply.aclose()

    def route(
        self,
        model: str,
        messages: Messages,
        *,
        strategy: str | None = None,
        requires: tuple[str, ...] = (),
        seed: int | None = None,
        **options: Any,
    ) -> Decision:
        """Where a call would go, and why, without making it. Arguments as ``chat``.

        ``seed``  of everything that is drawn; the same call, seed and state of the targets give the same decision.

        Raises CallError where ``chat`` would before anybody is asked.
        """
        body = _body(model, messages, options, stream=False)
        return self.gateway.route(Call(body, _DIALECT, strategy=strategy, requires=requires), seed)

    def models(self) -> list[str]:
        """Every model name that ``chat`` takes."""
        return self.gateway.model_names()

    async def feedback(
        self, request_id: str, *, score: float | None = None, label: str = "", comment: str = ""
    ) -> None:
        """Say what an answer was worth: a score from 0 to 1, or a label such as ``thumbs_up``; routing learns from it.

        ``request_id`` is ``answer.request_id``, of an answer by any process on the same ledger. Needs ``quality`` in
        the config. Raises InvalidRequest, UnknownAnswer, StoreUnavailable.
        """
        await self.gateway.measured().feedback(request_id, score=score, label=label, comment=comment)

    def judge(self, model: str) -> "ModelJudge":
        """A model of this house as a judge, for ``QualityEvaluator(client.judge("provider/model"))``.

        Its calls are metered like any other; the ledger calls them a judge's. Raises UnknownModel.
        """
        from trunkline.quality.asking import Asking, ModelJudge  # noqa: PLC0415 - who judges nothing loads no judge

        house = self.gateway
        asking = Asking(house.handle, house.clock)
        return ModelJudge(asking, model, house.judged_by(model), refused=house.refused_forms)

    async def aclose(self) -> None:
        """Close the connections; ``async with`` does it."""
        await self.gateway.aclose()

    def _exchange(
        self, body: bytes, max_attempts: int | None, strategy: str | None, requires: tuple[str, ...]
    ) -> Exchange:
        call = Call(body, _DIALECT, max_attempts=max_attempts, strategy=strategy, requires=requires)
        return Exchange("req_" + new_id(12), call, self.gateway.clock())

    def __repr__(self) -> str:
        return f"<Client of {self.gateway!r}>"


def _body(model: str, messages: Messages, options: dict[str, Any], *, stream: bool) -> bytes:
    fields = {**options, "model": model, "messages": _listed(messages), "stream": stream}
    try:
        return msgspec.json.encode(fields)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidRequest(f"the arguments cannot be written as JSON: {error}") from error


def _listed(messages: object) -> list[Any]:
    """``Messages``, or what a caller without a type checker passes for them."""
    if isinstance(messages, str):
        return [{"role": "user", "content": messages}]
    if isinstance(messages, Mapping) or not isinstance(messages, Iterable):
        raise InvalidRequest(
            f"messages is of type {type(messages).__name__}; pass the user's words as a string, or a list of messages "
            'like {"role": "user", "content": "Hello"}',
            param="messages",
        )
    return list(messages)


@asynccontextmanager
async def open(source: str | Path | Config | None = None) -> AsyncGenerator[Client]:  # noqa: A001 - trunkline.open
    """Open a house: from a config file, from a ``Config``, or, without any, from the keys in the environment.

    Raises ConfigError with every mistake of the file, where it is and what is allowed.
    """
    gateway = Gateway(configured(source))
    gateway.open()
    client = Client(gateway)
    try:
        yield client
    finally:
        await client.aclose()


def configured(source: str | Path | Config | None) -> Config:
    """The config a source stands for."""
    from trunkline.gateway import config_source  # noqa: PLC0415 - YAML is only read when a house is opened

    if isinstance(source, Config):
        return source
    return config_source.from_environment(os.environ) if source is None else config_source.load(Path(source))
