"""What providers' errors mean: real bodies of the vendors against the class they stand for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core import errors
from trunkline.core.errors import CallError
from trunkline.dialects.error_body import read_told
from trunkline.dialects.errors import classify, provider_error


def openai(message: str = "no", kind: str | None = None, code: object = None, param: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": kind, "param": param, "code": code}}).encode()


def anthropic(kind: str, message: str = "no", **more: object) -> bytes:
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **more}}).encode()


def rpc(code: int, status: str, *details: dict) -> bytes:
    return json.dumps([{"error": {"code": code, "message": "no", "status": status, "details": list(details)}}]).encode()


QUOTA = {"@type": "type.googleapis.com/google.rpc.QuotaFailure"}
SPEND = ("organization_spend_limit_exceeded", "project_spend_limit_exceeded", "organization_usage_limit_exceeded")

FAULTS = [
    # (the dialect, the status, the body, what it stands for)
    ("openai", 429, openai(kind="requests", code="rate_limit_exceeded"), errors.RateLimit),
    ("openai", 429, openai(kind="tokens"), errors.RateLimit),
    ("openai", 429, b"", errors.RateLimit),
    ("anthropic", 429, anthropic("rate_limit_error"), errors.RateLimit),
    ("openai", 429, rpc(429, "RESOURCE_EXHAUSTED"), errors.RateLimit),
    ("openai", 429, openai(kind="insufficient_quota", code="insufficient_quota"), errors.QuotaExceeded),
    ("openai", 429, openai(kind="insufficient_quota", code="credit_balance_exhausted"), errors.QuotaExceeded),
    *[("openai", 429, openai(kind="insufficient_quota", code=code), errors.QuotaExceeded) for code in SPEND],
    (
        "anthropic",
        429,
        anthropic("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"}),
        errors.QuotaExceeded,
    ),
    ("anthropic", 402, anthropic("billing_error"), errors.QuotaExceeded),
    ("openai", 402, b'{"error":"Insufficient Balance"}', errors.QuotaExceeded),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
        errors.QuotaExceeded,
    ),
    (
        "openai",
        429,
        rpc(429, "RESOURCE_EXHAUSTED", {**QUOTA, "violations": [{"quotaId": "GenerateRequestsPerDayPerProject"}]}),
        errors.QuotaExceeded,
    ),
    ("anthropic", 529, anthropic("overloaded_error"), errors.ModelOverloaded),
    ("openai", 503, openai(code="server_is_overloaded"), errors.ModelOverloaded),
    ("openai", 503, openai(code="slow_down"), errors.ModelOverloaded),
    ("openai", 503, b"", errors.ModelOverloaded),
    ("openai", 529, b"", errors.ModelOverloaded),
    ("openai", 503, rpc(503, "UNAVAILABLE"), errors.ModelOverloaded),
    ("openai", 500, openai(kind="server_error"), errors.ServerError),
    ("openai", 529, openai(kind="server_error"), errors.ModelOverloaded),
    ("openai", 503, openai(kind="server_error", code="internal_server_error"), errors.ModelOverloaded),
    ("anthropic", 529, anthropic("api_error"), errors.ModelOverloaded),
    ("openai", 502, openai(kind="server_error"), errors.ServerErrorAfterUpload),
    ("anthropic", 500, anthropic("api_error"), errors.ServerError),
    *[("openai", status, b"<html>502 Bad Gateway</html>", errors.ServerError) for status in (500, 520, 521, 522, 523)],
    *[("openai", status, b"<html>", errors.ServerErrorAfterUpload) for status in (502, 504, 524)],
    ("anthropic", 504, anthropic("timeout_error"), errors.ServerErrorAfterUpload),
    ("openai", 408, b"", errors.ServerError),
    ("openai", 409, b"", errors.RequestConflict),
    ("openai", 424, b"", errors.ServerError),
    ("openai", 499, b"", errors.ServerError),
    ("openai", 400, openai(kind="invalid_request_error", param="temperature"), errors.InvalidRequest),
    ("openai", 422, b'{"detail":[{"loc":["body","messages"],"msg":"field required"}]}', errors.InvalidRequest),
    ("openai", 422, b'{"object":"error","message":"Invalid tool id","type":"invalid_request"}', errors.InvalidRequest),
    ("openai", 400, openai(kind="BadRequestError", code=400), errors.InvalidRequest),
    ("openai", 400, openai(code="context_length_exceeded"), errors.ContextLengthExceeded),
    ("openai", 400, openai(kind="exceed_context_size_error", code=400), errors.ContextLengthExceeded),
    (
        "openai",
        400,
        openai("This model's maximum context length is 8192 tokens.", "BadRequestError", 400),
        errors.ContextLengthExceeded,
    ),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
        errors.ContextLengthExceeded,
    ),
    ("openai", 400, openai(code="content_filter"), errors.ContentRefused),
    ("openai", 400, openai(code="content_policy_violation"), errors.ContentRefused),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", "Output blocked by content filtering policy"),
        errors.ContentRefused,
    ),
    (
        "openai",
        403,
        b'{"error":{"code":403,"message":"flagged","metadata":{"reasons":["violence"],"flagged_input":"x"}}}',
        errors.ContentRefused,
    ),
    ("openai", 401, openai(kind="invalid_request_error", code="invalid_api_key"), errors.AuthenticationFailed),
    ("openai", 403, openai(kind="invalid_request_error"), errors.AuthenticationFailed),
    ("anthropic", 401, anthropic("authentication_error"), errors.AuthenticationFailed),
    ("anthropic", 403, anthropic("permission_error"), errors.AuthenticationFailed),
    ("openai", 400, rpc(400, "UNAUTHENTICATED"), errors.AuthenticationFailed),
    ("openai", 404, openai(kind="invalid_request_error", code="model_not_found"), errors.ModelNotFound),
    ("anthropic", 404, anthropic("not_found_error"), errors.ModelNotFound),
    ("openai", 404, b"<html>nginx</html>", errors.ModelNotFound),
    ("openai", 400, openai(code="model_decommissioned"), errors.ModelNotFound),
    ("anthropic", 413, anthropic("request_too_large"), errors.RequestTooLarge),
    ("openai", 413, b"<html>cloudflare</html>", errors.RequestTooLarge),
    ("openai", 302, b"", errors.BadReply),
    ("openai", 403, b"", errors.AuthenticationFailed),
    ("openai", 405, b"", errors.ModelNotFound),
    ("openai", 410, b"", errors.ModelNotFound),
    ("openai", 498, b"", errors.ModelOverloaded),
    *[("openai", status, b"", errors.InvalidRequest) for status in (400, 406, 407, 411, 412, 414, 428, 430)],
    *[("openai", status, b"", errors.ServerError) for status in (501, 505, 523, 525, 528, 530, 599, 600, 100)],
    # told inside a reply that looked fine
    ("openai", 200, openai(code=502), errors.ServerErrorAfterUpload),
    ("openai", 200, openai(code=429), errors.RateLimit),
    ("openai", 200, openai(code=42), errors.ServerError),
    ("openai", 200, openai(kind="invalid_request_error"), errors.InvalidRequest),
    ("openai", 200, openai(), errors.ServerError),
    ("anthropic", 200, anthropic("overloaded_error"), errors.ModelOverloaded),
    ("anthropic", 200, anthropic("invalid_request_error", "prompt is too long"), errors.ContextLengthExceeded),
]


@pytest.mark.parametrize(("dialect", "status", "body", "expected"), FAULTS)
def test_a_fault_is_classified_by_its_code_first_and_its_status_second(dialect, status, body, expected):
    error = provider_error(dialect, status, [], body, provider="acme")
    assert type(error) is expected
    assert (error.provider, error.provider_status) == ("acme", status)


@pytest.mark.parametrize(("dialect", "status", "body", "expected"), FAULTS)
def test_no_fault_of_a_provider_is_shown_as_the_callers_own_key(dialect, status, body, expected):
    assert provider_error(dialect, status, [], body, provider="acme").status not in (401, 403)


@given(st.integers(-1, 999), st.none() | st.text(max_size=20), st.none() | st.text(max_size=20))
def test_every_status_and_code_has_a_class(status, code, kind):
    assert issubclass(classify(status, code, kind), CallError)


def test_the_words_of_one_dialect_decide_nothing_in_another():
    error = provider_error("openai", 400, [], openai("prompt is too long", "invalid_request_error"), provider="acme")
    assert type(error) is errors.InvalidRequest


def test_words_decide_nothing_under_another_status():
    error = provider_error("anthropic", 422, [], anthropic("x", "prompt is too long"), provider="acme")
    assert type(error) is errors.InvalidRequest


def test_a_credential_that_a_provider_repeats_goes_no_further():
    error = provider_error("openai", 401, [], openai("Incorrect API key provided: sk-canary"), provider="acme")
    assert "sk-canary" not in error.message
    assert "401" in error.message


def test_message_code_and_param_are_the_providers():
    error = provider_error("openai", 400, [], openai("too hot", "t", "c", "temperature"), provider="acme")
    assert (error.message, error.code, error.param) == ("too hot", "c", "temperature")


def test_a_body_of_the_dialects_own_form_is_kept_verbatim():
    body = openai("no")
    error = provider_error("openai", 400, [], body, provider="acme")
    assert (error.body, error.dialect) == (body, "openai")


FOREIGN = [b"<html>", b'{"error":"no"}', b'{"detail":"no"}', b'{"error":{"message":7}}', anthropic("x"), b"", b"[1]"]


@pytest.mark.parametrize("body", [*FOREIGN, rpc(400, "INVALID_ARGUMENT"), openai().replace(b"no", b"\xff")])
def test_a_body_of_another_form_is_not_shown_to_callers(body):
    error = provider_error("openai", 400, [], body, provider="acme")
    assert (error.body, error.dialect) == (None, None)


def test_anthropics_body_is_anthropics():
    error = provider_error("anthropic", 400, [], anthropic("x"), provider="acme")
    assert (error.body, error.dialect) == (anthropic("x"), "anthropic")


def test_retry_after_is_taken_from_any_error():
    assert provider_error("openai", 500, [(b"retry-after", b"3")], b"", provider="acme").retry_after == 3.0


def test_rate_limit_windows_count_only_for_a_rate_limit():
    told = [(b"x-ratelimit-reset-requests", b"6m0s")]
    assert provider_error("openai", 429, told, b"", provider="acme").retry_after == 360.0
    assert provider_error("openai", 500, told, b"", provider="acme").retry_after is None


def test_google_says_when_to_retry_in_the_body():
    body = rpc(429, "RESOURCE_EXHAUSTED", QUOTA, {"retryDelay": "34.5s"})
    assert provider_error("openai", 429, [], body, provider="acme").retry_after == 34.5


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"m"}}', "m"),
        (b'{"error":"text"}', "text"),
        (b'{"error":{"x":1}}', '{"x":1}'),
        (b'{"message":"m"}', "m"),
        (b'{"detail":"d"}', "d"),
        (b'{"detail":[{"msg":"d"}]}', '[{"msg":"d"}]'),
        (b'{"error":null,"message":"m"}', "m"),
        (b'"text"', "text"),
        (b"[]", "[]"),
        (b"plain text", "plain text"),
        (b"<!doctype html>...", "the provider answered with an HTML page"),
        (b"\xff\xfe", "��"),
    ],
)
def test_every_shape_of_body_gives_its_message(body, message):
    assert read_told(body).message == message


def test_an_empty_body_still_has_a_message():
    assert "500" in provider_error("openai", 500, [], b"", provider="acme").message


def test_a_giant_message_is_shortened():
    assert len(read_told(openai("x" * 10_000)).message) < 2_100


@given(st.binary(max_size=200))
def test_no_body_is_ever_an_exception(body):
    read_told(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "message", "code", "type", "details", "metadata", "retryDelay"]), inner
        )
    ),
    max_leaves=12,
)


@given(JSON, st.integers(100, 599))
def test_no_json_is_ever_an_exception(value, status):
    provider_error("openai", status, [], json.dumps(value).encode(), provider="acme")


def test_deep_nesting_is_no_exception():
    read_told(b"[" * 100_000)
