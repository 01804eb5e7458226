"""Fits the answer layer on the training half: whom to ask in which order, how to count votes, when to ask on.

Refuses to see another half. The rules are fitted from the last answer backwards (optimal stopping by regression,
Longstaff and Schwartz 2001): what asking on is worth is what it brought, by the later rules, to rows like this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from trunkline.backtest import fit_vote
from trunkline.backtest.floor import Play
from trunkline.backtest.linear import ridge, standard, with_ones
from trunkline.backtest.suite import Suite
from trunkline.routing.learned.arrays import Floats
from trunkline.routing.learned.cascade import Ballots, Cascade, Heard, Rule, Standing, View, Vote, stand
from trunkline.routing.learned.prompt_layer import Outlook

PENALTY = 100.0  # of the rules: a few hundred rows, a dozen columns, and outcomes that are mostly noise
CHEAP = 0.35  # of the best one's price: who can be asked first
MOST_CHEAP = 7
DEAR = 1.25  # of the best one's price: who can be asked as a second opinion
MOST_DEAR = 2
HOPELESS, AS_GOOD = 0.5, 0.95  # of the best one's quality: who is never asked, who can be a second opinion
MOST_PROBES = 4  # before the best; every one of them is one of a call's attempts
PRICES = tuple(float(price) for price in np.geomspace(0.01, 1.6, 22))  # quality that one call of the best must bring
JUDGED_AT = (0.08, 0.15, 0.3)  # prices at which pools are compared: what floors near 1 lead to


@dataclass(frozen=True, slots=True)
class Stage:
    """The training rows after so many answers."""

    vote: Vote
    standing: Standing
    score: Floats  # of the leading answer


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
            stage = self.stages[place]
            rule, gain = _rule(stage.standing.evidence, score - stage.score - price * paid)
            going = gain > 0
            score = np.where(going, score, stage.score)
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
    """The draft with the best pool of probes; None where no answers were kept or nobody is cheap enough."""
    cheap = _within(training, 0.0, CHEAP, HOPELESS)[:MOST_CHEAP]
    if not training.answered or not cheap:
        return None
    return _grown(training, outlook, cheap, _within(training, CHEAP, DEAR, AS_GOOD)[:MOST_DEAR])


def _grown(training: Suite, outlook: Outlook, cheap: list[int], dear: list[int]) -> Draft:
    """The best pair before a second opinion, then one more probe as long as that pays.

    Few pools are tried, so few can be lucky. The second opinion stands from the start: two strong models that are asked
    only where the cheap ones differ are together better than the best one, and a floor needs that room.
    """
    pairs = [pair for two in combinations(cheap, 2) for pair in (two, two[::-1])]
    starts = [(*start, *dear[:1]) for start in (*((one,) for one in cheap), *pairs)]
    best, value = _best(training, outlook, starts)
    while len(best.order) <= MOST_PROBES:
        wider = [_with(best.order[:-1], one, dear) for one in (*cheap, *dear) if one not in best.order]
        if not wider:
            break
        better, worth = _best(training, outlook, wider)
        if worth <= value:
            break
        best, value = better, worth
    return best


def _with(probes: tuple[int, ...], one: int, dear: list[int]) -> tuple[int, ...]:
    """One more probe: after the others, but before those that are dear."""
    together = (*probes, one)
    return (*(place for place in together if place not in dear), *(place for place in together if place in dear))


def _best(training: Suite, outlook: Outlook, pools: Sequence[tuple[int, ...]]) -> tuple[Draft, float]:
    drafts = [draft(training, outlook, probes) for probes in pools]
    values = [_value(training, one) for one in drafts]
    place = int(np.argmax(values))
    return drafts[place], values[place]


def _value(training: Suite, one: Draft) -> float:
    """Quality less price, averaged over settings that matter: smoother in the data than a saving at a threshold."""
    total = 0.0
    for share in JUDGED_AT:
        price = share / float(training.price[training.best])
        _, play = one.rules(price)
        total += float(play.score.mean() - price * play.cost.mean())
    return total


def _within(training: Suite, low: float, high: float, good: float) -> list[int]:
    """Models at so much of the best one's price, with so much of its quality; the best of them first."""
    best = training.best
    price, quality = training.price / training.price[best], training.quality / training.quality[best]
    fitting = np.flatnonzero((price > low) & (price <= high) & (quality >= good) & (np.arange(len(price)) != best))
    ranked = fitting[np.argsort(-quality[fitting], kind="stable")]
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
    return Stage(vote, standing, np.nan_to_num(score[np.arange(len(score)), standing.leader]))


def _lengths(heard: Heard) -> tuple[Floats, Floats]:
    known = heard.present & (heard.length > 0)
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, heard.length, 0.0).sum(axis=0) / count
    variance = np.where(known, (heard.length - mean) ** 2, 0.0).sum(axis=0) / count
    return mean, np.sqrt(variance) + 0.1


def _rule(evidence: Floats, gain: Floats) -> tuple[Rule, Floats]:
    center, scale = standard(evidence)
    fitted = ridge(with_ones(evidence, center, scale), gain, PENALTY)
    return Rule(center, scale, fitted.weights), fitted.left_out
