"""A house whose providers keep files and run batches, with the simulator behind it, for the scenes about them."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai

from tests.e2e.stopping import stopped
from trunkline.gateway import config_source
from trunkline.gateway.filing import Filing
from trunkline.gateway.gateway import Gateway
from trunkline.server.run import bound, server_of, url_of
from trunkline.simulator import Simulator, read_config
from trunkline.stores.records import UsageQuery, UsageRecord

ALICE, BOB = "sk-house-alice-0123456789", "sk-house-bob-0123456789"
PRICES = {"input": "1", "output": "4", "cache_read": "1", "cache_write": "1"}
SUM = "What is 17 + 25?"
HOUSE = """
listen: 127.0.0.1:0
providers:
  one: {{url: "{url}/one/v1", dialects: [openai, responses, embeddings], key: sk-one-0123456789,
    batches: [openai, responses, embeddings], tags: [eu], models: {models}}}
  two: {{url: "{url}/two/v1", dialect: openai, key: sk-two-0123456789, batches: [openai], models: {models}}}
  plain: {{url: "{url}/plain/v1", dialect: openai, key: sk-plain-0123456789, models: {models}}}
models:
  fast: [plain/sim, one/sim, two/sim]
  same: [one/sim]
  large: [one/sim-large]
  second: [two/sim]
  third: [plain/sim]
  unpriced: [one/sim-unpriced]
{keys}
ledger: {ledger}
{more}
"""
KEYS = f"""
keys:
  - {{name: alice, key: {ALICE}}}
  - {{name: bob, key: {BOB}}}
"""


def simulated(**besides: Any) -> dict[str, Any]:
    """The simulator's config; ``one={"batches": {"seconds": 3600}}`` is what that provider has besides."""
    models = {name: {"prices": PRICES} for name in ("sim", "sim-large", "sim-unpriced")}
    providers = {
        name: {"keys": [f"sk-{name}-0123456789"], "models": models, **besides.get(name, {})}
        for name in ("one", "two", "plain")
    }
    return {"seed": 7, "providers": providers}


class FiledHouse:
    """A running gateway and what is behind it."""

    def __init__(self, url: str, gateway: Gateway, simulator: Simulator) -> None:
        self.url = url
        self.gateway = gateway
        self.simulator = simulator

    @property
    def filing(self) -> Filing:
        assert self.gateway.filing is not None
        return self.gateway.filing

    def client(self, key: str = ALICE) -> openai.AsyncOpenAI:
        """OpenAI's own client, as it is."""
        return openai.AsyncOpenAI(api_key=key, base_url=f"{self.url}/v1", max_retries=0)

    async def records(self) -> list[UsageRecord]:
        assert self.gateway.money is not None
        await self.gateway.money.purse.settled()
        return await self.gateway.money.store.usage.read(UsageQuery())

    async def held(self, account: str) -> int:
        assert self.gateway.money is not None
        return (await self.gateway.money.store.budgets.balances([account]))[account].held

    async def look_again(self, later: int = 300_000) -> None:
        """As when it is ``later`` milliseconds, and the time to look after open batches has come."""
        assert self.gateway.money is not None
        now, register = self.gateway.money.wall(), self.filing.desk.register
        register.wall = lambda: now + later
        await self.filing.settling.round()
        register.wall = self.gateway.money.wall


@asynccontextmanager
async def house_before(
    simulator: Simulator, folder: Path, *, more: str = "", keys: str = KEYS, name: str = "trunkline"
) -> AsyncGenerator[FiledHouse]:
    """A house in front of a simulator; several of one ``folder`` share its ledger."""
    facts: dict[str, Any] = {"prices": PRICES, "context_window": 8000, "max_output": 500}
    models = json.dumps({"sim": facts, "sim-large": facts, "sim-unpriced": {"max_output": 500}})
    path = folder / f"{name}.yaml"
    ledger = folder / "trunkline.db"
    path.write_text(HOUSE.format(url=simulator.url, models=models, keys=keys, ledger=ledger, more=more))
    config = config_source.load(path, {})
    gateway, listening = Gateway(config), bound(config.listen)
    server = server_of(config, gateway)
    serving = asyncio.create_task(server.serve([listening]))
    while not server.started:
        await asyncio.sleep(0.005)
    try:
        yield FiledHouse(url_of(listening), gateway, simulator)
    finally:
        await stopped(server, serving, gateway)


@asynccontextmanager
async def filed_house(folder: Path, *, more: str = "", keys: str = KEYS, **besides: Any) -> AsyncGenerator[FiledHouse]:
    """A house and its simulator."""
    async with (
        Simulator(read_config(simulated(**besides))) as simulator,
        house_before(simulator, folder, more=more, keys=keys) as house,
    ):
        yield house


def line(number: int, model: str = "fast", text: str = SUM, **more: Any) -> dict[str, Any]:
    """A line of a batch: a chat."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 50}
    return {
        "custom_id": f"line-{number}",
        "method": "POST",
        "url": "/v1/chat/completions",
        "body": {**body, **more.pop("body", {})},
        **more,
    }


def jsonl(*lines: dict[str, Any] | bytes) -> bytes:
    """The lines of a file."""
    return b"".join((one if isinstance(one, bytes) else json.dumps(one).encode()) + b"\n" for one in lines)


async def uploaded(gpt: openai.AsyncOpenAI, *lines: dict[str, Any] | bytes, **more: Any) -> Any:
    """A file for a batch."""
    return await gpt.files.create(file=("in.jsonl", jsonl(*lines)), purpose="batch", **more)


async def begun(gpt: openai.AsyncOpenAI, *lines: dict[str, Any], **more: Any) -> Any:
    """A batch of chats."""
    file = await uploaded(gpt, *lines)
    asked: Any = {"endpoint": "/v1/chat/completions", "completion_window": "24h", **more}
    return await gpt.batches.create(input_file_id=file.id, **asked)
