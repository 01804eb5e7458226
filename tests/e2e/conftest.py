"""A real gateway before real simulated providers, all on loopback sockets of this test's own loop."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.e2e.stopping import stopped
from tests.spoken import ANSWERED, SPOKEN, payloads, spoken
from trunkline.core.exchange import Exchange
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway
from trunkline.server.run import bound, server_of, url_of
from trunkline.simulator import Entry, Simulator, read_config
from trunkline.stores.opening import wall_millis
from trunkline.stores.records import UsageQuery, UsageRecord
from trunkline.stores.sqlite import SqliteStore

SUM = "What is 17 + 25?"
PRICES = {"input": "0.15", "output": "0.60", "cache_read": "0.075", "cache_write": "0.1875"}
SPEAKERS = {**{row.short: [row.name] for row in ANSWERED}, "spare": [row.name for row in SPOKEN]}
BASES = {row.short: row.base for row in ANSWERED}
QUIRKS = {row.name: row.quirks for row in ANSWERED}
SIMULATED: dict[str, Any] = {
    "seed": 7,
    "providers": {
        name: {
            "keys": [f"sk-{name}-0123456789"],
            "dialects": dialects,
            "models": {
                "sim": {"context": 8000, "prices": PRICES, "quality": {"default": 1.0}},
                "sim-floats": {"prices": PRICES},
                "sim-torn": {"prices": PRICES},
                "sim-thinker": {"reasoning": True, "prices": PRICES},
                "sim-always": {"usage_always": True, "prices": PRICES},
                "sim-cached": {"cache": "always", "prices": PRICES},
                "sim-free": {},
                "sim-prefix": {"prefill": "prefix", "prefill_echo": True, "prices": PRICES},
                "claude-haiku-4-5": {"prices": PRICES},
                "claude-sonnet-4-5": {"prices": PRICES},
                "claude-opus-4-7": {"prices": PRICES},
            },
        }
        for name, dialects in SPEAKERS.items()
    },
}
HOUSE = """
listen: 127.0.0.1:0
providers:
{speakers}
  echoing:
    url: {url}/oa/v1
    dialects: {{openai: {{quirks: {{prefill: prefix_echoed}}}}}}
    key: sk-oa-0123456789
    models: {models}
  dead: {{url: "http://127.0.0.1:9/v1", dialect: openai, key: sk-dead-0123456789}}
{routes}
recovery: {recovery}
ledger: {ledger}
timeouts: {{connect: 2, first_content: {patience}, idle: {patience}, answer: {patience}, total: 20}}
{more}
"""
SPEAKER = "  {name}: {{url: {url}/{name}{base}, dialect: {dialects}, key: sk-{name}-0123456789, models: {models}}}"
ROUTES = (
    "\nmodels:\n"
    + "".join(f"  {row.name}: [{row.short}/sim]\n" for row in ANSWERED)
    + """
  both: [oa/sim, an/sim]
  down-then-up: [dead/sim, "oa/fault:status:503", an/sim]
  all-down: [dead/sim, "oa/fault:status:503", "an/fault:status:529"]
  strict: {targets: [an/sim], on_unsupported: refuse}
"""
)
ONE_ROUND = "{retries: 0, rounds: 1}"  # each target once: what one attempt shows is shown at once
WINDOWS = dict.fromkeys(SIMULATED["providers"]["oa"]["models"], 128_000) | {"sim": 8000}
PRICED = json.dumps(
    {name: {"prices": PRICES, "context_window": window} for name, window in WINDOWS.items()}
    | {"sim-free": {"prices": {"input": 0, "output": 0}}}
)


class House:
    """A running gateway, the simulator behind it and what both have seen."""

    def __init__(self, url: str, gateway: Gateway, simulator: Simulator, http: aiohttp.ClientSession) -> None:
        self.url = url
        self.gateway = gateway
        self.simulator = simulator
        self.http = http
        self.ended: list[Exchange] = []
        self.told: dict[str, tuple[int, bytes]] = {}  # what each call's caller was answered, by its id
        gateway.listen(self.ended.append)

    async def post(
        self, path: str, body: dict[str, Any] | bytes, headers: dict[str, str] | None = None
    ) -> tuple[int, Any, bytes]:
        """Status, headers and body of one call."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json", **(headers or {})}
        async with self.http.post(self.url + path, data=data, headers=sent) as response:
            answered = await response.read()
            self.told[response.headers.get("x-request-id", "")] = response.status, answered
            return response.status, response.headers, answered

    async def chat(self, model: str, text: str = SUM, **more: Any) -> tuple[int, Any, bytes]:
        """A call in OpenAI's dialect."""
        return await self.post("/v1/chat/completions", {"model": model, "messages": [user(text)], **more})

    async def message(self, model: str, text: str = SUM, **more: Any) -> tuple[int, Any, bytes]:
        """A call in Anthropic's dialect."""
        return await self.post("/v1/messages", {"model": model, "max_tokens": 500, "messages": [user(text)], **more})

    async def ask(self, dialect: str, model: str, **more: Any) -> tuple[int, Any, bytes]:
        """A call in a dialect."""
        path, body = spoken(dialect).ask(model, more.pop("text", SUM), stream=more.pop("stream", False))
        return await self.post(path, {**body, **more})

    async def logged(self, count: int) -> list[Entry]:
        """The providers' own log, once so many requests are in it."""
        return await eventually(lambda: self.simulator.log if len(self.simulator.log) >= count else None)


