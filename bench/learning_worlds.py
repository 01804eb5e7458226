"""``python -m bench.learning_worlds --write``: how ``adaptive`` learns in several worlds, with and without a change.

Refuses to play a house: the strategy, the beliefs and the sampling are the real ones, calls and judges are draws. So
many worlds cost little, and no rule need be fitted to a single one.
"""

import argparse
import random
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from statistics import fmean, median

from msgspec import Struct

from bench.learning_curve import DEAR, DOCUMENT, GOOD_ENOUGH, STRETCH, WINDOW
from trunkline.core.exchange import Target
from trunkline.quality.predictor import Learned
from trunkline.quality.sampling import Strata
from trunkline.routing.candidates import Candidate
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import NAMES, Complexity, analyse
from trunkline.routing.learner import Asked, Learner
from trunkline.routing.prior import Ability, ability
from trunkline.routing.strategies import Adaptive
from trunkline.routing.strategies.ranking import Circumstances

MARK = "<!-- figures: written by python -m bench.learning_worlds --write -->\n"
BEGAN = 1_795_000_000_000  # Unix milliseconds; a call a second
PROMPTS = {
    "mathematics": "What is {a} * {b}?",
    "other": "I am preparing a quiz evening for my neighbours and some of their children, and I need to be sure of one "
    "fact before I print the cards, number {a} of them. Which river flows through the town that has {b} inhabitants? "
    "Please answer in one plain sentence, without any further remarks about the country.",
    "brief": "Reverse the word w{a}x{b}",
    "code": "```python\ndef f{a}(x):\n    return x + {b}\n```\nFix the bug in this function and write a unit test.",
    "choice": "Which one is right for number {a}?\nA) a small red house\nB) a large blue house\nC) {b}\nD) none",
}
KINDS = tuple(PROMPTS)
Qualities = Mapping[str, tuple[float, ...]]


class World(Struct, frozen=True):
    """Prices per million tokens by model, and the share of right answers by model and kind, before and after."""

    told: str
    prices: Mapping[str, float]
    before: Qualities
    after: Qualities
    weight: float = 0.2
    judge: float = 0.9  # how often it sees what is right

    @property
    def kinds(self) -> tuple[str, ...]:
        """Of prompts, each as frequent as any other."""
        return KINDS[: len(next(iter(self.before.values())))]

    def best(self, truth: Qualities, kind: int) -> str:
        """Whom somebody would ask who knows the truth and weighs cost alike."""
        dearest = max(self.prices.values())
        return max(self.prices, key=lambda model: truth[model][kind] - self.weight * self.prices[model] / dearest)


THREE = {"cheap": 0.5, "middle": 2.0, "dear": 10.0}
USUAL = {"cheap": (0.95, 0.93, 0.35), "middle": (0.60, 0.70, 0.95), "dear": (0.97, 0.95, 0.60)}
FIVE = {"a": (0.9, 0.5, 0.8, 0.6, 0.7), "b": (0.6, 0.9, 0.8, 0.9, 0.9), "c": (0.95, 0.92, 0.9, 0.92, 0.93)}
POOL = {"a": (0.6, 0.7, 0.4), "b": (0.92, 0.6, 0.6), "c": (0.8, 0.9, 0.7), "d": (0.8, 0.8, 0.93), "e": (0.95,) * 3}
WORLDS = (
    World("two of three models swap", THREE, USUAL, {**USUAL, "cheap": USUAL["middle"], "middle": USUAL["cheap"]}),
    World("nothing changes", THREE, USUAL, USUAL),
    World("the cheap model falls at one kind", THREE, USUAL, {**USUAL, "cheap": (0.95, 0.45, 0.35)}),
    World(
        "two models, two kinds, a swap",
        {"a": 1.0, "b": 6.0},
        {"a": (0.90, 0.45), "b": (0.92, 0.92)},
        {"a": (0.45, 0.90), "b": (0.92, 0.92)},
        0.1,
    ),
    World(
        "a cheap model that was no use becomes good at two kinds, and nobody is told",
        THREE,
        {"cheap": (0.4, 0.4, 0.35), "middle": (0.9, 0.92, 0.9), "dear": (0.95,) * 3},
        {"cheap": (0.92, 0.4, 0.9), "middle": (0.9, 0.92, 0.9), "dear": (0.95,) * 3},
    ),
    World(
        "three models, five kinds, a swap",
        {"a": 0.4, "b": 1.5, "c": 6.0},
        FIVE,
        {**FIVE, "a": FIVE["b"], "b": FIVE["a"]},
    ),
    World(
        "five models, two fall at one kind each",
        {"a": 0.3, "b": 0.6, "c": 1.5, "d": 3.0, "e": 12.0},
        POOL,
        {**POOL, "b": (0.5, 0.6, 0.6), "d": (0.8, 0.8, 0.5)},
    ),
)


class Course(Struct, frozen=True):
    """One seed: the kind and the model of each call, how many were judged, and how often a cell was contradicted."""

    calls: tuple[tuple[int, str], ...]
    judged: int
    changes: int


@cache
def prompts(kind: str) -> tuple[tuple[Complexity, Asked], ...]:
    """Two hundred of a kind, looked at."""
    rng = random.Random(kind)
    looked = [analyse(PROMPTS[kind].format(a=rng.randint(100, 9_999), b=rng.randint(100, 9_999))) for _ in range(200)]
    return tuple((one, Asked(cluster_of(one), one.vector())) for one in looked)


