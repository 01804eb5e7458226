"""Which model to try: Thompson sampling, with exact propensities and three bounds on what trying costs.

Refuses to know where expectations come from and what a unit of utility is worth. Every choice is drawn from explicit
probabilities, so the logged propensity is no estimate: it is the number the dice were thrown with, which is what
inverse-propensity estimates need. The probabilities are the shares of a fixed table of standard normal draws in which
each arm looks best (Thompson's rule, 1933), mixed with a small even share that finds a bad model which became good.
"""

import random
from collections.abc import Sequence
from functools import cache
from typing import Annotated

from msgspec import Meta, Struct

DRAWS = 64  # rows of the table: a probability is known to 1.6 %, and a decision over 8 arms takes under 0.1 ms
MOST_ARMS = 64
FREE = 0.01  # of the dearest arm's cost: what a free one is taken to cost, or nothing dearer could ever be tried


class Exploration(Struct, frozen=True, forbid_unknown_fields=True):
    """How much may be spent on learning."""

    share: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Of calls that may go to another model than the one that looks best now. 0 switches it off.",
        ),
    ] = 0.05
    regret: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Quality points (1: a right answer for a wrong one), with cost at its weight, that a call may "
            "be expected to lose by exploring, on average.",
        ),
    ] = 0.01
    even: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Part of the exploration that is spread evenly over all models, whatever is believed of them, "
            "so that one that has become better is noticed.",
        ),
    ] = 0.2
    cost: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            description="What exploring dearer models may add to the expected cost of a kind of call, as a share of "
            "it: 0.05 is 5 %. Cheaper ones may be tried as often as the other bounds allow.",
        ),
    ] = 0.05


NONE = Exploration(share=0.0)


class Chosen(Struct, frozen=True):
    """``arm`` is the place in the list, ``propensity`` the probability it had, ``propensities`` those of all."""

    arm: int
    propensity: float
    propensities: tuple[float, ...]
    explores: bool


def choose(
    beliefs: Sequence[tuple[float, float]], exploration: Exploration, dice: float, costs: Sequence[float] = ()
) -> Chosen:
    """Choose among arms by the (mean, sd) of each one's utility; ``dice`` is uniform in [0, 1).

    ``costs``  what a call of each arm is expected to cost, in any unit; left out: all alike.

    For priority traffic give ``NONE``: the best looking arm with propensity 1. Raises ValueError without any arm.
    """
    shares = propensities(beliefs, exploration, costs)
    best = _best(beliefs)
    rest = dice
    for arm, share in enumerate(shares):
        rest -= share
        if rest < 0:
            return Chosen(arm, share, shares, arm != best)
    return Chosen(best, shares[best], shares, explores=False)  # rounding left a hair at the end


def propensities(
    beliefs: Sequence[tuple[float, float]], exploration: Exploration, costs: Sequence[float] = ()
) -> tuple[float, ...]:
    """The probability of each arm; they add up to 1, and each is above zero unless exploring is off.

    Exploring all that Thompson's rule would, if that is within the bounds, else as much as they allow.
    """
    if not 1 <= len(beliefs) <= MOST_ARMS:
        raise ValueError(f"there must be 1 to {MOST_ARMS} arms to choose from, not {len(beliefs)}")
    best, arms = _best(beliefs), len(beliefs)
    if exploration.share <= 0 or arms == 1:
        return tuple(float(arm == best) for arm in range(arms))
    even = exploration.even / arms
    wanted = [(1 - exploration.even) * share + even for share in _winning(beliefs)]
    paid = _affordable(costs, best, exploration.cost) if costs else [1.0] * arms
    tried = [0.0 if arm == best else min(share, paid[arm]) for arm, share in enumerate(wanted)]
    top = beliefs[best][0]
    regret = sum(share * (top - mean) for share, (mean, _) in zip(tried, beliefs, strict=True))
    damped = min(1.0, exploration.share / max(sum(tried), 1e-12), exploration.regret / max(regret, 1e-12))
    shares = [damped * share for share in tried]
    shares[best] = 1 - sum(shares)
    return tuple(shares)


def _affordable(costs: Sequence[float], best: int, most: float) -> list[float]:
    """How often each arm may be tried: the dearer ones share what may be spent, the others are free.

    One bound over all would let the dearest arm use up what the cheaper ones need to be known at all.
    """
    usual = max(costs[best], FREE * max(costs))
    extra = [cost - costs[best] for cost in costs]
    dearer = sum(more > 0 for more in extra)
    return [most * usual / (dearer * more) if more > 0 else 1.0 for more in extra]


def _best(beliefs: Sequence[tuple[float, float]]) -> int:
    return max(range(len(beliefs)), key=lambda arm: beliefs[arm][0])


def _winning(beliefs: Sequence[tuple[float, float]]) -> list[float]:
    """In which share of the table's rows each arm looks best."""
    wins = [0] * len(beliefs)
    columns = [[mean + sd * z for z in column] for (mean, sd), column in zip(beliefs, _table(), strict=False)]
    for row in zip(*columns, strict=True):
        wins[row.index(max(row))] += 1
    return [count / DRAWS for count in wins]


@cache  # made when first asked: it costs some milliseconds, and most houses never ask
def _table() -> tuple[tuple[float, ...], ...]:
    """A column for each arm: the same normal quantiles in another order (a Latin hypercube), so that each is exact."""
    from statistics import NormalDist  # noqa: PLC0415 - as the table

    quantiles = [NormalDist().inv_cdf((place + 0.5) / DRAWS) for place in range(DRAWS)]
    shuffled = random.Random(1933)  # noqa: S311 - a table, not a secret
    return tuple(tuple(shuffled.sample(quantiles, DRAWS)) for _ in range(MOST_ARMS))
