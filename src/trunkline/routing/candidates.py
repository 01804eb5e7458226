"""Who could take a request, at what quality, cost and speed; and who cannot, each with the reason.

Refuses to prefer anybody. Whether somebody is preferred (affinity, price, quality) is never a reason to exclude.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from trunkline.catalog.facts import ModelFacts
from trunkline.core.call import Call
from trunkline.core.exchange import Target
from trunkline.core.money import Nanos
from trunkline.core.usage import Usage
from trunkline.providers.endpoint import Endpoint
from trunkline.routing.complexity import Complexity
from trunkline.routing.prior import Ability, Known, Quality

SURELY = 0.8  # of an estimated prompt: estimates are good to a fifth, and only what surely does not fit is excluded


class Profile(Struct, frozen=True):
    """What is known of one endpoint of a route before any request comes."""

    endpoint: Endpoint
    facts: ModelFacts
    ability: Ability | Known
    tags: frozenset[str] = frozenset()

    @property
    def target(self) -> Target:
        """Whom it asks."""
        return self.endpoint.target


class Candidate(Struct, frozen=True):
    """One target as a strategy sees it.

    ``place``    in the route's own order, 0 first.
    ``cost``     expected nano-dollars, a warm prompt cache deducted; None without a price.
    ``latency``  median seconds to the first content; None without samples, which is not zero.
    ``warm``     prompt tokens its provider has probably cached; ``sticky``: it served this session last.
    """

    place: int
    target: Target
    quality: Quality
    cost: Nanos | None
    latency: float | None = None
    warm: int = 0
    sticky: bool = False


class Excluded(Struct, frozen=True):
    """A target that is not a candidate; ``waits`` is for those that could, but not at this moment."""

    target: Target
    reason: str
    waits: bool = False


class Needs(Struct, frozen=True):
    """What a request asks of whoever takes it; ``tags`` are demands, of a key or of the request itself."""

    tokens: int
    tools: bool = False
    images: bool = False
    structured: bool = False
    streaming: bool = False
    tags: frozenset[str] = frozenset()

    @classmethod
    def of(cls, complexity: Complexity, *, streaming: bool, tags: Iterable[str] = ()) -> "Needs":
        """The demands that can be read off a request's numbers."""
        return cls(
            complexity.tokens,
            tools=complexity.tools > 0,
            images=complexity.images > 0,
            structured=complexity.structured == 1.0,
            streaming=streaming,
            tags=frozenset(tags),
        )


def why_not(profile: Profile, needs: Needs) -> str | None:
    """What a target cannot do of what is needed, in words; None when nothing is known against it."""
    missing = needs.tags - profile.tags
    if missing:
        return f"lacks the tag{'s' if len(missing) > 1 else ''} {', '.join(sorted(missing))}"
    facts = profile.facts
    window = facts.context_window
    if window is not None and needs.tokens * SURELY > window:
        return f"its context window of {window} tokens is too small for about {needs.tokens}"
    unable = (
        (needs.tools and facts.tools is False, "cannot call tools"),
        (needs.images and facts.vision is False, "cannot look at images"),
        (needs.structured and facts.structured_output is False, "cannot answer by a schema"),
        (needs.streaming and facts.streaming is False, "cannot stream"),
    )
    return next((words for is_so, words in unable if is_so), None)


def expected_cost(
    profile: Profile, call: Call, complexity: Complexity, *, warm: int = 0, output: int | None = None
) -> Nanos | None:
    """What the call will cost there, ``warm`` tokens of the prompt coming from the provider's cache.

    ``output`` tokens are expected of this model in particular, None: as of any.
    """
    cached = min(warm, complexity.tokens)
    usage = Usage(
        input=complexity.tokens - cached,
        cache_read=cached,
        output=min(output or complexity.output_tokens, call.envelope.max_tokens or output or complexity.output_tokens),
        source="estimated",
    )
    return profile.endpoint.cost_of(call, usage)


def sorted_out(
    profiles: Sequence[Profile], needs: Needs, now: float
) -> tuple[list[int], list[int], tuple[Excluded, ...]]:
    """The places of who can do it now, of who could do it later, and everybody else with the reason."""
    ready: list[int] = []
    waiting: list[int] = []
    excluded: list[Excluded] = []
    for place, profile in enumerate(profiles):
        reason = why_not(profile, needs)
        if reason is not None:
            excluded.append(Excluded(profile.target, reason))
        elif profile.endpoint.ready_at(now) > now:
            waiting.append(place)
            excluded.append(Excluded(profile.target, profile.endpoint.health.why(now) or "is not ready", waits=True))
        else:
            ready.append(place)
    return ready, waiting, tuple(excluded)
