"""What a new key may do, from what somebody wrote.

Refuses to guess: whatever is wrong is told, with what is allowed.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from trunkline.accounting.analysis import moment
from trunkline.core.errors import ConfigError
from trunkline.core.money import NANOS_PER_USD, nanos, usd
from trunkline.stores.key_rows import KeyRow, KeyScope
from trunkline.stores.records import Millis

_MOST_BUDGET = 10**9 * NANOS_PER_USD


def scope_of(said: Mapping[str, Any], now: Millis) -> KeyScope:
    """``budget_usd`` is decimal text or a whole number, ``expires`` a day like 2027-01-31, or Unix milliseconds.

    Raises ConfigError.
    """
    unknown = set(said) - set(KeyScope.__struct_fields__)
    if unknown:
        allowed = ", ".join(KeyScope.__struct_fields__)
        raise ConfigError(f"this key cannot be made: {', '.join(sorted(unknown))} is no field; allowed are {allowed}")
    fields = {name: value for name, value in said.items() if value is not None}
    try:
        if "budget_usd" in fields:
            fields["budget_usd"] = _budget(fields["budget_usd"])
        if isinstance(fields.get("expires"), str):
            fields["expires"] = moment(fields["expires"], now)
        return msgspec.convert(fields, KeyScope)
    except (ValueError, TypeError) as error:  # msgspec's own errors are ValueErrors too
        raise ConfigError(f"this key cannot be made: {error}") from error


def _budget(dollars: Any) -> str:
    if isinstance(dollars, bool | float):
        raise TypeError('write budget_usd as text, like "12.50"')
    amount = nanos(dollars)
    if not 0 <= amount <= _MOST_BUDGET:
        raise ValueError(f"a budget of {dollars} is not between 0 and a billion dollars")
    return usd(amount)


def checked_name(name: object) -> str:
    """The name of a key. Raises ConfigError."""
    fields = {"id": "", "name": name, "digest": "", "hint": "", "created": 0}
    try:
        return msgspec.convert(fields, KeyRow).name
    except msgspec.ValidationError:
        raise ConfigError(f"{str(name)[:80]!r} is no name for a key: at most 64 letters, digits and ._@-") from None
