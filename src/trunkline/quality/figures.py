"""What dashboards show of quality: each model's believed quality, what was judged, and what judging costs.

Refuses to keep numbers of its own.
"""

from trunkline.quality.watch import Watch
from trunkline.routing.posteriors import ALL
from trunkline.telemetry.series import MOST_SERIES, Gauge, Readings, Series

TARGET = ("provider", "model")


def figures_of(watch: Watch) -> list[Series]:
    """Series over a watch."""
    return [
        Gauge("llm_quality_score", "Believed quality of a model's answers, 0 to 1.", TARGET, lambda: _beliefs(watch)),
        Gauge("llm_quality_deviation", "Standard deviation of that belief.", TARGET, lambda: _deviations(watch)),
        Gauge(
            "llm_answers_looked_at_total",
            "Answers by what became of them.",
            ("fate",),
            lambda: _fates(watch),
            kind="counter",
        ),
        Gauge(
            "llm_judge_cost_share",
            "Cost of judging over that of the judged traffic, lately.",
            (),
            lambda: _share(watch),
        ),
        Gauge("llm_answers_judged_share", "Answers that were judged, of all looked at.", (), lambda: _judged(watch)),
        Gauge(
            "llm_quality_falls_total",
            "Times a model was found to have become another, by what told it.",
            (*TARGET, "signal"),
            lambda: _falls(watch),
            kind="counter",
        ),
        Gauge("llm_judge_agreement", "How far several judges agree, 0 to 1, lately.", (), lambda: _agreement(watch)),
    ]


def _beliefs(watch: Watch) -> Readings:
    for labels, mean, _ in _models(watch):
        yield labels, mean


def _deviations(watch: Watch) -> Readings:
    for labels, _, sd in _models(watch):
        yield labels, sd


def _models(watch: Watch) -> list[tuple[tuple[str, str], float, float]]:
    book = watch.book
    found = []
    for target in watch.targets()[:MOST_SERIES]:
        belief = book.learner.belief(target, ALL, book.wall())
        provider, _, model = target.partition("/")
        found.append(((provider, model), belief.mean, belief.sd))
    return found


def _fates(watch: Watch) -> Readings:
    for name, count in sorted(watch.counts.items()):
        yield (name.replace(" ", "_"),), float(count)


def _falls(watch: Watch) -> Readings:
    for (target, signal), count in sorted(watch.fallen.items())[:MOST_SERIES]:
        provider, _, model = target.partition("/")
        yield (provider, model, signal), float(count)


def _share(watch: Watch) -> Readings:
    judged, served = watch.allowance.spent
    if served:
        yield (), judged / served


def _judged(watch: Watch) -> Readings:
    if answers := watch.counts["answers"]:
        yield (), watch.counts["judged"] / answers


def _agreement(watch: Watch) -> Readings:
    if watch.agreement is not None:
        yield (), watch.agreement
