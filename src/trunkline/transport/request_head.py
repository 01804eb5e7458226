"""Writes the head of an HTTP/1.1 request: request line, headers, framing.

Refuses to send a byte that would end a header early, and to know what the headers mean.
"""

import re
from functools import lru_cache

from trunkline.core.errors import InvalidRequest
from trunkline.transport.transport import Origin, Request

MAX_HEAD = 64 << 10
MAX_TARGET = 8 << 10
DEFAULT_PORTS = {"http": 80, "https": 443}

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(r"/[!-~]*")
_HOST = re.compile(r"[0-9A-Za-z._\-]+|[0-9A-Fa-f:.]+(%[0-9A-Za-z._\-]+)?")
_OURS = frozenset(
    {"connection", "content-length", "expect", "host", "keep-alive", "te", "transfer-encoding", "upgrade"}
)
_WITH_BODY = frozenset({"PATCH", "POST", "PUT"})


def encode_head(request: Request, host_line: bytes) -> bytes:
    """The bytes before the body, the empty line included. InvalidRequest when a field cannot be sent safely."""
    parts = [_request_line(request.method, request.target), host_line]
    for name, value in request.headers:
        parts += (_field_name(name), value, b"\r\n")
    head = b"".join(parts)
    lines = 2 + len(request.headers)
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise InvalidRequest(f"a header value holds CR, LF or NUL; remove it from: {_culprits(request)}")
    if len(head) > MAX_HEAD:
        raise InvalidRequest(f"the request's headers are {len(head)} bytes long; at most {MAX_HEAD} are sent")
    # An answer in the clear is cheaper than one to inflate; who wants it compressed says so.
    encoding = b"" if b"\r\naccept-encoding: " in head else b"accept-encoding: identity\r\n"
    if request.body or request.method in _WITH_BODY:
        return b"%b%bcontent-length: %d\r\n\r\n" % (head, encoding, len(request.body))
    return head + encoding + b"\r\n"


def host_line(origin: Origin) -> bytes:
    """The ``host`` header of an origin, its line end included; InvalidRequest when it is no origin of ours."""
    if origin.scheme not in DEFAULT_PORTS:
        raise InvalidRequest("the scheme of a provider's URL must be http or https")
    if not _HOST.fullmatch(origin.host):
        raise InvalidRequest("the host of a provider's URL must be a DNS name (punycode if need be) or an IP address")
    if not 0 < origin.port < 1 << 16:
        raise InvalidRequest(f"the port of a provider's URL must be 1 to 65535, not {origin.port}")
    return f"host: {authority(origin)}\r\n".encode("ascii")


def authority(origin: Origin) -> str:
    """``host`` or ``host:port``, as a Host header and an error message show it."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    return host if origin.port == DEFAULT_PORTS.get(origin.scheme) else f"{host}:{origin.port}"


@lru_cache(maxsize=512)
def _request_line(method: str, target: str) -> bytes:
    if not _TOKEN.fullmatch(method):
        raise InvalidRequest("an HTTP method is a word such as POST")
    if len(target) > MAX_TARGET or not _TARGET.fullmatch(target) or "#" in target:
        raise InvalidRequest(
            "a request target is a path of printable ASCII that starts with / and has no fragment, "
            f"at most {MAX_TARGET} bytes; percent-encode the rest"
        )
    return f"{method} {target} HTTP/1.1\r\n".encode("ascii")


@lru_cache(maxsize=512)
def _field_name(name: bytes) -> bytes:
    text = name.decode("latin-1").lower()
    if not _TOKEN.fullmatch(text) or len(text) > 256:
        raise InvalidRequest(f"{text[:40]!r} is not a header name: letters, digits and -, at most 256 of them")
    if text in _OURS:
        raise InvalidRequest(f"the header {text!r} belongs to the transport; leave it out")
    return f"{text}: ".encode("ascii")


def _culprits(request: Request) -> str:
    bad = [name for name, value in request.headers if any(byte in value for byte in (b"\r", b"\n", b"\0"))]
    return b", ".join(bad).decode("latin-1")[:200]
