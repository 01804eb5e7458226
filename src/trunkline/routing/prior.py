"""How good a model's answer will be before anything of it was seen: from public benchmarks, else from its price.

Refuses to measure, and to be sure: every prediction carries its deviation, and evidence takes its place.

The form is Rasch's: logit(quality) = ability - difficulty. A model's ability is the logit of its share of right answers
at a hard public benchmark, where the difficulty is zero; ordinary requests are easier, by up to ``EASE``.
"""

from math import exp, log, log10

from msgspec import Struct

from trunkline.catalog.benchmarks import benchmark_of

EASE = (
    3.0  # logits an easy request lies below the benchmark: a model with 40 % there answers 93 % of the easy ones well
)
KNOWN_SD = 0.25  # logits; a benchmark of 198 questions, and makers who choose what they publish
UNCONFIRMED_SD = 0.4  # of a score whose source could not be found again
# Models without a score: the least-squares line through those of the catalogue that have one, over the logarithm of
# their dollars per million tokens of output, and the deviation of what it leaves (n = 51, 2026-11-23).
PRICE_SLOPE, PRICE_INTERCEPT, PRICE_SD = 0.81, 0.87, 0.80
UNPRICED = -0.5  # logits: a small open model, as people run by themselves
UNPRICED_SD = 1.0


class Quality(Struct, frozen=True):
    """The expected share of good answers, 0 to 1, its standard deviation, and what it rests on."""

    mean: float
    sd: float
    source: str = "prior"

    @property
    def interval(self) -> tuple[float, float]:
        """The central 95 %, within 0 and 1."""
        return max(0.0, self.mean - 1.96 * self.sd), min(1.0, self.mean + 1.96 * self.sd)

    def __str__(self) -> str:
        return f"{self.mean:.3f}+-{1.96 * self.sd:.3f}"


class Ability(Struct, frozen=True):
    """A model's place on the scale of difficulty, in logits, and how sure that is; ``source`` says where from."""

    logit: float
    sd: float
    source: str

    def at(self, difficulty: float) -> Quality:
        """The quality to expect of a request of this difficulty, 0 (easy) to 1 (as hard as the benchmark)."""
        mean = _logistic(self.logit + EASE * (1.0 - difficulty))
        return Quality(mean, self.sd * mean * (1.0 - mean), self.source)


class Known(Struct, frozen=True):
    """What is known of a model for one request already, whatever its difficulty."""

    quality: Quality

    def at(self, difficulty: float) -> Quality:
        """The quality to expect."""
        return self.quality


def ability(model: str, stated: float | None, output_dollars: float | None) -> Ability:
    """What is known of a model: somebody's word for it, else a public score, else a guess from its price.

    ``stated`` and scores are shares of right answers at hard tasks; ``output_dollars`` are per million tokens.
    """
    if stated is not None:
        return Ability(_logit(stated), KNOWN_SD, "config")
    known = benchmark_of(model)
    if known is not None:
        return Ability(_logit(known.score), KNOWN_SD if known.source else UNCONFIRMED_SD, "benchmark")
    if not output_dollars:
        return Ability(UNPRICED, UNPRICED_SD, "guess")
    return Ability(PRICE_INTERCEPT + PRICE_SLOPE * log10(output_dollars), PRICE_SD, "price")


def _logit(share: float) -> float:
    inside = min(0.999, max(0.001, share))
    return log(inside / (1 - inside))


def _logistic(logit: float) -> float:
    return 1 / (1 + exp(-logit))
