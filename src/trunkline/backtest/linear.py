"""Ridge regression with leave-one-out predictions in closed form: the one fit under all the others.

Refuses to choose its own penalty: noise is much, rows are few, and what fits this half best does not fit the other.
"""

from dataclasses import dataclass

import numpy as np

from trunkline.routing.learned.arrays import Floats


@dataclass(frozen=True, slots=True)
class Ridge:
    """``weights`` columns x targets; ``left_out``: what the other rows say of each; ``inverse`` of X'X + P."""

    weights: Floats
    left_out: Floats
    inverse: Floats


def ridge(design: Floats, target: Floats, penalty: float) -> Ridge:
    """``design`` has a first column of ones, which is not penalised. ``target``: rows, or rows x targets."""
    penalties = np.full(design.shape[1], penalty)
    penalties[0] = 1e-3
    inverse: Floats = np.linalg.inv(design.T @ design + np.diag(penalties)).astype(np.float64)
    weights: Floats = inverse @ (design.T @ target)
    leverage = np.einsum("ij,jk,ik->i", design, inverse, design)
    kept = np.maximum(1.0 - leverage, 1e-3)
    residual = target - design @ weights
    left_out: Floats = target - residual / (kept if target.ndim == 1 else kept[:, None])
    return Ridge(weights, left_out, inverse)


def standard(columns: Floats) -> tuple[Floats, Floats]:
    """Center and scale of each column; a constant column has scale 1."""
    scale = columns.std(axis=0)
    return columns.mean(axis=0), np.where(scale > 1e-6, scale, 1.0)


def with_ones(columns: Floats, center: Floats, scale: Floats) -> Floats:
    """Standardised and clipped columns behind a column of ones."""
    return np.hstack((np.ones((len(columns), 1)), np.clip((columns - center) / scale, -4.0, 4.0)))
