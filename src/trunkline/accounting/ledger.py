"""What the ledger says of an attempt: a draft before it is sent, and the record once it has ended.

Refuses to know stores and limits.
"""

from msgspec.structs import replace

from trunkline.accounting.worst_case import Offer
from trunkline.core.exchange import Attempt, Exchange
from trunkline.core.money import Nanos
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.stores.records import OK, Millis, Purpose, UsageRecord

MOST_COUNTED = 10**12  # tokens; no answer has so many, and sums of them must fit 63 bits
DEAREST = 10**15  # nano-dollars: a million dollars for one attempt is a mistake, not a price


def draft(record_id: str, exchange: Exchange, offer: Offer, at: Millis) -> UsageRecord:
    """The record that stands if the process dies now: an attempt nobody knows the end of."""
    caller = exchange.call.caller
    return UsageRecord(
        id=record_id,
        at=at,
        request=exchange.id,
        attempt=max(exchange.drafted, len(exchange.attempts) + 1),
        purpose=_purpose(exchange),
        provider=offer.target.provider,
        model=offer.target.model,
        route=exchange.call.envelope.model,
        key=caller.name,
        team=caller.team or "",
        tags=caller.tags,
        price_version=offer.price_version,
        decision="" if exchange.attempts or exchange.decision is None else exchange.decision.record,
    )


def _purpose(exchange: Exchange) -> Purpose:
    """A request that is made while another of the same call is open is a hedge; a judge's and a probe's stay theirs."""
    if exchange.purpose in {"judge", "probe"}:
        return "judge" if exchange.purpose == "judge" else "probe"
    return "hedge" if any(attempt.outcome is None for attempt in exchange.attempts) else "call"


def ended(started: UsageRecord, attempt: Attempt, held: Nanos, number: int | None = None) -> UsageRecord:
    """The record of an attempt that has ended; where its cost is not known, budgets are charged what was held.

    ``number`` is known for sure only once it was sent: drafts are counted in the order in which money was held.
    """
    outcome = attempt.outcome
    if outcome is None:
        return replace(started, attempt=number or started.attempt, booked=held)
    usage = outcome.usage if _credible(outcome.usage) else UNKNOWN_USAGE
    cost = _cost(usage, attempt.cost)
    return replace(
        started,
        attempt=number or started.attempt,
        decision=started.decision if (number or started.attempt) == 1 else "",
        usage=usage,
        cost=cost,
        booked=held if cost is None else cost,
        outcome=OK if outcome.error is None else outcome.error.kind,
        duration=_millis(outcome.duration),
        first_content=None if outcome.first_content is None else _millis(outcome.first_content),
    )


def _cost(usage: Usage, cost: Nanos | None) -> Nanos | None:
    if usage.source == "unknown":
        return None
    if not usage.total:
        return 0  # what used nothing cost nothing, whatever the price
    return cost if cost is not None and 0 <= cost <= DEAREST else None


def _credible(usage: Usage) -> bool:
    """False for counts that no call can have: a broken or hostile provider's, which would poison every sum."""
    counts = (usage.input, usage.cache_read, usage.cache_write, usage.cache_write_1h, usage.output, usage.reasoning)
    return min(counts) >= 0 and max(counts) <= MOST_COUNTED


def _millis(seconds: float) -> int:
    return max(0, round(seconds * 1000))
