"""Gemini's paths, which say the model and what is asked of it: ``/v1beta/models/NAME:generateContent``.

Refuses to know what is done there.
"""

import re

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
    if stream and b"alt=sse" not in visit.scope.get("query_string", b""):
        raise InvalidRequest("streams are sent as server-sent events only; add ?alt=sse to the path", param="alt")
    return addressed(body, found["model"], stream=stream)
