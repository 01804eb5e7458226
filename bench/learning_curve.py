"""``python -m bench.learning_curve --write``: adaptive routing that begins knowing nothing, judged on a sample.

Refuses to let the router see the truth: the simulator grades every answer for the figures, a noisy judge a few for it.
"""

import argparse
import random
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import msgspec
from msgspec import Struct

from bench.weigh import ROOT
from trunkline.client import Client
from trunkline.gateway.config_source import load
from trunkline.gateway.gateway import Gateway
from trunkline.simulator.capitals import CAPITALS
from trunkline.simulator.config import Provider
from trunkline.simulator.questions import grade
from trunkline.testing import Part, Plan, PlayedTransport, RehearsedProvider, run
from trunkline.transport.transport import Request

DOCUMENT = ROOT / "docs/quality-results.md"
PICTURE = ROOT / "docs/pictures/learning.svg"
MARK = "<!-- figures: written by python -m bench.learning_curve --write -->\n"
WINDOW = 500  # calls that one point of the curve is the mean of
KINDS = ("arithmetic", "trivia", "spelling")
QUALITY = {
    "cheap": {"arithmetic": 0.95, "trivia": 0.93, "spelling": 0.35},
    "middle": {"arithmetic": 0.60, "trivia": 0.70, "spelling": 0.95},
    "dear": {"arithmetic": 0.97, "trivia": 0.95, "spelling": 0.60},
}
SWAPPED = {"cheap": QUALITY["middle"], "middle": QUALITY["cheap"], "dear": QUALITY["dear"]}
PRICES = {"cheap": 0.5, "middle": 2.0, "dear": 10.0}
WEIGHT = 0.1
MEMORY = 60
HOUSE = """
providers:
{providers}
models:
  ask:
    targets: [cheap/cheap, middle/middle, dear/dear]
    strategy: {{kind: adaptive, weight: {weight}, exploration: {{share: {share}, regret: {regret}, even: 0.1}}}}
quality:
  judges: [judging/claude]
  rate: {rate}
  rubric: correctness
  queue: 10000
  concurrent: 64
  learning: {{memory: {memory}}}
  drift: {{reference: 40, horizon: 200}}
"""
MODEL = "    models: {{{model}: {{prices: {{input: {price}, output: {price}}}}}}}"
ROW = '  {name}:\n    url: "http://{name}/v1"\n    dialect: openai\n    auth: none\n' + MODEL
ROUTED = {name: (name, price) for name, price in PRICES.items()} | {"judging": ("claude", 0.0)}


