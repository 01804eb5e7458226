"""What follows a failed attempt: another target or the end, decided from the history alone.

Refuses to act: it neither waits nor sends.
"""

from collections.abc import Sequence

from trunkline.core.errors import (
    AuthenticationFailed,
    CallError,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    NoTarget,
    QuotaExceeded,
    RateLimit,
)
from trunkline.core.exchange import Attempt

# Which of several errors tells the caller most about what to do; the first class that fits, earlier is better.
ACTIONABLE: tuple[type[CallError], ...] = (InvalidRequest, RateLimit, ModelOverloaded, CallError)
OURS = (AuthenticationFailed, QuotaExceeded, ModelNotFound)  # the operator's to mend, so shown only if nothing else is


def goes_on(error: CallError) -> bool:
    """True when another target may be asked after this error (before the first content only)."""
    return error.fallback


def verdict(attempts: Sequence[Attempt]) -> CallError:
    """The error to show after the last attempt: the most actionable one, naming every attempt if there were several."""
    errors = [(attempt, attempt.outcome.error) for attempt in attempts if attempt.outcome and attempt.outcome.error]
    if not errors:
        return NoTarget("no target could be asked")
    if len(errors) == 1:
        return errors[0][1]
    best = min((error for _, error in errors), key=_rank)
    listed = "; ".join(f"{attempt.target}: {error.message}" for attempt, error in errors)
    shown = type(best)(
        f"all {len(errors)} attempts failed: {listed}",
        param=best.param,
        code=best.code,
        provider_status=best.provider_status,
        retry_after=min((error.retry_after for _, error in errors if error.retry_after), default=None),
    )
    shown.__cause__ = best
    return shown


def _rank(error: CallError) -> int:
    if isinstance(error, OURS):
        return len(ACTIONABLE)
    return next(place for place, kind in enumerate(ACTIONABLE) if isinstance(error, kind))
