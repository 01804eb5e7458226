"""What to do first after each kind of error: the same target again, or another. One table, by class.

Refuses to know whether it can be done: ``recovery`` does.
"""

from msgspec import Struct

from trunkline.core.errors import (
    CallerRateLimit,
    CallError,
    ConnectFailed,
    ConnectTimeout,
    ContentRefused,
    ContextLengthExceeded,
    ModelOverloaded,
    Network,
    RateLimit,
    RequestConflict,
    ServerError,
    StaleConnection,
)


class Reaction(Struct, frozen=True):
    """``again``: the same target is asked first, if it may be. ``at_once``: it was never reached, so once without a
    wait and without the retry budget. ``larger_window``, ``other_policy``: only some other targets can help.
    """

    again: bool = False
    at_once: bool = False
    larger_window: bool = False
    other_policy: bool = False


REACTIONS: dict[type[CallError], Reaction] = {
    StaleConnection: Reaction(again=True, at_once=True),
    ConnectTimeout: Reaction(),  # it took seconds already; another target is there
    ConnectFailed: Reaction(at_once=True),  # nothing was sent; who refuses now will refuse again in a moment
    Network: Reaction(again=True),
    RateLimit: Reaction(again=True),  # after its hint, if that is short
    CallerRateLimit: Reaction(),  # no target can help
    RequestConflict: Reaction(again=True),
    ModelOverloaded: Reaction(),  # more of the same does not help it
    ServerError: Reaction(),  # a target that is ready answers now; this one may, after a wait
    ContextLengthExceeded: Reaction(larger_window=True),
    ContentRefused: Reaction(other_policy=True),
    CallError: Reaction(),
}
"""A class without a row of its own has its parent's."""


def reaction_to(error: CallError) -> Reaction:
    """The row of its class. What may have cost money already is not asked again first, whatever its row."""
    found = next(REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS)
    return Reaction() if error.may_have_cost else found
