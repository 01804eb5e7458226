"""Gemini's paths, which say the model and what is asked of it: ``/v1beta/models/NAME:generateContent``.

Refuses to know what is done there.
"""

import re
from urllib.parse import parse_qs

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.gemini import addressed
from trunkline.server.app import Visit

METHODS = ("generateContent", "streamGenerateContent", "embedContent", "batchEmbedContents", "countTokens")
STREAM = "streamGenerateContent"
_ASKED = re.compile(rf"/v1(?:beta)?/models/(?P<model>.+):(?P<method>{'|'.join(METHODS)})", re.DOTALL)


def method(path: str) -> str:
    """What a path asks of its model; empty for a path that is only a model's name."""
    found = _ASKED.fullmatch(path)
    return found["method"] if found else ""


def address(visit: Visit, body: bytes) -> bytes:
    """The body with the model and the way of answering that its path says. Raises InvalidRequest."""
    found = _ASKED.fullmatch(visit.path)
    if found is None:  # the table of doors let it in
        raise InvalidRequest(f"{visit.path[:200]!r} names no model")
    stream = found["method"] == STREAM
    if stream and _alt(visit) not in ("json", "sse"):
        raise InvalidRequest(
            "streams are sent as server-sent events (?alt=sse) or as one JSON array (no alt, or ?alt=json)", param="alt"
        )
    return addressed(body, found["model"], stream=stream)


def listed(visit: Visit) -> bool:
    """True where a stream is wanted as one JSON array: Google's way, unless its caller says otherwise."""
    return _alt(visit) != "sse"


def _alt(visit: Visit) -> str:
    """The last ``alt``; Google's generated clients say ``$alt=json;enum-encoding=int`` (names are read there, too)."""
    asked = parse_qs(visit.scope.get("query_string", b"")[:4096].decode("latin-1"))
    said = [*asked.get("$alt", []), *asked.get("alt", [])]
    return said[-1].partition(";")[0] if said else "json"
