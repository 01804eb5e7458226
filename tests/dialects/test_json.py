"""A caller's body opened, explained and re-addressed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import InvalidRequest
from trunkline.dialects.json import decode_object, encode, present, readdress


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The request body is empty. Send one JSON object."),
        (b" \n", "The request body is empty. Send one JSON object."),
        (b"[]", "The request body is a JSON array. Send one JSON object."),
        (b"null", "The request body is null. Send one JSON object."),
        (b'"hi"', "The request body is a JSON string. Send one JSON object."),
        (b"7", "The request body is a JSON number or boolean. Send one JSON object."),
        (b'\xef\xbb\xbf{"a":1}', "The request body starts with a byte order mark. Send UTF-8 without one."),
        (b'{"a":\n 1,}', "trailing comma in object; line 2, column 4 (byte 9). Correct it there."),
        (b'{"a":NaN}', "invalid character; line 1, column 6 (byte 5)."),
        (b'{"a"', "input data was truncated; line 1, column 5 (byte 4)."),
        (b'{"a":\n"\xff"}', "is not UTF-8: byte 0xff, line 2, column 2 (byte 7). Encode it as UTF-8."),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b'{"a":1e999}', "number out of range"),
    ],
)
def test_a_body_that_is_no_json_object_is_refused_with_the_place_and_what_to_change(body: bytes, said: str):
    with pytest.raises(InvalidRequest) as refused:
        decode_object(body)

    assert said in refused.value.message


def test_a_field_given_twice_counts_with_its_last_value():
    assert decode_object(b'{"a":1,"a":2}') == {"a": 2}


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"old","messages":[],"x":[1, 2.50 ,{"model_":1}]}',
        b' {\n "messages" : [ {"text": "\\"model\\": \\"old\\""} ],\t"model"\n:\r "old" , "z":1e2 }\n',
        b'{"a":"model","model":"o\\"l\\\\d"}',
        b'{"text":"\xc3\xa9 \\u00e9","model":""}',
    ],
)
def test_readdressing_changes_only_the_bytes_of_the_model(body: bytes):
    start = body.rindex(b'"model"') + 7
    value = body.index(b'"', start)

    sent = readdress(body, "new/model")

    assert sent.startswith(body[:value] + b'"new/model"')
    assert json.loads(sent) == {**json.loads(body), "model": "new/model"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"cheap","model":"dear"}',
        b'{"mod\\u0065l":"dear","model":"cheap"}',
        b'{"model":"cheap","mod\\u0065l":"dear"}',
        b'{"\\u006dodel":"dear"}',
        b'{"inner":{"model":"dear"},"model":"cheap"}',
        b'{"model":"cheap","inner":[{"model":"dear"}]}',
        b'{"x\\"model": "dear", "model":"cheap"}',
        b'{"model":{"model":"dear"},"model":"cheap"}',
    ],
)
def test_no_trick_with_names_sends_a_second_model(body: bytes):
    before: dict[str, Any] = json.loads(body)

    after = json.loads(readdress(body, "ours"), object_pairs_hook=list)

    assert [value for name, value in after if name == "model"] == ["ours"]
    assert {name for name, _ in after} == before.keys()


def test_a_hostile_model_name_stays_a_string():
    name = '","admin":true,"x":"\n\u2028\x00'

    assert json.loads(readdress(b'{"model":"m"}', name)) == {"model": name}


def test_fields_are_renamed_dropped_and_put_and_the_rest_stays():
    body = b'{"max_completion_tokens": 5, "logprobs":true, "model":"m", "stream_options":{"a":1}, "seed": 1.0}'

    sent = readdress(
        body,
        "n",
        rename={"max_completion_tokens": "max_tokens", "absent": "present"},
        drop=frozenset({"logprobs"}),
        put={"stream_options": b'{"include_usage":true}'},
    )

    assert json.loads(sent) == {
        "max_tokens": 5,
        "model": "n",
        "stream_options": {"include_usage": True},
        "seed": 1.0,
    }


def test_a_new_field_is_spliced_in_and_every_other_byte_stays():
    body = b' { "model" : "m" , "x":  1 }'

    sent = readdress(body, "n", rename={"a": "b"}, drop=frozenset({"c"}), put={"stream_options": b"{}"})

    assert sent == b' {"stream_options":{}, "model" : "n" , "x":  1 }'


def test_a_renamed_field_does_not_overwrite_the_one_that_has_the_new_name():
    sent = readdress(b'{"model":"m","old":1,"new":2}', "m", rename={"old": "new"})

    assert json.loads(sent) == {"model": "m", "new": 2}


def test_an_escaped_name_is_dropped_too():
    sent = readdress(b'{"model":"m","\\u006cogprobs":true}', "m", drop=frozenset({"logprobs"}))

    assert json.loads(sent) == {"model": "m"}


def test_present_names_the_fields_at_the_top_level_only():
    names = frozenset({"a", "b", "c"})

    assert present(b'{"b":1,"x":{"a":1},"\\u0063":2}', names) == ("b", "c")
    assert present(b"not even read", frozenset()) == ()


def test_what_is_nested_too_deeply_to_be_written_is_the_callers_mistake():
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]

    with pytest.raises(InvalidRequest, match="nested too deeply"):
        encode(deep)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.just("model"), inner, max_size=3),
    max_leaves=8,
)


@given(
    fields=st.dictionaries(st.sampled_from(["messages", "mödel", 'a"model', "stream", "drop", "old"]), VALUES),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    model=st.text(max_size=20),
)
def test_whatever_the_body_is_only_the_model_changes(
    fields: dict[str, Any], ascii_only: bool, indent: int | None, model: str
):
    body = json.dumps({**fields, "model": "before"}, ensure_ascii=ascii_only, indent=indent)
    if any("\ud800" <= letter <= "\udfff" for letter in body + model):
        return

    sent = readdress(body.encode(), model, rename={"old": "new"}, drop=frozenset({"drop"}), put={"put": b"1"})

    expected = {name: value for name, value in fields.items() if name not in ("drop", "old")}
    if "old" in fields:
        expected["new"] = fields["old"]
    assert json.loads(sent) == {**expected, "put": 1, "model": model}
