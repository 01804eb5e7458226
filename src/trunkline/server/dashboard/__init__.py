"""The dashboard: static pages that hold no figure and no secret, and ask the operator's doors for everything.

Refuses to serve a file that is not its own, and to let a page load or run anything from elsewhere.
"""

from importlib import resources

from trunkline.server.app import NotFound, Visit
from trunkline.server.http import Headers, respond

ROOT = "/dashboard"
KINDS = {"html": b"text/html; charset=utf-8", "css": b"text/css; charset=utf-8",
         "js": b"text/javascript; charset=utf-8", "svg": b"image/svg+xml"}  # fmt: skip
POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
SAFE: Headers = [
    (b"content-security-policy", POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-cache"),
]


class Dashboard:
    """``GET /dashboard`` and the files of its pages, read once."""

    __slots__ = ("_files",)

    def __init__(self) -> None:
        self._files = dict(_read())

    @property
    def paths(self) -> list[str]:
        """Every path that is served."""
        return list(self._files)

    async def show(self, visit: Visit) -> None:
        """One file. Raises NotFound."""
        if visit.path not in self._files:
            raise NotFound("the dashboard has no such file; it begins at /dashboard")
        kind, body = self._files[visit.path]
        visit.started = True
        await respond(visit.send, 200, [(b"content-type", kind), *SAFE, *visit.headers], body)


def _read() -> list[tuple[str, tuple[bytes, bytes]]]:
    static = resources.files(__name__) / "static"
    found = [(f"{ROOT}/{item.name}", item) for item in static.iterdir() if item.is_file()]
    found += [(f"{ROOT}/pages/{item.name}", item) for item in (static / "pages").iterdir() if item.is_file()]
    files = {path: (KINDS[path.rpartition(".")[2]], item.read_bytes()) for path, item in found}
    return [(ROOT, files.pop(f"{ROOT}/index.html")), *files.items()]
