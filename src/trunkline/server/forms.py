"""Forms at the edge: a form's content type and its bytes must say the same, for the provider is sent both.

Refuses to read the form.
"""

import re

from trunkline.core.errors import InvalidRequest
from trunkline.server.app import Visit

_FORM = re.compile(rb'multipart/form-data; ?boundary=("?)([A-Za-z0-9\'()+_,./:=?-]{1,70})\1', re.IGNORECASE)


class NoForm(InvalidRequest):
    """The body is of another type than this door takes."""

    kind, status = "unsupported_media_type", 415


def checked(visit: Visit, body: bytes) -> bytes:
    """The body as it is. Raises NoForm where its content type is another, or names another boundary."""
    kind, boundary = boundary_of(visit)
    if not body.startswith(b"--" + boundary + b"\r\n"):
        raise _no_form(kind)
    return body


def boundary_of(visit: Visit) -> tuple[bytes, bytes]:
    """The content type of a request with a form, and the boundary it names. Raises NoForm."""
    kinds = [value for name, value in visit.scope["headers"] if name == b"content-type"]
    found = _FORM.fullmatch(kinds[0]) if len(kinds) == 1 else None
    if found is None:
        raise _no_form(kinds[0] if kinds else b"of no type")
    return kinds[0], found[2]


def _no_form(kind: bytes) -> NoForm:
    shown = kind[:80].decode("latin-1")
    return NoForm(f"the body is {shown}, not a form. Send multipart/form-data with its boundary.", param="body")
