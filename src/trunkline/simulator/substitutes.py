"""Faults that send something else in place of an answer: error bodies, empty bodies, pages, redirects, bombs, nothing.
They refuse to look at the answer, for there is none.
"""

import zlib
from collections.abc import Callable
from email.utils import formatdate
from functools import lru_cache

import msgspec
from msgspec import Struct

from trunkline.simulator.ask import DialectName
from trunkline.simulator.error_bodies import ErrorBody, body_for_status, error_body
from trunkline.simulator.faults import Fault
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Ending, Headers, Piece, Script, with_header
from trunkline.simulator.wires import WIRES

_LOGIN_PAGE = (
    b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form>Sign in to continue</form></body></html>\n"
)


class Scene(Struct, frozen=True, kw_only=True):
    """Where a fault strikes: what it may need to know of the request it spoils."""

    dialect: DialectName
    model: str
    path: str
    headers: Headers
    request_id: str
    wall: float
    usage: Usage = Usage()


def substitute(fault: Fault, scene: Scene) -> Script | None:
    """The script that is played in place of an answer; None for a fault that needs an answer to spoil."""
    make = _SUBSTITUTES.get(fault.kind)
    return make(fault, scene) if make else None


def error_row(fault: Fault, scene: Scene) -> ErrorBody:
    """The named body of a fault, or the vendor's first of its status (500 when it has none)."""
    name = fault.value("body")
    status = int(fault.value("status") or (529 if scene.dialect == "anthropic" else 500))
    return error_body(str(name)) if name else body_for_status(scene.dialect, status)


def whole_error(fault: Fault, scene: Scene) -> Script:
    """An error body under status 200."""
    row = error_row(fault, scene)
    return _plain(scene, 200, row.render(scene.model, scene.request_id), row.content_type)


def _plain(scene: Scene, status: int, data: bytes, content_type: str = "application/json") -> Script:
    headers = with_header(scene.headers, "content-type", content_type)
    return Script(status=status, headers=headers, pieces=(Piece(data, "body"),) if data else ())


def _status(fault: Fault, scene: Scene) -> Script:
    row = error_row(fault, scene)
    status = int(fault.value("status") or row.status)
    plain = _plain(scene, status, row.render(scene.model, scene.request_id), row.content_type)
    headers = plain.headers
    for name, value in row.headers.items():
        headers = with_header(headers, name, value)
    if fault.retry_after is not None:
        headers = tuple(pair for pair in headers if pair[0] not in {"retry-after", "retry-after-ms"})
        headers = (*headers, _retry_after(str(fault.retry_after), scene.wall))
    return Script(status=status, headers=headers, pieces=plain.pieces)


def _retry_after(value: str, wall: float) -> tuple[str, str]:
    if value.startswith("date+"):
        return "retry-after", formatdate(wall + float(value.removeprefix("date+")), usegmt=True)
    if value.startswith("ms+"):
        return "retry-after-ms", value.removeprefix("ms+")
    return "retry-after", value


def _empty_200(_fault: Fault, scene: Scene) -> Script:
    return _plain(scene, 200, b"")


def _empty_choices(_fault: Fault, scene: Scene) -> Script:
    body = {"id": scene.request_id, "model": scene.model, **WIRES[scene.dialect].empty}
    return _plain(scene, 200, msgspec.json.encode(body))


def _login_page(_fault: Fault, scene: Scene) -> Script:
    return _plain(scene, 200, _LOGIN_PAGE, "text/html; charset=utf-8")


def _redirect(fault: Fault, scene: Scene) -> Script:
    location = str(fault.value("location") or f"{scene.path}/redirected")
    script = _plain(scene, 307, b"")
    return Script(status=307, headers=with_header(script.headers, "location", location))


def _gzip_bomb(fault: Fault, scene: Scene) -> Script:
    script = _plain(scene, 200, _bomb(int(fault.number("bytes"))))
    return Script(headers=with_header(script.headers, "content-encoding", "gzip"), pieces=script.pieces)


@lru_cache(maxsize=4)
def _bomb(size: int) -> bytes:
    """A gzip member of a JSON string of `size` letters that never closes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    block = b"a" * 1_000_000
    packed = [packer.compress(b'{"id":"')]
    packed += [packer.compress(block) for _ in range(size // len(block))]
    packed += [packer.compress(block[: size % len(block)]), packer.flush()]
    return b"".join(packed)


def _nothing(ending: Ending) -> Callable[[Fault, Scene], Script]:
    return lambda _fault, _scene: Script(status=0, ending=ending)


_SUBSTITUTES: dict[str, Callable[[Fault, Scene], Script]] = {
    "status": _status,
    "body": _status,
    "error-200": whole_error,
    "empty-200": _empty_200,
    "empty-choices": _empty_choices,
    "login-page": _login_page,
    "redirect": _redirect,
    "gzip-bomb": _gzip_bomb,
    "reset": _nothing("reset"),
    "close": _nothing("close"),
    "silence": _nothing("hang"),
}
