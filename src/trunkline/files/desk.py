"""What callers do with files: leave them with a provider, look at them, fetch them, have them deleted.

Refuses everything that is not the caller's own, in the words for what does not exist.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from trunkline.core.call import Caller
from trunkline.core.dialect import Dialect, DialectName
from trunkline.core.errors import CallError, Forbidden, InvalidRequest, UnknownObject
from trunkline.files.depot import FILES, Depot, at, surely_nothing
from trunkline.files.form import Form, Spool, lines_of
from trunkline.files.lines import Choose, Lines
from trunkline.files.load import FileAbout
from trunkline.files.register import Register, unknown
from trunkline.files.settings import FilesSettings
from trunkline.stores.belongings import Belonging
from trunkline.transport.transport import Body, Response

T = TypeVar("T")
BATCH = "batch"


class Left(Struct, frozen=True):
    """An upload: what its provider says of it, who that is, and which fields of a batch's lines it cannot express."""

    shown: bytes
    provider: str
    dropped: tuple[str, ...] = ()


class Desk:
    """``may`` says why a caller may not leave files with a provider, None: it may."""

    def __init__(
        self,
        register: Register,
        depots: Mapping[str, Depot],
        choose: Choose,
        dialects: Mapping[DialectName, Callable[[], Dialect]],
        may: Callable[[Caller, str], str | None],
        settings: FilesSettings,
    ) -> None:
        self.register = register
        self.depots = depots
        self.choose = choose
        self.settings = settings
        self._dialects = dialects
        self._may = may

    def depot(self, row: Belonging) -> Depot:
        """Where a belonging is. Raises UnknownObject where its provider is no longer of this house."""
        found = self.depots.get(row.provider)
        if found is None:
            raise unknown(row.kind, row.id)
        return found

    async def upload(self, caller: Caller, form: Form, wished: str | None) -> Left:
        """Leave a file with a provider: of a batch where its lines go, of another purpose where was ``wished``."""
        if form.purpose == BATCH:
            return await self._upload_batch(caller, form, self._named(caller, wished) if wished else None)
        name = self._named(caller, wished)
        return await self._send(caller, name, form, memoryview(form.body), FileAbout())

    async def _upload_batch(self, caller: Caller, form: Form, wished: str | None) -> Left:
        settings, file, body = self.settings, form.file, form.body
        lines = Lines(caller, self.choose, self._dialects, most=settings.lines, provider=wished)
        spool = Spool(2 * settings.largest)  # models' names may be longer at their provider
        try:
            spool.put(body[: file.start])
            async for number, line in lines_of(form, settings.line):
                spool.put(lines.take(number, line))
            spool.put(body[file.end :])
            about = lines.about
            await self.register.check_names(caller, lines.named)
            assert lines.provider is not None  # noqa: S101 - the first line has one
            left = await self._send(caller, lines.provider, form, memoryview(spool.whole()), about)
            return replace(left, dropped=tuple(sorted(lines.dropped)))
        finally:
            spool.close()

    async def _send(self, caller: Caller, name: str, form: Form, body: Body, about: FileAbout) -> Left:
        """The upload itself: a place in the register first, so that nobody has more than may be."""
        settings, depot = self.settings, self.depots[name]
        known = msgspec.json.encode(about)
        row = await self.register.begin("file", name, caller, settings.kept, known, form.purpose)
        try:
            shown = await depot.told("POST", FILES, body, kind=form.kind, seconds=settings.upload_timeout)
            await self.register.made(row, shown)
        except CallError as error:
            if surely_nothing(error):
                await self.register.store.drop(row)
            raise
        return Left(shown, name)

    def _named(self, caller: Caller, wished: str | None) -> str:
        """The provider a caller means. Raises InvalidRequest or Forbidden."""
        names = [name for name in self.depots if self._may(caller, name) is None]
        if wished is None and len(names) == 1:
            return names[0]
        told = ", ".join(names) or "none"
        if wished is None:
            raise InvalidRequest(f"say in the header x-trunkline-provider who keeps the file; you may name: {told}")
        if wished not in self.depots:
            raise InvalidRequest(f"x-trunkline-provider is {wished[:64]!r}; you may name: {told}")
        if (why := self._may(caller, wished)) is not None:
            raise Forbidden(f"the key {caller.name!r} may not leave files with {wished}: {why}")
        return wished

    async def look(self, caller: Caller, name: str, wished: str | None) -> tuple[bytes, str]:
        """What its provider says of a file now, and who that is."""
        row = await self.register.own("file", name, caller, wished)
        shown = await self._asked(row, self.depot(row).told("GET", at(FILES, row.id)))
        await self.register.store.change(replace(row, shown=shown.decode()))
        return shown, row.provider

    async def content(self, caller: Caller, name: str, wished: str | None) -> tuple[Response, str]:
        """A file's bytes, still to come."""
        row = await self.register.own("file", name, caller, wished)
        return await self._asked(row, self.depot(row).content(row.id)), row.provider

    async def delete(self, caller: Caller, name: str, wished: str | None) -> tuple[bytes, str]:
        """Have a file deleted; what its provider has no more is forgotten here as well."""
        row = await self.register.own("file", name, caller, wished)
        try:
            told = await self._asked(row, self.depot(row).told("DELETE", at(FILES, row.id)))
        except UnknownObject:
            await self.register.store.drop(row)
            raise
        await self.register.store.drop(row)
        return told, row.provider

    async def _asked(self, row: Belonging, asking: Awaitable[T]) -> T:
        """The answer; where the provider has no such, our own words for that."""
        try:
            return await asking
        except UnknownObject:
            raise unknown(row.kind, row.id) from None