class Judge:
    """Sees what is right nine times of ten, and is lenient: a wrong answer gets a 2, a right one a 5 or a 4."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.asked = 0

    def plan(self, request: Request, now: float) -> Plan:
        """One verdict."""
        self.asked += 1
        said = msgspec.json.decode(request.body)["messages"][1]["content"]
        question, answer = (said.split(f"{name} ", 1)[1].split("\n", 1)[1] for name in ("QUESTION", "\nANSWER"))
        right = grade(question.split("\nEND OF", 1)[0].removeprefix("user: "), answer.split("\nEND OF", 1)[0])
        seen = bool(right) if self._rng.random() < 0.9 else not right
        mark = self._rng.choice((4, 5)) if seen else self._rng.choice((1, 2))
        message = {"role": "assistant", "content": f'{{"correctness": {{"reason": "so it seems", "grade": {mark}}}}}'}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
        whole = {"id": "j", "object": "chat.completion", "created": 1, "model": "claude", "choices": [choice]}
        body = msgspec.json.encode({**whole, "usage": usage})
        return Plan(200, [(b"content-type", b"application/json")], (Part(0, body),))


class Point(Struct, frozen=True):
    """One call: what it was worth in truth, and what it cost in nano-dollars."""

    kind: str
    model: str
    right: float
    cost: int


def question(kind: str, rng: random.Random) -> str:
    if kind == "arithmetic":
        return f"What is {rng.randint(100, 9_999)} * {rng.randint(100, 9_999)}?"
    if kind == "trivia":
        country = rng.choice(list(CAPITALS)).title()
        return (
            "I am preparing a quiz evening for my neighbours and some of their children, and I need to be sure of one "
            f"fact before I print the cards, number {rng.randint(1, 10_000)} of them. What is the capital of "
            f"{country}? Please answer in one plain sentence, without any further remarks about the country."
        )
    return f"Reverse the word {''.join(rng.choices('abcdefghilmnoprstuv', k=9))}"


def house(folder: Path, seed: int, share: float, regret: float, rate: float) -> tuple[Client, Judge, dict[str, Any]]:
    file = folder / "house.yaml"
    rows = "\n".join(ROW.format(name=name, model=model, price=price) for name, (model, price) in ROUTED.items())
    file.write_text(HOUSE.format(providers=rows, weight=WEIGHT, share=share, regret=regret, rate=rate, memory=MEMORY))
    rng = random.Random(seed)
    judge = Judge(random.Random(seed + 1))
    hosts: dict[str, Any] = {name: provider(name, QUALITY, rng) for name in QUALITY}
    hosts["judging"] = judge
    gateway = Gateway(load(file, {}), transport=PlayedTransport(hosts), rng=random.Random(seed + 2).random)
    return Client(gateway), judge, hosts


def provider(name: str, quality: dict[str, dict[str, float]], rng: random.Random) -> RehearsedProvider:
    config = msgspec.convert(
        {"models": {name: {"quality": quality[name], "prices": {"input": "1", "output": "1"}}}}, Provider, strict=False
    )
    return RehearsedProvider(name, config, rng=rng)


def learned(calls: int, seed: int, share: float, regret: float, rate: float) -> tuple[list[Point], int, list[str]]:
    """All points, how often the judge was asked, and the falls that were noticed; the qualities swap half-way."""
    with tempfile.TemporaryDirectory() as folder:
        client, judge, hosts = house(Path(folder), seed, share, regret, rate)

        async def asking() -> tuple[list[Point], list[str]]:
            client.gateway.open()
            quality = client.gateway.measured()
            rng, points = random.Random(seed + 3), []
            for call in range(calls):
                if call == calls // 2:
                    hosts.update({name: provider(name, SWAPPED, rng) for name in QUALITY})
                kind = rng.choice(KINDS)
                asked = question(kind, rng)
                answer = await client.chat("ask", asked)
                cost = sum(attempt.cost or 0 for attempt in answer.attempts)
                points.append(Point(kind, answer.model, grade(asked, answer.text) or 0.0, cost))
                await quality.watch.settled()
            falls = [str(fall) for fall in quality.watch.falls]
            await client.aclose()
            return points, falls

        points, falls = run(asking())
        return points, judge.asked, falls


def best(points: Sequence[Point], quality: dict[str, dict[str, float]]) -> tuple[float, float]:
    """Quality and cost of whoever knows the truth and weighs cost as the strategy does."""
    costs = {(p.kind, p.model): p.cost for p in points}
    chosen = {}
    for kind in KINDS:
        cost = {model: costs.get((kind, model), 10**12) for model in quality}
        dearest = max(one for one in cost.values() if one < 10**12)
        chosen[kind] = max(quality, key=lambda model: quality[model][kind] - WEIGHT * min(cost[model] / dearest, 1))
    return (
        fmean(quality[chosen[p.kind]][p.kind] for p in points),
        fmean(costs[p.kind, chosen[p.kind]] for p in points),
    )


def curve(points: Sequence[Point], figure: Callable[[Point], float]) -> list[float]:
    return [fmean(figure(p) for p in points[max(0, n - WINDOW) : n]) for n in range(50, len(points) + 1, 50)]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.learning_curve", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="the qualities swap half-way")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--share", type=float, default=0.05, help="of calls that may explore")
    parser.add_argument("--regret", type=float, default=0.003)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.05, 0.1], help="of answers that are judged")
    parser.add_argument("--write", action="store_true", help=f"put figures and curve into {DOCUMENT.name}")
    options = parser.parse_args()
    text, pictures = HEAD + "\n", []
    for rate in options.rates:
        points, asked, falls = learned(options.calls, options.seed, options.share, options.regret, rate)
        half = options.calls // 2
        parts = ((points[:half], QUALITY), (points[half:], SWAPPED))
        text += "\n".join([*told(options, parts, asked, falls), "", ""])
        pictures.append(drawn(points, [best(part, quality) for part, quality in parts]))
    print(text)
    if options.write:
        PICTURE.write_text(pictures[0], "utf-8")
        before, _, after = DOCUMENT.read_text("utf-8").partition(MARK)
        rest = after[after.index("\n<!--") :] if "\n<!--" in after else ""
        DOCUMENT.write_text(before.rstrip("\n") + "\n\n" + MARK + "\n" + text.rstrip("\n") + "\n" + rest, "utf-8")


HEAD = """## Learning from a judge

