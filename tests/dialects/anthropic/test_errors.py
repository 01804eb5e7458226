"""Errors in Anthropic's envelope."""

import json

import pytest
from anthropic.types import ErrorResponse

from trunkline.core.errors import (
    AuthenticationFailed,
    BrokenStream,
    CallError,
    ConnectTimeout,
    ContextLengthExceeded,
    Forbidden,
    InvalidRequest,
    ModelOverloaded,
    NoTarget,
    QuotaExceeded,
    RateLimit,
    RequestTimeout,
    RequestTooLarge,
    ServerError,
    Unauthorized,
    UnknownModel,
    Unsupported,
)
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.sse import Frames

A = AnthropicMessages()


def theirs(kind: str, message: str = "words") -> bytes:
    error = {"type": kind, "message": message}
    return json.dumps({"type": "error", "error": error, "request_id": "req_theirs"}, indent=1).encode()


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (InvalidRequest("x"), "invalid_request_error"),
        (Unauthorized("x"), "authentication_error"),
        (Forbidden("x"), "permission_error"),
        (UnknownModel("x"), "not_found_error"),
        (RequestTimeout("x"), "timeout_error"),
        (RequestTooLarge("x"), "request_too_large"),
        (RateLimit("x"), "rate_limit_error"),
        (ModelOverloaded("x"), "overloaded_error"),
        (NoTarget("x"), "overloaded_error"),
        (ConnectTimeout("x"), "timeout_error"),
        (ServerError("x"), "api_error"),
        (AuthenticationFailed("x"), "api_error"),
        (CallError("x"), "api_error"),
    ],
)
def test_every_error_has_the_vendors_type_for_its_status(error: CallError, kind: str):
    told = json.loads(A.write_error(error, "req_1"))

    assert told == {"type": "error", "error": {"type": kind, "message": "x"}, "request_id": "req_1"}
    if kind != "request_too_large":  # the vendor sends it, and its SDK's types leave it out
        ErrorResponse.model_validate(told, strict=True)


def test_an_odd_status_of_the_caller_is_still_an_invalid_request():
    class Odd(InvalidRequest):
        status = 418

    assert json.loads(A.write_error(Odd("x"), ""))["error"]["type"] == "invalid_request_error"


def test_the_provider_is_named_where_it_said_so():
    told = json.loads(A.write_error(ServerError("boom", provider="acme"), ""))

    assert told["error"]["message"] == "acme: boom"


def test_what_a_target_cannot_do_is_told_where_the_vendors_sdk_looks_for_it():
    error = Unsupported("no threads here", param="thread", code="thread_unsupported_request")

    told = json.loads(A.write_error(error, "req_1"))["error"]

    assert told["type"] == "invalid_request_error"
    assert told["details"] == {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}


def test_a_thread_the_provider_lost_reaches_the_caller_in_the_providers_own_words():
    details = {"error_code": "thread_not_found"}
    body = json.dumps({"type": "error", "error": {"type": "not_found_error", "message": "x", "details": details}})

    error = A.parse_error(404, [], body.encode(), "acme")

    assert error.status == 400
    assert A.write_error(error, "req_1") == body.encode()


@pytest.mark.parametrize(
    ("status", "kind", "words", "expected"),
    [
        (400, "invalid_request_error", "words", InvalidRequest),
        (400, "invalid_request_error", "prompt is too long: 9 > 8", ContextLengthExceeded),
        (400, "invalid_request_error", "Your credit balance is too low", QuotaExceeded),
        (401, "authentication_error", "words", AuthenticationFailed),
        (402, "billing_error", "words", QuotaExceeded),
        (413, "request_too_large", "words", RequestTooLarge),
        (429, "rate_limit_error", "words", RateLimit),
        (529, "overloaded_error", "words", ModelOverloaded),
        (500, "api_error", "words", ServerError),
    ],
)
def test_a_providers_error_is_what_its_code_says(status: int, kind: str, words: str, expected: type[CallError]):
    error = A.parse_error(status, [(b"retry-after", b"7")], theirs(kind, words), "acme")

    assert type(error) is expected
    assert (error.provider, error.provider_status, error.retry_after) == ("acme", status, 7.0)
    assert (error.message == words) is (expected is not AuthenticationFailed)  # what is said of our key stays here


@pytest.mark.parametrize("status", [400, 413, 422, 429])
def test_what_a_provider_says_of_the_callers_request_is_shown_byte_for_byte(status: int):
    body = theirs("invalid_request_error" if status != 429 else "rate_limit_error")

    assert A.write_error(A.parse_error(status, [], body, "acme"), "req_ours") == body


@pytest.mark.parametrize("status", [401, 403, 402, 404, 500])
def test_what_is_not_the_callers_fault_is_told_in_our_words(status: int):
    body = theirs("authentication_error" if status < 404 else "api_error", "invalid x-api-key: sk-ant-...wxyz")
    error = A.parse_error(status, [], body, "acme")

    told = json.loads(A.write_error(error, "req_ours"))

    assert error.status in (502, 503)
    assert told["request_id"] == "req_ours"
    assert told["error"]["type"] == "api_error"
    assert told["error"]["message"].startswith("acme: ")


def test_words_about_our_credential_never_reach_the_caller():
    error = A.parse_error(401, [], theirs("authentication_error", "invalid x-api-key: sk-ant-...wxyz"), "acme")

    assert b"wxyz" not in A.write_error(error, "")
    assert b"wxyz" in A.write_error(ServerError("wxyz", provider="acme"), "")


def test_another_dialects_body_is_retold():
    body = b'{"error":{"message":"bad","type":"invalid_request_error","code":"x"}}'

    told = json.loads(A.write_error(A.parse_error(400, [], body, "acme"), "req_1"))

    assert told["error"] == {"type": "invalid_request_error", "message": "acme: bad"}


def test_the_error_that_ends_a_stream_is_one_event_on_one_line():
    error = A.parse_error(429, [], theirs("rate_limit_error"), "acme")

    frames = Frames().feed(A.write_stream_error(error, "") + A.write_stream_error(BrokenStream("cut"), "req_1"))

    assert [frame.event for frame in frames] == [b"error", b"error"]
    assert json.loads(frames[0].data or b"")["error"]["type"] == "rate_limit_error"
    assert json.loads(frames[1].data or b"")["error"] == {"type": "api_error", "message": "cut"}
