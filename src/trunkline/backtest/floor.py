"""Chooses how far to save: the cheapest of many plays that can be shown to keep the quality floor.

Refuses to hope: "shown" is a lower bound of a bootstrap over the prompts of the training half, against the best single
model of each resample, so that luck in who looks best is part of the doubt.
"""

import numpy as np
from msgspec import Struct

from trunkline.routing.learned.arrays import Floats

RESAMPLES = 400
EVEN = 0.5  # at this confidence the floor is to be kept on average, at a higher one it is to be shown
WORTHWHILE = 0.005  # of the cost; who saves less than this is the best model with more ways to fail


class Play(Struct, frozen=True):
    """How one setting would have done on the training half, each row judged by what the others taught."""

    score: Floats
    cost: Floats


class Shown(Struct, frozen=True):
    """The play that was chosen, and its share of the best single model's quality: the mean and the lower bound."""

    play: int
    quality: float
    low: float
    saved: float


def cheapest_shown(
    plays: list[Play],
    singles: Floats,
    best: int,
    best_cost: float,
    floor: float,
    confidence: float,
    rng: np.random.Generator,
) -> Shown | None:
    """``singles``: prompts x models, NaN where unknown. None: no play that saves can be shown to keep the floor."""
    share = ratios(plays, singles, best, rng, sure=confidence > EVEN)
    low = np.quantile(share, 1.0 - confidence, axis=0)
    costs = np.array([play.cost.mean() for play in plays])
    good = np.flatnonzero((low >= floor) & (costs < (1.0 - WORTHWHILE) * best_cost))
    if not len(good):
        return None
    chosen = int(good[costs[good].argmin()])
    quality = float(plays[chosen].score.mean() / _best_of(singles, best)[:, 0].mean())
    return Shown(chosen, quality, float(low[chosen]), 1.0 - float(costs[chosen]) / best_cost)


def ratios(plays: list[Play], singles: Floats, best: int, rng: np.random.Generator, *, sure: bool) -> Floats:
    """Share of the best single model's quality in each resample, resamples x plays.

    To be ``sure``, the best is whoever does best in the resample, and one answer that the best had right and the play
    had wrong is added to what was seen: where nothing was lost yet, a bootstrap alone would swear that nothing ever
    will be. On average neither belongs there: the training half's best was lucky once, as the best of any other half
    will be, and a resample's best is lucky twice.
    """
    rows = len(singles)
    weights = rng.multinomial(rows, np.full(rows, 1.0 / rows), size=RESAMPLES).astype(np.float64)
    played = weights @ np.stack([play.score for play in plays], axis=1)
    known = weights @ _best_of(singles, best)
    reference, lost = (known.max(axis=1), 1.0) if sure else (known[:, 0], 0.0)
    share: Floats = (played - lost) / np.maximum(reference, 1e-9)[:, None]
    return share


def _best_of(singles: Floats, best: int) -> Floats:
    """The best model first, then all others that are known as widely; a gap counts as what the best scored there."""
    known = (~np.isnan(singles)).mean(axis=0)
    wide = [best, *(place for place in range(singles.shape[1]) if place != best and known[place] >= known[best] - 0.01)]
    anchor = np.nan_to_num(singles[:, best])
    filled: Floats = np.where(np.isnan(singles), anchor[:, None], singles)[:, wide]
    return filled
