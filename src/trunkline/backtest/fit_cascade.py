"""Fits the answer layer on the training half: whom to ask in which order, how to count votes, when to ask on.

Refuses to see another half. The rules are fitted from the last answer backwards (optimal stopping by regression,
Longstaff and Schwartz 2001): what asking on is worth is what it brought, by the later rules, to rows like this one.
The chances of being right now and then are fitted each for itself: their difference in a row is mostly noise.
"""

from dataclasses import dataclass

import numpy as np

from trunkline.backtest import fit_vote
from trunkline.backtest.floor import Play
from trunkline.backtest.linear import ridge, standard, with_ones
from trunkline.backtest.logistic import Logistic, logistic
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Bools, Floats
from trunkline.routing.learned.cascade import Ballots, Cascade, Heard, Rule, Standing, View, Vote, stand
from trunkline.routing.learned.prompt_layer import Outlook

PENALTY = 30.0  # of the chances: a few hundred rows, a dozen columns; 10 to 30 measure alike
DOLLAR_PENALTY = 30.0
CHEAP, AFFORDABLE = 0.15, 0.35  # of the best one's price: who is asked first, and who where hardly anybody is so cheap
MOST_PROBES = 3
DEAR = 1.25  # of the best one's price: who can be asked for a second opinion
HOPELESS, AS_GOOD = 0.5, 0.95  # of the best one's quality: who is never asked, who can be a second opinion
PRICES = tuple(float(price) for price in np.geomspace(0.02, 1.2, 60))  # quality that one call of the best must bring


@dataclass(frozen=True, slots=True)
class Stage:
    """The training rows after so many answers."""

    vote: Vote
    standing: Standing
    score: Floats  # of the leading answer
    center: Floats
    scale: Floats
    design: Floats  # the evidence, standardised, behind a column of ones
    now: Logistic  # chance of the leading answer

    def rule(self, price: float, score: Floats, paid: Floats) -> tuple[Rule, Bools]:
        """The rule of this stage, and who asks on by rules made without him; ``score`` and ``paid`` of asking on."""
        then = logistic(self.design, score, PENALTY, self.now.weights)
        dollars = ridge(self.design, paid, DOLLAR_PENALTY)
        gain = then.left_out - self.now.left_out - price * np.maximum(dollars.left_out, 0.0)
        rule = Rule(self.center, self.scale, self.now.weights, then.weights, dollars.weights, price)
        return rule, (gain > 0) | self.standing.silent


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything of a cascade but the rules, which depend on the price; ``stages`` for 1, 2, ... all answers."""

    order: tuple[int, ...]
    accuracy: Floats
    length_mean: Floats
    length_sd: Floats
    stages: tuple[Stage, ...]
    cost: Floats

    def rules(self, price: float) -> tuple[tuple[Rule, ...], Play]:
        """The rules at so much quality a dollar, and how each row would have fared by rules made without it."""
        last = len(self.order) - 1
        score, paid = self.stages[last].score, self.cost[:, last]
        rules: list[Rule] = []
        for place in range(last - 1, -1, -1):
            rule, going = self.stages[place].rule(price, score, paid)
            score = np.where(going, score, self.stages[place].score)
            paid = np.where(going, paid, 0.0) + self.cost[:, place]  # what the rule before this one decides to spend
            rules.append(rule)
        return tuple(reversed(rules)), Play(score, paid)

    def cascade(self, rules: tuple[Rule, ...]) -> Cascade:
        """As the policy file keeps it."""
        votes = tuple(stage.vote for stage in self.stages)
        return Cascade(self.order, votes, rules, self.accuracy, self.length_mean, self.length_sd)


def prices(training: Suite) -> list[float]:
    """Quality a dollar, from the dearest taste to the most thrifty."""
    return [price / float(training.price[training.best]) for price in PRICES]


def fit(training: Suite, outlook: Outlook) -> Draft | None:
    """The draft of one pool; None where no answers were kept or nobody is cheap enough.

    The pool is chosen by a rule and not searched for: cheap models of different makers, whose errors differ, those
    with most quality after their price first; then a second opinion of the best one's class, then the best. Searching
    hundreds of pools for the one that did best on the training half finds the luckiest: it saved 4 points less at the
    same quality (ZeroEval, 12 halves).
    """
    probes = _of_different_makers(training, _within(training, 0.0, CHEAP, HOPELESS, fee=1.0))
    if len(probes) < 2:
        probes = _of_different_makers(training, _within(training, 0.0, AFFORDABLE, HOPELESS, fee=1.0))
    if not training.answered or not probes:
        return None
    return draft(training, outlook, (*probes, *_within(training, AFFORDABLE, DEAR, AS_GOOD)[:1]))


def _of_different_makers(training: Suite, ranked: list[int]) -> tuple[int, ...]:
    """The first of each maker, few of them."""
    firsts: dict[str, int] = {}
    for place in ranked:
        firsts.setdefault(maker(training.models[place]), place)
    return tuple(firsts.values())[:MOST_PROBES]


def maker(model: str) -> str:
    """Who made a model, as far as its name tells: what stands before a slash, else how the name begins."""
    before, slash, _ = model.casefold().partition("/")
    return before if slash else before.removeprefix("meta-")[:4]


def _within(training: Suite, low: float, high: float, good: float, *, fee: float = 0.0) -> list[int]:
    """Models at so much of the best one's price, with so much of its quality; most quality after a fee first."""
    best = training.best
    price, quality = training.price / training.price[best], training.quality / training.quality[best]
    fitting = np.flatnonzero((price > low) & (price <= high) & (quality >= good) & (np.arange(len(price)) != best))
    ranked = fitting[np.argsort((fee * price - quality)[fitting], kind="stable")]
    return [int(place) for place in ranked]


def draft(training: Suite, outlook: Outlook, probes: tuple[int, ...]) -> Draft:
    """Votes and evidence for one order of probes before the best."""
    best = training.best
    order = (*probes, best)
    columns = np.array(order)
    accuracy = training.quality[columns]
    heard = Heard(training.group[:, columns], training.present[:, columns], training.length[:, columns])
    mean, sd = _lengths(heard)
    stages = tuple(
        _stage(training, outlook, order, heard.first(asked), accuracy, mean[:asked], sd[:asked])
        for asked in range(1, len(order) + 1)
    )
    return Draft(order, accuracy, mean, sd, stages, np.nan_to_num(training.cost[:, columns]))


def _stage(
    training: Suite, outlook: Outlook, order: tuple[int, ...], heard: Heard, accuracy: Floats, mean: Floats, sd: Floats
) -> Stage:
    view = View.of(heard, outlook, order, accuracy, mean, sd)
    score = training.score[:, list(order[: heard.group.shape[1]])]
    vote = fit_vote.fit(Ballots.of(heard, view.odds, view.length), score, accuracy[: score.shape[1]])
    standing = stand(vote, heard, view)
    right = np.nan_to_num(score[np.arange(len(score)), standing.leader])
    center, scale = standard(standing.evidence)
    design = with_ones(standing.evidence, center, scale)
    return Stage(vote, standing, right, center, scale, design, logistic(design, right, PENALTY))


def _lengths(heard: Heard) -> tuple[Floats, Floats]:
    known = heard.present & (heard.length > 0)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, heard.length, 0.0).sum(axis=0) / count
    variance = np.where(known, (heard.length - mean) ** 2, 0.0).sum(axis=0) / count
    return mean, np.sqrt(variance) + 0.1
