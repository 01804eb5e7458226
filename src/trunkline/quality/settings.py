"""What the config says of quality: who judges, by which rubric, how much of the traffic, for which share of its cost.

Refuses to do any of it.
"""

from typing import Annotated

from msgspec import Meta, Struct

from trunkline.quality.anytime import Comparison
from trunkline.quality.checks import OwnCheck
from trunkline.quality.drift import DriftSettings
from trunkline.quality.expected import Expected
from trunkline.quality.rubric import Given, Rubric
from trunkline.routing.posteriors import PosteriorSettings

ModelName = Annotated[str, Meta(min_length=1, max_length=320)]


class Canary(Struct, frozen=True, forbid_unknown_fields=True):
    """A question whose right answer is known, asked of models on schedule."""

    ask: Annotated[str, Meta(min_length=1, max_length=8_000, description="The question.")]
    expect: Annotated[Expected, Meta(description="The right answer, and how it is recognised.")]


class Canaries(Struct, frozen=True, forbid_unknown_fields=True):
    """A small set of questions that sees a change of a model before users do."""

    models: Annotated[
        tuple[ModelName, ...],
        Meta(max_length=64, description="Who is asked: names that callers use, or provider/model."),
    ] = ()
    questions: Annotated[
        tuple[Canary, ...], Meta(max_length=200, description="What is asked, each question once a round.")
    ] = ()
    every: Annotated[
        float,
        Meta(ge=60, le=604_800, extra_json_schema={"x-unit": "seconds"}, description="Between two rounds of a model."),
    ] = 3_600.0


class Shadow(Struct, frozen=True, forbid_unknown_fields=True):
    """A candidate that is asked beside a route, its answers judged and never served."""

    route: Annotated[ModelName, Meta(description="The route whose traffic is copied.")]
    candidate: Annotated[ModelName, Meta(description="provider/model that might take its place.")]
    rate: Annotated[float, Meta(gt=0, le=1, description="Share of the route's answered calls that is copied.")] = 0.02
    comparison: Annotated[Comparison, Meta(description="When it is shown to be good enough.")] = Comparison()
    promote: Annotated[
        bool,
        Meta(
            description="Serve it first when that is shown, until it is shown to be worse; kept in the ledger over "
            "restarts. false: only tell."
        ),
    ] = False


class QualitySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the house measures its own answers."""

    judges: Annotated[
        tuple[ModelName, ...],
        Meta(
            max_length=9,
            description="Models that judge: names that callers use, or provider/model. Several: their median counts. "
            "None: only what programs and users say is known.",
        ),
    ] = ()
    rubric: Annotated[
        str, Meta(max_length=40, description="general, correctness, code, or one of rubrics. By it they judge.")
    ] = "general"
    rubrics: Annotated[tuple[Rubric, ...], Meta(max_length=50, description="Rubrics of your own.")] = ()
    given: Annotated[
        Given,
        Meta(
            description="criteria: a judge first writes down what a good answer must have, before it sees one. "
            "Costs a call more, and finds more errors."
        ),
    ] = "nothing"
    own_family: Annotated[
        bool, Meta(description="Let judges judge models of their own family, which they like too well.")
    ] = False
    rate: Annotated[
        float,
        Meta(
            ge=0,
            le=1,
            description="Share of answers that is judged. Where a model's quality is uncertain more, elsewhere less.",
        ),
    ] = 0.05
    spend_share: Annotated[
        float,
        Meta(ge=0, le=10, description="What judging may cost, as a share of what the judged traffic costs."),
    ] = 0.1
    queue: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Answers that may wait to be looked at; more are not looked at."),
    ] = 256
    concurrent: Annotated[int, Meta(ge=1, le=256, description="Answers that are judged at once.")] = 4
    learning: Annotated[PosteriorSettings, Meta(description="How scores become beliefs that routing uses.")] = (
        PosteriorSettings()
    )
    drift: Annotated[DriftSettings, Meta(description="When a model behind a name is taken to have changed.")] = (
        DriftSettings()
    )
    canaries: Annotated[Canaries, Meta(description="Questions with known answers, asked on schedule.")] = Canaries()
    checks: Annotated[
        tuple[OwnCheck, ...], Meta(max_length=50, description="Checks of your own, made of every answer.")
    ] = ()
    shadows: Annotated[
        tuple[Shadow, ...], Meta(max_length=32, description="Candidates compared on copies of real traffic.")
    ] = ()
