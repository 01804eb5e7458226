"""``python -m bench.learning_curve --write``: adaptive routing that begins knowing nothing, judged on a sample.

Refuses to let the router see the truth: the simulator grades every answer for the figures, a noisy judge a few for it.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import msgspec
from msgspec import Struct

from bench.weigh import ROOT
from trunkline.client import Client
from trunkline.gateway.config_source import load
from trunkline.gateway.gateway import Gateway
from trunkline.quality.agreement import wilson
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
WEIGHT = 0.2
GOOD_ENOUGH, DEAR = 0.02, 1.10  # quality below the best reachable, cost beside the best's
STRETCH = 1_000  # calls of one line of the table
HOUSE = """
providers:
{providers}
models:
  ask:
    targets: [cheap/cheap, middle/middle, dear/dear]
    strategy: {{kind: adaptive, weight: {weight}}}
quality:
  judges: [judging/claude]
  rate: {rate}
  rubric: correctness
  queue: 10000
  concurrent: 64
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
    """One call: what its answer was worth in truth on average, and what it cost in nano-dollars."""

    kind: str
    model: str
    worth: float
    cost: int


class Run(Struct, frozen=True):
    """One seed: its calls, how often the judge was asked, and the falls that were noticed."""

    points: list[Point]
    judged: int
    falls: list[str]


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


def house(folder: Path, seed: int, rate: float) -> tuple[Client, Judge, dict[str, Any]]:
    file = folder / "house.yaml"
    rows = "\n".join(ROW.format(name=name, model=model, price=price) for name, (model, price) in ROUTED.items())
    file.write_text(HOUSE.format(providers=rows, weight=WEIGHT, rate=rate))
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


def learned(calls: int, seed: int, rate: float) -> Run:
    """One house from nothing; the qualities swap half-way."""
    with tempfile.TemporaryDirectory() as folder:
        client, judge, hosts = house(Path(folder), seed, rate)

        async def asking() -> tuple[list[Point], list[str]]:
            client.gateway.open()
            quality = client.gateway.measured()
            rng, points, truth = random.Random(seed + 3), [], QUALITY
            for call in range(calls):
                if call == calls // 2:
                    truth = SWAPPED
                    hosts.update({name: provider(name, SWAPPED, rng) for name in QUALITY})
                kind = rng.choice(KINDS)
                answer = await client.chat("ask", question(kind, rng))
                cost = sum(attempt.cost or 0 for attempt in answer.attempts)
                points.append(Point(kind, answer.model, truth[answer.model][kind], cost))
                await quality.watch.settled()
            falls = [str(fall) for fall in quality.watch.falls]
            await client.aclose()
            return points, falls

        points, falls = run(asking())
        return Run(points, judge.asked, falls)


def mean_costs(points: Sequence[Point]) -> dict[tuple[str, str], float]:
    """What a call of each kind costs with each model: the same tokens at its price, asked or not."""
    found: dict[str, list[float]] = defaultdict(list)
    for point in points:
        found[point.kind].append(point.cost / PRICES[point.model])
    return {(kind, model): fmean(found[kind]) * price for kind in KINDS for model, price in PRICES.items()}


def best(
    points: Sequence[Point], costs: dict[tuple[str, str], float], quality: dict[str, dict[str, float]]
) -> tuple[float, float]:
    """Quality and cost of whoever knows the truth and weighs cost as the strategy does, on the same calls."""
    chosen = {}
    for kind in KINDS:
        dearest = max(costs[kind, model] for model in quality)
        chosen[kind] = max(quality, key=lambda model: quality[model][kind] - WEIGHT * costs[kind, model] / dearest)
    return (
        fmean(quality[chosen[p.kind]][p.kind] for p in points),
        fmean(costs[p.kind, chosen[p.kind]] for p in points),
    )


class Figure(Struct, frozen=True):
    """One stretch of one seed beside the best on its own calls: quality less the best's, cost over the best's."""

    behind: float
    times: float

    @property
    def met(self) -> bool:
        """Good enough, and not too dear."""
        return self.behind >= -GOOD_ENOUGH and self.times <= DEAR


def figure(points: Sequence[Point], begin: int, end: int) -> Figure:
    """Of the calls from ``begin`` to ``end``, all of them before or after the swap."""
    half = len(points) // 2
    whole, quality = (points[:half], QUALITY) if end <= half else (points[half:], SWAPPED)
    some = points[begin:end]
    right, cost = best(some, mean_costs(whole), quality)
    return Figure(fmean(p.worth for p in some) - right, fmean(p.cost for p in some) / cost)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.learning_curve", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000, help="the qualities swap half-way")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.05], help="of answers that are judged")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"put figures and curve into {DOCUMENT.name}")
    options = parser.parse_args()
    text, pictures = HEAD + "\n", []
    for rate in options.rates:
        with ProcessPoolExecutor(options.processes) as processes:
            seeds = range(options.seeds)
            runs = list(processes.map(learned, [options.calls] * len(seeds), seeds, [rate] * len(seeds)))
        text += "\n".join([*told(runs, rate), "", ""])
        pictures.append(drawn(runs))
    print(text)
    if options.write:
        PICTURE.write_text(pictures[0], "utf-8")
        before, _, after = DOCUMENT.read_text("utf-8").partition(MARK)
        rest = after[after.index("\n<!--") :] if "\n<!--" in after else ""
        DOCUMENT.write_text(before.rstrip("\n") + "\n\n" + MARK + "\n" + text.rstrip("\n") + "\n" + rest, "utf-8")


