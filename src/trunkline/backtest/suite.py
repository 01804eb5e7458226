"""A suite as arrays: prompts x models, with NaN where a model has no outcome; made from tables, checked as a whole.

Refuses to know files, and to fill gaps: a model without an outcome for a prompt cannot be asked there.
"""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from trunkline.backtest.tables import Tables, TablesError
from trunkline.core.nearest import quoted
from trunkline.routing import forms
from trunkline.routing.learned.arrays import Bools, Floats, Ints
from trunkline.routing.learned.prompt_layer import Seen

FEWEST = 40  # prompts; below, halves hold nothing to learn from
COVERED = 0.95  # share of prompts a model must have outcomes for, to be the one all others are compared with
KNOWN = 0.3  # share below which a model is left out: it would be judged by too few, and hardly ever be asked


@dataclass(frozen=True, slots=True)
class Suite:
    """``score`` 0 to 1, ``cost`` dollars, ``tokens`` of output, ``latency`` seconds: each prompts x models.

    ``group``: equal numbers for equal answers to one prompt, -1 for none; ``length``: log(1 + characters), 0 unknown.
    """

    name: str
    models: tuple[str, ...]
    seen: Seen
    kind: tuple[str, ...]
    benchmark: tuple[str, ...]
    score: Floats
    cost: Floats
    tokens: Floats
    latency: Floats
    group: Ints
    length: Floats
    left_out: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.score)

    @property
    def present(self) -> Bools:
        """Where there is an outcome."""
        there: Bools = ~np.isnan(self.score)
        return there

    @property
    def answered(self) -> bool:
        """Whether answers were kept, so that they can be compared."""
        return bool((self.group >= 0).any())

    @property
    def quality(self) -> Floats:
        """Mean score of each model, over the prompts it has outcomes for."""
        mean: Floats = np.nanmean(self.score, axis=0)
        return mean

    @property
    def price(self) -> Floats:
        """Mean dollars of a call, per model."""
        mean: Floats = np.nanmean(self.cost, axis=0)
        return mean

    @property
    def best(self) -> int:
        """The best single model among those with outcomes nearly everywhere; the cheaper of two equal ones."""
        covered = self.present.mean(axis=0) >= COVERED
        ranked = np.where(covered, self.quality - 1e-9 * self.price, -1.0)
        return int(ranked.argmax())

    def rows(self, chosen: Ints) -> "Suite":
        """Some of the prompts, as a suite of their own."""
        return replace(
            self,
            seen=self.seen.rows(chosen),
            kind=tuple(self.kind[row] for row in chosen),
            benchmark=tuple(self.benchmark[row] for row in chosen),
            score=self.score[chosen],
            cost=self.cost[chosen],
            tokens=self.tokens[chosen],
            latency=self.latency[chosen],
            group=self.group[chosen],
            length=self.length[chosen],
        )


def build(tables: Tables) -> Suite:
    """Raises TablesError for rows that appear twice or belong to no prompt, one model only, or too few prompts."""
    place = _places(tables)
    models, left_out = _models(tables, len(place))
    column = {model: number for number, model in enumerate(models)}
    score, cost, tokens, latency = (np.full((len(place), len(models)), np.nan) for _ in range(4))
    for outcome in tables.outcomes:
        at = place[outcome.query_id], column.get(outcome.model, -1)
        if at[1] < 0:
            continue
        if not np.isnan(score[at]):
            raise TablesError(
                f"{tables.name}_outcomes has {quoted(outcome.model)} for {quoted(outcome.query_id)} twice"
            )
        score[at], cost[at] = outcome.score, outcome.cost_usd
        tokens[at] = np.nan if outcome.output_tokens is None else outcome.output_tokens
        latency[at] = np.nan if outcome.latency_s is None else outcome.latency_s
    group, length = _answers(tables, place, column)
    covered = (~np.isnan(score)).mean(axis=0)
    if not (covered >= COVERED).any():
        raise TablesError(
            f"no model of {tables.name} has outcomes for {COVERED:.0%} of the prompts, so none can be compared with"
        )
    whole = Suite(
        name=tables.name,
        models=models,
        seen=Seen.of([query.prompt for query in tables.queries]),
        kind=tuple(query.category for query in tables.queries),
        benchmark=tuple(query.benchmark for query in tables.queries),
        score=score,
        cost=cost,
        tokens=tokens,
        latency=latency,
        group=group,
        length=length,
        left_out=left_out,
    )
    _worth_routing(whole)
    return whole


def _worth_routing(whole: Suite) -> None:
    """Shares of the best model's cost and quality need both to be something."""
    best = quoted(whole.models[whole.best])
    if not whole.quality[whole.best] > 0:
        raise TablesError(f"no model of {whole.name} has a score above 0: there is no quality to keep a share of")
    if not whole.price[whole.best] > 0:
        raise TablesError(
            f"{best}, the best model of {whole.name}, costs nothing: there is nothing to save. Write "
            "into cost_usd what its calls would cost elsewhere, or how long they keep a machine busy"
        )


def _places(tables: Tables) -> dict[str, int]:
    counted = Counter(query.query_id for query in tables.queries)
    twice = next((name for name, count in counted.items() if count > 1), None)
    if twice is not None:
        raise TablesError(f"{tables.name}_queries has the query_id {quoted(twice)} {counted[twice]} times")
    if len(counted) < FEWEST:
        raise TablesError(
            f"{tables.name} has {len(counted)} prompts; at least {FEWEST} are needed to fit and to measure"
        )
    place = {name: number for number, name in enumerate(counted)}
    strange = next((row.query_id for row in tables.outcomes if row.query_id not in place), None)
    if strange is not None:
        raise TablesError(f"{tables.name}_outcomes has {quoted(strange)}, which is not in {tables.name}_queries")
    return place


def _models(tables: Tables, prompts: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    counted = Counter(outcome.model for outcome in tables.outcomes)
    models = tuple(sorted(model for model, count in counted.items() if count >= KNOWN * prompts))
    if len(models) < 2:
        raise TablesError(
            f"{tables.name} has {len(models)} model(s) with outcomes for {KNOWN:.0%} of the prompts; "
            "routing needs at least two to choose from"
        )
    return models, tuple(sorted(set(counted) - set(models)))


def _answers(tables: Tables, place: dict[str, int], column: dict[str, int]) -> tuple[Ints, Floats]:
    shape = len(place), len(column)
    group, length = np.full(shape, -1, np.int64), np.zeros(shape)
    said: dict[int, dict[int, str | None]] = {}
    for row in tables.answers:
        at = place.get(row.query_id, -1), column.get(row.model, -1)
        if min(at) < 0:
            continue
        if at[1] in said.setdefault(at[0], {}):
            raise TablesError(f"{tables.name}_answers has {quoted(row.model)} for {quoted(row.query_id)} twice")
        said[at[0]][at[1]] = row.answer
        length[at] = np.log1p(max(row.response_chars or 0.0, 0.0))
    for number, answers in said.items():
        kind = forms.kind_of(answer for answer in answers.values() if answer)
        group[number, list(answers)] = forms.groups(kind, list(answers.values()))
    return group, length
