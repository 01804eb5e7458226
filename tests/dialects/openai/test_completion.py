"""Whole completions: seen, opened, written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from trunkline.core import errors
from trunkline.core.chat import Completion, Finish, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_chat import OpenAIChat

DIALECT = OpenAIChat()
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


def answer(message: dict | None = None, finish: str | None = "stop", **fields: object) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "hi"} | (message or {}), "finish_reason": finish}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 7, "model": "m", "choices": [choice]}
    return json.dumps(whole | {"usage": USAGE} | fields).encode()


def call(tool_id: str | None, arguments: object = "{}") -> dict:
    return {"id": tool_id, "type": "function", "function": {"name": "f", "arguments": arguments}}


def test_a_look_shows_usage_finish_and_model():
    assert DIALECT.sight(answer(finish="length")) == Sighting(Usage(input=10, output=5), "length", "m")


def test_an_answer_without_usage_or_finish_is_an_answer():
    assert DIALECT.sight(answer(finish=None, usage=None)) == Sighting(UNKNOWN_USAGE, None, "m")


def test_an_answer_opened():
    assert DIALECT.read_completion(answer()) == Completion(
        "chatcmpl-1", "m", (Text("hi"),), "stop", Usage(input=10, output=5), 7
    )


def parts(message: dict, finish: str | None = "stop") -> tuple[tuple[Part, ...], Finish]:
    opened = DIALECT.read_completion(answer(message, finish))
    return opened.parts, opened.finish


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_words_and_calls_come_in_that_order(field):
    message = {field: "hm", "content": "hi", "tool_calls": [call("1"), call("2", '{ "a":1}')]}
    assert parts(message, "tool_calls") == (
        (Thought("hm"), Text("hi"), ToolUse("1", "f"), ToolUse("2", "f", '{ "a":1}')),
        "tool_calls",
    )


def test_mistrals_thoughts_stand_in_the_content():
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    content = [thinking, {"type": "text", "text": "hi"}, {"type": "reference", "ids": [1]}, "odd", {"type": "thinking"}]
    assert parts({"content": content})[0] == (Thought("hm"), Text("hi"))


def test_calls_that_end_with_stop_still_end_with_calls():
    assert parts({"content": None, "tool_calls": [call("1")]}) == ((ToolUse("1", "f"),), "tool_calls")


def test_a_cut_call_stays_cut():
    assert parts({"tool_calls": [call("1", '{"a')]}, "length") == ((Text("hi"), ToolUse("1", "f", '{"a')), "length")


@pytest.mark.parametrize(("arguments", "expected"), [("", "{}"), (None, "{}"), ({"a": 1}, '{"a":1}')])
def test_arguments_are_json_text_whatever_came(arguments, expected):
    assert parts({"content": "", "tool_calls": [call("1", arguments)]})[0] == (ToolUse("1", "f", expected),)


def test_a_call_without_an_id_gets_one():
    tools = parts({"content": None, "tool_calls": [call(None), {"index": 1}]})[0]
    assert [tool.id for tool in tools] == ["call_chatcmpl-1_0", "call_chatcmpl-1_1"]


def test_the_form_before_tools_is_a_call():
    message = {"content": None, "function_call": {"name": "f", "arguments": '{"a":1}'}}
    assert parts(message, "function_call") == ((ToolUse("call_chatcmpl-1_0", "f", '{"a":1}'),), "tool_calls")


def test_a_refusal_is_text_and_a_filtered_end():
    assert parts({"content": None, "refusal": "no"}) == ((Text("no"),), "content_filter")


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("function_call", "tool_calls"),
        ("content_filter", "content_filter"),
        ("model_length", "context_window"),
        ("eos", "stop"),
        ("", "stop"),
        (None, "stop"),
    ],
)
def test_why_an_answer_ended(reason, finish):
    assert parts({}, reason)[1] == finish


@pytest.mark.parametrize(
    ("reason", "failure"), [("error", errors.ServerError), ("insufficient_system_resource", errors.ModelOverloaded)]
)
def test_a_finish_that_says_the_provider_failed_is_an_error(reason, failure):
    for look in (DIALECT.sight, DIALECT.read_completion):
        with pytest.raises(failure, match=reason):
            look(answer(finish=reason))


def test_only_the_first_of_several_choices_is_opened_and_the_first_finish_is_seen():
    choices = [{"index": n, "message": {"content": str(n)}, "finish_reason": f} for n, f in ((0, None), (1, "length"))]
    body = answer(choices=choices)
    assert DIALECT.read_completion(body).text == "0"
    assert DIALECT.sight(body).finish == "length"


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b"", errors.BadReply),
        (b"<html>login</html>", errors.BadReply),
        (b"[]", errors.BadReply),
        (b"7", errors.BadReply),
        (b"{}", errors.BadReply),
        (b"[" * 100_000, errors.BadReply),
        (b'{"choices":[]}', errors.BadReply),
        (b'{"choices":[],"usage":{"prompt_tokens":1}}', errors.BadReply),
        (b'{"choices":"x"}', errors.BadReply),
        (b'{"usage":{}}', errors.BadReply),
        (b'{"error":{"message":"busy","code":"server_is_overloaded"}}', errors.ModelOverloaded),
        (b'{"error":{"message":"slow","code":429}}', errors.RateLimit),
        (b'{"error":"text"}', errors.ServerError),
        (b'{"object":"error","message":"x","type":"invalid_request_error"}', errors.InvalidRequest),
        (b'{"message":"x","type":"rate_limited"}', errors.RateLimit),
        (b'{"detail":"x"}', errors.ServerError),
        (b'{"choices":[{"error":{"code":502,"message":"up"},"finish_reason":"error"}]}', errors.ServerErrorAfterUpload),
    ],
)
def test_what_is_no_answer_is_an_error_in_its_class(body, failure):
    for look in (DIALECT.sight, DIALECT.read_completion):
        with pytest.raises(errors.CallError) as refused:
            look(body)
        assert type(refused.value) is failure


def test_broken_utf8_is_replaced():
    body = answer().replace(b'"hi"', b'"h\xff"')
    assert DIALECT.read_completion(body).text == "h�"


def test_cached_tokens_are_a_bucket_of_their_own():
    usage = USAGE | {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(input=10, cache_read=60, cache_write=30, output=5)


def test_deepseeks_name_for_cached_tokens_is_read():
    assert DIALECT.sight(answer(usage=USAGE | {"prompt_cache_hit_tokens": 4})).usage == Usage(6, 4, output=5)


def test_reasoning_tokens_are_told_apart_from_the_visible_answer():
    usage = USAGE | {"completion_tokens_details": {"reasoning_tokens": 3}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(input=10, output=2, reasoning=3)


def test_reasoning_on_top_of_the_answer_is_told_by_the_total():
    usage = USAGE | {"total_tokens": 18, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(input=10, output=5, reasoning=3)


@pytest.mark.parametrize("hidden", [0, 1, 3])
def test_tokens_that_only_the_total_shows_were_spent_thinking(hidden):
    usage = DIALECT.sight(answer(usage=USAGE | {"total_tokens": 15 + hidden})).usage
    assert usage == Usage(input=10, output=5, reasoning=hidden)


@pytest.mark.parametrize("total", [None, 0, 3, 15, 16])
def test_a_total_that_does_not_fit_changes_nothing(total):
    usage = USAGE | {"total_tokens": total, "completion_tokens_details": {"reasoning_tokens": 3}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(input=10, output=2, reasoning=3)


def test_more_reasoning_than_output_is_not_believed():
    usage = USAGE | {"completion_tokens_details": {"reasoning_tokens": 99}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(input=10, reasoning=5)


def test_more_cached_tokens_than_prompt_tokens_are_not_believed():
    usage = USAGE | {"prompt_tokens_details": {"cached_tokens": 99, "cache_write_tokens": 5}}
    assert DIALECT.sight(answer(usage=usage)).usage == Usage(cache_read=10, output=5)


def test_a_told_zero_is_no_missing_usage():
    zero = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert DIALECT.sight(answer(usage=zero)).usage == Usage()


@pytest.mark.parametrize(
    "usage",
    [{}, "x", 7, [], {"prompt_tokens": -1}, {"prompt_tokens": "7"}, {"prompt_tokens": 10**12}, {"total_tokens": 7}],
)
def test_usage_that_cannot_be_read_is_unknown_and_the_answer_stands(usage):
    assert DIALECT.sight(answer(usage=usage)).usage == UNKNOWN_USAGE


COUNTS = st.integers(0, 10**6)


@given(COUNTS, COUNTS, COUNTS, COUNTS, COUNTS)
def test_buckets_survive_being_written_and_read(fresh, read, write, output, reasoning):
    usage = Usage(input=fresh, cache_read=read, cache_write=write, output=output, reasoning=reasoning)
    body = DIALECT.write_completion(Completion("1", "m", (Text("x"),), "stop", usage))
    found = DIALECT.sight(body).usage
    assert (found.total, found.prompt, found.completion) == (usage.total, usage.prompt, usage.completion)
    assert found == usage


WHOLE = Completion(
    "msg_1",
    "m",
    (Thought("hm", "sig"), Text("a"), ToolUse("1", "f", '{"a":1}'), Text("b")),
    "tool_calls",
    Usage(input=5, cache_read=3, cache_write_1h=2, output=4, reasoning=1),
    7,
)


@pytest.mark.parametrize(
    "completion",
    [
        WHOLE,
        Completion("1", "m", (), "stop", Usage()),
        Completion("1", "m", (ToolUse("1", "f"),), "tool_calls", UNKNOWN_USAGE),
    ],
)
def test_the_sdks_own_types_take_what_is_written(completion):
    taken = ChatCompletion.model_validate_json(DIALECT.write_completion(completion), strict=True)
    assert (taken.id, taken.model) == (completion.id, completion.model)


def test_an_answer_written():
    told = json.loads(DIALECT.write_completion(WHOLE))
    (choice,) = told["choices"]
    assert (told["id"], told["object"], told["created"], told["model"]) == ("msg_1", "chat.completion", 7, "m")
    assert choice["message"] == {
        "role": "assistant",
        "content": "ab",
        "refusal": None,
        "reasoning_content": "hm",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
    }
    assert (choice["finish_reason"], choice["logprobs"], choice["index"]) == ("tool_calls", None, 0)
    assert told["usage"]["prompt_tokens"] == 10
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 3
    assert told["usage"]["completion_tokens_details"]["reasoning_tokens"] == 1
    assert told["usage"]["total_tokens"] == 15


def test_calls_without_words_have_null_content_and_nothing_at_all_has_an_empty_text():
    calls = Completion("1", "m", (ToolUse("1", "f"),), "tool_calls", Usage())
    assert json.loads(DIALECT.write_completion(calls))["choices"][0]["message"]["content"] is None
    nothing = Completion("1", "m", (), "stop", Usage())
    assert json.loads(DIALECT.write_completion(nothing))["choices"][0]["message"]["content"] == ""


def test_unknown_usage_is_null_and_never_zeros():
    unknown = Completion("1", "m", (Text("x"),), "stop", UNKNOWN_USAGE)
    assert json.loads(DIALECT.write_completion(unknown))["usage"] is None


@pytest.mark.parametrize(("finish", "word"), [("context_window", "length"), ("pause", "stop"), ("stop", "stop")])
def test_ends_that_openai_has_no_word_for_take_the_nearest(finish, word):
    body = DIALECT.write_completion(Completion("1", "m", (Text("x"),), finish, Usage()))
    assert json.loads(body)["choices"][0]["finish_reason"] == word


@given(st.binary(max_size=100))
def test_no_bytes_are_ever_another_exception(body):
    with pytest.raises(errors.CallError):
        DIALECT.read_completion(body)
