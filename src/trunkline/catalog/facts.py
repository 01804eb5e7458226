"""What is known of one model, and how knowledge from nearer sources stands over that from farther ones.

Refuses to know where rows come from: the catalogue, a provider's row or somebody's config.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from trunkline.catalog.price import Price
from trunkline.catalog.published import PublishedPrice

Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", extra={"form": "a day, like 2026-11-22"})]
Share = Annotated[float, Meta(ge=0, le=1)]
Listed = Annotated[
    str,
    Meta(pattern=r"^[^/\s]+/\S+$", max_length=320, extra={"form": "provider/model, like openai/gpt-5-mini"}),
]
Tokens = Annotated[int, Meta(ge=1, le=1_000_000_000)]


class ModelFacts(Struct, frozen=True):
    """A model's limits, abilities and price; None means unknown, which is neither zero nor no."""

    context_window: int | None = None  # tokens of prompt and answer together
    max_output: int | None = None  # tokens of one answer
    streaming: bool | None = None
    tools: bool | None = None
    vision: bool | None = None
    structured_output: bool | None = None
    reasoning: bool | None = None
    price: Price | None = None
    quality: float | None = None  # share of hard tasks it does well, by somebody's word
    same_as: str | None = None  # provider/model: whose public scores are its own
    as_of: str | None = None  # the day these were true, YYYY-MM-DD


UNKNOWN_FACTS = ModelFacts()


class ModelRow(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Facts of a model as written in a file; what is left out is taken from the next source, or unknown."""

    context_window: Annotated[
        Tokens | None, Meta(description="Tokens of prompt and answer together. Set it for a model of your own.")
    ] = None
    max_output: Annotated[Tokens | None, Meta(description="Most tokens of one answer.")] = None
    streaming: Annotated[bool | None, Meta(description="Can stream its answer.")] = None
    tools: Annotated[bool | None, Meta(description="Can call tools.")] = None
    vision: Annotated[bool | None, Meta(description="Can look at images.")] = None
    structured_output: Annotated[bool | None, Meta(description="Can answer by a JSON schema.")] = None
    reasoning: Annotated[bool | None, Meta(description="Thinks before it answers.")] = None
    prices: Annotated[
        PublishedPrice | None,
        Meta(description="Dollars per million tokens. Set them for a model of your own, or for a price you agreed."),
    ] = None
    quality: Annotated[
        Share | None,
        Meta(
            description="Share of hard tasks it does well, for routing. Set it for a model of your own, or where your "
            "tasks show another picture than public benchmarks.",
        ),
    ] = None
    aliases: Annotated[tuple[str, ...], Meta(max_length=32, description="Other names of the same model.")] = ()
    same_as: Annotated[
        Listed | None,
        Meta(
            description="The model behind a name of your own, such as an Azure deployment's: its facts and price hold "
            "where nothing is said here.",
        ),
    ] = None
    as_of: Annotated[Day | None, Meta(description="The day these facts were true, YYYY-MM-DD.")] = None


_SAID_AS_IT_IS = tuple(name for name in ModelFacts.__struct_fields__ if name != "price")


def facts(*rows: ModelRow | None) -> ModelFacts:
    """The facts of rows laid over each other, the first that says something counting."""
    known = [row for row in rows if row is not None]
    said = {name: _first(known, name) for name in _SAID_AS_IT_IS}
    prices: PublishedPrice | None = _first(known, "prices")
    return ModelFacts(price=None if prices is None else prices.price(), **said)


def _first(rows: list[ModelRow], name: str) -> Any:
    return next((value for row in rows if (value := getattr(row, name)) is not None), None)
