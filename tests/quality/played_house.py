"""A whole gateway before a played provider whose models answer as well as the scene says."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trunkline.client import Client
from trunkline.gateway.config_source import load
from trunkline.gateway.gateway import Gateway
from trunkline.testing import Part, Plan, PlayedTransport
from trunkline.transport.transport import Request

Answer = Callable[[str, list[dict[str, Any]]], str]


class Scripted:
    """A provider in OpenAI's dialect: ``answer(model, messages)`` is what it says."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.asked: list[str] = []

    def plan(self, request: Request, now: float) -> Plan:
        body = json.loads(request.body)
        self.asked.append(body["model"])
        text = self.answer(body["model"], body["messages"])
        usage = {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150}
        if body.get("stream"):
            return self._streamed(body["model"], text, usage)
        message = {"role": "assistant", "content": text}
        whole = {
            "id": "c1", "object": "chat.completion", "created": 1, "model": body["model"], "usage": usage,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        }  # fmt: skip
        return Plan(200, [(b"content-type", b"application/json")], (Part(0, json.dumps(whole).encode()),))

    def _streamed(self, model: str, text: str, usage: dict[str, int]) -> Plan:
        def chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "finish_reason": finish}
            told = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": model, "choices": [choice]}
            return b"data: " + json.dumps(told).encode() + b"\n\n"

        half = len(text) // 2
        last = b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"choices":[],"usage":%s}\n\n'
        data = [
            chunk({"role": "assistant", "content": text[:half]}), chunk({"content": text[half:]}), chunk({}, "stop"),
            last % json.dumps(usage).encode(), b"data: [DONE]\n\n",
        ]  # fmt: skip
        return Plan(200, [(b"content-type", b"text/event-stream")], tuple(Part(0, one) for one in data))


HOUSE = """
providers:
  one: {{url: "http://one/v1", dialect: openai, auth: none, models: {models}}}
  two: {{url: "http://two/v1", dialect: openai, auth: none, models: {models}}}
models:
  fast: {{targets: [one/small, two/large], strategy: {strategy}}}
ledger: {ledger}
quality: {quality}
"""
PRICES = {"small": 1.0, "large": 10.0, "claude-judge": 5.0}


def house(
    folder: Path,
    answer: Answer,
    quality: str = "{}",
    strategy: str = "ordered",
    ledger: str = "{}",
    played: type[Scripted] = Scripted,
    facts: dict[str, dict[str, Any]] | None = None,
    **clocks: Any,
) -> tuple[Client, Scripted]:
    """A client of a gateway that has begun; close it with ``await client.aclose()``."""
    rows = {name: {"prices": {"input": price, "output": price}} for name, price in PRICES.items()}
    models = json.dumps({name: {**row, **(facts or {}).get(name, {})} for name, row in rows.items()})
    file = folder / "house.yaml"
    file.write_text(HOUSE.format(models=models, quality=quality, strategy=strategy, ledger=ledger))
    provider = played(answer)
    transport = PlayedTransport({"one": provider, "two": provider})
    clocks.setdefault("rng", random.Random(7).random)
    gateway = Gateway(load(file, {}), transport=transport, **clocks)
    gateway.open()
    return Client(gateway), provider
