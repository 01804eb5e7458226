"""The error a caller is shown when nobody answered: the most actionable one, with every attempt in its text.

Refuses to decide whether anybody else could be asked: that was decided.
"""

from collections.abc import Sequence

from trunkline.core.errors import (
    AuthenticationFailed,
    CallError,
    DeadlineExceeded,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    NoTarget,
    QuotaExceeded,
    RateLimit,
)
from trunkline.core.exchange import Exchange
from trunkline.resilience.gate import NEVER
from trunkline.resilience.recovery import Candidate, Stop, Tried

# Which of several errors tells the caller most about what to do; the first class that fits, earlier is better.
ACTIONABLE: tuple[type[CallError], ...] = (InvalidRequest, RateLimit, ModelOverloaded, CallError)
OURS = (AuthenticationFailed, QuotaExceeded, ModelNotFound)  # the operator's to mend, so shown only if nothing else is


def of(
    exchange: Exchange, stop: Stop, tried: Sequence[Tried], candidates: Sequence[Candidate], now: float
) -> CallError:
    """What to raise. ``final`` errors are the last attempt's own; nobody tried at all means that every gate is shut.

    Shut by rate limits alone it is a 429, as it would be if one of the targets were asked: that is what clients slow
    down for.
    """
    errors = [(str(one.candidate.target), one.error) for one in tried]
    if not errors:
        return _shut(exchange, stop, candidates, now)
    named = {target for target, _ in errors}
    passed = [note for note in exchange.passed if note.partition(": ")[0] not in named]
    if stop.reason == "final" or (len(errors) == 1 and not passed):
        return errors[-1][1]
    best = min((error for _, error in errors), key=_rank)
    listed = "; ".join([*(f"{target}: {error.message}" for target, error in errors), *passed])
    shown = type(best)(
        f"{_count(errors)} failed: {listed}",
        param=best.param,
        code=best.code,
        provider_status=best.provider_status,
        retry_after=min((error.retry_after for _, error in errors if error.retry_after), default=None),
    )
    shown.__cause__ = best
    return shown


def _count(errors: Sequence[object]) -> str:
    return "the only attempt" if len(errors) == 1 else f"all {len(errors)} attempts"


def _shut(exchange: Exchange, stop: Stop, candidates: Sequence[Candidate], now: float) -> CallError:
    soonest = min((candidate.ready_at for candidate in candidates), default=NEVER)
    told = f": {'; '.join(exchange.passed)}" if exchange.passed else ""
    if stop.reason == "deadline" and soonest <= now:
        return DeadlineExceeded("the call's total time ended before any target could be asked; raise timeouts.total")
    wait = soonest - now if soonest < NEVER else None
    if candidates and all(candidate.limited for candidate in candidates):
        return RateLimit(f"the rate limit of every target is used up{told}", retry_after=wait)
    return NoTarget(f"no target can be asked now{told}", retry_after=wait)


def _rank(error: CallError) -> int:
    if isinstance(error, OURS):
        return len(ACTIONABLE)
    return next(place for place, kind in enumerate(ACTIONABLE) if isinstance(error, kind))
