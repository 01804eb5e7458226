"""How good each model's answers are, from scores that were given: corrected where people scored some, else as judged.

Refuses to call a judge's own mean the quality without saying so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from msgspec import Struct

from trunkline.quality.judged_rows import Judged
from trunkline.quality.prediction_powered import FEWEST_LABELS, corrected
from trunkline.stores.scores import Score

Pair = tuple[float, float]
"""What people and the judge gave one answer."""


class ModelReport(Struct, frozen=True):
    """One model: ``raw`` is the judge's mean, ``mean`` with its interval the quality, ``basis`` what that rests on."""

    model: str
    judged: int
    unjudged: int
    raw: float | None
    mean: float | None
    low: float
    high: float
    basis: str


def from_rows(rows: Sequence[Judged], gold: Sequence[Judged]) -> list[ModelReport]:
    """From files: what was judged, and what people scored too."""
    labelled: dict[str, list[Pair]] = defaultdict(list)
    for row in gold:
        if row.people is not None and row.score is not None:
            labelled[row.model].append((row.people, row.score))
    found: dict[str, list[float | None]] = defaultdict(list)
    for row in rows:
        if row.orders is None:
            found[row.model].append(row.score)
    return _reports(found, labelled)


def from_scores(scores: Iterable[Score], gold: Sequence[Judged]) -> list[ModelReport]:
    """From the ledger: judges' scores of live answers; where users scored the same answers, theirs are the labels."""
    judged: dict[str, dict[str, float | None]] = defaultdict(dict)
    users: dict[str, float] = {}
    for score in scores:
        if score.source == "judge":
            judged[score.target].setdefault(score.request, score.score)
        elif score.source == "user" and score.score is not None:
            users.setdefault(score.request, score.score)  # newest first: a user's last word counts
    labelled: dict[str, list[Pair]] = defaultdict(list)
    for row in gold:
        if row.people is not None and row.score is not None:
            labelled[row.model].append((row.people, row.score))
    found: dict[str, list[float | None]] = {}
    for target, by_request in judged.items():
        labelled[target] += [
            (users[key], said) for key, said in by_request.items() if said is not None and key in users
        ]
        found[target] = [said for key, said in by_request.items() if key not in users]
    return _reports(found, labelled)


def _reports(found: dict[str, list[float | None]], labelled: dict[str, list[Pair]]) -> list[ModelReport]:
    everybody = [pair for pairs in labelled.values() for pair in pairs]
    return [_report(model, found[model], labelled.get(model, []), everybody) for model in sorted(found)]


def _report(model: str, said: Sequence[float | None], own: Sequence[Pair], everybody: Sequence[Pair]) -> ModelReport:
    scores = [score for score in said if score is not None]
    unjudged = len(said) - len(scores)
    raw = fmean(scores) if scores else None
    labels, basis, trust = own, f"{len(own)} labels of this model", None
    if len(own) < FEWEST_LABELS:  # other models' answers are no sample of this one's: only the bias is taken from them
        labels, basis, trust = everybody, f"the judge's bias on {len(everybody)} labels of all models", 1.0
    if scores and len(labels) >= FEWEST_LABELS:
        one = corrected([people for people, _ in labels], [judge for _, judge in labels], scores, trust=trust)
        return ModelReport(model, len(scores), unjudged, raw, one.mean, one.low, one.high, basis)
    if len(scores) < 2:
        return ModelReport(model, len(scores), unjudged, raw, None, 0.0, 1.0, "too little")
    half = 1.96 * stdev(scores) / len(scores) ** 0.5
    mean = fmean(scores)
    return ModelReport(
        model, len(scores), unjudged, raw, mean, max(mean - half, 0.0), min(mean + half, 1.0), "the judge alone"
    )
