"""A policy file from our own ledger: clusters of prompts, a head for each target, cost and length.

Refuses to invent: the ledger keeps no words and no answers. So prompts are known by their numbers alone, no accept
model is fitted (a cascade goes on untrained), and a target with few scored answers is left out. Every logged answer
counts by how seldom it was the one to be asked for, so that who was asked for easy prompts only does not look good.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from msgspec import Struct

from trunkline.backtest import off_policy
from trunkline.backtest.decisions import FEWEST, Row
from trunkline.backtest.floor import Play, cheapest_shown
from trunkline.backtest.linear import ridge, standard
from trunkline.backtest.log import Log
from trunkline.backtest.strategies import Aim
from trunkline.core.errors import TrunklineError
from trunkline.routing.learned.arrays import Bags, Bools, Floats, Ints
from trunkline.routing.learned.policy import Floor, Policy
from trunkline.routing.learned.prompt_layer import Kinds, Outlook, PromptLayer, Seen
from trunkline.routing.learned.surface import BUCKETS, FEATURES

HEAVIEST = 20.0  # times the mean weight that one row may have; rarer choices say little and would shout
STRENGTH = 15.0  # answers in a cluster that weigh as much as the target's mean over all
HEAD_PENALTY, COST_PENALTY = 100.0, 3.0  # as in the fit from tables
ROWS_A_CLUSTER, MOST_CLUSTERS, ROUNDS = 200, 12, 10
SHARP = 1.0  # how fast a prompt stops being of a cluster with its distance, in deviations
FOLDS = 5
WIDELY = 0.95  # of the calls the best target must have been possible in
PRICES = tuple(float(price) for price in np.geomspace(0.003, 3.0, 40))  # quality that a call of the best must bring
LEAST = 1e-7  # dollars or tokens under a logarithm


class Learnt(Struct, frozen=True):
    """The policy, and what stands behind it: scored answers and effective ones by target, who was left out and why."""

    policy: Policy
    scored: dict[str, tuple[int, float]]
    left_out: dict[str, str]
    clusters: int
    decisions: int


@dataclass(frozen=True, slots=True)
class Sight:
    """Rows x targets, targets as in the policy: who could be asked, who was, and what came of it (NaN: unknown)."""

    features: Floats
    action: Ints
    propensity: Floats
    possible: Bools
    quality: Floats
    dollars: Floats
    tokens: Floats

    def __len__(self) -> int:
        return len(self.action)

    def rows(self, chosen: Ints | Bools) -> "Sight":
        """Some of the rows."""
        return Sight(
            self.features[chosen],
            self.action[chosen],
            self.propensity[chosen],
            self.possible[chosen],
            self.quality[chosen],
            self.dollars[chosen],
            self.tokens[chosen],
        )

    def weight(self, target: int, known: Floats) -> tuple[Bools, Floats]:
        """The rows that took a target and know a figure, and their weights, which add up to the effective rows."""
        rows = (self.action == target) & ~np.isnan(known)
        inverse = 1.0 / self.propensity[rows]
        inverse = np.minimum(inverse, HEAVIEST * inverse.mean()) if len(inverse) else inverse
        total = float(inverse.sum())
        return rows, inverse * off_policy.effective(inverse) / total if total else inverse


def fit(found: Sequence[Row], aim: Aim) -> Learnt:
    """``found``: rows of one route. Raises TrunklineError where fewer than two targets have enough scored answers."""
    log = Log.of(found)
    scored = {name: int((log.known("quality") & (log.action == place)).sum()) for place, name in enumerate(log.names)}
    kept = [name for name in log.names if scored[name] >= FEWEST]
    if len(kept) < 2:
        told = ", ".join(f"{name} {count}" for name, count in scored.items())
        raise TrunklineError(
            f"too few scored answers to fit on ({told}): at least two targets need {FEWEST} each. Answers are scored "
            "by judges, validators and users: see `quality` in the config"
        )
    columns = [log.names.index(name) for name in kept]
    sight = _sight(found, log, columns)
    layer = fit_layer(sight)
    outlook = _cross_fit(sight)
    best, price, floor = _floored(sight, outlook, aim)
    return Learnt(
        policy=Policy(tuple(kept), layer, None, price, best, floor, untrained=True, newest=found[-1].at),
        scored={
            name: (scored[name], float(sight.weight(place, sight.quality)[1].sum())) for place, name in enumerate(kept)
        },
        left_out={
            name: f"{count} scored answers, {FEWEST} are needed" for name, count in scored.items() if name not in kept
        },
        clusters=len(layer.kinds.names),
        decisions=len(found),
    )


def _sight(found: Sequence[Row], log: Log, columns: list[int]) -> Sight:
    """Without the rows that took a target which is left out; features beyond the complexity's are words', and zero."""
    place = {column: number for number, column in enumerate(columns)}
    rows = np.isin(log.action, columns)
    features = np.zeros((int(rows.sum()), FEATURES))
    features[:, : log.features.shape[1]] = log.features[rows]
    tokens = np.array([np.nan if row.tokens is None else row.tokens for row in found])
    return Sight(
        features=features,
        action=np.array([place[int(column)] for column in log.action[rows]]),
        propensity=log.propensity[rows],
        possible=log.possible[rows][:, columns],
        quality=log.value["quality"][rows],
        dollars=log.value["dollars"][rows],
        tokens=tokens[rows],
    )


def fit_layer(sight: Sight) -> PromptLayer:
    """Kinds, tables, heads and costs from all rows given."""
    targets, size = sight.possible.shape[1], 1 + FEATURES
    center, scale = standard(sight.features)
    kinds = _kinds(sight.features, center, scale)
    empty = np.zeros((size, targets))
    count = len(kinds.names)
    bare = PromptLayer(
        kinds, center, scale, np.zeros((count, targets)), np.zeros((count, targets)),
        empty, np.eye(size), empty[0], empty, empty,
    )  # fmt: skip
    design = bare.design(sight.features)
    share = kinds.membership(_no_words(len(sight)), design)
    parts = [_target(sight, place, share, design) for place in range(targets)]
    return PromptLayer(
        kinds=kinds,
        center=center,
        scale=scale,
        of_kind=np.column_stack([part.table for part in parts]),
        of_kind_sd=np.column_stack([part.doubt for part in parts]),
        head=np.column_stack([part.head for part in parts]),
        spread=np.asarray(np.mean([part.spread for part in parts], axis=0)),
        noise=np.array([part.noise for part in parts]),
        log_cost=np.column_stack([_log_fit(sight, place, sight.dollars, share, design) for place in range(targets)]),
        log_tokens=np.column_stack([_log_fit(sight, place, sight.tokens, share, design) for place in range(targets)]),
    )


def _kinds(features: Floats, center: Floats, scale: Floats) -> Kinds:
    """Clusters of the prompts' numbers by k-means, as gates that are linear in them; words play no part."""
    points = np.clip((features - center) / scale, -4.0, 4.0)
    count = int(np.clip(len(points) // ROWS_A_CLUSTER, 1, MOST_CLUSTERS))
    order = np.lexsort(points.T)  # spread-out rows to begin with; the same rows give the same clusters
    centers = points[order[np.linspace(0, len(points) - 1, count).astype(np.int64)]]
    for _ in range(ROUNDS):
        label = (-2 * points @ centers.T + (centers**2).sum(axis=1)).argmin(axis=1)
        inside = np.eye(count)[label].T
        filled = inside.sum(axis=1) > 0
        centers[filled] = (inside @ points)[filled] / inside.sum(axis=1)[filled, None]
    gates = SHARP * np.vstack((-(centers**2).sum(axis=1) / 2, centers.T))
    return Kinds(
        names=tuple(str(number) for number in range(count)),
        weights=np.zeros(BUCKETS),
        centroids=np.zeros((count, BUCKETS)),
        sharpness=0.0,
        gates=gates,
    )


def _no_words(rows: int) -> Bags:
    return np.zeros((rows, 0), np.float32)


class Part(Struct, frozen=True):
    """One target's column of the layer."""

    table: Floats
    doubt: Floats
    head: Floats
    spread: Floats
    noise: float


def _target(sight: Sight, place: int, share: Floats, design: Floats) -> Part:
    rows, weight = sight.weight(place, sight.quality)
    score, inside, shown = sight.quality[rows], share[rows], design[rows]
    heavy = max(float(weight.sum()), 1e-9)
    mean = (float(weight @ score) + 0.5) / (heavy + 1.0)  # nobody is all right or all wrong
    there = inside.T @ weight + STRENGTH
    table = (inside.T @ (weight * score) + STRENGTH * mean) / there
    doubt = np.sqrt(np.maximum(table * (1 - table), 1e-4) / (there + 1.0))
    root = np.sqrt(weight)
    rest = score - inside @ table
    head = ridge(shown * root[:, None], rest * root, HEAD_PENALTY * sight.possible.shape[1])
    return Part(table, doubt, head.weights, head.inverse, float(rest.std()))


def _log_fit(sight: Sight, place: int, amount: Floats, share: Floats, design: Floats) -> Floats:
    """Weights of kinds and numbers for the logarithm of an amount, with the right mean; the mean's where few know."""
    rows, weight = sight.weight(place, amount)
    weights = np.zeros(share.shape[1] + design.shape[1])
    ones = share.shape[1]  # the design's constant
    if not rows.any():
        weights[ones] = np.log(LEAST)
        return weights
    mean = float(weight @ amount[rows] / weight.sum()) + LEAST
    root = np.sqrt(weight)
    logs = np.log(amount[rows] + LEAST)
    fitted = ridge(design[rows] * root[:, None], logs * root, COST_PENALTY).weights
    weights[ones:] = fitted
    weights[ones] += np.log(mean / float(weight @ np.exp(design[rows] @ fitted) / weight.sum()))
    return weights


def _cross_fit(sight: Sight) -> Outlook:
    """What a layer that was fitted without a row's fold expects of it."""
    fold = np.arange(len(sight)) % FOLDS
    shape = sight.possible.shape
    quality, sd, cost, tokens = (np.empty(shape) for _ in range(4))
    for number in range(FOLDS):
        held = fold == number
        seen = Seen(sight.features[held], _no_words(int(held.sum())))
        outlook = fit_layer(sight.rows(~held)).predict(seen)
        quality[held], sd[held], cost[held], tokens[held] = outlook.quality, outlook.sd, outlook.cost, outlook.tokens
    return Outlook(quality, sd, cost, tokens)


def _floored(sight: Sight, outlook: Outlook, aim: Aim) -> tuple[int, float, Floor]:
    """The best target, the price of quality at which the floor is shown (0: at none), and what was shown.

    Every row's worth under every target is estimated doubly robust from what the other folds know; where a target was
    impossible it is not known.
    """
    known = ~np.isnan(sight.quality)
    score = np.where(sight.possible, _robust(sight, outlook.quality, sight.quality), np.nan)[known]
    paid = np.where(sight.possible, _robust(sight, outlook.cost, sight.dollars), np.nan)[known]
    covered = sight.possible[known].mean(axis=0) >= WIDELY
    mean = np.array([np.nanmean(column) for column in score.T])
    best = int(np.where(covered, mean, mean - 1.0).argmax())
    unshown = Floor(aim.floor, aim.confidence, shown=False, quality=1.0, quality_low=1.0, saved=0.0, prompts=len(score))
    cost = float(np.nanmean(paid[:, best]))
    if not covered[best] or cost <= 0 or not mean[best] > 0:
        return best, 0.0, unshown
    prices = [price / cost for price in PRICES]
    plays = [_play(outlook, known, sight.possible, score, paid, price) for price in prices]
    rng = np.random.default_rng(aim.seed)
    shown = cheapest_shown(plays, score, best, cost, aim.floor, aim.confidence, rng)
    if shown is None:
        return best, 0.0, unshown
    saved = float(np.clip(shown.saved, 0.0, 1.0))
    floor = Floor(aim.floor, aim.confidence, shown=True, quality=shown.quality, quality_low=shown.low, saved=saved,
                  prompts=len(score))  # fmt: skip
    return best, prices[shown.play], floor


def _robust(sight: Sight, expected: Floats, figure: Floats) -> Floats:
    """Rows x targets: what was expected, mended by the inverse chance where the target was the one that was asked."""
    rows = np.arange(len(sight))
    mended = expected.copy()
    missed = np.nan_to_num(figure - expected[rows, sight.action])
    mended[rows, sight.action] += missed / sight.propensity
    return mended


def _play(outlook: Outlook, known: Bools, possible: Bools, score: Floats, paid: Floats, price: float) -> Play:
    worth = np.where(possible, outlook.quality - price * outlook.cost, -np.inf)[known]
    chosen, rows = worth.argmax(axis=1), np.arange(len(score))
    return Play(score[rows, chosen], paid[rows, chosen])
