"""Turns of which nothing is left at a target: left out and named further back, refused where they are the question."""

import json
from typing import Any

import pytest

from tests.spoken import PROVIDED
from trunkline.core.chat import ChatRequest, Foreign, Message, Part, Text, Thought, ToolResult, ToolUse
from trunkline.core.errors import Unsupported

providers = pytest.mark.parametrize("provider", PROVIDED, ids=[one.name for one in PROVIDED])
SOUND = Foreign("nobody", {"type": "input_audio"})
HELLO, HI = Message("user", (Text("Hello."),)), Message("assistant", (Text("Hi."),))
SYSTEM = Message("system", (Text("You are terse."),))
MODEL = "claude-sonnet-4-5"


def user(*parts: Part) -> Message:
    return Message("user", parts)


def written(provider: Any, *turns: Message) -> tuple[dict[str, Any], tuple[str, ...]]:
    told = provider.write_request(ChatRequest("m", turns, max_tokens=50), MODEL)
    return json.loads(told.body), told.dropped


@providers
@pytest.mark.parametrize(
    "turns",
    [(user(SOUND),), (SYSTEM, user(SOUND)), (HELLO, HI, user(SOUND)), (HELLO, HI, user(SOUND), user(SOUND))],
    ids=["alone", "below a system prompt", "after an answer", "twice"],
)
def test_a_question_of_which_nothing_is_left_is_refused_and_another_target_may_have_it(provider: Any, turns: Any):
    with pytest.raises(Unsupported) as refused:
        written(provider, *turns)

    assert refused.value.param == "messages"
    assert refused.value.fallback


@providers
def test_a_question_of_which_words_are_left_is_asked_and_names_what_is_missing(provider: Any):
    control, nothing = written(provider, HELLO, HI, user(Text("And this?")))
    body, dropped = written(provider, HELLO, HI, user(SOUND, Text("And this?")))

    assert body == control
    assert not nothing
    assert any("input_audio" in name for name in dropped)


@providers
def test_a_question_in_two_turns_is_asked_where_one_of_them_is_left(provider: Any):
    body, dropped = written(provider, HELLO, HI, user(Text("And this?")), user(SOUND))

    assert "And this?" in json.dumps(body)
    assert dropped


@providers
def test_an_earlier_turn_of_which_nothing_is_left_is_left_out_and_named(provider: Any):
    control, _ = written(provider, HI, HELLO)
    body, dropped = written(provider, user(SOUND), HI, HELLO)

    assert body == control
    assert any("input_audio" in name for name in dropped)


@providers
def test_a_tools_result_is_a_question(provider: Any):
    call = Message("assistant", (ToolUse("call_1", "f", "{}"),))

    body, _ = written(provider, HELLO, call, user(ToolResult("call_1", (Text("sunny"),))))

    assert "sunny" in json.dumps(body)


@providers
def test_an_answer_of_sealed_thoughts_alone_is_left_out(provider: Any):
    sealed = Message("assistant", (Thought("hm", "seal", origin="nobody"),))
    control, _ = written(provider, HELLO, HELLO)
    body, dropped = written(provider, HELLO, sealed, HELLO)

    assert body == control
    assert dropped


def test_what_came_empty_goes_on_empty():
    openai = next(one for one in PROVIDED if one.name == "openai")

    body, dropped = written(openai, HELLO, Message("assistant", (Text(""),)), user(Text("")))

    assert [turn["content"] for turn in body["messages"]] == ["Hello.", "", ""]
    assert not dropped
