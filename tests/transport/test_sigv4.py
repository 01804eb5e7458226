"""AWS's signatures: botocore's own signer makes the same one for the same request."""

from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore import auth as botocore_auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from trunkline.core.secret import Secret
from trunkline.transport.sigv4 import AwsKeys, SigV4
from trunkline.transport.transport import Headers, Origin, Request

NOW = 1_796_000_000.75
PUBLIC, SECRET, TOKEN = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "FQoGZXIvYXdzEBYaDL//long+token=="
KEYS = AwsKeys(PUBLIC, Secret(SECRET))
MODELS = [
    "anthropic.claude-3-haiku-20240307-v1:0",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "global.anthropic.claude-opus-4-7-v1:0",
    "amazon.nova-micro-v1:0",
    "eu.amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
    "meta.llama3-3-70b-instruct-v1:0",
    "mistral.mistral-large-2407-v1:0",
    "cohere.command-r-plus-v1:0",
    "deepseek.r1-v1:0",
    "qwen.qwen3-32b-v1:0",
    "ai21.jamba-1-5-large-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3",
    "arn:aws:bedrock:us-east-1:123456789012:provisioned-model/abc123def456",
    "arn:aws:bedrock:eu-west-1::foundation-model/amazon.titan-text-express-v1",
    "arn:aws:bedrock:us-east-1:123456789012:prompt/ABCDEFGHIJ:1",
    "arn:aws:sagemaker:us-east-1:123456789012:endpoint/my-endpoint",
    "my model with spaces",
    "a~b-c_d.e",
    "50%",
    "a+b",
    "a%3Ab",
    "a/../b",
    "é",
]


def asked(model: str = MODELS[0], *, body: bytes = b'{"messages":[]}', method: str = "converse") -> Request:
    """A request as the endpoint makes it, before it is signed."""
    origin = Origin("https", "bedrock-runtime.us-east-1.amazonaws.com", 443)
    target = f"/model/{quote(model, safe='-._~')}/{method}"
    return Request("POST", origin, target, [(b"content-type", b"application/json")], body, 0.0)


def told(request: Request, signer: SigV4) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in signer.headers(request, NOW)}


def botocores(request: Request, credentials: Credentials, region: str = "us-east-1") -> dict[str, str]:
    """The headers that botocore signs the same request with, at the same time."""
    port = "" if request.origin.port == 443 else f":{request.origin.port}"
    url = f"{request.origin.scheme}://{request.origin.host}{port}{request.target}"
    kept = {name.decode(): value.decode() for name, value in request.headers}
    theirs = AWSRequest(method=request.method, url=url, headers=kept, data=request.body)
    moment = datetime.fromtimestamp(int(NOW), UTC)
    with patch.object(botocore_auth, "get_current_datetime", lambda *_args, **_more: moment):
        botocore_auth.SigV4Auth(credentials, "bedrock", region).add_auth(theirs)
    names = ("X-Amz-Date", "X-Amz-Security-Token", "Authorization")
    return {name.lower(): theirs.headers[name] for name in names if name in theirs.headers}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("method", ["converse", "converse-stream"])
def test_botocore_makes_the_same_signature_for_every_kind_of_model_id(model: str, method: str):
    request = asked(model, method=method)

    assert told(request, SigV4(KEYS, "us-east-1")) == botocores(request, Credentials(PUBLIC, SECRET))


@given(st.text(min_size=1, max_size=80), st.binary(max_size=200))
def test_botocore_makes_the_same_signature_for_hostile_ids_and_any_body(model: str, body: bytes):
    request = asked(model, body=body)

    assert told(request, SigV4(KEYS, "us-east-1")) == botocores(request, Credentials(PUBLIC, SECRET))


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#?"), max_size=30),
    st.lists(st.text("ab%20=+-", max_size=6), max_size=4).map("&".join),
)
def test_botocore_makes_the_same_signature_for_any_path_and_query(path: str, query: str):
    request = replace(asked(), target=f"/{path.lstrip('/')}?{query}")

    assert told(request, SigV4(KEYS, "us-east-1")) == botocores(request, Credentials(PUBLIC, SECRET))


def test_keys_for_a_time_bring_their_token_which_is_signed_too():
    request, signer = asked(), SigV4(AwsKeys(PUBLIC, Secret(SECRET), Secret(TOKEN)), "eu-central-1")

    ours = told(request, signer)

    assert ours == botocores(request, Credentials(PUBLIC, SECRET, TOKEN), "eu-central-1")
    assert ours["x-amz-security-token"] == TOKEN
    assert "content-type;host;x-amz-date;x-amz-security-token" in ours["authorization"]


@pytest.mark.parametrize("origin", [Origin("https", "vpce-1.internal", 8443), Origin("http", "127.0.0.1", 4567)])
def test_a_port_of_its_own_belongs_to_the_host_that_is_signed(origin: Origin):
    request = replace(asked(), origin=origin)

    assert told(request, SigV4(KEYS, "us-east-1")) == botocores(request, Credentials(PUBLIC, SECRET))


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"{}"},
        {"target": "/model/other/converse"},
        {"method": "GET"},
        {"origin": Origin("https", "bedrock-runtime.eu-west-1.amazonaws.com", 443)},
    ],
)
def test_another_request_has_another_signature(change: dict[str, Any]):
    signer = SigV4(KEYS, "us-east-1")

    assert told(replace(asked(), **change), signer)["authorization"] != told(asked(), signer)["authorization"]


async def test_headers_for_tracing_are_sent_and_not_signed():
    trace: Headers = [(b"traceparent", b"00-1-2-01")]
    request = replace(asked(), headers=asked().headers + trace)

    signed = await SigV4(KEYS, "us-east-1").signed(request, NOW)

    assert trace[0] in signed.headers
    assert signed.headers[2:] == SigV4(KEYS, "us-east-1").headers(asked(), NOW)


def test_no_secret_is_shown():
    signer = SigV4(AwsKeys(PUBLIC, Secret(SECRET), Secret(TOKEN)), "us-east-1")

    for text in (repr(signer), str(signer), repr(signer.keys)):
        assert SECRET not in text
        assert TOKEN not in text
