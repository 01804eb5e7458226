"""The house that the clients call: ``trunkline serve`` as a process, ``trunkline simulate`` as another behind it.

Refuses to know who calls.
"""

import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trunkline.cli.demo.child import running

BASES = {
    "openai": "/v1",
    "responses": "/v1",
    "anthropic": "/v1",
    "gemini": "/v1",
    "bedrock": "/v1",
    "ollama": "/api",
    "cohere": "/v2",
}
"""Where the providers stand, by their dialect, which none speaks but one; the gateway's models have the same names."""

DIALECTS = tuple(BASES)

KEY = "sk-trunkline-clients-0123456789"
WINDOW = 200_000  # tokens; a coding agent's first question has near 30,000
PRICES = {"input": 0.15, "output": 0.60, "cache_read": 0.075, "cache_write": 0.1875}
ILL = {"limited": "fault:status:429", "cut": "fault:cut:2"}
"""What befalls the models ``openai-limited`` and ``openai-cut``, and those of the other providers."""

HEALTH = {
    "circuit_breaker": {"consecutive": 100_000, "failure_rate": 1.0, "minimum": 10_000, "window": 10_000},
    "rate_limit": {"base": 0.001, "cap": 0.001, "longest": 0.001},
}
"""Who is ill stays ill and is asked each time: no circuit opens, and a 429 stops nobody for long."""


@dataclass(frozen=True)
class House:
    """Where the gateway listens, and the log of everything the simulated providers received."""

    url: str
    truth: Path

    @property
    def environ(self) -> dict[str, str]:
        """What a client's program is told."""
        return {"TRUNKLINE_URL": self.url, "TRUNKLINE_KEY": KEY, "TRUNKLINE_MODELS": " ".join(DIALECTS)}


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[House]:
    """Both processes, until the block ends. Raises ChildFailed where one does not come up."""
    simulated, config, truth = folder / "simulator.json", folder / "trunkline.json", folder / "truth.jsonl"
    simulated.write_text(json.dumps(_simulated(truth)))
    simulate = ("simulate", "-c", str(simulated), "--port", "0")
    async with running("simulator", *simulate, environ=os.environ) as clouds:
        config.write_text(json.dumps(_served(clouds.url, folder)))
        serve = ("serve", "-c", str(config), "--listen", "127.0.0.1:0")
        async with running("gateway", *serve, environ=os.environ) as gateway:
            yield House(gateway.url, truth)


def _simulated(truth: Path) -> dict[str, Any]:
    model = {"context": WINDOW, "prices": PRICES, "quality": {"default": 1.0}}
    providers = {name: {"keys": [_key(name)], "dialects": [name], "models": {"sim": model}} for name in DIALECTS}
    return {"seed": 7, "log": str(truth), "providers": providers}


def _served(url: str, folder: Path) -> dict[str, Any]:
    providers = {name: _provider(f"{url}/{name}", name) for name in DIALECTS}
    ill = {f"{name}-{how}": [f"{name}/{fault}"] for name in DIALECTS for how, fault in ILL.items()}
    return {
        "providers": providers,
        "models": {**{name: [f"{name}/sim"] for name in DIALECTS}, **ill},
        "keys": [{"name": "clients", "key": KEY}],
        "recovery": {"retries": 0, "rounds": 1, "max_wait": 0.01},  # a fault is shown at once
        "health": HEALTH,
        "ledger": str(folder / "ledger.db"),
        "log": {"calls": "off"},
    }


def _provider(url: str, name: str) -> dict[str, Any]:
    facts = {"sim": {"context_window": WINDOW, "prices": PRICES}}
    spoken = {name: {"quirks": {"family": "claude"} if name == "bedrock" else {}}}  # `sim` does not say whose it is
    return {"url": f"{url}{BASES[name]}", "dialects": spoken, "key": _key(name), "models": facts}


def _key(name: str) -> str:
    return f"sk-{name}-0123456789"