Three simulated models, each good at other kinds of questions, and a judge that errs once in ten. Half-way the cheap and
the middle model swap what they are good at. Beside it whoever knows the truth and weighs cost alike. The curve is of
the first table.

![Quality and cost over calls](pictures/learning.svg)
"""


def told(options: Any, parts: Any, asked: int, falls: list[str]) -> list[str]:
    about = (
        f"{options.calls:,} calls, {asked} of them judged ({asked / options.calls:.1%}), exploration in at most "
        f"{options.share:.0%} of calls at a regret of {options.regret:g} (seed {options.seed}):"
    )
    lines = [about, ""]
    lines += ["| calls | right answers | best reachable | cost, times the best's |", "| --- | --- | --- | --- |"]
    offset = 0
    for part, quality in parts:
        right, cost = best(part, quality)
        for begin in range(0, len(part), 1_000):
            some = part[begin : begin + 1_000]
            times = fmean(p.cost for p in some) / cost
            span, got = f"{offset + begin + 1:,} to {offset + begin + len(some):,}", fmean(p.right for p in some)
            lines.append(f"| {span} | {got:.1%} | {right:.1%} | {times:.2f} |")
        offset += len(part)
    noticed = "; ".join(falls) or "none"
    return [*lines, "", f"Falls that were noticed: {noticed}."]


def drawn(points: Sequence[Point], bests: Sequence[tuple[float, float]]) -> str:
    """Two lines and what is best, as an SVG for a page of any colour."""
    right, cost = curve(points, lambda p: p.right), curve(points, lambda p: p.cost)
    half = len(right) // 2
    relative = [value / bests[n >= half][1] for n, value in enumerate(cost)]
    wide, high, floor = 760, 300, 260

    def line(values: Sequence[float], low: float, top: float, colour: str) -> str:
        steps = [
            f"{40 + n * (wide - 60) / (len(values) - 1):.1f},{floor - (value - low) / (top - low) * (high - 70):.1f}"
            for n, value in enumerate(values)
        ]
        return f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{" ".join(steps)}"/>'

    goal = [bests[n >= half][0] for n in range(len(right))]
    top = max(3.0, *relative)
    middle = 40 + (wide - 60) / 2
    words = [
        (40, 16, "#2a7ae2", "right answers (0.5 to 1)"), (240, 16, "#888888", "best reachable"),
        (380, 16, "#d9730d", f"cost, times the best's (0 to {top:.0f})"),
        (middle + 6, high - 46, "#888888", "qualities swap"),
        (40, high - 14, "#888888", "call 1"), (wide - 90, high - 14, "#888888", f"call {len(points):,}"),
    ]  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">'
        f'<line x1="40" y1="{high - 40}" x2="{wide - 20}" y2="{high - 40}" stroke="#888888"/>'
        f'<line x1="{middle}" y1="30" x2="{middle}" y2="{high - 40}" stroke="#888888" stroke-dasharray="4 4"/>'
        + line(goal, 0.5, 1.0, "#888888")
        + line(relative, 0.0, top, "#d9730d")
        + line(right, 0.5, 1.0, "#2a7ae2")
        + "".join(f'<text x="{x:.0f}" y="{y}" fill="{colour}">{word}</text>' for x, y, colour, word in words)
        + "</svg>\n"
    )


if __name__ == "__main__":
    main()
