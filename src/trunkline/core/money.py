"""Money as an integer of nano-dollars, and the only two doors between it and decimal text.

Refuses to know prices of anything. No float touches money.
"""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

Nanos = int
"""Nano-dollars: 1 USD is 1_000_000_000."""

NANOS_PER_USD = 1_000_000_000


def nanos(usd: Decimal | str | int) -> Nanos:
    """Dollars, exact, as nano-dollars, rounded half up at the ninth decimal.

    Raises ValueError for text that is not a finite number, TypeError for a float.
    """
    if isinstance(usd, float):
        raise TypeError("an amount is decimal text or a Decimal, never a float")
    try:
        amount = Decimal(usd)
    except InvalidOperation:
        raise ValueError(f"{usd!r} is not an amount of dollars; write it like 0.15") from None
    if not amount.is_finite():
        raise ValueError(f"{usd!r} is not a finite amount of dollars")
    return int((amount * NANOS_PER_USD).to_integral_value(ROUND_HALF_UP))


def usd(amount: Nanos) -> str:
    """Nano-dollars as plain decimal dollars without trailing zeros: ``1_500`` is ``"0.0000015"``."""
    sign, whole = ("-", -amount) if amount < 0 else ("", amount)
    dollars, rest = divmod(whole, NANOS_PER_USD)
    if not rest:
        return f"{sign}{dollars}"
    return f"{sign}{dollars}.{rest:09d}".rstrip("0")
