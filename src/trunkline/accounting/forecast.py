"""Will the money last? How hard a budget presses towards cheaper answers, from what is spent and how late it is.

Refuses to act on it: whoever chooses targets does.
"""

from trunkline.accounting.windows import Period
from trunkline.core.call import Priority
from trunkline.core.money import Nanos
from trunkline.stores.records import Millis

PRIOR = 0.05  # of a window: before so much of it has passed, a few dear calls are no trend


def pressure(spent: Nanos, limit: Nanos, during: Period, now: Millis) -> float:
    """From 0, the money lasts to the window's end at the rate it was spent so far, to 1, it is spent.

    Between them: the share of the remaining time that would be left without money. Money is weighed here, not counted,
    hence a float.
    """
    if spent >= limit:
        return 1.0
    length = during.end - during.start
    passed = min(max((now - during.start) / length, 0.0), 1.0)
    used = spent / limit
    if used <= 0 or passed >= 1:
        return 0.0
    lasts = (1 - used) * (passed + PRIOR) / used  # in windows, at the rate so far
    return min(max(1 - lasts / (1 - passed), 0.0), 1.0)


def eased(pressed: float, priority: Priority) -> float:
    """What of it a caller feels: high priority only the second half, twice as fast; low priority twice as much."""
    match priority:
        case "high":
            return max(0.0, 2 * pressed - 1)
        case "low":
            return min(1.0, 2 * pressed)
        case "normal":
            return pressed
