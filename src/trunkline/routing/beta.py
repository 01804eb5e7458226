"""The Beta distribution, as far as a posterior of a share needs it: mean, spread, quantiles.

Refuses to know whose share it is. Quantiles are for explaining, some 30 microseconds each; decisions use mean and sd.
"""

from math import exp, lgamma, log, log1p, sqrt

_TINY = 1e-300
_ROUNDS = 300  # of the continued fraction; a sharp posterior needs some of the root of its sample size


def mean_sd(good: float, bad: float) -> tuple[float, float]:
    """Of Beta(good, bad); both above zero."""
    total = good + bad
    mean = good / total
    return mean, sqrt(mean * (1 - mean) / (total + 1))


def interval(good: float, bad: float, level: float = 0.95) -> tuple[float, float]:
    """The central interval of Beta(good, bad)."""
    tail = (1 - level) / 2
    return quantile(good, bad, tail), quantile(good, bad, 1 - tail)


def quantile(good: float, bad: float, share: float) -> float:
    """Where Beta(good, bad) has ``share`` of its mass below; by halving, to 1e-9."""
    low, high = 0.0, 1.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        if below(good, bad, middle) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def below(good: float, bad: float, value: float) -> float:
    """The mass of Beta(good, bad) below ``value``: the regularised incomplete beta function.

    Lentz's evaluation of the continued fraction, DLMF 8.17.22, on the side where it converges fast.
    """
    if value <= 0 or value >= 1:
        return float(value >= 1)
    front = lgamma(good + bad) - lgamma(good) - lgamma(bad) + good * log(value) + bad * log1p(-value)
    if value < (good + 1) / (good + bad + 2):
        return exp(front) * _fraction(good, bad, value) / good
    return 1 - exp(front) * _fraction(bad, good, 1 - value) / bad


def _fraction(a: float, b: float, x: float) -> float:
    c, d = 1.0, 1 / _solid(1 - (a + b) * x / (a + 1))
    product = d
    for m in range(1, _ROUNDS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _solid(1 + term * d)
            c = _solid(1 + term / c)
            product *= c * d
        if abs(c * d - 1) < 1e-12:
            break
    return product


def _solid(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
