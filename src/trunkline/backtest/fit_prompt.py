"""Fits the prompt layer on the training half: kinds of prompts, a table of models by kind, a head per model, cost.

Refuses to see another half. Predictions for the training rows themselves come from fits without them (cross-fitting):
what is built on top must not believe that the prompt layer is better than it is.
"""

from collections import Counter
from collections.abc import Callable

import numpy as np

from trunkline.backtest.linear import ridge, standard
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Bags, Floats, Ints
from trunkline.routing.learned.prompt_layer import Kinds, Outlook, PromptLayer, unit_rows

SHARPNESS = 15.0  # how fast a prompt stops being of a kind as its words differ; 8 to 30 measure alike
STRENGTH = 15.0  # prompts of a kind that weigh as much as the model's mean over all kinds
HEAD_PENALTY = 100.0  # for each model to choose from: the more there are, the luckier the best looking one
COST_PENALTY = 3.0
FEWEST_OF_KIND = 8
MOST_KINDS = 256
ROWS_A_CLUSTER = 60
FOLDS = 5
LEAST = 1e-7  # dollars or tokens under a logarithm


def fit(training: Suite) -> PromptLayer:
    """One layer from all rows of the training half."""
    return _fit(training, _labels(training))


def cross_fit(training: Suite) -> tuple[PromptLayer, Outlook]:
    """The layer, and for each training row what a layer fitted without its fold expects."""
    labels = _labels(training)
    fold = np.arange(len(training)) % FOLDS
    parts: list[tuple[Ints, Outlook]] = []
    for number in range(FOLDS):
        inside, outside = np.flatnonzero(fold == number), np.flatnonzero(fold != number)
        layer = _fit(training.rows(outside), labels[outside])
        parts.append((inside, layer.predict(training.seen.rows(inside))))
    return _fit(training, labels), _in_order(parts)


def _in_order(parts: list[tuple[Ints, Outlook]]) -> Outlook:
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))

    def joined(take: Callable[[Outlook], Floats]) -> Floats:
        whole: Floats = np.concatenate([take(outlook) for _, outlook in parts])[order]
        return whole

    return Outlook(
        joined(lambda part: part.quality),
        joined(lambda part: part.sd),
        joined(lambda part: part.cost),
        joined(lambda part: part.tokens),
    )


def _fit(training: Suite, labels: Ints) -> PromptLayer:
    kinds = _kinds(training.seen.bag, labels)
    center, scale = standard(training.seen.features)
    share = kinds.membership(training.seen.bag)
    table, doubt = _table(training.score, labels, len(kinds.names))
    empty = np.zeros((training.seen.features.shape[1] + 1, len(training.models)))
    bare = PromptLayer(kinds, center, scale, table, doubt, empty, np.eye(len(empty)), empty[0], empty, empty)
    design = bare.design(training.seen.features)
    rest = np.where(training.present, training.score - share @ table, 0.0)
    head = ridge(design, rest, HEAD_PENALTY * len(training.models))
    wide = np.hstack((share, design))
    return PromptLayer(
        kinds=kinds,
        center=center,
        scale=scale,
        of_kind=table,
        of_kind_sd=doubt,
        head=head.weights,
        spread=head.inverse,
        noise=(rest - head.left_out).std(axis=0),
        log_cost=_log_fit(wide, training.cost, share.shape[1]),
        log_tokens=_log_fit(wide, training.tokens, share.shape[1]),
    )


def _labels(training: Suite) -> Ints:
    """The kind of each row: its category where enough rows have one, else a cluster of its words."""
    counted = Counter(training.kind)
    common = sorted(kind for kind, count in counted.items() if kind and count >= FEWEST_OF_KIND)
    if 2 <= len(common) <= MOST_KINDS:
        place = {kind: number for number, kind in enumerate(common)}
        return np.array([place.get(kind, len(common)) for kind in training.kind])
    return _clusters(unit_rows(training.seen.bag * _weights(training.seen.bag)))


def _clusters(directions: Bags) -> Ints:
    """Spherical k-means, ten rounds from spread-out rows; the same rows give the same clusters."""
    count = int(np.clip(len(directions) // ROWS_A_CLUSTER, 2, 24))
    centers = directions[np.linspace(0, len(directions) - 1, count).astype(np.int64)]
    labels = np.zeros(len(directions), np.int64)
    for _ in range(10):
        labels = (directions @ centers.T).argmax(axis=1)
        centers = unit_rows(_sums(directions, labels, count))
    return labels


def _sums(directions: Bags, labels: Ints, count: int) -> Bags:
    sums: Bags = np.eye(count, dtype=np.float32)[labels].T @ directions
    return sums


def _weights(bag: Bags) -> Bags:
    """Rare words say more about what a prompt is about (inverse document frequency)."""
    weights: Bags = np.log(1.0 / ((bag > 0).mean(axis=0) + 1e-3)).astype(np.float32)
    return np.maximum(weights, np.float32(0.0))


def _kinds(bag: Bags, labels: Ints) -> Kinds:
    weights, count = _weights(bag), int(labels.max()) + 1
    centroids = unit_rows(_sums(unit_rows(bag * weights), labels, count))
    names = tuple(str(number) for number in range(count))
    return Kinds(names, weights.astype(np.float64), centroids.astype(np.float64), SHARPNESS)


def _table(score: Floats, labels: Ints, count: int) -> tuple[Floats, Floats]:
    """Posterior mean and sd of each model's quality in each kind, kinds x models."""
    present = ~np.isnan(score)
    mean = np.nanmean(score, axis=0)
    of_kind = np.eye(count)[labels].T
    good = of_kind @ np.where(present, score, 0.0) + STRENGTH * mean
    weight = of_kind @ present.astype(np.float64) + STRENGTH
    table = good / weight
    return table, np.sqrt(np.maximum(table * (1.0 - table), 1e-4) / (weight + 1.0))


def _log_fit(wide: Floats, amount: Floats, ones: int) -> Floats:
    """Weights of a log-ridge whose predictions have the right mean, not the right median; ``ones`` is its constant.

    Amounts that are unknown count as the model's mean, and as nothing where no amount is known.
    """
    known = ~np.isnan(amount)
    mean = np.where(known, amount, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    logs = np.log(np.where(known, amount, mean) + LEAST)
    order = np.concatenate(([ones], np.delete(np.arange(wide.shape[1]), ones)))
    weights = np.empty((wide.shape[1], amount.shape[1]))
    weights[order] = ridge(wide[:, order], logs, COST_PENALTY).weights
    weights[ones] += np.log((mean + LEAST) / np.exp(wide @ weights).mean(axis=0))
    return weights
