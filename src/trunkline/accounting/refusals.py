"""Why a call is refused for the sake of money.

Refuses to know rules and stores: it is told what to say.
"""

from trunkline.core.errors import CallError


class BudgetExceeded(CallError):
    """A hard budget has too little left for this call at this target; a cheaper one may still be asked.

    402 and not 429: vendors' clients send a 429 again by themselves, which helps nobody before the window ends.
    """

    kind, status = "budget_exceeded", 402


class UnknownPrice(CallError):
    """A hard budget applies and nobody knows what this target costs."""

    kind, status = "unknown_price", 402
