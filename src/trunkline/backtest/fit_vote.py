"""Fits the vote: which group of equal answers is right, as a conditional logit over the groups and "none of them".

Refuses to know prices. A model's weight starts from its log odds of being right and is held near that: with few
disagreements to learn from, a free fit of eight models is worse than counting heads (measured).
"""

import numpy as np

from trunkline.routing.learned.arrays import Floats, log_odds
from trunkline.routing.learned.cascade import OF_GROUP, Ballots, Vote

PENALTY = 15.0
LEAST_WEIGHT = 0.2  # of a model that is mostly wrong; its agreement with others still says something
ROUNDS = 12


def fit(ballots: Ballots, score: Floats, accuracy: Floats) -> Vote:
    """``score``: prompts x models asked, NaN for none; ``accuracy`` of each. Newton on a concave likelihood."""
    asked, none = ballots.leads.shape[1], ballots.none.shape[1]
    options, allowed, target = _options(ballots, score)
    start = np.zeros(asked + OF_GROUP + none)
    start[:asked] = np.maximum(log_odds(accuracy), LEAST_WEIGHT)
    weights = start.copy()
    for _ in range(ROUNDS):
        step = _step(options, allowed, target, weights, start)
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return Vote(weights[: asked + OF_GROUP], weights[asked + OF_GROUP :])


def _options(ballots: Ballots, score: Floats) -> tuple[Floats, Floats, Floats]:
    """Every group and "none" as one list of options per prompt, with the share of truth that each has."""
    rows, asked, width = ballots.group.shape
    none = ballots.none.shape[1]
    options = np.zeros((rows, asked + 1, width + none))
    options[:, :asked, :width] = ballots.group
    options[:, asked, width:] = ballots.none
    allowed = np.hstack((ballots.leads, np.ones((rows, 1), np.bool_)))
    right = np.where(ballots.leads, np.nan_to_num(score), 0.0)
    right = right / np.maximum(right.sum(axis=1, keepdims=True), 1.0)
    target = np.hstack((right, 1.0 - right.sum(axis=1, keepdims=True)))
    return options, allowed.astype(np.float64), target


def _step(options: Floats, allowed: Floats, target: Floats, weights: Floats, start: Floats) -> Floats:
    score = np.where(allowed > 0, options @ weights, -np.inf)
    chance = np.exp(score - score.max(axis=1, keepdims=True))
    chance /= chance.sum(axis=1, keepdims=True)
    slope = ((target - chance)[:, :, None] * options).sum(axis=(0, 1)) - PENALTY * (weights - start)
    flat = options.reshape(-1, options.shape[2])
    mean = (chance[:, :, None] * options).sum(axis=1)
    bend = (flat * chance.reshape(-1, 1)).T @ flat - mean.T @ mean
    step: Floats = np.linalg.solve(bend + PENALTY * np.eye(len(weights)), slope)
    return step
