"""AWS's Signature Version 4: who asks stands in a header made of the request, the time and a secret that stays here.

Refuses to know where credentials come from, and to tell the time: it is passed in. Written from AWS's page "Create a
signed AWS API request"; what stands in a path already percent-encoded is encoded once more for the signature.
"""

import hmac
import time
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote

from msgspec import Meta, Struct
from msgspec.structs import replace

from trunkline.core.secret import Secret
from trunkline.transport.request_head import authority
from trunkline.transport.transport import Headers, Request

ALGORITHM = "AWS4-HMAC-SHA256"
SIGNED = frozenset({b"content-type", b"host", b"x-amz-date", b"x-amz-security-token"})
"""The headers that are signed; those for tracing may be changed on the way."""


ACCESS_KEY_ID = r"^[A-Za-z0-9_]{4,128}$"


class AwsKeys(Struct, frozen=True, forbid_unknown_fields=True):
    """A pair of keys, and the token that belongs to it where it is for a time only."""

    access_key_id: Annotated[
        str,
        Meta(
            pattern=ACCESS_KEY_ID,
            description="The public half: ${AWS_ACCESS_KEY_ID}.",
            extra={"form": "an access key's id of 4 to 128 letters and digits"},
        ),
    ]
    secret_access_key: Annotated[Secret, Meta(description="The secret half: ${AWS_SECRET_ACCESS_KEY} or file:PATH.")]
    session_token: Annotated[
        Secret | None, Meta(description="Of keys for a time: ${AWS_SESSION_TOKEN} or file:PATH.")
    ] = None


class SigV4(Struct, frozen=True):
    """Signs requests to one service in one region."""

    keys: AwsKeys
    region: str
    service: str = "bedrock"

    @property
    def shown(self) -> str:
        """What of the keys travels and must not be repeated: the token."""
        return self.keys.session_token.reveal() if self.keys.session_token else ""

    async def signed(self, request: Request, now: float) -> Request:
        """The request with its signature; ``now`` is Unix seconds."""
        return replace(request, headers=request.headers + self.headers(request, now))

    def headers(self, request: Request, now: float) -> Headers:
        """What is added to a request: the time, the token, the signature."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        added: Headers = [(b"x-amz-date", stamp.encode())]
        if self.keys.session_token is not None:
            added.append((b"x-amz-security-token", self.keys.session_token.reveal().encode()))
        names, asked = canonical_request(replace(request, headers=request.headers + added))
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        told = f"{ALGORITHM}\n{stamp}\n{scope}\n{sha256(asked.encode()).hexdigest()}"
        signature = hmac.digest(self._key(stamp[:8]), told.encode(), "sha256").hex()
        said = f"{ALGORITHM} Credential={self.keys.access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        return [*added, (b"authorization", said.encode())]

    def _key(self, day: str) -> bytes:
        key = f"AWS4{self.keys.secret_access_key.reveal()}".encode()
        for part in (day, self.region, self.service, "aws4_request"):
            key = hmac.digest(key, part.encode(), "sha256")
        return key


def canonical_request(request: Request) -> tuple[str, str]:
    """The names of the signed headers, and the request in the one form that both sides hash."""
    path, _, query = request.target.partition("?")
    told = {name: value for name, value in request.headers if name in SIGNED}
    told[b"host"] = authority(request.origin).encode()
    names = ";".join(name.decode() for name in sorted(told))
    lines = [f"{name.decode()}:{' '.join(told[name].decode().split())}\n" for name in sorted(told)]
    parts = (request.method, _path(path), _query(query), "".join(lines), names, sha256(request.body).hexdigest())
    return names, "\n".join(parts)


def _path(path: str) -> str:
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    ending = "/" if kept and path.endswith("/") else ""
    return quote(f"/{'/'.join(kept)}{ending}", safe="/~")


def _query(query: str) -> str:
    if not query:
        return ""
    pairs = sorted((name, value) for name, _, value in (pair.partition("=") for pair in query.split("&")))
    return "&".join(f"{name}={value}" for name, value in pairs)
