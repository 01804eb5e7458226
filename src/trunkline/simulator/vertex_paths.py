"""Google's cloud: the paths of Vertex AI, below which other vendors' requests stand in other clothes.
Written from the vendor's documentation; it refuses to know anything of them but where model and version are said.
"""

import re
from typing import Any

import msgspec
from msgspec.structs import replace

from trunkline.simulator.http_reader import Request

_VERTEX = re.compile(
    r"(?P<before>.*)/v1(?:beta1)?/projects/[^/]+/locations/[^/]+/publishers/(?P<who>google|anthropic)/models/"
    r"(?P<model>[^/:]+):(?P<method>\w+)"
)
_VERSIONS = {"vertex-2023-10-16": "2023-06-01", "2026-10-21": "2026-10-21"}
"""What a body may say, the documentation's and what the vendor's SDK says, and which of Anthropic's versions it is."""

_STREAMS = {"rawPredict": False, "streamRawPredict": True}


def as_vendors_own(request: Request) -> Request:
    """A request of Vertex AI as the vendor of its model knows it; any other, and one that Vertex refuses, as it is."""
    found = _VERTEX.fullmatch(request.path)
    if found is None:
        return request
    if found["who"] == "google":
        return replace(request, path=f"{found['before']}/v1/models/{found['model']}:{found['method']}")
    claude = _claude(request.body, found["model"], found["method"])
    if claude is None:
        return request
    body, version = claude
    path = "/v1/messages/count_tokens" if found["model"] == "count-tokens" else "/v1/messages"
    headers = (*request.headers, ("anthropic-version", version))
    return replace(request, path=f"{found['before']}{path}", headers=headers, body=body)


def _claude(body: bytes, model: str, method: str) -> tuple[bytes, str] | None:
    """The body as Anthropic takes it, and its version; None where it names none, or contradicts its path."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    streams = bool(fields.get("stream")) == _STREAMS.get(method)
    counts = model == "count-tokens"
    version = _VERSIONS.get(str(fields.pop("anthropic_version", None)))
    if version is None or not streams or ("model" in fields) != counts:
        return None
    return msgspec.json.encode(fields if counts else {"model": model, **fields}), version
