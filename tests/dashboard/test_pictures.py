"""An hour of a house at work, as its operator sees it: the pictures of the documentation are taken here.

SCREENSHOTS=folder keeps them; the simulator answers, so times are shorter than any model's.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import aiohttp
import pytest

from tests.dashboard.test_browser import Axe, By, Page, chromium  # noqa: F401 - chromium is a fixture
from tests.e2e.conftest import House, eventually
from tests.e2e.stopping import stopped
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway
from trunkline.server.run import bound, server_of, url_of
from trunkline.simulator import Simulator, read_config

MODELS = {"openai": "gpt-5-mini", "anthropic": "claude-sonnet-4-5", "mistral": "mistral-small"}
FAULTS = {"openai": [{"kind": "status", "status": 503, "rate": 0.04}]}
SIMULATED = {
    "seed": 7,
    "providers": {
        name: {
            "keys": [f"sk-{name}-0123456789"],
            "dialects": ["anthropic" if name == "anthropic" else "openai"],
            "models": {model: {"quality": {"default": 0.9}}},
            "latency": {"first_token": {"median": 0.004, "sigma": 0.6}},
            "faults": FAULTS.get(name, []),
        }
        for name, model in MODELS.items()
    },
}
CONFIG = """
listen: 127.0.0.1:0
admin_key: sk-admin-0123456789abcdef
keys:
  - {{name: shop, key: sk-house-alice-0123456789, team: sales}}
  - {{name: helpdesk, key: sk-house-helpdesk-0123456789, team: service, budget: 20}}
providers:
  openai: {{url: "{url}/openai/v1", dialect: openai, key: sk-openai-0123456789}}
  anthropic: {{url: "{url}/anthropic/v1", dialect: anthropic, key: sk-anthropic-0123456789}}
  mistral: {{url: "{url}/mistral/v1", dialect: openai, key: sk-mistral-0123456789,
    models: {{mistral-small: {{prices: {{input: 0.1, output: 0.3}}, context_window: 32000}}}}}}
models:
  answers: {{targets: [openai/gpt-5-mini, anthropic/claude-sonnet-4-5], strategy: balanced}}
  summaries: [mistral/mistral-small, openai/gpt-5-mini]
  careful: [anthropic/claude-sonnet-4-5]
budgets: [{{name: everything, limit: 50, window: day}}]
recovery: {{retries: 0, rounds: 1}}
ledger: {folder}/ledger.db
quality: {{}}
"""
HELPDESK = "sk-house-helpdesk-0123456789"
SHOP = "sk-house-alice-0123456789"
MINUTES = 58


@pytest.fixture
async def at_work(tmp_path: Path) -> AsyncIterator[House]:
    async with Simulator(read_config(SIMULATED)) as simulator, aiohttp.ClientSession() as http:
        path = tmp_path / "trunkline.yaml"
        path.write_text(CONFIG.format(url=simulator.url, folder=tmp_path))
        config = config_source.load(path, {})
        gateway, listening = Gateway(config), bound(config.listen)
        gateway.open()
        server = server_of(config, gateway)
        serving = asyncio.create_task(server.serve([listening]))
        await eventually(lambda: server.started or None)
        yield House(url_of(listening), gateway, simulator, http)
        await stopped(server, serving, gateway)


async def an_hour(house: House) -> None:
    """Calls as they come in an hour: minute by minute, more at noon, the clock of the live view set forward."""
    rng, live = Random(7), house.gateway.live
    now = live._wall()
    for minute in range(MINUTES, -1, -1):
        live._wall = lambda at=now - minute * 60: at  # type: ignore[misc]
        await asyncio.gather(*(one(house, rng) for _ in range(rng.randint(2, 5) + (30 - abs(minute - 30)) // 5)))


async def one(house: House, rng: Random) -> None:
    model = rng.choices(["answers", "summaries", "careful", "anwsers"], [12, 5, 1, 0.1])[0]
    topic = rng.choice(["our opening hours", "a late parcel", "the difference between two phones", "a refund"])
    body = {"model": model, "messages": [{"role": "user", "content": f"Write to a customer about {topic}. " * 12}]}
    key = rng.choice([SHOP, SHOP, HELPDESK])
    await house.post("/v1/chat/completions", body, {"authorization": f"Bearer {key}"})


async def test_an_hour_at_work_is_a_pleasure_to_look_at(at_work: House, chromium: Any) -> None:  # noqa: F811 - a fixture
    await an_hour(at_work)
    page = Page(chromium, at_work.url)

    def look() -> list[str]:
        page.enter()
        page.shows("Cost today", "Saved today", "Quality")
        page.picture("dashboard-overview")
        violations = Axe().run(page.browser)["violations"]
        page.go("spend")
        page.shows("Always the dearest", "claude-sonnet-4-5", "gpt-5-mini", "mistral-small")
        page.picture("dashboard-spend")
        page.go("budgets")
        page.shows("everything", "helpdesk")
        page.picture("dashboard-budgets")
        page.browser.get(f"{at_work.url}/dashboard#/calls/{fallen_back(at_work)}")
        page.shows("Requests to providers", "overloaded", "Decided by balanced")
        page.picture("dashboard-call")
        told = page.faults()
        page.leave()
        return [one["id"] for one in violations if one["impact"] in {"serious", "critical"}] + told

    assert await asyncio.to_thread(look) == []


def fallen_back(house: House) -> str:
    """The id of a call that its second target answered, decided by a strategy."""
    return next(
        exchange.id
        for exchange in reversed(house.ended)
        if exchange.decision is not None and len(exchange.attempts) > 1 and exchange.outcome and exchange.outcome.ok
    )
