"""How long each part of one attempt may take.

Refuses to know what is done when it is over.
"""

from typing import Annotated

from msgspec import Meta, Struct, structs

_SECONDS = {"x-unit": "seconds"}
Connecting = Annotated[float, Meta(ge=0.01, le=60, extra_json_schema=_SECONDS)]
Waiting = Annotated[float, Meta(ge=0.01, le=3600, extra_json_schema=_SECONDS)]
Lasting = Annotated[float, Meta(ge=0.01, le=86_400, extra_json_schema=_SECONDS)]

Speed = Annotated[float, Meta(ge=0, le=100_000)]


class Timeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds. The defaults suit hosted models; local ones on slow machines want a longer ``first_content``."""

    connect: Annotated[Connecting, Meta(description="DNS, TCP and TLS together. Raise it for far-away networks.")] = 5.0
    first_content: Annotated[
        Waiting, Meta(description="A stream's first content, pings not counting. Lower it to fall back sooner.")
    ] = 60.0
    answer: Annotated[
        Waiting,
        Meta(description="A whole answer's first byte, which comes when the model is done. Raise it for long answers."),
    ] = 300.0
    thinking: Annotated[
        Waiting,
        Meta(description="Instead of first_content and idle where it is longer, for models known to think first."),
    ] = 300.0
    slowest: Annotated[
        Speed,
        Meta(
            description="Tokens a second. A whole answer of at most n tokens gets first_content and n / slowest, up to "
            "answer, so that a silent provider of a short answer is left sooner. 0: always answer, as for local ones."
        ),
    ] = 10.0
    idle: Annotated[
        Waiting, Meta(description="Between two pieces of a stream's content. Raise it for models that think silently.")
    ] = 60.0
    total: Annotated[
        Lasting, Meta(description="One attempt from its start to its end. Raise it for very long answers.")
    ] = 600.0

    def whole(self, most_tokens: int | None) -> float:
        """Seconds for an answer in one piece of at most so many tokens; None: nobody said how many."""
        if most_tokens is None or not self.slowest:
            return self.answer
        return min(self.answer, self.first_content + max(0, most_tokens) / self.slowest)


class RouteTimeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """A route's own timeouts, or one target's; what is left out is as in the house's, or the route's."""

    connect: Annotated[Connecting | None, Meta(description="As in timeouts.")] = None
    first_content: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    answer: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    thinking: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    slowest: Annotated[Speed | None, Meta(description="As in timeouts.")] = None
    idle: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    total: Annotated[Lasting | None, Meta(description="As in timeouts.")] = None

    def over(self, timeouts: Timeouts) -> Timeouts:
        """These laid over the house's."""
        said = {name: value for name, value in structs.asdict(self).items() if value is not None}
        return structs.replace(timeouts, **said)


def timeouts_of(
    house: Timeouts, route: RouteTimeouts, step: RouteTimeouts, *, reasoning: bool | None, local: bool
) -> Timeouts:
    """What holds for one target: what it or its route says, else the house's, with the advice for its kind of model.

    A model known to reason gets ``thinking`` where nobody said more closely; one on a machine of one's own has no
    ``slowest`` speed, since none is too slow.
    """
    said = step.over(route.over(house))
    advice: dict[str, float] = {}
    if reasoning:
        advice = {name: max(getattr(said, name), said.thinking) for name in ("first_content", "idle")}
    if local:
        advice["slowest"] = 0.0
    unsaid = {name: value for name, value in advice.items() if getattr(route, name) is getattr(step, name) is None}
    return structs.replace(said, **unsaid)
