"""A prefill: how it is put into a request, told to a provider, and taken out of an answer that repeats it."""

import json
from typing import Any

import pytest

from trunkline.core.chat import Completion, Text, ToolUse
from trunkline.core.dialect import Envelope, Frame
from trunkline.core.errors import InvalidRequest
from trunkline.core.events import Began, Ended, Event, TextDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.anthropic_messages import AnthropicMessages
from trunkline.dialects.echo import WithoutEcho, spoken_after
from trunkline.dialects.openai_chat import OpenAIChat

ASKED: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Count."}], "x": {"y": [1]}}
ENVELOPE = Envelope("m", stream=True)


def prefilled(dialect: OpenAIChat | AnthropicMessages, spent: int = 3, **more: Any) -> Any:
    body = dialect.prefilled(json.dumps({**ASKED, **more}).encode(), "one two", spent)
    return None if body is None else json.loads(body)


def claude(content: Any) -> bytes:
    """An Anthropic request that ends in a turn of the assistant's."""
    turns = [*ASKED["messages"], {"role": "assistant", "content": content}]
    return json.dumps({"model": "m", "max_tokens": 9, "messages": turns}).encode()


def test_a_prefill_is_one_message_more_and_nothing_else_changes() -> None:
    told = prefilled(OpenAIChat())
    assert told == {
        **ASKED,
        "messages": [*ASKED["messages"], {"role": "assistant", "content": "one two", "prefix": True}],
    }
    assert prefilled(AnthropicMessages())["messages"][-1] == {"role": "assistant", "content": "one two"}


def test_what_was_spent_is_taken_from_every_limit_on_tokens() -> None:
    told = prefilled(OpenAIChat(), max_tokens=10, max_completion_tokens=5)
    assert (told["max_tokens"], told["max_completion_tokens"]) == (7, 2)
    assert prefilled(AnthropicMessages(), max_tokens=4)["max_tokens"] == 1
    assert prefilled(OpenAIChat(), max_tokens=None)["max_tokens"] is None


@pytest.mark.parametrize("limit", [1, 3])
def test_where_no_token_is_left_to_write_there_is_no_prefill(limit: int) -> None:
    assert prefilled(AnthropicMessages(), max_tokens=limit) is None


@pytest.mark.parametrize("turns", [[], [{"role": "assistant", "content": "one"}]])
def test_there_is_no_prefill_after_nothing_or_after_the_callers_own(turns: list[Any]) -> None:
    assert prefilled(OpenAIChat(), messages=turns) is None


@pytest.mark.parametrize(
    ("quirk", "mark", "beside"),
    [
        ("prefix", {"prefix": True}, {}),
        ("prefix_echoed", {"prefix": True}, {}),
        ("partial", {"partial": True}, {}),
        ("last", {}, {}),
        ("continue_final_message", {}, {"continue_final_message": True, "add_generation_prompt": False}),
    ],
)
def test_each_provider_is_told_in_its_own_words(quirk: Any, mark: dict[str, bool], beside: dict[str, bool]) -> None:
    dialect = OpenAIChat(prefill=quirk)
    body = OpenAIChat().prefilled(json.dumps(ASKED).encode(), "one two", 0)
    assert body is not None
    same = dialect.readdress(body, OpenAIChat().peek(body), "n")
    message = {"role": "assistant", "content": "one two"} | mark
    assert json.loads(same.body) == {**ASKED, "model": "n", "messages": [*ASKED["messages"], message], **beside}
    claude = {
        "model": "m",
        "max_tokens": 9,
        "messages": [*ASKED["messages"], {"role": "assistant", "content": "one two"}],
    }
    translated = dialect.write_request(AnthropicMessages().parse_request(json.dumps(claude).encode()), "n")
    told = json.loads(translated.body)
    assert told["messages"][-1] == message
    assert {name: told.get(name) for name in beside} == beside
    assert same.echo == translated.echo == ("one two" if quirk == "prefix_echoed" else "")
    assert "prefill" not in translated.dropped
    assert dialect.prefills("any")


