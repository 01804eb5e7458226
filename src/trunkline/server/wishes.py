"""What a caller asks of the gateway itself, beside what it asks of a model: the ``x-trunkline-*`` request headers.

Refuses to obey: limits and allowances are the route's.
"""

import re
from collections.abc import Mapping

from msgspec import Struct

from trunkline.core.call import Call
from trunkline.core.errors import InvalidRequest
from trunkline.server.http import Headers

MOST_ATTEMPTS = 100
MOST_TAGS = 32
LONGEST_TAG = 64
PREFIX = b"x-trunkline-"
IN_METADATA = "trunkline_strategy"
NAMED = IN_METADATA.encode()
_TAG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")


class Wishes(Struct, frozen=True):
    """``attempts`` at most; ``strategy`` to route by; ``requires`` tags of whoever is asked."""

    attempts: int | None = None
    strategy: str | None = None
    requires: tuple[str, ...] = ()


NONE = Wishes()


def wishes(headers: Headers) -> Wishes:
    """What the headers ask for. Raises InvalidRequest for what cannot be read."""
    told = {name: value for name, value in headers if name.startswith(PREFIX)}
    if not told:
        return NONE
    return Wishes(_attempts(told), _strategy(told), _requires(told))


def strategy_in_metadata(call: Call) -> str | None:
    """``metadata.trunkline_strategy`` of a body, for clients that cannot send headers; the body is opened if named.

    Raises InvalidRequest for one that is no text.
    """
    if NAMED not in call.body:
        return None
    metadata = call.request.extra.get("metadata")
    name = metadata.get(IN_METADATA) if isinstance(metadata, Mapping) else None
    if name is not None and not isinstance(name, str):
        raise InvalidRequest(
            f"metadata.{IN_METADATA} must be a strategy's name as text", param=f"metadata.{IN_METADATA}"
        )
    return name


def _attempts(told: Mapping[bytes, bytes]) -> int | None:
    """1 switches retries and fallbacks off for this call."""
    value = told.get(b"x-trunkline-max-attempts")
    if value is None:
        return None
    if not value.isdigit() or not 1 <= int(value[:9]) <= MOST_ATTEMPTS:
        shown = value[:40].decode("latin-1")
        raise InvalidRequest(f"x-trunkline-max-attempts is {shown!r}; send a number from 1 to {MOST_ATTEMPTS}")
    return int(value)


def _strategy(told: Mapping[bytes, bytes]) -> str | None:
    value = told.get(b"x-trunkline-strategy", b"").strip()
    return value[:LONGEST_TAG].decode("latin-1") or None


def _requires(told: Mapping[bytes, bytes]) -> tuple[str, ...]:
    value = told.get(b"x-trunkline-require", b"").decode("latin-1")
    tags = tuple(tag.strip() for tag in value.split(",") if tag.strip())
    wrong = next((tag for tag in tags if not _TAG.fullmatch(tag)), None)
    if wrong is not None or len(tags) > MOST_TAGS:
        shown = f"{wrong[:LONGEST_TAG]!r}" if wrong else f"{len(tags)} tags"
        raise InvalidRequest(
            f"x-trunkline-require has {shown}; send at most {MOST_TAGS} tags of lower-case letters, digits and ._-, "
            "with commas between them"
        )
    return tags
