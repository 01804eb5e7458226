"""Logged decisions as arrays: what was taken, with which chance, what else could have been, and what came of it.

Refuses to know why, and to fill gaps: what nobody knows is NaN.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct

from trunkline.backtest.decisions import Row
from trunkline.backtest.off_policy import Logged
from trunkline.routing.learned.arrays import Bools, Floats, Ints

FIGURES = ("dollars", "quality", "seconds")


class Log(Struct, frozen=True):
    """The rows as arrays; ``possible`` rows x names where the log could have gone, ``value`` by figure, NaN unknown."""

    names: list[str]
    action: Ints
    propensity: Floats
    possible: Bools
    features: Floats
    value: Mapping[str, Floats]

    @classmethod
    def of(cls, found: Sequence[Row]) -> "Log":
        """Of one route's rows."""
        names = sorted({one.target for row in found for one in row.decision.candidates})
        place = {name: number for number, name in enumerate(names)}
        possible = np.zeros((len(found), len(names)), np.bool_)
        for number, row in enumerate(found):
            for one in row.decision.candidates:
                possible[number, place[one.target]] = one.propensity > 0
        return cls(
            names=names,
            action=np.array([place[row.target] for row in found]),
            propensity=np.array([row.propensity for row in found]),
            possible=possible,
            features=np.array([row.complexity.vector() for row in found]),
            value={figure: np.array([_known(getattr(row, figure)) for row in found], np.float64) for figure in FIGURES},
        )

    def supports(self, policy: Floats) -> Bools:
        """The rows in which the policy has somewhere to go, and goes only where the log could have gone."""
        inside = np.where(self.possible, policy, 0.0).sum(axis=1)
        supported: Bools = (inside > 0.999) & (policy.sum(axis=1) > 0.999)
        return supported

    def known(self, figure: str) -> Bools:
        """The rows where a figure is known."""
        there: Bools = ~np.isnan(self.value[figure])
        return there

    def logged(self, figure: str, policy: Floats, rows: Bools) -> Logged:
        """A policy on some of the rows, for the estimators."""
        return Logged(self.action[rows], self.propensity[rows], self.value[figure][rows], policy[rows])


def _known(value: float | None) -> float:
    return float("nan") if value is None else value
