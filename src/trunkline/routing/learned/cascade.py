"""Cheap models first, and after each answer one decision: good enough, or ask on?

Refuses to ask anybody and to know what the answers say: it sees who agrees with whom, who said nothing readable, how
long they spoke, and what the prompt layer expects. Two fitted parts stand behind every decision: a vote (which group
of equal answers is right, and how likely) and a rule (is asking on worth its price).
"""

import numpy as np
from msgspec import Struct

from trunkline.routing.learned.arrays import Bools, Floats, Ints, log_odds, sigmoid
from trunkline.routing.learned.prompt_layer import Outlook

OF_GROUP = 4  # numbers of a group of equal answers, beside who is in it
OF_NONE = 4  # numbers of the possibility that all are wrong


class Heard(Struct, frozen=True):
    """Answers so far, each prompts x models asked: ``group`` equal for equal answers and -1 for none that was readable,
    ``present`` False where the model could not be asked, ``length`` log(1 + characters) or 0 where unknown.
    """

    group: Ints
    present: Bools
    length: Floats

    @property
    def readable(self) -> Bools:
        """Where there is an answer to compare."""
        return self.present & (self.group >= 0)

    def same(self) -> Bools:
        """Who says the same as whom: prompts x models x models; what is not readable agrees with nobody."""
        readable = self.readable
        equal: Bools = self.group[:, :, None] == self.group[:, None, :]
        return equal & readable[:, :, None] & readable[:, None, :]

    def first(self, count: int) -> "Heard":
        """Without the answers after the first ``count``."""
        return Heard(self.group[:, :count], self.present[:, :count], self.length[:, :count])

    def rows(self, chosen: Ints | Bools) -> "Heard":
        """Of some of the prompts."""
        return Heard(self.group[chosen], self.present[chosen], self.length[chosen])


class Vote(Struct, frozen=True):
    """Weights of a conditional logit over the groups of equal answers and the possibility that none is right."""

    group: Floats
    none: Floats

    def chances(self, ballots: "Ballots") -> Floats:
        """How likely each answer is right, prompts x models; 0 where there is none."""
        score = np.where(ballots.leads, ballots.group @ self.group, -np.inf)
        nobody = ballots.none @ self.none
        highest = np.maximum(score.max(axis=1), nobody)
        share = np.exp(score - highest[:, None])
        chances: Floats = share / (share.sum(axis=1) + np.exp(nobody - highest))[:, None]
        return chances


class Ballots(Struct, frozen=True):
    """What a vote sees: numbers of every group (prompts x models x numbers) and of no group (prompts x numbers).

    A group stands in the place of its first member, where ``leads`` is True.
    """

    group: Floats
    none: Floats
    leads: Bools

    @classmethod
    def of(cls, heard: Heard, odds: Floats, length: Floats) -> "Ballots":
        """``odds``: log odds of each model asked to be right here; ``length``: standardised; both like ``heard``."""
        same = heard.same()
        member, count = same.astype(np.float64), same.sum(axis=2)
        leads = heard.readable & (same.argmax(axis=2) == np.arange(same.shape[1]))
        trust = (member @ odds[:, :, None])[:, :, 0] / 2
        spoken = (member @ length[:, :, None])[:, :, 0] / np.maximum(count, 1)
        group = np.concatenate((member, np.stack((trust, count >= 2, count >= 3, spoken), axis=2)), axis=2)
        silent = (heard.present & ~heard.readable).sum(axis=1)
        none = np.stack((np.ones(len(same)), odds.mean(axis=1), silent, length.mean(axis=1)), axis=1)
        return cls(group, none, leads)


class Rule(Struct, frozen=True):
    """Whether asking on pays: the chance that the answer is right ``now`` and ``then``, and what is spent till then.

    Three linear functions of the standardised evidence, the first two in log odds, ``dollars`` as they are; ``price``
    is the quality that one dollar must buy.
    """

    center: Floats
    scale: Floats
    now: Floats
    then: Floats
    dollars: Floats
    price: float

    def worth(self, evidence: Floats) -> Floats:
        """Gain of quality less its price, per prompt. Worth more than 0: ask on."""
        standard = np.clip((evidence - self.center) / self.scale, -4.0, 4.0)
        now, then, dollars = (part[0] + standard @ part[1:] for part in (self.now, self.then, self.dollars))
        gain: Floats = sigmoid(then) - sigmoid(now) - self.price * np.maximum(dollars, 0.0)
        return gain


