"""Files that clients leave with a provider, in OpenAI's form: uploaded, listed, read, deleted.
It refuses to know what is in them; batches do.
"""

from email import message_from_bytes
from typing import Any

from msgspec import Struct

from trunkline.simulator import draw
from trunkline.simulator.refusals import Refused, openai_error

Json = dict[str, Any]
FILES = "/v1/files"
PURPOSES = ("batch", "fine-tune", "assistants", "vision", "user_data", "evals")
_MOST = 10_000


class File(Struct):
    """One file; `shown` is what the vendor says of it."""

    content: bytes
    shown: Json


class Files:
    """The files of one provider."""

    def __init__(self, seed: int, name: str, fixed: str | None = None) -> None:
        """`fixed` is an id that every file gets: two providers may choose the same, and a broken one does so twice."""
        self._parts = (seed, name)
        self._fixed = fixed
        self._count = 0
        self.kept: dict[str, File] = {}

    def answer(
        self, method: str, path: str, query: dict[str, str], body: bytes, kind: str, wall: float
    ) -> Json | bytes:
        """A JSON object, or the bytes of a file. Raises Refused."""
        rest = path.removeprefix(FILES).strip("/")
        name, _, what = rest.partition("/")
        if not rest and method == "POST":
            return self._upload(body, kind, wall)
        if not rest and method == "GET":
            return page([file.shown for file in self.kept.values()], query)
        if method == "GET" and what == "content":
            return self.find(name).content
        if method == "GET" and not what:
            return self.find(name).shown
        if method == "DELETE" and not what:
            self.find(name)
            del self.kept[name]
            return {"id": name, "object": "file", "deleted": True}
        raise Refused(openai_error(f"Invalid URL ({method} {path})", status=404))

    def find(self, name: str) -> File:
        """One of them. Raises Refused."""
        if name not in self.kept:
            raise Refused(openai_error(f"No such File object: {name}", status=404, param="id"))
        return self.kept[name]

    def put(self, content: bytes, filename: str, purpose: str, wall: float) -> str:
        """Keep a file; its id."""
        self._count += 1
        name = self._fixed or draw.identifier("file-", 24, *self._parts, self._count)
        if len(self.kept) >= _MOST:
            raise Refused(openai_error("too many files", status=429))
        shown = {
            "id": name, "object": "file", "bytes": len(content), "created_at": int(wall), "filename": filename,
            "purpose": purpose, "status": "processed", "expires_at": None, "status_details": None,
        }  # fmt: skip
        self.kept[name] = File(content, shown)
        return name

    def _upload(self, body: bytes, kind: str, wall: float) -> Json:
        mail = message_from_bytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
        if not mail.is_multipart():
            raise Refused(openai_error("the body is no form"))
        fields: dict[str, str] = {}
        found: tuple[bytes, str] | None = None
        for part in mail.walk():
            name, content = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
            if name == "file" and isinstance(content, bytes):
                found = content, part.get_filename() or "file"
            elif name and isinstance(content, bytes):
                fields[str(name)] = content.decode()
        if found is None:
            raise Refused(openai_error("'file' is a required property", param="file"))
        purpose = fields.get("purpose", "")
        if purpose not in PURPOSES:
            raise Refused(openai_error(f"'{purpose}' is not one of {list(PURPOSES)} - 'purpose'", param="purpose"))
        return self.find(self.put(*found, purpose, wall)).shown


def page(rows: list[Json], query: dict[str, str]) -> Json:
    """A list in the vendor's form, the newest first."""
    rows = [row for row in reversed(rows) if query.get("purpose") in {None, row.get("purpose")}]
    ids = [row["id"] for row in rows]
    start = ids.index(query["after"]) + 1 if query.get("after") in ids else 0
    end = start + int(query.get("limit", "20"))
    shown = rows[start:end]
    first, last = (shown[0]["id"], shown[-1]["id"]) if shown else (None, None)
    return {"object": "list", "data": shown, "first_id": first, "last_id": last, "has_more": end < len(rows)}
