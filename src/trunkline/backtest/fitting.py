"""A policy file from a user's tables: the same fit that a backtest proves, on all prompts instead of one half.

Refuses to promise: a floor that cannot be shown on the data leaves the best model in charge, and the file says so.
"""

import numpy as np

from trunkline.backtest.strategies import Aim, Fitted, Lesson, cascade
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.policy import Floor, Policy


def fit(suite: Suite, aim: Aim) -> Policy:
    """Takes seconds for thousands of prompts."""
    lesson = Lesson.of(suite)
    fitted = cascade(lesson, aim)
    return Policy(
        models=suite.models,
        layer=lesson.layer,
        cascade=fitted.cascade,
        price=fitted.price,
        best=suite.best,
        floor=_floor(suite, fitted, aim),
    )


def _floor(suite: Suite, fitted: Fitted, aim: Aim) -> Floor:
    shown = fitted.shown
    if shown is None:
        return Floor(
            aim.floor, aim.confidence, shown=False, quality=1.0, quality_low=1.0, saved=0.0, prompts=len(suite)
        )
    return Floor(
        declared=aim.floor,
        confidence=aim.confidence,
        shown=True,
        quality=shown.quality,
        quality_low=shown.low,
        saved=float(np.clip(shown.saved, 0.0, 1.0)),
        prompts=len(suite),
    )
