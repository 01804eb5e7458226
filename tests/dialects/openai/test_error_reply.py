"""Errors as a caller of OpenAI's dialect is told."""

import inspect
import json

import pytest
from openai.types.shared import ErrorObject

from trunkline.core import errors
from trunkline.core.errors import CallError
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.dialects.sse import Frames

DIALECT = OpenAIChat()
CLASSES = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, CallError) and kind is not CallError
]


def told(error: CallError) -> dict:
    return json.loads(DIALECT.write_error(error, "req_1"))


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_written_as_the_sdk_expects_it(kind):
    said = told(kind("what to change", param="p", provider="acme"))
    ErrorObject.model_validate(said["error"], strict=True)
    assert said["error"]["code"] == kind.kind
    assert said["error"]["message"] == "acme: what to change"
    assert said["request_id"] == "req_1"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.InvalidRequest("x"), "invalid_request_error"),
        (errors.UnknownModel("x"), "invalid_request_error"),
        (errors.Unauthorized("x"), "authentication_error"),
        (errors.Forbidden("x"), "permission_error"),
        (errors.RateLimit("x"), "rate_limit_error"),
        (errors.AuthenticationFailed("x"), "server_error"),
        (errors.NoTarget("x"), "server_error"),
        (CallError("x"), "server_error"),
    ],
)
def test_the_type_follows_the_status_the_caller_is_shown(error, kind):
    assert told(error)["error"]["type"] == kind


def test_our_own_errors_name_no_provider():
    assert told(errors.InvalidRequest("x", param="model"))["error"] == {
        "message": "x",
        "type": "invalid_request_error",
        "param": "model",
        "code": "invalid_request",
    }


def test_a_providers_code_about_the_request_is_kept_and_about_our_key_is_not():
    kept = errors.InvalidRequest("x", code="unsupported_value", provider="acme")
    assert told(kept)["error"]["code"] == "unsupported_value"
    ours = errors.AuthenticationFailed("x", code="invalid_api_key", provider="acme")
    assert told(ours)["error"]["code"] == "provider_authentication_failed"


BODY = b'{"error":{"message":"too hot","type":"t","param":"temperature","code":null,"vendor":1}}'


def parsed(status: int, body: bytes = BODY) -> CallError:
    return DIALECT.parse_error(status, [(b"retry-after", b"3")], body, "acme")


@pytest.mark.parametrize("status", [400, 413, 422, 429])
def test_what_a_provider_says_of_the_request_is_shown_verbatim(status):
    assert DIALECT.write_error(parsed(status), "req_1") == BODY


@pytest.mark.parametrize("status", [402, 404, 500, 503])
def test_what_a_provider_says_of_itself_is_said_in_our_own_body(status):
    assert told(parsed(status))["error"]["message"] == "acme: too hot"


@pytest.mark.parametrize("status", [401, 403])
def test_what_a_provider_says_of_our_key_is_not_repeated(status):
    error = parsed(status, b'{"error":{"message":"Incorrect API key provided: sk-canary","code":"invalid_api_key"}}')
    assert error.status == 502
    assert "sk-canary" not in DIALECT.write_error(error, "req_1").decode()
    assert told(error)["error"]["message"].startswith(
        f"acme: the provider refused the gateway's credential ({status} inv"
    )


def test_an_error_of_another_dialect_is_translated():
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"x"}}'
    assert told(parsed(400, body))["error"]["message"] == "acme: x"


def test_the_hint_when_to_come_back_is_read():
    assert parsed(429).retry_after == 3.0


def test_a_date_is_measured_against_the_time_passed_in():
    date = [(b"retry-after", b"Fri, 29 Sep 2023 16:26:57 GMT")]
    assert DIALECT.parse_error(429, date, b"", "acme", 1696004797.0).retry_after == 20.0


@pytest.mark.parametrize("body", [BODY, BODY.replace(b",", b",\n\n  ")])
def test_an_error_within_a_stream_is_one_event_whatever_the_body_looks_like(body):
    error = parsed(400, body)
    (frame,) = Frames().feed(DIALECT.write_stream_error(error, "req_1"))
    assert json.loads(frame.data or b"") == json.loads(BODY)
    assert frame.event == b"message"
