"""Model and streaming, which this dialect tells in its path and every other in its body.

Refuses to open the body: a call carries its address as the first two fields of its bytes, put in here where it comes
in, and taken out where it goes on.
"""

import re

import msgspec
from msgspec import Raw

_NAMED = re.compile(rb'"(?:model|stream)"\s*:')
_PREFIX = re.compile(rb'\{"model":"(?:[^"\\]|\\.)*","stream":(?:true|false),?')
_FIELDS = msgspec.json.Decoder(dict[str, Raw])
_ADDRESS = ("model", "stream")


def addressed(body: bytes, model: str, *, stream: bool) -> bytes:
    """The bytes of a call: the caller's own behind its address. What is no JSON object is left for the peek to tell."""
    start = body.lstrip()
    if not start.startswith(b"{"):
        return body
    rest = start[1:]
    if _NAMED.search(body):  # at the top level nobody has such fields but to speak over the path
        try:
            rest = msgspec.json.encode(_without_address(body))[1:]
        except (msgspec.DecodeError, RecursionError):
            return body
    comma = b"" if rest.lstrip().startswith(b"}") else b","
    flag = b"true" if stream else b"false"
    return b'{"model":%b,"stream":%b%b%b' % (msgspec.json.encode(model), flag, comma, rest)


def bare(body: bytes) -> bytes:
    """The bytes without their address, as they go to a provider."""
    found = _PREFIX.match(body)
    if found and not _NAMED.search(body, found.end()):
        return b"{" + body[found.end() :]
    return msgspec.json.encode(_without_address(body))


def method(*, stream: bool) -> str:
    """What is asked of a model, as the path says it."""
    return ":streamGenerateContent?alt=sse" if stream else ":generateContent"


def _without_address(body: bytes) -> dict[str, Raw]:
    return {name: value for name, value in _FIELDS.decode(body).items() if name not in _ADDRESS}