class Standing(Struct, frozen=True):
    """Per prompt: the place of the leading answer among those asked, its chance of being right, and the evidence."""

    leader: Ints
    chance: Floats
    evidence: Floats

    @property
    def silent(self) -> Bools:
        """Where nobody said anything readable: no rule saw enough of that, and nobody wants it as an answer."""
        nothing: Bools = self.chance <= 0.0
        return nothing


class Cascade(Struct, frozen=True):
    """``order``: places of the models in the policy, cheap ones first, the best last.

    ``votes[k]`` and ``rules[k]`` belong to k + 1 answers. There is a rule for every model but the best. With as many
    votes as models the best has a vote like the others; with one less its answer stands, whatever the others said.
    ``accuracy`` and lengths are of the models in ``order``.
    """

    order: tuple[int, ...]
    votes: tuple[Vote, ...]
    rules: tuple[Rule, ...]
    accuracy: Floats
    length_mean: Floats
    length_sd: Floats

    @property
    def heard_out(self) -> tuple[int, ...]:
        """Whose answers are looked at before anything is shown."""
        return self.order[: len(self.votes)]

    @property
    def best(self) -> int:
        """Who is asked when no cheap answer will do."""
        return self.order[-1]

    def standing(self, heard: Heard, outlook: Outlook) -> Standing:
        """Where the prompts stand after these answers of the first models in order."""
        asked = heard.group.shape[1]
        return stand(self.votes[asked - 1], heard, self.view(heard, outlook))

    def view(self, heard: Heard, outlook: Outlook) -> "View":
        """What is known beside the answers themselves."""
        asked = heard.group.shape[1]
        return View.of(heard, outlook, self.order, self.accuracy, self.length_mean[:asked], self.length_sd[:asked])

    def asks_on(self, standing: Standing, asked: int) -> Bools:
        """True where the next model in order should be asked."""
        if asked == len(self.order):
            return np.zeros(len(standing.leader), np.bool_)
        going: Bools = self.rules[asked - 1].worth(standing.evidence) > 0
        return going | standing.silent


class View(Struct, frozen=True):
    """Expectations of the models asked (``odds``), of the best (``best_odds``, ``best_cost``), and lengths."""

    odds: Floats
    best_odds: Floats
    best_cost: Floats  # log dollars
    length: Floats
    accuracy: Floats

    @classmethod
    def of(
        cls, heard: Heard, outlook: Outlook, order: tuple[int, ...], accuracy: Floats, mean: Floats, sd: Floats
    ) -> "View":
        """``accuracy`` of the models in order; ``mean`` and ``sd`` of log lengths of those asked."""
        asked = heard.group.shape[1]
        odds = log_odds(outlook.quality[:, list(order)])
        length = np.where(heard.present & (heard.length > 0), (heard.length - mean) / sd, 0.0)
        return cls(
            odds=odds[:, :asked],
            best_odds=odds[:, -1],
            best_cost=np.log(outlook.cost[:, order[-1]] + 1e-9),
            length=np.clip(length, -4.0, 4.0),
            accuracy=accuracy[:asked],
        )


def stand(vote: Vote, heard: Heard, view: View) -> Standing:
    """Count the votes: the likeliest group leads, and of its members the one that is right most often speaks for it."""
    ballots = Ballots.of(heard, view.odds, view.length)
    chances = vote.chances(ballots)
    fallback = 1e-9 * heard.present * (1.0 + view.accuracy)  # nothing readable: the best of those that spoke
    head = (chances + fallback).argmax(axis=1)
    everyone = np.arange(len(head))
    member = heard.same()[everyone, head]
    member[everyone, head] = True
    leader = np.where(member, view.accuracy, -1.0).argmax(axis=1)
    chance = chances[everyone, head]
    rival = np.where(member, 0.0, chances).max(axis=1)
    return Standing(leader, chance, _evidence(heard, view, member, leader, chance, rival))


def _evidence(heard: Heard, view: View, member: Bools, leader: Ints, chance: Floats, rival: Floats) -> Floats:
    agreeing, asked = member.sum(axis=1), member.shape[1]
    columns = (
        chance,
        log_odds(chance),
        chance * (1.0 - chance),
        rival,
        agreeing == asked,
        agreeing == 1,
        (heard.present & ~heard.readable).sum(axis=1),
        view.length[np.arange(len(leader)), leader],
        view.length.mean(axis=1),
        view.best_odds,
        chance * view.best_odds,
        view.best_cost,
    )
    return np.stack([np.asarray(column, np.float64) for column in columns], axis=1)
