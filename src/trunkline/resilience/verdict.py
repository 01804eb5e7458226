"""What an outcome says about a target's health: success, failure, nothing, or that the caller left.

Refuses to classify errors: their classes carry whom they blame.
"""

from typing import Literal

from trunkline.core.errors import (
    Blame,
    CallError,
    ConnectTimeout,
    FirstContentTimeout,
    RateLimit,
    ReadTimeout,
)
from trunkline.core.outcome import Outcome

Verdict = Literal["success", "failure", "ignored", "abandoned"]

CONGESTION: tuple[type[CallError], ...] = (RateLimit, FirstContentTimeout, ReadTimeout, ConnectTimeout)
"""Errors that say: too much at once, from us. An overload is everybody's: with it in here, 1 % of 503s held the
limit at 36 and the p99 of `make chaos` at 3.8 s instead of 1.0 s."""

REACHED: dict[Blame, frozenset[Blame | None]] = {
    "endpoint": frozenset({None, "credential", "model"}),
    "credential": frozenset({None, "model"}),
    "model": frozenset(),
}
"""Whom a provider's own answer may blame and still show that this part works: a 401 shows that the endpoint does."""


def verdict_of(outcome: Outcome, scope: Blame | None = None) -> Verdict:
    """How an outcome counts for what is watched: a model, a credential, an endpoint, or (None) all of it."""
    if outcome.abandoned:
        return "abandoned"
    error = outcome.error
    return "success" if error is None else verdict_on(error, scope)


def verdict_on(error: CallError, scope: Blame | None = None) -> Verdict:
    """The same of an error: failure where it blames what is watched, else nothing.

    A roll-up (credential, endpoint) counts an answer that blames something further in as a success: otherwise a caller
    who only sends bad requests would keep a recovered endpoint half-open.
    """
    if error.blames is not None and scope in (None, error.blames):
        return "failure"
    if scope is not None and error.provider_status is not None and error.blames in REACHED[scope]:
        return "success"
    return "ignored"
