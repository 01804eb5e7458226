"""Azure's addresses for OpenAI's dialects: by a deployment and a version, or the newer ones without either.
It refuses to know what is asked there.
"""

import re
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from msgspec.structs import replace

from trunkline.simulator.http_reader import Request

_NEWER = re.compile(r"(?P<before>/[^/]+)/openai(?P<path>/v1/.+)")
_DEPLOYED = re.compile(r"(?P<before>/[^/]+)/openai/deployments/(?P<model>[^/]+)(?P<path>/.+)")


def plain(request: Request) -> Request:
    """The request at OpenAI's own path, for the deployment's model; as it is where it is at none of Azure's.

    Without an ``api-version`` there is nothing at a deployment's address, so it stays there.
    """
    if newer := _NEWER.fullmatch(request.path):
        return replace(request, path=newer["before"] + newer["path"])
    asked = urlsplit(request.target)
    deployed = _DEPLOYED.fullmatch(asked.path)  # as it was sent: a deployment's name is one segment
    if deployed is None or "api-version" not in parse_qs(asked.query):
        return request
    path = f"{deployed['before']}/v1{deployed['path']}"
    return replace(request, path=path, body=_named(request.body, unquote(deployed["model"])))


def _named(body: bytes, model: str) -> bytes:
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return body
    return msgspec.json.encode({**fields, "model": model})