HEAD = f"""## Learning from a judge

Three simulated models at prices of 1, 4 and 20, each good at other kinds of questions, and a judge that errs once in
ten. `adaptive` with `weight: {WEIGHT:g}` and defaults for all the rest begins knowing nothing. Half-way the cheap and
the middle model swap what they are good at. Beside it whoever knows the truth and weighs cost alike, on the same calls.
Quality is the true share of right answers of the models that were chosen. The curve is of the first table: means of the
seeds, and between which the middle eight of ten lie.

![Quality and cost over calls](pictures/learning.svg)
"""


def told(runs: Sequence[Run], rate: float) -> list[str]:
    calls = len(runs[0].points)
    share = fmean(one.judged / calls for one in runs)
    lines = [
        f"{calls:,} calls, {share:.1%} of them judged (rate {rate:g}), {len(runs)} seeds (0 to {len(runs) - 1}):",
        "",
    ]
    lines += [
        "| calls | points behind the best reachable | worst seed | cost, times the best's | worst seed | both met |"
    ]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    for begin in range(0, calls, STRETCH):
        figures = [figure(one.points, begin, begin + STRETCH) for one in runs]
        behind, times = [-100 * one.behind for one in figures], [one.times for one in figures]
        met = sum(one.met for one in figures)
        lines.append(
            f"| {begin + 1:,} to {begin + STRETCH:,} | {_mean(behind, 1)} | {max(behind):.1f} | {_mean(times, 2)} | "
            f"{max(times):.2f} | {met} of {len(runs)} |"
        )
    after = [followed(one.points) for one in runs]
    again = sorted(one for one in after if one is not None)
    falls = sum(bool(one.falls) for one in runs)
    met = sum(figure(one.points, calls // 2 - STRETCH, calls // 2).met for one in runs)
    lines += [
        "",
        f"Both met: at most {100 * GOOD_ENOUGH:g} points behind, at a cost of at most {DEAR:.2f} times the best's. "
        f"After {calls // 2:,} calls: {wilson(met, len(runs))} of the seeds. "
        f"After the swap {len(again)} of {len(runs)} seeds came within {100 * GOOD_ENOUGH:g} points again"
        + (f", half of these in {again[len(again) // 2]:,} calls or fewer" if again else "")
        + f"; in {falls} a change was told.",
    ]
    return lines


def followed(points: Sequence[Point]) -> int | None:
    """Calls after the swap until ``WINDOW`` of them were good enough on average; None: not within what was measured."""
    half = len(points) // 2
    for end in range(half + WINDOW, len(points) + 1, 100):
        if figure(points, end - WINDOW, end).behind >= -GOOD_ENOUGH:
            return end - half
    return None


def _mean(values: Sequence[float], digits: int) -> str:
    """With the 95 % interval of the mean over seeds."""
    middle, half = fmean(values), 2.09 * stdev(values) / len(values) ** 0.5 if len(values) > 1 else 0.0
    return f"{middle:.{digits}f} ({middle - half:.{digits}f} to {middle + half:.{digits}f})"


def drawn(runs: Sequence[Run]) -> str:
    """Quality above, cost below, each as the mean over seeds in a band, as an SVG for a page of any colour."""
    calls = len(runs[0].points)
    ends = [end for end in range(WINDOW, calls + 1, 100) if end <= calls // 2 or end - WINDOW >= calls // 2]
    figures = [[figure(one.points, end - WINDOW, end) for one in runs] for end in ends]
    behind = [[100 * one.behind for one in each] for each in figures]
    times = [[one.times for one in each] for each in figures]

    def across(end: int) -> float:
        return 50 + end * 690 / calls

    def panel(rows: Sequence[Sequence[float]], top: float, low: float, high: float, colour: str) -> str:
        def place(end: int, value: float) -> str:
            return f"{across(end):.1f},{top + 120 * (high - min(max(value, low), high)) / (high - low):.1f}"

        middle = " ".join(place(end, fmean(row)) for end, row in zip(ends, rows, strict=True))
        upper = [place(end, sorted(row)[-1 - len(row) // 10]) for end, row in zip(ends, rows, strict=True)]
        lower = [place(end, sorted(row)[len(row) // 10]) for end, row in zip(ends, rows, strict=True)]
        band = " ".join([*upper, *reversed(lower)])
        return (
            f'<polygon fill="{colour}" fill-opacity="0.2" points="{band}"/>'
            f'<polyline fill="none" stroke="{colour}" stroke-width="2" points="{middle}"/>'
        )

    def level(top: float, value: float, low: float, high: float, word: str) -> str:
        y = top + 120 * (high - value) / (high - low)
        return (
            f'<line x1="50" y1="{y:.1f}" x2="740" y2="{y:.1f}" stroke="#888888" stroke-dasharray="2 3"/>'
            f'<text x="44" y="{y + 4:.1f}" fill="#888888" text-anchor="end">{word}</text>'
        )

    words = [
        (50, 18, "#2a7ae2", "quality, points beside the best reachable"),
        (50, 178, "#d9730d", "cost, times the best's"),
        (across(calls // 2) + 6, 18, "#888888", "qualities swap"),
        (50, 330, "#888888", "call 1"), (664, 330, "#888888", f"call {calls:,}"),
    ]  # fmt: skip
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 760 340" font-family="sans-serif" font-size="12">'
        + "".join(level(28, value, -45, 5, f"{value:g}") for value in (0, -20, -40))
        + "".join(level(188, value, 0, 6, f"{value:g}") for value in (1, 3, 6))
        + f'<line x1="{across(calls // 2):.0f}" y1="24" x2="{across(calls // 2):.0f}" y2="312" stroke="#888888"/>'
        + panel(behind, 28, -45, 5, "#2a7ae2")
        + panel(times, 188, 0, 6, "#d9730d")
        + "".join(f'<text x="{x:.0f}" y="{y}" fill="{colour}">{word}</text>' for x, y, colour, word in words)
        + "</svg>\n"
    )


if __name__ == "__main__":
    main()