def course(world: World, seed: int, calls: int = 10_000, rate: float = 0.05, *, told: bool = False) -> Course:
    """The change comes half-way; ``told``: then everything is forgotten, as nobody could do who is not told."""
    rng, draw = random.Random(seed), random.Random(seed + 1).random
    learner, strata, strategy = Learner(len(NAMES)), Strata(rate), Adaptive(weight=world.weight)
    abilities = {model: ability(f"nobody-{model}", None, price) for model, price in world.prices.items()}
    asked_of: list[tuple[int, str]] = []
    judged = changes = 0
    for call in range(calls):
        if told and call == calls // 2:
            learner, strata = Learner(len(NAMES)), Strata(rate)
        now, truth = BEGAN + 1_000 * call, world.before if call < calls // 2 else world.after
        kind = rng.randrange(len(world.kinds))
        complexity, asked = rng.choice(prompts(world.kinds[kind]))
        first = strategy.rank(
            _candidates(world, learner, abilities, complexity, asked, now), Circumstances(complexity), draw
        )[0]
        target, model = str(first.candidate.target), first.candidate.target.model
        asked_of.append((kind, model))
        doubt = learner.doubt(target, asked.cluster, now)
        if rng.random() < strata.chance(doubt, first.propensity):
            right = rng.random() < truth[model][kind]
            seen = right if rng.random() < world.judge else not right
            judged += 1
            changes += (
                learner.learn(target, asked, rng.choice((0.75, 1.0) if seen else (0.0, 0.25)), 1.0, now) is not None
            )
    return Course(tuple(asked_of), judged, changes)


def _candidates(
    world: World, learner: Learner, abilities: Mapping[str, Ability], complexity: Complexity, asked: Asked, now: int
) -> list[Candidate]:
    learned = Learned(learner, lambda: now)
    tokens = complexity.tokens + complexity.output_tokens
    found = []
    for place, (model, price) in enumerate(world.prices.items()):
        target = Target("p", model)
        quality = learned.quality(str(target), abilities[model].at(complexity.score), asked, now)
        found.append(Candidate(place, target, quality, round(1_000 * price * tokens)))
    return found


def figure(world: World, some: Sequence[tuple[int, str]], truth: Qualities) -> tuple[float, float]:
    """Points behind the best, and cost over the best's, of some calls; every kind as long as any other."""
    best = [world.best(truth, kind) for kind in range(len(world.kinds))]
    behind = fmean(truth[best[kind]][kind] - truth[model][kind] for kind, model in some)
    return 100 * behind, sum(world.prices[model] for _, model in some) / sum(
        world.prices[best[kind]] for kind, _ in some
    )


def followed(world: World, one: Course) -> int | None:
    """Calls after the change until ``WINDOW`` of them were good enough; None: not within what was measured."""
    half = len(one.calls) // 2
    for end in range(half + WINDOW, len(one.calls) + 1, 100):
        if figure(world, one.calls[end - WINDOW : end], world.after)[0] <= 100 * GOOD_ENOUGH:
            return end - half
    return None


def row(world: World, courses: Sequence[Course], name: str) -> str:
    calls = len(courses[0].calls)
    half, cells = calls // 2, [name]
    for begin, truth in ((half - STRETCH, world.before), (half, world.after), (calls - STRETCH, world.after)):
        figures = [figure(world, one.calls[begin : begin + STRETCH], truth) for one in courses]
        met = sum(behind <= 100 * GOOD_ENOUGH and times <= DEAR for behind, times in figures)
        cells += [f"{fmean(one[0] for one in figures):.1f} at {fmean(one[1] for one in figures):.2f}, {met}"]
    after = [found for one in courses if (found := followed(world, one)) is not None]
    cells += [f"{len(after)}" + (f", {median(after):,.0f}" if after else "")]
    cells += [f"{fmean(one.judged for one in courses) / calls:.1%}", f"{fmean(one.changes for one in courses):.1f}"]
    return f"| {' | '.join(cells)} |"


HEAD = f"""## Other worlds, and the bound

The same learning without the house around it: strategy, beliefs and sampling are the real ones, calls and judges are
draws. Four to fifteen cells, prices from 1:6 to 1:40, a judge that errs once in ten; what is named happens half-way.
Each of the first three figures: points behind the best reachable, at how many times its cost, and in how many seeds
both goals are met. Then in how many seeds the quality came within {100 * GOOD_ENOUGH:g} points again, and the median
of the calls that took; what was judged; and how often a cell's scores were taken to contradict those before. "Told" is
the bound: it is told the moment and forgets everything then, but has to learn again from as few judged answers.
"""
COLUMNS = ("world", "last 1,000 before", "first 1,000 after", "last 1,000", "followed", "judged", "contradicted")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.learning_worlds", description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {DOCUMENT.name}")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    lines = [
        HEAD,
        f"{options.calls:,} calls, rate 0.05, {len(seeds)} seeds ({seeds[0]} to {seeds[-1]}):\n",
        f"| {' | '.join(COLUMNS)} |",
        f"|{' --- |' * len(COLUMNS)}",
    ]
    with ProcessPoolExecutor(2) as processes:
        for place, world in enumerate(WORLDS):
            running = [processes.submit(course, world, seed, options.calls) for seed in seeds]
            lines.append(row(world, [one.result() for one in running], world.told))
            print(lines[-1], flush=True)
            if not place:
                running = [processes.submit(course, world, seed, options.calls, told=True) for seed in seeds]
                lines.append(row(world, [one.result() for one in running], "the same, told"))
                print(lines[-1], flush=True)
    if options.write:
        before, _, after = DOCUMENT.read_text("utf-8").partition(MARK)
        rest = after[after.index("\n<!--") :] if "\n<!--" in after else ""
        DOCUMENT.write_text(before.rstrip("\n") + "\n\n" + MARK + "\n" + "\n".join(lines) + "\n" + rest, "utf-8")


if __name__ == "__main__":
    main()
