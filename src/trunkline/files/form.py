"""An upload: a form on disk, read without being in memory at once, and written again with other lines in its file.

Refuses what two readers could read differently, as all forms.
"""

import asyncio
import mmap
from collections.abc import AsyncIterator
from itertools import pairwise
from tempfile import TemporaryFile
from typing import IO

from msgspec import Struct

from trunkline.core.errors import InvalidRequest, RequestTooLarge
from trunkline.dialects.openai_operations import multipart
from trunkline.dialects.openai_operations.multipart import Field, broken

AT_ONCE = 256 * 1024  # bytes looked at before others have their turn: about 0.3 ms
TAIL = 64  # bytes behind the last boundary, all white


class Form(Struct):
    """An upload's ``body`` with its parts; ``purpose`` and ``file`` are the two every upload has."""

    body: mmap.mmap
    kind: bytes  # its content type, which names the boundary
    fields: tuple[Field, ...]

    @property
    def boundary(self) -> bytes:
        """What stands between the parts."""
        return multipart.boundary(self.body)

    @property
    def purpose(self) -> str:
        """What the file is for."""
        return multipart.value(self.body, self.one("purpose", is_file=False))

    @property
    def file(self) -> Field:
        """Where the file stands."""
        return self.one("file", is_file=True)

    def one(self, name: str, *, is_file: bool) -> Field:
        """The one part of this name. Raises InvalidRequest."""
        found = [field for field in self.fields if field.name == name]
        if len(found) != 1 or found[0].is_file != is_file:
            wanted = "a file" if is_file else "no file"
            raise InvalidRequest(f"`{name}` must stand in the form once, and be {wanted}", param=name)
        return found[0]


class Spool:
    """Bytes put down on disk as they come; nothing of it is left when nobody holds it."""

    def __init__(self, limit: int) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115 - it ends with this
        self._limit = limit
        self._size = 0

    def put(self, data: bytes) -> None:
        """Add some. Raises RequestTooLarge over the limit."""
        self._size += len(data)
        if self._size > self._limit:
            raise RequestTooLarge(f"the upload is over {self._limit} bytes; send less, or raise files.largest")
        self._file.write(data)

    def whole(self) -> mmap.mmap:
        """All of it. Raises InvalidRequest where there is nothing."""
        if not self._size:
            raise broken("it is empty")
        self._file.flush()
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._file.close()
        return mapped

    def close(self) -> None:
        """Nobody wants it any more. Idempotent."""
        self._file.close()


async def read_form(body: mmap.mmap, kind: bytes) -> Form:
    """The parts of an upload. Raises InvalidRequest; every place where its boundary stands must be between parts."""
    edge = b"--" + multipart.boundary(body)
    places = [place async for place in _places(body, edge)]
    if len(places) > multipart.MOST_PARTS:
        raise broken(f"it has over {multipart.MOST_PARTS} parts")
    if len(places) < 2:
        raise broken("its last boundary is missing")
    fields = tuple(_part(body, start + len(edge), end) for start, end in pairwise(places))
    tail = body[places[-1] + len(edge) : places[-1] + len(edge) + TAIL + 1]
    if tail[:2] != b"--" or tail[2:].strip() or len(tail) > TAIL:
        raise broken("its last boundary is missing, or something stands behind it")
    return Form(body, kind, fields)


async def _places(body: mmap.mmap, edge: bytes) -> AsyncIterator[int]:
    """Where the boundary stands; others have their turn between two looks."""
    size, found = len(body), 0
    for start in range(0, size, AT_ONCE):
        at = body.find(edge, start, min(size, start + AT_ONCE + len(edge) - 1))
        while at >= 0:
            yield at
            found += 1
            if found > multipart.MOST_PARTS:
                return
            at = body.find(edge, at + 1, min(size, start + AT_ONCE + len(edge) - 1))
        await asyncio.sleep(0)


def _part(body: mmap.mmap, at: int, end: int) -> Field:
    """The part between two boundaries."""
    if body[at : at + 2] != b"\r\n" or body[end - 2 : end] != b"\r\n":
        raise broken("its boundary stands in a value as well")
    head = body.find(b"\r\n\r\n", at, min(end, at + multipart.LONGEST_HEAD))
    if head < 0:
        raise broken("a part has no end of its headers")
    return multipart.field_of(body, at + 2, head, end - 2)


async def lines_of(form: Form, longest: int) -> AsyncIterator[tuple[int, bytes]]:
    """The lines of the file that hold anything, with their numbers from 1. Raises InvalidRequest for one too long."""
    body, at, end = form.body, form.file.start, form.file.end
    number, looked = 0, 0
    while at < end:
        number += 1
        stop = body.find(b"\n", at, min(end, at + longest + 1))
        if stop < 0 and end - at > longest:
            told = f"line {number}: it is over {longest} bytes; send less, or raise files.line"
            raise InvalidRequest(told, param="file")
        line = body[at : end if stop < 0 else stop].strip()
        looked += len(line) + 1
        at = end if stop < 0 else stop + 1
        if line:
            yield number, line
        if looked > AT_ONCE:
            looked = 0
            await asyncio.sleep(0)
