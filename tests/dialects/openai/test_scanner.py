"""The look at streams that are handed on verbatim."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core import errors
from trunkline.core.dialect import Frame
from trunkline.core.usage import UNKNOWN_USAGE, Usage
from trunkline.dialects.openai_chat import OpenAIChat

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}


@pytest.fixture
def scanner():
    return OpenAIChat().scanner()


@pytest.mark.parametrize(
    "delta",
    [
        {"content": "hi"},
        {"content": " "},
        {"reasoning_content": "hm"},
        {"reasoning": "hm"},
        {"refusal": "no"},
        {"content": "", "reasoning_content": "hm"},
        {"tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0}]},
        {"function_call": {"name": "f"}},
        {"audio": {"data": "aGk="}},
        {"content": [{"type": "text", "text": "hi"}]},
    ],
)
def test_words_thoughts_and_calls_are_content(scanner, chunk, delta):
    assert scanner.scan(chunk(**delta))
    assert scanner.written > 0


@pytest.mark.parametrize(
    "delta",
    [{}, {"role": "assistant"}, {"content": ""}, {"content": None}, {"tool_calls": []}, {"reasoning": ""}, {"x": 1}],
)
def test_a_role_an_empty_text_and_null_are_not_content(scanner, chunk, delta):
    assert not scanner.scan(chunk(**delta))


def test_a_keep_alive_is_nothing(scanner):
    assert not scanner.scan(Frame(b": hi\n\n", b"message", None))


@pytest.mark.parametrize(
    "data",
    [
        {"id": "", "choices": [], "prompt_filter_results": []},  # Azure's first
        {"choices": None},
        {"type": "unknown", "x": 1},
        {"choices": [{"index": 0}]},
        {"choices": [{"index": 0, "delta": None}]},
    ],
)
def test_chunks_without_an_answer_are_nothing(scanner, frame, data):
    assert not scanner.scan(frame(data))
    assert (scanner.usage, scanner.finish, scanner.done) == (UNKNOWN_USAGE, None, False)


def test_written_counts_characters(scanner, chunk):
    for delta in ({"content": "héllo"}, {"reasoning_content": "hm"}, {"content": ""}):
        scanner.scan(chunk(**delta))
    assert scanner.written == 7


def test_the_model_is_the_one_that_answers(scanner, chunk):
    scanner.scan(chunk(content="hi"))
    assert scanner.model == "m"


def test_an_answer_ends_with_its_terminator(scanner, chunk, frame):
    scanner.scan(chunk(content="hi"))
    scanner.scan(chunk("stop"))
    assert (scanner.finish, scanner.done) == ("stop", False)
    assert not scanner.scan(frame(b"[DONE]"))
    assert scanner.done
    scanner.end()


def test_after_the_terminator_nothing_is_looked_at(scanner, chunk, frame):
    scanner.scan(chunk("stop", content="hi"))
    scanner.scan(frame(b"[DONE]"))
    assert not scanner.scan(frame(b"not json"))
    assert not scanner.scan(chunk(content="hi"))


def test_a_finish_reason_without_terminator_is_an_end(scanner, chunk):
    scanner.scan(chunk("length", content="hi"))
    scanner.end()
    assert (scanner.finish, scanner.done) == ("length", False)


def test_a_terminator_without_finish_reason_is_an_end(scanner, chunk, frame):
    scanner.scan(chunk(content="hi"))
    scanner.scan(frame(b"[DONE]"))
    scanner.end()
    assert scanner.finish is None


def test_neither_is_a_broken_stream(scanner, chunk):
    scanner.scan(chunk(content="hi"))
    with pytest.raises(errors.BrokenStream, match="finish_reason"):
        scanner.end()


def test_a_terminator_alone_is_a_broken_stream(scanner, frame):
    with pytest.raises(errors.BrokenStream, match="before any chunk"):
        scanner.scan(frame(b"[DONE]"))


def test_the_first_finish_reason_counts(scanner, chunk):
    scanner.scan(chunk("tool_calls"))
    scanner.scan(chunk("stop"))
    assert scanner.finish == "tool_calls"


def test_the_last_usage_counts(scanner, chunk, frame):
    scanner.scan(chunk(content="hi", more={"usage": USAGE | {"completion_tokens": 1}}))
    scanner.scan(frame({"choices": [], "usage": USAGE}))
    assert scanner.usage == Usage(input=10, output=5)


def test_null_usage_in_every_other_chunk_forgets_nothing(scanner, chunk, frame):
    scanner.scan(frame({"choices": [], "usage": USAGE}))
    scanner.scan(chunk(content="hi", more={"usage": None}))
    assert scanner.usage == Usage(input=10, output=5)


def test_only_a_chunk_of_usage_and_no_choice_can_be_hidden(scanner, chunk, frame):
    shown = {}
    for name, one in {
        "usage": frame({"choices": [], "usage": USAGE}),
        "both": chunk("stop", more={"usage": USAGE}),
        "empty": frame({"choices": [], "usage": None}),
        "comment": Frame(b":\n\n", b"message", None),
        "done": frame(b"[DONE]"),
    }.items():
        scanner.scan(one)
        shown[name] = scanner.usage_only(one)
    assert shown == {"usage": True, "both": False, "empty": False, "comment": False, "done": False}


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        ({"error": {"message": "busy", "type": "overloaded_error"}}, errors.ModelOverloaded),
        ({"error": {"message": "slow", "code": 429}, "choices": [{"delta": {}}]}, errors.RateLimit),
        ({"error": "text"}, errors.ServerError),
        ({"object": "error", "message": "x", "code": 400}, errors.InvalidRequest),
        ({"message": "x", "type": "service_unavailable"}, errors.ModelOverloaded),
        ({"detail": "x"}, errors.ServerError),
        ({"choices": [{"delta": {}, "error": {"code": 502, "message": "x"}}]}, errors.ServerErrorAfterUpload),
        ({"choices": [{"delta": {}, "finish_reason": "error"}]}, errors.ServerError),
    ],
)
def test_an_error_in_the_stream_is_raised_in_its_class(scanner, frame, data, failure):
    with pytest.raises(errors.CallError) as refused:
        scanner.scan(frame(data))
    assert type(refused.value) is failure


def test_an_event_named_error_is_an_error_whatever_it_holds(scanner, frame):
    with pytest.raises(errors.ServerError):
        scanner.scan(frame({"x": 1}, b"error"))


def test_a_null_error_is_none(scanner, chunk):
    assert scanner.scan(chunk(content="hi", more={"error": None}))


@pytest.mark.parametrize("data", [b"{", b"", b"7", b"[]", b'{"choices":{}}', b'{"choices":[7]}', b"[" * 100_000])
def test_what_cannot_be_read_breaks_the_stream_and_is_never_skipped(scanner, frame, data):
    with pytest.raises(errors.BrokenStream):
        scanner.scan(frame(data))


def test_broken_utf8_does_not_break_the_stream(scanner, frame):
    assert scanner.scan(frame(b'{"choices":[{"delta":{"content":"\xff"}}]}'))


@given(st.binary(max_size=80))
def test_no_frame_is_ever_another_exception(data):
    with suppress(errors.CallError):
        OpenAIChat().scanner().scan(Frame(b"", b"message", data))