def test_a_provider_that_knows_no_prefill_gets_the_turn_and_the_caller_is_told() -> None:
    told = OpenAIChat().write_request(AnthropicMessages().parse_request(claude("{")), "n")
    assert told.dropped == ("prefill",)
    assert json.loads(told.body)["messages"][-1] == {"role": "assistant", "content": "{"}
    assert not OpenAIChat().prefills("any")


def test_a_last_turn_that_calls_a_tool_is_no_prefill() -> None:
    call = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    asked = AnthropicMessages().parse_request(claude([call]))
    told = OpenAIChat(prefill="prefix").write_request(asked, "n")
    assert "prefix" not in json.loads(told.body)["messages"][-1]
    assert told.dropped == ()


def test_an_openai_prefix_is_a_prefill_for_anthropic() -> None:
    body = OpenAIChat().prefilled(json.dumps(ASKED).encode(), "one two", 0)
    assert body is not None
    told = AnthropicMessages().write_request(OpenAIChat().parse_request(body), "claude-haiku-4-5")
    assert "messages.prefix" not in told.dropped
    assert json.loads(told.body)["messages"][-1]["role"] == "assistant"


def test_the_callers_own_bytes_stay_where_no_message_is_marked() -> None:
    body = json.dumps({**ASKED, "prefix": 1}).encode()
    told = OpenAIChat(prefill="partial").readdress(body, OpenAIChat().peek(body), "n")
    assert told.body == body.replace(b'"m"', b'"n"', 1)


def test_a_prefix_survives_another_quirk_that_rewrites_the_turns() -> None:
    turns = [{"role": "developer", "content": "Be brief."}, {"role": "assistant", "content": [], "prefix": True}]
    body = json.dumps({"model": "m", "messages": turns}).encode()
    told = OpenAIChat(prefill="partial", developer_role=False).readdress(body, OpenAIChat().peek(body), "n")
    first, last = json.loads(told.body)["messages"]
    assert first["role"] == "system"
    assert last == {"role": "assistant", "content": [], "partial": True}
    echoed = OpenAIChat(prefill="prefix_echoed").readdress(body, OpenAIChat().peek(body), "n")
    assert echoed.echo == ""  # a list is no text that an answer could begin with


def test_turns_that_are_no_turns_are_the_callers_mistake_still() -> None:
    body = b'{"model":"m","messages":7,"prefix":true}'
    with pytest.raises(InvalidRequest, match="messages"):
        OpenAIChat(prefill="partial").readdress(body, OpenAIChat().peek(body), "n")


@pytest.mark.parametrize(
    ("model", "quirk", "known"),
    [
        ("claude-haiku-4-5", None, True),
        ("claude-opus-4-6", None, False),
        ("claude-next", None, False),
        ("some-llama", None, False),
        ("some-llama", True, True),
        ("claude-haiku-4-5", False, False),
    ],
)
def test_which_models_of_anthropics_dialect_take_a_prefill(model: str, quirk: bool | None, known: bool) -> None:
    assert AnthropicMessages(prefill=quirk).prefills(model) is known


class Said:
    """A reader whose frames are events already."""

    def __init__(self, *batches: list[Event]) -> None:
        self.batches = list(batches)

    def read(self, frame: Frame) -> list[Event]:
        return self.batches.pop(0)

    def end(self) -> list[Event]:
        return [Ended("stop")]


def heard(echo: str, *texts: str) -> str:
    reader = WithoutEcho(Said(*([TextDelta(text)] for text in texts)), echo)
    frame = Frame(b"", b"", b"")
    events = [event for _ in texts for event in reader.read(frame)] + reader.end()
    assert events[-1] == Ended("stop")
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        (["one ", "two", " three"], " three"),
        (["one two three"], " three"),
        (["one two"], ""),
        (["once"], "once"),
        (["one ", "thing"], "one thing"),
        (["one"], "one"),  # it ended before the echo was whole, so it was an answer
        (["one two", "one two"], "one two"),  # only the first is an echo
    ],
)
def test_an_echo_is_taken_out_once_and_nothing_else(texts: list[str], left: str) -> None:
    assert heard("one two", *texts) == left


