"""Logistic ridge with leave-one-out chances: how likely a score of 1 is, learned from a few hundred noisy rows.

Refuses to choose its own penalty, and to leave rows out one by one: one Newton step from the whole fit is as good.
"""

from dataclasses import dataclass

import numpy as np

from trunkline.routing.learned.arrays import Floats, sigmoid

ROUNDS = 20
HALVINGS = 8
UNPENALISED = 1e-3  # of the constant, so that rows of one outcome still have an answer
_FARTHEST = 0.95  # a row that decides its own chance nearly alone says nothing of itself


@dataclass(frozen=True, slots=True)
class Logistic:
    """``weights`` of the columns; ``left_out``: the chance of each row as the other rows see it."""

    weights: Floats
    left_out: Floats


def logistic(design: Floats, target: Floats, penalty: float, start: Floats | None = None) -> Logistic:
    """``design`` has a first column of ones; ``target`` is 0 to 1. ``start`` saves rounds and changes nothing else."""
    penalties = np.full(design.shape[1], penalty)
    penalties[0] = UNPENALISED
    weights = np.zeros(design.shape[1]) if start is None else start
    for _ in range(ROUNDS):
        chance = sigmoid(design @ weights)
        slope = design.T @ (target - chance) - penalties * weights
        whole: Floats = np.linalg.solve(_bend(design, chance, penalties), slope).astype(np.float64)
        step = _uphill(design, target, weights, penalties, whole)
        weights = weights + step
        if np.abs(step).max() < 1e-4:
            break
    return Logistic(weights, _left_out(design, target, weights, penalties))


def _uphill(design: Floats, target: Floats, weights: Floats, penalties: Floats, step: Floats) -> Floats:
    """The step, halved until it leads up: far from the top a whole step of Newton's can overshoot for ever."""
    before = _likelihood(design, target, weights, penalties)
    for _ in range(HALVINGS):
        if _likelihood(design, target, weights + step, penalties) >= before:
            break
        step = step / 2.0
    return step


def _likelihood(design: Floats, target: Floats, weights: Floats, penalties: Floats) -> float:
    score = design @ weights
    return float((target * score - np.logaddexp(0.0, score)).sum() - 0.5 * (penalties * weights**2).sum())


def _bend(design: Floats, chance: Floats, penalties: Floats) -> Floats:
    bend: Floats = (design * (chance * (1.0 - chance))[:, None]).T @ design + np.diag(penalties)
    return bend


def _left_out(design: Floats, target: Floats, weights: Floats, penalties: Floats) -> Floats:
    score = design @ weights
    chance = sigmoid(score)
    inverse = np.linalg.inv(_bend(design, chance, penalties))
    reach = np.einsum("ij,jk,ik->i", design, inverse, design)
    kept = 1.0 - np.minimum(reach * chance * (1.0 - chance), _FARTHEST)
    return sigmoid(score - reach * (target - chance) / kept)
