"""Named error bodies of real providers: status, headers and body, read from the table beside this file.
It refuses to decide when one is sent.
"""

from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import msgspec
import yaml
from msgspec import Struct

from trunkline.simulator.ask import DialectName
from trunkline.simulator.bare_body import bare_body
from trunkline.simulator.google_body import google_body


class ErrorBody(Struct, frozen=True, forbid_unknown_fields=True):
    """One row. Exactly one of `json` and `text` is the body; ``$model`` and ``$request_id`` in it are filled in."""

    vendor: str
    status: int
    json: Any = None
    text: str | None = None
    headers: dict[str, str] = {}
    content_type: str = "application/json"

    def render(self, model: str, request_id: str) -> bytes:
        """The body's bytes."""
        text = self.text if self.text is not None else msgspec.json.encode(self.json).decode()
        quoted = msgspec.json.encode(model).decode()[1:-1] if self.text is None else model
        return Template(text).safe_substitute(model=quoted, request_id=request_id).encode()


@cache
def error_bodies() -> dict[str, ErrorBody]:
    """The whole table, by name."""
    text = files("trunkline.simulator").joinpath("error_bodies.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, ErrorBody])


def error_body(name: str) -> ErrorBody:
    """A row. Raises ValueError, naming the rows there are."""
    found = error_bodies().get(name)
    if found is None:
        raise ValueError(f"no error body is named `{name}`; there are {', '.join(error_bodies())}")
    return found


VENDORS = {"responses": "openai"}
"""Dialects whose errors are written as another's."""


def body_for_status(dialect: DialectName, status: int) -> ErrorBody:
    """The first row of that vendor with that status, else a plain one in its shape."""
    for row in error_bodies().values():
        if row.vendor == VENDORS.get(dialect, dialect) and row.status == status:
            return row
    message = f"The simulated provider answers with status {status}."
    if dialect == "bedrock":
        return ErrorBody(vendor=dialect, status=status, json={"message": message})
    if dialect == "gemini":
        error: dict[str, Any] = google_body(message, status)
    elif dialect == "anthropic":
        kind = "api_error" if status >= 500 else "invalid_request_error"
        error = {
            "type": "error",
            "error": {"type": kind, "message": message},
            "request_id": "$request_id",
        }
    elif bare := bare_body(dialect, message):
        error = bare
    else:
        kind = "server_error" if status >= 500 else "invalid_request_error"
        error = {"error": {"message": message, "type": kind, "param": None, "code": None}}
    return ErrorBody(vendor=dialect, status=status, json=error)
