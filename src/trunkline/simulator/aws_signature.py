"""Checking Signature Version 4 as AWS does: from the request as it came and the secret half of a key.
Written from AWS's page on signing; it refuses to make signatures for anybody.
"""

import hmac
import re
from datetime import UTC, datetime
from hashlib import sha256
from urllib.parse import quote

from trunkline.simulator.http_reader import Request

_SAID = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<id>\w+)/(?P<scope>\d{8}/[\w-]+/bedrock/aws4_request), ?"
    r"SignedHeaders=(?P<names>[\w;-]+), ?Signature=(?P<signature>[0-9a-f]{64})"
)
_MINUTES = 5  # a signature is good for so long


def signs(request: Request) -> bool:
    """Whether a request says who it is by a signature."""
    return (request.header("authorization") or "").startswith("AWS4-HMAC-SHA256")


def wrong(request: Request, keys: tuple[str, ...], now: float) -> str | None:
    """What is wrong with a signature, in AWS's name for it; None for a good one. A key is written ``ID:SECRET``."""
    said = _SAID.fullmatch(request.header("authorization") or "")
    if said is None:
        return "IncompleteSignatureException"
    secret = dict(key.split(":", 1) for key in keys if ":" in key).get(said["id"])
    if secret is None:
        return "UnrecognizedClientException"
    stamp = request.header("x-amz-date") or ""
    told = _needed(request) <= set(said["names"].split(";"))
    fresh = re.fullmatch(r"\d{8}T\d{6}Z", stamp) is not None and abs(_seconds(stamp) - now) < _MINUTES * 60
    good = fresh and told and stamp.startswith(said["scope"][:8])
    if not good or not hmac.compare_digest(_signature(request, secret, said, stamp), said["signature"]):
        return "InvalidSignatureException"
    return None


def _needed(request: Request) -> set[str]:
    return {"host", "x-amz-date"} | {name for name, _ in request.headers if name.startswith("x-amz-")}


def _seconds(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


def _signature(request: Request, secret: str, said: re.Match[str], stamp: str) -> str:
    path, _, query = request.target.partition("?")
    headers = "".join(f"{name}:{' '.join((request.header(name) or '').split())}\n" for name in said["names"].split(";"))
    ordered = "&".join(sorted(query.split("&")))
    asked = [request.method, quote(path, safe="/~"), ordered, headers, said["names"], sha256(request.body).hexdigest()]
    lines = ["AWS4-HMAC-SHA256", stamp, said["scope"], sha256("\n".join(asked).encode()).hexdigest()]
    key = f"AWS4{secret}".encode()
    for part in said["scope"].split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, "\n".join(lines).encode(), "sha256").hex()
