"""One question of one token to every provider of a house: does its address answer, is its key good, is its model there?

Refuses to retry, and to write a record of it.
"""

import asyncio
import time
from collections.abc import Iterator

import msgspec
from msgspec import Struct, structs

from trunkline.cli.remedy import remedy, told
from trunkline.core.call import Call
from trunkline.core.errors import CallError, DeadlineExceeded, TrunklineError
from trunkline.core.exchange import Exchange
from trunkline.core.money import usd
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.openai_operations import OpenAIEmbeddings
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider

QUESTION = "Say OK."
LEAST_TOKENS = 16  # the least that OpenAI's responses take
SECONDS = 30.0


class Probe(Struct, frozen=True):
    """What became of one question; ``error`` None: it was answered. ``cost`` in exact dollars, None: it has no price.

    ``change``: where to look in the config, where that is known.
    """

    provider: str
    model: str
    seconds: float
    cost: str | None = None
    error: str | None = None
    change: str | None = None

    @property
    def line(self) -> str:
        """All of it, for people: one line, or two where something is to be changed."""
        target = f"{self.provider}/{self.model or 'MODEL'}"
        if self.error is None:
            cost = "price unknown" if self.cost is None else f"${self.cost}"
            return f"ok    {target}  answered in {self.seconds:.1f} s, {cost}"
        return f"FAIL  {target}  {self.error}" + (f"\n      change {self.change}" if self.change else "")


def asked_for(config: Config) -> Iterator[tuple[Provider, str]]:
    """Each provider with the model to ask: the first a route names, else the config's first, else the cheapest."""
    named: dict[str, str] = {}
    for route in config.models.values():
        for step in route.targets:
            named.setdefault(step.target.provider, step.target.model)
    for name, provider in config.providers.items():
        yield provider, named.get(name) or next(iter(provider.models), "") or _cheapest(provider)


def _cheapest(provider: Provider) -> str:
    """Of the models that the catalogue knows; empty where it knows none."""
    costs = {name: provider.estimate(name, len(QUESTION), LEAST_TOKENS).high for name in provider.model_names}
    priced = [(cost, name) for name, cost in costs.items() if cost is not None]
    return min(priced)[1] if priced else next(iter(costs), "")


async def probe(config: Config) -> list[Probe]:
    """Ask all of them at once."""
    recovery = structs.replace(config.recovery, retries=0, rounds=1)
    house = structs.replace(config, direct=True, ledger=None, budgets=(), keys=(), quality=None, recovery=recovery)
    gateway = Gateway(house)
    try:
        return await asyncio.gather(*[_ask(gateway, provider, model) for provider, model in asked_for(config)])
    finally:
        await gateway.aclose()


async def _ask(gateway: Gateway, provider: Provider, model: str) -> Probe:
    began = time.monotonic()
    if not model:
        said = f"models: name one, as in models: {{fast: {provider.name}/MODEL}}"
        return Probe(provider.name, "", 0.0, error="no model of it is known, so it was not asked", change=said)
    try:
        exchange = Exchange("check", _question(provider, model), gateway.clock())
        async with asyncio.timeout(SECONDS):
            reply = await gateway.handle(exchange)
            await reply.aclose()
    except TimeoutError:
        change = remedy(DeadlineExceeded.kind, provider, model)
        return Probe(provider.name, model, SECONDS, error=f"no answer within {SECONDS:g} s", change=change)
    except CallError as error:
        change = remedy(error.kind, provider, model)
        return Probe(provider.name, model, time.monotonic() - began, error=told(error), change=change)
    except TrunklineError as error:
        return Probe(provider.name, model, time.monotonic() - began, error=str(error))
    cost = None if exchange.cost is None else usd(exchange.cost)
    return Probe(provider.name, model, time.monotonic() - began, cost)


def _question(provider: Provider, model: str) -> Call:
    name = f"{provider.name}/{model}"
    chats = any(provider.dialect(spoken).operation == "chat" for spoken in provider.dialects)
    if not chats:
        return Call(msgspec.json.encode({"model": name, "input": QUESTION}), OpenAIEmbeddings())
    messages = [{"role": "user", "content": QUESTION}]
    return Call(msgspec.json.encode({"model": name, "messages": messages, "max_tokens": LEAST_TOKENS}), OpenAIChat())
