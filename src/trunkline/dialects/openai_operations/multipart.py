"""Forms (multipart/form-data, RFC 7578) as callers upload them: which fields they have, and where in the bytes.

Refuses what two readers could read differently: a provider must not find another model in a form than was found here.
"""

import re
from collections.abc import Iterator
from mmap import mmap

from msgspec import Struct

from trunkline.core.errors import InvalidRequest

MOST_PARTS = 256
LONGEST_HEAD = 4096  # bytes of a part's headers
LONGEST_FIELD = 64 * 1024  # bytes of a field that is no file
ONCE = ("model", "n", "stream")  # on which hangs who is asked, what it may cost and how it is answered
BOUNDARY = rb"[A-Za-z0-9'()+_,./:=?-]{1,70}"
_FIRST = re.compile(rb"--(" + BOUNDARY + rb")\r\n")
_DISPOSITION = re.compile(
    rb'content-disposition: *form-data; *name="(?P<name>[A-Za-z0-9_.\[\]-]{1,64})"'
    rb"(?P<file>(?:; *filename(?:=\"[^\"\r\n]*(?<!\\)\"|\*?=[^\s\";\\]+))+)?",
    re.IGNORECASE,
)
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")  # which some readers take for the end of a line
NUMBER = re.compile(r"[0-9]{1,4}")


class Field(Struct, frozen=True):
    """One part of a form: its value stands at ``start`` to ``end`` of the body."""

    name: str
    start: int
    end: int
    is_file: bool


def boundary(body: bytes | mmap) -> bytes:
    """What stands between the parts, as the first line says. Raises InvalidRequest."""
    found = _FIRST.match(body)
    if found is None:
        raise broken("it does not begin with a boundary")
    return found[1]


def fields(body: bytes) -> tuple[Field, ...]:
    """The parts of a form, in order. Raises InvalidRequest for what is no form, or could be read in two ways."""
    found = tuple(_fields(body))
    if body.count(b"--" + boundary(body)) != len(found) + 1:
        raise broken("its boundary stands in a value as well")
    for name in ONCE:
        if sum(field.name == name for field in found) > 1:
            raise InvalidRequest(f"`{name}` stands in the form more than once. Send it once.", param=name)
    return found


def _fields(body: bytes) -> Iterator[Field]:
    edge = b"\r\n--" + boundary(body)
    at = len(edge)  # behind the first boundary's line, which has no line break before it and one behind
    for _ in range(MOST_PARTS):
        head = body.find(b"\r\n\r\n", at - 2, at + LONGEST_HEAD)
        if head < 0:
            raise broken("a part has no end of its headers")
        end = body.find(edge, head + 2)
        if end < 0:
            raise broken("its last boundary is missing")
        yield field_of(body, at, head, end)
        at = end + len(edge)
        if body[at : at + 2] == b"--":
            if body[at + 2 :].strip():
                raise broken("something stands behind its last boundary")
            return
        if body[at : at + 2] != b"\r\n":
            raise broken("a boundary's line goes on")
        at += 2
    raise broken(f"it has over {MOST_PARTS} parts")


def field_of(body: bytes | mmap, at: int, head: int, end: int) -> Field:
    """The part whose headers stand at ``at`` to ``head``, and whose value ends at ``end``. Raises InvalidRequest."""
    if _BARE.search(body, at, head):
        raise broken("a line break in a part's headers is not both, CR and LF")
    lines = [line for line in body[at:head].split(b"\r\n") if line.lower().startswith(b"content-disposition")]
    found = _DISPOSITION.fullmatch(lines[0]) if len(lines) == 1 else None
    if found is None:
        raise broken('a part is not named as content-disposition: form-data; name="..."')
    start = head + 4
    if end < start:
        raise broken("a part has no value")
    is_file = found["file"] is not None
    if not is_file and end - start > LONGEST_FIELD:
        raise broken(f"the field {found['name'].decode()} has over {LONGEST_FIELD} bytes and is no file")
    return Field(found["name"].decode(), start, end, is_file)


def value(body: bytes | mmap, field: Field) -> str:
    """A field's text."""
    return body[field.start : field.end].decode("utf-8", "replace")


def replaced(body: bytes, field: Field, text: str) -> bytes:
    """The form with another text in one field."""
    return b"".join((body[: field.start], text.encode(), body[field.end :]))


def without(body: bytes, dropped: frozenset[str]) -> bytes:
    """The form without the fields of these names."""
    edge = b"--" + boundary(body) + b"\r\n"
    for field in reversed(fields(body)):
        if field.name in dropped:
            begin = body.rindex(edge, 0, field.start)
            body = body[:begin] + body[field.end + 2 :]
    return body


def broken(why: str) -> InvalidRequest:
    """What is said of a form that two readers could read differently."""
    return InvalidRequest(f"The body is no form that can be read: {why}. Send multipart/form-data.", param="body")
