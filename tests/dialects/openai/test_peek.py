"""The quick look at a caller's body."""

import json

import pytest

from trunkline.core.dialect import Envelope
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.openai_chat import OpenAIChat

DIALECT = OpenAIChat()
HELLO = [{"role": "user", "content": "hi"}]


def body(**fields: object) -> bytes:
    return json.dumps({"model": "fast", "messages": HELLO} | fields).encode()


def test_a_small_request_is_seen():
    assert DIALECT.peek(body()) == Envelope("fast", stream=False, max_tokens=None, include_usage=False)


def test_streaming_usage_and_the_limit_are_seen():
    seen = DIALECT.peek(body(stream=True, stream_options={"include_usage": True}, max_tokens=7))
    assert seen == Envelope("fast", stream=True, max_tokens=7, include_usage=True)


def test_the_newer_name_of_the_limit_wins():
    assert DIALECT.peek(body(max_tokens=7, max_completion_tokens=9)).max_tokens == 9


def test_null_says_nothing():
    seen = DIALECT.peek(body(stream=None, stream_options=None, max_tokens=None, max_completion_tokens=None))
    assert seen == Envelope("fast")


@pytest.mark.parametrize("role", ["system", "developer", "user", "assistant", "tool", "function"])
def test_every_role_of_the_dialect_is_known(role):
    assert DIALECT.peek(body(messages=[{"role": role}])) == Envelope("fast")


def test_what_it_need_not_know_it_does_not_look_at():
    seen = DIALECT.peek(
        body(temperature="hot", tools=7, unknown=[1, {"deep": None}], messages=[{"role": "user", "content": 1}])
    )
    assert seen == Envelope("fast")


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"model": 1}, "model", "expected `str`"),
        ({"model": None}, "model", "expected `str`"),
        ({"model": ""}, "model", "1 to 256"),
        ({"model": "x" * 257}, "model", "1 to 256"),
        ({"model": "a\nb"}, "model", "printable"),
        ({"model": "a\x00"}, "model", "printable"),
        ({"stream": "yes"}, "stream", "expected `bool"),
        ({"stream": 1}, "stream", "expected `bool"),
        ({"max_tokens": 0}, "max_tokens", ">= 1"),
        ({"max_tokens": 1.5}, "max_tokens", "expected `int"),
        ({"max_completion_tokens": -1}, "max_completion_tokens", ">= 1"),
        ({"stream_options": {"include_usage": "yes"}}, "stream_options.include_usage", "expected `bool"),
        ({"stream_options": []}, "stream_options", "expected `object"),
        ({"messages": []}, "messages", "length >= 1"),
        ({"messages": None}, "messages", "expected `array`"),
        ({"messages": "hi"}, "messages", '"hi"'),
        ({"messages": ["hi"]}, "messages[0]", "expected `object`"),
        ({"messages": [*HELLO, {"content": "hi"}]}, "messages[1].role", "missing"),
        ({"messages": [*HELLO, {"role": "usr"}]}, "messages[1].role", "assistant, developer, function"),
    ],
)
def test_a_field_that_cannot_be_right_is_named_with_what_is_allowed(fields, param, words):
    with pytest.raises(InvalidRequest) as refused:
        DIALECT.peek(body(**fields))
    assert refused.value.param == param
    assert words in refused.value.message
    assert refused.value.status == 400


@pytest.mark.parametrize("missing", ["model", "messages"])
def test_a_missing_field_is_named(missing):
    fields = {"model": "fast", "messages": HELLO}
    del fields[missing]
    with pytest.raises(InvalidRequest, match=f"`{missing}` is missing"):
        DIALECT.peek(json.dumps(fields).encode())


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"   ",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"7",
        b'{"model":"fast",}',
        b'{"model":NaN}',
        b"\xff\xfe{}",
        b"model=fast",
    ],
)
def test_what_is_no_json_object_is_refused(broken):
    with pytest.raises(InvalidRequest):
        DIALECT.peek(broken)


def test_broken_utf8_in_a_field_that_is_skipped_is_refused():
    with pytest.raises(InvalidRequest, match="UTF-8"):
        DIALECT.peek(b'{"model":"fast","messages":[{"role":"user","content":"\xff"}]}')


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused_and_not_a_crash(opening):
    deep = b'{"model":"fast","messages":[{"role":"user","content":' + opening * 100_000
    with pytest.raises(InvalidRequest):
        DIALECT.peek(deep)


def test_the_last_of_two_models_counts():
    assert DIALECT.peek(b'{"model":"a","model":"b","messages":[{"role":"user"}]}').model == "b"