def simulated(besides: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The simulator's config with more said of some providers: faults, limits, latency."""
    providers = {name: {**provider, **besides.pop(name, {})} for name, provider in SIMULATED["providers"].items()}
    assert not besides, f"no provider of these names: {besides}"
    return {**SIMULATED, "providers": providers}


def _speakers(url: str, models: str) -> str:
    return "\n".join(
        SPEAKER.format(name=name, url=url, base=BASES.get(name, "/v1"), dialects=_quirky(dialects), models=models)
        for name, dialects in SPEAKERS.items()
    )


def _quirky(dialects: list[str]) -> str:
    return json.dumps({name: {"quirks": QUIRKS[name]} for name in dialects})


def user(text: str) -> dict[str, str]:
    return {"role": "user", "content": text}


async def eventually(look: Callable[[], Any], seconds: float = 5) -> Any:
    """What ``look`` finds, once it finds something."""
    async with asyncio.timeout(seconds):
        while (found := look()) is None:
            await asyncio.sleep(0.005)
        return found


async def kept(house: House, count: int) -> list[UsageRecord]:
    """The ledger's records, the first attempt first, once so many are in it: they settle just after an answer's end."""
    async with asyncio.timeout(5):
        while True:
            assert house.gateway.money is not None
            records = await house.gateway.money.store.usage.read(UsageQuery())
            if len(records) >= count:
                return sorted(records, key=lambda record: (record.at, record.attempt))
            await asyncio.sleep(0.01)


Build = Callable[..., Awaitable[House]]


@pytest.fixture
async def build(tmp_path: Path) -> AsyncIterator[Build]:
    """Makes houses: ``more`` is YAML for the config, ``routes`` and ``recovery`` its own, ``patience`` its timeouts.

    ``priced`` is JSON of the models' facts at every provider. A provider's name takes what it has besides:
    ``oa={"faults": [...]}``.
    """
    audits: list[Callable[[], Awaitable[None]]] = []
    async with AsyncExitStack() as stack:

        async def make(
            more: str = "",
            patience: float = 5.0,
            routes: str = ROUTES,
            recovery: str = ONE_ROUND,
            priced: str = PRICED,
            **besides: dict[str, Any],
        ) -> House:
            simulator = await stack.enter_async_context(Simulator(read_config(simulated(besides))))
            path, ledger = tmp_path / "trunkline.yaml", tmp_path / f"{simulator.url.rpartition(':')[2]}.db"
            path.write_text(
                HOUSE.format(
                    url=simulator.url,
                    models=priced,
                    ledger=ledger,
                    speakers=_speakers(simulator.url, priced),
                    more=more,
                    patience=patience,
                    routes=routes,
                    recovery=recovery,
                )
            )
            config = config_source.load(path, {})
            gateway, listening = Gateway(config), bound(config.listen)
            server = server_of(config, gateway)
            serving = asyncio.create_task(server.serve([listening]))
            stack.push_async_callback(stopped, server, serving, gateway)
            await eventually(lambda: server.started or None)
            http = await stack.enter_async_context(aiohttp.ClientSession())
            house = House(url_of(listening), gateway, simulator, http)
            audits.append(lambda: audited(house, ledger))
            return house

        yield make
    for audit in audits:
        await audit()


async def audited(house: House, ledger: Path) -> None:
    """Whatever the test did: every attempt has its one record, and what was known when it ended is what it says."""
    store = SqliteStore(ledger, wall_millis)
    records = await store.usage.read(UsageQuery(limit=100_000))
    await store.aclose()
    assert len({one.id for one in records}) == len(records)
    calls = {exchange.id: exchange for exchange in house.ended}  # a test may have called through another house as well
    found = {(one.request, one.attempt): one for one in records if one.request in calls}
    assert len(found) == sum(exchange.requests for exchange in calls.values())
    for (request, number), record in found.items():
        attempt = calls[request].attempts[number - 1]
        assert attempt.outcome
        assert record.target == str(attempt.target)
        assert record.outcome == (attempt.outcome.error.kind if attempt.outcome.error else "ok")
        assert (record.usage, record.cost) == (attempt.outcome.usage, attempt.cost)
    for request, (status, body) in house.told.items():
        if exchange := calls.get(request):
            assert exchange.outcome
            assert exchange.outcome.ok == _whole(exchange, status, body), body[-600:]


def _whole(exchange: Exchange, status: int, body: bytes) -> bool:
    """Whether its caller takes an answer for a whole one."""
    call = exchange.call
    if status != 200 or not call.envelope.stream:
        return status == 200
    if call.dialect.operation in {"speech", "transcriptions"}:
        return str(payloads(body)[-1].get("type", "")).endswith(".done")
    return spoken({"completions": "openai"}.get(call.dialect.name, call.dialect.name)).whole(body)


@pytest.fixture
async def house(build: Build) -> House:
    return await build()