def test_other_events_pass_while_an_echo_is_awaited() -> None:
    seen = UsageSeen(Usage(3))
    reader = WithoutEcho(Said([Began("a", "m"), seen, TextDelta("on")]), "one")
    assert reader.read(Frame(b"", b"", b"")) == [Began("a", "m"), seen]


def test_an_echo_is_taken_out_of_a_whole_answer() -> None:
    answer = Completion("a", "m", (ToolUse("t", "f"), Text("one two three")), "stop", Usage())
    assert spoken_after(answer, "one two").text == " three"
    assert spoken_after(answer, "two").text == "one two three"
    assert spoken_after(Completion("a", "m", (), "stop", Usage()), "two").text == ""


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in events)


def chunk(**delta: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "created": 7, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}


def test_what_an_openai_caller_holds_is_read_back_and_gone_on_with_under_the_same_id() -> None:
    sent = b": keep-alive\n\n" + sse({"choices": []}, chunk(role="assistant", content=""), chunk(content="one "))
    given = OpenAIChat().given(sent + sse(chunk(content="two", refusal=None)), ENVELOPE)
    assert given is not None
    assert given.text == "one two"
    told = given.writer.write(TextDelta(" three"))
    assert json.loads(told.removeprefix(b"data: "))["id"] == "c"
    assert b"role" not in told


ODD_CHUNKS: list[Any] = [
    chunk(content="a", tool_calls=[{"index": 0}]),
    chunk(reasoning_content="hm"),
    chunk(content=["a"]),
    chunk(role="user"),
    {**chunk(content="a"), "choices": [{"index": 1, "delta": {"content": "a"}}]},
    {**chunk(content="a"), "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    {**chunk(content="a"), "choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": []}}]},
    {**chunk(content="a"), "choices": chunk()["choices"] * 2},
    {"error": {"message": "no"}},
    {"choices": 7},
    {"choices": ["a"]},
    [],
]


@pytest.mark.parametrize("odd", ODD_CHUNKS)
def test_an_openai_stream_with_more_than_text_is_not_gone_on_with(odd: Any) -> None:
    sent = sse(chunk(content="one"))
    assert OpenAIChat().given(sent, ENVELOPE) is not None
    assert OpenAIChat().given(sent + b"data: " + json.dumps(odd).encode() + b"\n\n", ENVELOPE) is None


@pytest.mark.parametrize("sent", [b"", b"data: {\n\n", b"data: [DONE]\n\n"])
def test_an_openai_stream_that_tells_nothing_is_not_gone_on_with(sent: bytes) -> None:
    assert OpenAIChat().given(sent, ENVELOPE) is None


START = {"type": "message_start", "message": {"id": "msg", "model": "m", "content": []}}
OPEN = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}


def delta(text: str, index: int = 0) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": "text_delta", "text": text}}


def test_what_an_anthropic_caller_holds_is_read_back_and_gone_on_with_in_the_same_block() -> None:
    sent = b": keep-alive\n\n" + sse(START, {"type": "ping"}, OPEN, delta("one "), delta("two"))
    given = AnthropicMessages().given(sent, ENVELOPE)
    assert given is not None
    assert given.text == "one two"
    told = given.writer.write(TextDelta(" three"))
    assert b"content_block_start" not in told
    assert json.loads(told.partition(b"data: ")[2])["index"] == 0


ODD_EVENTS: list[Any] = [
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use"}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "", "citations": [1]}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta"}},
    delta("a", 1),
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    {**START, "message": {"content": [1]}},
    {"type": "error"},
    7,
]


@pytest.mark.parametrize("odd", ODD_EVENTS)
def test_an_anthropic_stream_with_more_than_text_is_not_gone_on_with(odd: Any) -> None:
    sent = sse(START, OPEN, delta("one"))
    assert AnthropicMessages().given(sent, ENVELOPE) is not None
    assert AnthropicMessages().given(sent + b"data: " + json.dumps(odd).encode() + b"\n\n", ENVELOPE) is None


@pytest.mark.parametrize("sent", [b"", sse(START, OPEN), sse(OPEN, delta("one")), b"data: {\n\n"])
def test_an_anthropic_stream_that_tells_nothing_is_not_gone_on_with(sent: bytes) -> None:
    assert AnthropicMessages().given(sent, ENVELOPE) is None
