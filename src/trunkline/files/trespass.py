"""Keeps callers from files of others in requests that name files by their ids: chats, responses, lines of a batch.

Refuses to know where in a request a file may stand: whatever is named ``file_id`` counts.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from trunkline.core.call import Caller
from trunkline.core.exchange import Exchange, Handler
from trunkline.core.reply import Reply

_NAMES = frozenset({"file_id", "file_ids"})
_ESCAPED = re.compile(rb"\\u00(?:5[fF]|6[4-9cC]|73)")  # a letter of these names, in disguise

Check = Callable[[Caller, Iterable[str]], Awaitable[None]]
"""Raises UnknownObject for an id that is somebody else's."""


class NoTrespass:
    """A handler that lets a request pass unless it names a file of another key; ``used`` once the house had any."""

    __slots__ = ("_check", "_used", "inner")

    def __init__(self, inner: Handler, check: Check, used: Callable[[], bool]) -> None:
        self.inner = inner
        self._check = check
        self._used = used

    async def __call__(self, exchange: Exchange) -> Reply:
        """As the inner handler. Raises UnknownObject."""
        if self._used() and (named := file_ids(exchange.call.body)):
            await self._check(exchange.call.caller, named)
        return await self.inner(exchange)


def file_ids(body: bytes) -> set[str]:
    """Every file that a request's JSON names; none where it is no JSON."""
    if b"file_id" not in body and not (b"\\u00" in body and _ESCAPED.search(body)):
        return set()
    try:
        return set(_named(msgspec.json.decode(body)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return set()  # a form, whose files are in it


def _named(value: Any) -> Iterable[str]:
    """The ids in a value, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.values()
            for name in _NAMES & one.keys():
                ids = one[name]
                yield from (told for told in (ids if isinstance(ids, list) else [ids]) if isinstance(told, str))
