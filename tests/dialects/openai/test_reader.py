"""A provider's stream as events."""

import pytest

from trunkline.core import errors
from trunkline.core.dialect import Frame
from trunkline.core.events import Began, Ended, Event, TextDelta, ThoughtDelta, ToolDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat import OpenAIChat

USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
BEGAN = Began("chatcmpl-1", "m", 7)


def read(*frames: Frame) -> list[Event]:
    reader = OpenAIChat().reader()
    return [event for frame in frames for event in reader.read(frame)] + reader.end()


def piece(index: int | None, tool_id: str | None = None, name: str | None = None, arguments: str | None = None) -> dict:
    told = {"index": index, "id": tool_id, "function": {"name": name, "arguments": arguments}}
    return {"tool_calls": [{key: value for key, value in told.items() if value is not None}]}


def test_a_plain_answer(chunk, frame):
    assert read(
        chunk(role="assistant", content=""),
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk("stop"),
        frame({"choices": [], "usage": USAGE}),
        frame(b"[DONE]"),
    ) == [BEGAN, TextDelta("Hel"), TextDelta("lo"), UsageSeen(Usage(input=10, output=5)), Ended("stop")]


def test_without_a_terminator_the_finish_reason_ends_it_after_the_usage(chunk, frame):
    events = read(chunk("length", content="hi"), frame({"choices": [], "usage": USAGE}))
    assert events[-2:] == [UsageSeen(Usage(input=10, output=5)), Ended("length")]


def test_a_terminator_without_finish_reason_is_a_plain_stop(chunk, frame):
    assert read(chunk(content="hi"), frame(b"[DONE]"))[-1] == Ended("stop")


def test_neither_is_a_broken_stream(chunk):
    with pytest.raises(errors.BrokenStream):
        read(chunk(content="hi"))


def test_a_terminator_alone_is_a_broken_stream(frame):
    with pytest.raises(errors.BrokenStream):
        read(frame(b"[DONE]"))


def test_after_the_end_nothing_is_read(chunk, frame):
    assert read(chunk("stop", content="hi"), frame(b"[DONE]"), chunk(content="more"), frame(b"junk"))[-1] == Ended(
        "stop"
    )


def test_keep_alives_are_nothing(chunk):
    assert read(Frame(b":\n\n", b"message", None), chunk("stop"))[0] == BEGAN


def test_azures_first_chunk_does_not_begin_the_answer(chunk, frame):
    azure = frame({"id": "", "model": "", "choices": [], "prompt_filter_results": []})
    assert read(azure, chunk("stop", content="hi"))[0] == BEGAN


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_are_read_under_both_names(chunk, field):
    assert read(chunk(**{field: "hm"}), chunk("stop", content="hi"))[1:3] == [ThoughtDelta("hm"), TextDelta("hi")]


def test_mistrals_thoughts_stand_in_the_content(chunk):
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    events = read(chunk("stop", content=[thinking, {"type": "text", "text": "hi"}, {"type": "text", "text": ""}]))
    assert events[1:3] == [ThoughtDelta("hm"), TextDelta("hi")]


def test_a_refusal_is_text_and_a_filtered_end(chunk):
    assert read(chunk(refusal="no"), chunk("stop"))[1:] == [TextDelta("no"), Ended("content_filter")]


def test_name_and_arguments_in_one_chunk(chunk):
    events = read(chunk(**piece(0, "1", "f", '{"a":1}')), chunk("tool_calls"))
    assert events[1:] == [ToolDelta(0, "1", "f", '{"a":1}'), Ended("tool_calls")]


def test_arguments_in_pieces_and_only_at_the_end(chunk):
    events = read(
        chunk(**piece(0, "1", "f", "")),
        chunk(**piece(0, arguments='{"a"')),
        chunk(**piece(0, "1", "f", ":1}")),  # some servers repeat id and name
        chunk("tool_calls"),
    )
    assert events[1:-1] == [ToolDelta(0, "1", "f"), ToolDelta(0, arguments='{"a"'), ToolDelta(0, arguments=":1}")]


def test_parallel_calls_by_index(chunk):
    events = read(
        chunk(**piece(0, "1", "f")),
        chunk(**piece(1, "2", "g")),
        chunk(**piece(0, arguments="{}")),
        chunk(**piece(1, arguments="[]")),
        chunk("tool_calls"),
    )
    assert events[1:-1] == [
        ToolDelta(0, "1", "f"),
        ToolDelta(1, "2", "g"),
        ToolDelta(0, arguments="{}"),
        ToolDelta(1, arguments="[]"),
    ]


@pytest.mark.parametrize("index", [None, 0])
def test_parallel_calls_without_an_index_or_with_one_used_twice(chunk, index):
    events = read(
        chunk(**piece(index, "1", "f", "{}")),
        chunk(**piece(index, "2", "g", "{")),
        chunk(**piece(index, arguments="}")),
        chunk("stop"),
    )
    assert events[1:] == [
        ToolDelta(0, "1", "f", "{}"),
        ToolDelta(1, "2", "g", "{"),
        ToolDelta(1, arguments="}"),
        Ended("tool_calls"),  # "stop" after calls is Ollama's and Gemini's
    ]


def test_indexes_that_do_not_start_at_zero_are_counted_from_zero(chunk):
    assert read(chunk(**piece(3, "1", "f")), chunk("stop"))[1] == ToolDelta(0, "1", "f")


def test_a_call_without_an_id_gets_one(chunk):
    assert read(chunk(**piece(0, None, "f")), chunk("stop"))[1] == ToolDelta(0, "call_chatcmpl-1_0", "f")


def test_a_call_of_nothing_is_still_a_call(chunk):
    assert read(chunk(tool_calls=[{"index": 0}]), chunk("stop"))[1] == ToolDelta(0, "call_chatcmpl-1_0", "")


def test_arguments_as_an_object_become_json_text(chunk):
    told = {"index": 0, "id": "1", "function": {"name": "f", "arguments": {"a": 1}}}
    assert read(chunk(tool_calls=[told]), chunk("stop"))[1] == ToolDelta(0, "1", "f", '{"a":1}')


def test_the_form_before_tools_is_a_call(chunk):
    events = read(
        chunk(function_call={"name": "f", "arguments": ""}),
        chunk(function_call={"arguments": "{}"}),
        chunk("function_call"),
    )
    assert events[1:] == [
        ToolDelta(0, "call_chatcmpl-1_0", "f"),
        ToolDelta(0, arguments="{}"),
        Ended("tool_calls"),
    ]


def test_a_cut_call_stays_cut(chunk):
    assert read(chunk(**piece(0, "1", "f", '{"a')), chunk("length"))[-1] == Ended("length")


def test_only_the_first_choice_is_read(chunk):
    events = read(chunk(content="a"), chunk(index=1, content="b"), chunk("stop"), chunk("length", index=1))
    assert events == [BEGAN, TextDelta("a"), Ended("stop")]


def test_usage_with_the_finish_comes_before_the_end(chunk):
    events = read(chunk("stop", content="hi", more={"usage": USAGE}))
    assert events[-2:] == [UsageSeen(Usage(input=10, output=5)), Ended("stop")]


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        ({"error": {"message": "x", "code": "server_is_overloaded"}}, errors.ModelOverloaded),
        ({"choices": [{"delta": {}, "error": {"code": 429, "message": "x"}}]}, errors.RateLimit),
        (b"{", errors.BrokenStream),
    ],
)
def test_an_error_in_the_stream_is_raised_in_its_class(chunk, frame, data, failure):
    with pytest.raises(failure):
        read(chunk(content="hi"), frame(data))
