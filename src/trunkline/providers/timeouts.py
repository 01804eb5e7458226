"""How long each part of one attempt may take.

Refuses to know what is done when it is over.
"""

from typing import Annotated

from msgspec import Meta, Struct, structs

_SECONDS = {"x-unit": "seconds"}
Connecting = Annotated[float, Meta(ge=0.01, le=60, extra_json_schema=_SECONDS)]
Waiting = Annotated[float, Meta(ge=0.01, le=3600, extra_json_schema=_SECONDS)]
Lasting = Annotated[float, Meta(ge=0.01, le=86_400, extra_json_schema=_SECONDS)]


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
    idle: Annotated[
        Waiting, Meta(description="Between two pieces of a stream's content. Raise it for models that think silently.")
    ] = 60.0
    total: Annotated[
        Lasting, Meta(description="One attempt from its start to its end. Raise it for very long answers.")
    ] = 600.0


class RouteTimeouts(Struct, frozen=True, forbid_unknown_fields=True):
    """A route's own timeouts; what is left out is as in the house's."""

    connect: Annotated[Connecting | None, Meta(description="As in timeouts.")] = None
    first_content: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    answer: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    idle: Annotated[Waiting | None, Meta(description="As in timeouts.")] = None
    total: Annotated[Lasting | None, Meta(description="As in timeouts.")] = None

    def over(self, timeouts: Timeouts) -> Timeouts:
        """These laid over the house's."""
        said = {name: value for name, value in structs.asdict(self).items() if value is not None}
        return structs.replace(timeouts, **said)
