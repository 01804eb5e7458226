"""Whose a file or a batch is: the one place where that is asked, and the one answer for all that is not the caller's.

Refuses to say whether an id is somebody else's.
"""

import os
import re
from collections.abc import Callable, Iterable

from msgspec.structs import replace

from trunkline.core.call import Caller
from trunkline.core.errors import BadReply, CallerRateLimit, InvalidRequest, UnknownObject
from trunkline.files.depot import read
from trunkline.stores.belongings import Belonging, Kind, Listing
from trunkline.stores.ports import BelongingStore
from trunkline.stores.records import Millis

SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,255}")
BEING_MADE = "trunkline."  # and a chance number: the id of what has none yet; no provider's ids have the word
PATHS: dict[Kind, str] = {"file": "/v1/files", "batch": "/v1/batches"}
NO_LIMIT = 1 << 40
AGAIN = 60.0  # seconds after which whoever has too much may try again


class Register:
    """``wall`` is Unix milliseconds."""

    def __init__(
        self,
        store: Callable[[], BelongingStore],
        wall: Callable[[], Millis],
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._store = store
        self._random = random
        self.wall = wall
        self.used = True  # until it is known that nobody has left anything
        self._begun = 0

    @property
    def store(self) -> BelongingStore:
        """What is kept. Raises StoreUnavailable."""
        return self._store()

    async def own(self, kind: Kind, name: str, caller: Caller, provider: str | None = None) -> Belonging:
        """The caller's own. Raises UnknownObject in the same words for what is another's and for what is not.

        Two providers may give one id: InvalidRequest then says that ``provider`` must be named.
        """
        found = await self.store.find(kind, name) if SANE.fullmatch(name) else []
        own = [row for row in found if row.owner == caller.name and row.shown and provider in {None, row.provider}]
        if not own:
            raise unknown(kind, name)
        if len(own) > 1:
            names = ", ".join(row.provider for row in own)
            raise InvalidRequest(f"{names} gave you the same id; say whose you mean in x-trunkline-provider")
        return own[0]

    async def find_out(self) -> None:
        """Whether anybody left anything here; what is left meanwhile counts."""
        begun = self._begun
        self.used = await self.store.any_left() or self._begun != begun

    async def mine(self, listing: Listing) -> list[Belonging]:
        """An owner's, as they were last seen."""
        return await self.store.listed(listing)

    async def begin(
        self, kind: Kind, provider: str, caller: Caller, most: int, about: bytes, purpose: str = ""
    ) -> Belonging:
        """A place for what is about to be made, durable before it is. Raises CallerRateLimit where none is left."""
        now = self.wall()
        row = Belonging(
            kind=kind, provider=provider, id=BEING_MADE + self._random(12).hex(), owner=caller.name, at=now,
            purpose=purpose, about=about.decode(), open=True, looked=now,
        )  # fmt: skip
        if await self.store.add(row, most) != "added":
            what, do = ("files", "delete some") if kind == "file" else ("batches that have not ended", "wait for one")
            told = f"the key {caller.name!r} has {most} {what}, as many as it may; {do}"
            raise CallerRateLimit(told, retry_after=AGAIN)
        self.used = True
        self._begun += 1
        return row

    async def made(self, row: Belonging, shown: bytes, *, stays_open: bool = False) -> Belonging:
        """It has the id its provider gave. Raises BadReply for an id that is none, or is known: then it is nobody's."""
        name = read(shown).id
        told = shown.decode()
        if not SANE.fullmatch(name) or name.startswith(BEING_MADE):
            raise BadReply("the provider gave an id that is none", provider=row.provider)
        if not await self.store.name(replace(row, open=stays_open), name, told):
            raise BadReply(f"the provider gave the id {name} before, which stays its owner's", provider=row.provider)
        return replace(row, id=name, shown=told, open=stays_open)

    async def adopt(self, row: Belonging, shown: bytes) -> None:
        """A file that its provider made for a batch's owner, however many it has: it was paid for."""
        found = read(shown)
        if SANE.fullmatch(found.id) and not found.id.startswith(BEING_MADE):
            file = Belonging(
                kind="file", provider=row.provider, id=found.id, owner=row.owner, at=self.wall(),
                purpose=found.purpose or "", shown=shown.decode(),
            )  # fmt: skip
            await self.store.add(file, NO_LIMIT)  # one that is known already stays whose it is

    async def check_names(self, caller: Caller, names: Iterable[str]) -> None:
        """Raises UnknownObject for a file that is another key's. What nobody left here is its provider's to judge."""
        for name in names:
            found = await self.store.find("file", name) if SANE.fullmatch(name) else []
            if found and all(row.owner != caller.name for row in found):
                raise unknown("file", name)


def unknown(kind: Kind, name: str) -> UnknownObject:
    """The one answer for what is not the caller's."""
    return UnknownObject(f"no {kind} {name[:256]!r} is yours; GET {PATHS[kind]} lists those that are")
