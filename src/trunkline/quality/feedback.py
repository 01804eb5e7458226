"""What a user's word on an answer is worth, and which answer it is about: one of this process, else of the ledger.

Refuses to let a key speak of answers that it did not get itself.
"""

from collections.abc import Mapping, Sequence

import msgspec

from trunkline.core.errors import InvalidRequest
from trunkline.quality.recent import RecentAnswer
from trunkline.routing.decision import logged
from trunkline.routing.learner import Asked
from trunkline.routing.posteriors import ALL
from trunkline.stores.ports import UsageLedger
from trunkline.stores.records import OK, UsageRecord

LABELS: Mapping[str, float] = {
    "thumbs_up": 1.0, "thumbs_down": 0.0, "accepted": 1.0, "rejected": 0.0, "edited": 0.5, "retried": 0.25,
}  # fmt: skip
"""What a user's word is worth as a score; a number that the user gives stands instead."""
LONGEST_COMMENT = 2_000


def worth_of(score: float | None, label: str, comment: str) -> float:
    """The score, 0 to 1. Raises InvalidRequest for a word that says nothing, or too much."""
    worth = LABELS.get(label) if score is None else score
    if label and label not in LABELS:
        raise InvalidRequest(f"the label {label[:80]!r} is none of {', '.join(LABELS)}", param="label")
    if worth is None:
        raise InvalidRequest("say a score between 0 and 1, or a label", param="score")
    if not 0 <= worth <= 1:
        raise InvalidRequest(f"the score is {worth:g}; it must be between 0 and 1", param="score")
    if len(comment) > LONGEST_COMMENT:
        raise InvalidRequest(f"the comment has over {LONGEST_COMMENT} characters; shorten it", param="comment")
    return worth


async def of_the_ledger(ledger: UsageLedger | None, request: str, key: str) -> RecentAnswer | None:
    """The answer that a key got, by any process of this ledger; None where it is not known.

    Raises StoreUnavailable.
    """
    records = [] if ledger is None else await ledger.of(request)
    own = [one for one in records if one.key == key and one.purpose != "judge"]
    answered = [one for one in own if one.outcome == OK]
    if not answered:
        return None
    last = max(answered, key=lambda one: (one.at, one.attempt))  # an id that was used again speaks of its last use
    return RecentAnswer(request, last.target, _asked(own, last), key)


def _asked(own: Sequence[UsageRecord], last: UsageRecord) -> Asked:
    """The kind of prompt as its decision told it; where nothing was decided only the model is known."""
    decided = [one for one in own if one.decision and one.at <= last.at]
    if not decided:
        return Asked(ALL)
    try:
        decision = logged(max(decided, key=lambda one: one.at).decision)
    except msgspec.DecodeError:
        return Asked(ALL)
    return Asked(decision.kind, decision.vector)
