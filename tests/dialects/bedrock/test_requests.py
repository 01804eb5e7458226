"""Requests as Converse takes them: botocore's model knows every field, and serializes the same JSON from it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.clients.images import PNG
from tests.dialects.bedrock.botocores import botocores_request
from trunkline.core.chat import (
    ChatRequest,
    Document,
    Foreign,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Text,
    Thought,
    Tool,
    ToolChoice,
    ToolResult,
    ToolUse,
)
from trunkline.core.errors import Unsupported
from trunkline.dialects.bedrock_converse import BedrockConverse

B = BedrockConverse()
CLAUDE, OLD, NOVA, OSS = (
    "us.anthropic.claude-opus-4-7-v1:0",
    "anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-2-lite-v1:0",
    "openai.gpt-oss-120b-1:0",
)
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
WEATHER = Tool("get_weather", "How the weather is.", SCHEMA, strict=True)
MARK = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
HELLO = Message("user", (Text("hello"),))


def written(*turns: Message, model: str = CLAUDE, **more: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The body, which botocore would have written too, and what was left out."""
    rendered = B.write_request(ChatRequest("asked", turns or (HELLO,), **more), model)
    body = json.loads(rendered.body)
    told = botocores_request(model, body, stream=more.get("stream", False))
    assert json.loads(told["body"]) == body
    assert "/model" + rendered.path == told["url_path"]
    return body, rendered.dropped


def user(*parts: Any) -> Message:
    return Message("user", parts)


def test_a_conversation_with_everything_in_it_is_what_botocore_would_send():
    call = ToolUse("tooluse_1", "get_weather", '{"city":"Paris"}')
    other = ToolUse("tooluse_2", "get_weather", '{"city":"Rome"}', cache=MARK)
    turns = (
        Message("system", (Text("Be terse.", cache=HOUR),)),
        user(Text("Look."), Image(data=PNG, media_type="image/png", cache=MARK)),
        Message("assistant", (Thought("hm", "c2ln", origin="bedrock"), Text("I ask."), call, other)),
        user(
            Text("And?"),
            ToolResult("tooluse_1", (Text("sunny"), Image(data=PNG, media_type="image/jpeg"))),
            ToolResult("tooluse_2", is_error=True),
        ),
    )
    body, dropped = written(
        *turns,
        tools=(WEATHER, Tool("other", cache=MARK)),
        tool_choice=ToolChoice("auto"),
        output=OutputFormat("schema", SCHEMA, "city", "a city"),
        reasoning=Reasoning("high"),
        max_tokens=9000,
        stop=("END", " "),
        service_tier="flex",
        stream=True,
    )

    assert dropped == ("stop",)
    assert body["system"] == [{"text": "Be terse."}, {"cachePoint": {"type": "default", "ttl": "1h"}}]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    asked, answered, results = (turn["content"] for turn in body["messages"])
    assert asked[1:] == [
        {"image": {"format": "png", "source": {"bytes": PNG}}},
        {"cachePoint": {"type": "default"}},
    ]
    assert answered[0] == {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}}
    assert answered[2]["toolUse"] == {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Paris"}}
    assert "cachePoint" in answered[4]
    assert [next(iter(block)) for block in results] == ["toolResult", "toolResult", "text"]
    assert results[0]["toolResult"]["content"][1]["image"]["format"] == "jpeg"
    assert results[1]["toolResult"] == {
        "toolUseId": "tooluse_2",
        "content": [{"text": "error"}],
        "status": "error",
    }
    assert body["inferenceConfig"] == {"maxTokens": 9000, "stopSequences": ["END"]}
    assert body["toolConfig"]["toolChoice"] == {"auto": {}}
    assert "cachePoint" in body["toolConfig"]["tools"][2]
    told = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]
    assert (json.loads(told["schema"]), told["name"], told["description"]) == (SCHEMA, "city", "a city")
    assert body["outputConfig"]["effort"] == "high"
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "adaptive"}}
    assert body["serviceTier"] == {"type": "flex"}


@pytest.mark.parametrize(
    ("model", "fields", "dropped"),
    [
        (OLD, {"thinking": {"type": "enabled", "budget_tokens": 4096}}, ()),
        (CLAUDE, {"thinking": {"type": "adaptive"}}, ()),
        (NOVA, {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}, ()),
        (OSS, {"reasoning_effort": "low"}, ()),
        ("meta.llama3-70b-instruct-v1:0", None, ("reasoning_effort",)),
    ],
)
def test_each_family_is_told_to_think_in_its_own_way(model: str, fields: Any, dropped: tuple[str, ...]):
    body, left_out = written(model=model, reasoning=Reasoning("low"), max_tokens=20_000)

    assert body.get("additionalModelRequestFields") == fields
    assert left_out == dropped


def test_no_family_is_told_to_think_where_nobody_asked_or_where_it_shall_not():
    for model in (OLD, NOVA, OSS):
        assert "additionalModelRequestFields" not in written(model=model)[0]
        assert written(model=model, reasoning=Reasoning("none")) == written(model=model)


def test_sampling_is_left_out_where_the_model_refuses_it():
    asked = {"temperature": 0.5, "top_p": 0.9, "top_k": 5}

    assert written(model=CLAUDE, **asked)[1] == ("temperature", "top_p", "top_k")
    old, dropped = written(model=OLD, **asked)
    assert (old["inferenceConfig"], old["additionalModelRequestFields"]) == ({"temperature": 0.5}, {"top_k": 5})
    assert dropped == ("top_p",)
    nova, dropped = written(model=NOVA, **asked)
    assert nova["inferenceConfig"] == {"temperature": 0.5, "topP": 0.9}
    assert nova["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 5}}
    assert dropped == ()
    assert written(model=OSS, top_k=5, temperature=1.5)[1] == ("temperature", "top_k")


def test_what_converse_has_no_word_for_is_named():
    _, dropped = written(
        Message("user", (Text("hi"), Foreign("openai", {"type": "input_audio"})), name="Ann"),
        parallel_tools=False,
        tools=(WEATHER,),
        output=OutputFormat("json"),
        seed=1,
        frequency_penalty=0.5,
        presence_penalty=0.0,
        user="ann",
        service_tier="scale",
        extra={"logit_bias": {}, "guardrailConfig": {"guardrailIdentifier": "g", "guardrailVersion": "1"}},
    )

    assert set(dropped) == {
        *("messages.name", "input_audio", "parallel_tool_calls", "response_format", "seed"),
        *("frequency_penalty", "user", "service_tier", "logit_bias"),
    }


def test_bedrocks_own_fields_travel_whatever_the_callers_dialect_is():
    guard = {"guardrailIdentifier": "abc", "guardrailVersion": "1"}
    extra = {"guardrailConfig": guard, "additionalModelRequestFields": {"thinking": {"type": "disabled"}, "x": 1}}
    body, dropped = written(extra=extra, reasoning=Reasoning("low"))

    assert (body["guardrailConfig"], dropped) == (guard, ())
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "disabled"}, "x": 1}  # the caller knows better


def test_tools_that_no_turn_speaks_of_are_withheld_where_none_may_be_called():
    forbidden = {"tools": (WEATHER,), "tool_choice": ToolChoice("none")}
    spoken = (HELLO, Message("assistant", (ToolUse("a", "get_weather"),)), user(ToolResult("a", (Text("ok"),))))

    body, dropped = written(**forbidden)
    assert ("toolConfig" in body, dropped) == (False, ())
    body, dropped = written(*spoken, **forbidden)  # without its tools such a conversation is a 400
    assert ("toolConfig" in body, dropped) == (True, ("tool_choice",))
    assert written(tool_choice=ToolChoice("any"))[1] == ("tool_choice",)
    for mode, told in (("any", {"any": {}}), ("tool", {"tool": {"name": "get_weather"}})):
        choice = ToolChoice(mode, "get_weather")  # type: ignore[arg-type]
        assert written(tools=(WEATHER,), tool_choice=choice)[0]["toolConfig"]["toolChoice"] == told


def test_files_have_names_that_are_taken_and_each_its_own():
    pdf, text = Document(data="JVBERi0=", name="Büro/Q1.v1.pdf"), Document(text="words", name="Büro/Q1.v2.txt")
    body, dropped = written(
        user(pdf, text, Document(data="eA==", media_type="text/csv"), Document(url="s3://bucket/a.docx")),
        Message("assistant", (Text("seen"),)),
        user(Text("more"), Document(url="https://example.com/x.pdf"), Document(data="eA==", media_type="x/y")),
    )

    blocks = body["messages"][0]["content"]
    assert [block["document"]["name"] for block in blocks[:4]] == [
        "B ro Q1 v1",
        "B ro Q1 v2",
        "document",
        "document (2)",
    ]
    assert [block["document"]["format"] for block in blocks[:4]] == ["pdf", "txt", "csv", "docx"]
    assert blocks[3]["document"]["source"] == {"s3Location": {"uri": "s3://bucket/a.docx"}}
    assert blocks[4] == {"text": "B ro Q1 v1"}  # a turn of files alone is refused
    assert dropped == ("document",)


def test_pictures_elsewhere_than_in_s3_cannot_be_sent():
    away, bmp = Image(url="https://example.com/a.png"), Image(data="eA==", media_type="image/bmp")

    body, dropped = written(user(Text("look"), away, bmp, Image(url="s3://bucket/a.jpg")))

    assert dropped == ("image",)
    assert body["messages"][0]["content"][1]["image"] == {
        "format": "jpeg",
        "source": {"s3Location": {"uri": "s3://bucket/a.jpg"}},
    }


def test_thoughts_go_back_only_where_they_mean_something():
    thoughts = (
        Thought("claudes", "sig", origin="anthropic"),
        Thought(redacted="c2VhbGVk", origin="bedrock"),
        Thought("unsigned", origin="bedrock"),
        Thought("googles", "sig", origin="gemini"),
    )
    turns = (HELLO, Message("assistant", (*thoughts, Text("so"))), user(Text("and?")))

    body, dropped = written(*turns, model=CLAUDE)
    assert [next(iter(block)) for block in body["messages"][1]["content"]] == ["reasoningContent"] * 2 + ["text"]
    assert body["messages"][1]["content"][1] == {"reasoningContent": {"redactedContent": "c2VhbGVk"}}
    assert dropped == ("thought",)
    body, _ = written(*turns, model=NOVA)
    assert [next(iter(block)) for block in body["messages"][1]["content"]] == ["reasoningContent", "text"]


def test_ids_of_calls_that_are_not_taken_are_replaced_the_same_way_in_call_and_result():
    odd = "call|1/" + "é" * 80
    turns = (HELLO, Message("assistant", (ToolUse(odd, "f"),)), user(ToolResult(odd, (Text("ok"),))))

    body, _ = written(*turns, tools=(Tool("f"),))

    call, result = body["messages"][1]["content"][0]["toolUse"], body["messages"][2]["content"][0]["toolResult"]
    assert call["toolUseId"] == result["toolUseId"] != odd


def test_cache_marks_are_named_where_the_model_takes_none():
    body, dropped = written(user(Text("a", cache=MARK)), tools=(Tool("f", cache=MARK),), model=NOVA)
    assert (len(body["toolConfig"]["tools"]), len(body["messages"][0]["content"])) == (1, 2)
    assert dropped == ("cache_control",)
    assert written(user(Text("a", cache=MARK)), model=OSS)[1] == ("cache_control",)


def test_a_system_prompt_alone_is_asked_as_a_turn_and_nothing_at_all_is_refused():
    body, _ = written(Message("system", (Text("Say hi."),)))
    assert body["messages"] == [{"role": "user", "content": [{"text": "Say hi."}]}]
    for turn in (Message("user", (Text("  "),)), Message("user", ())):
        with pytest.raises(Unsupported, match="No message holds anything"):
            B.write_request(ChatRequest("m", (turn,)), CLAUDE)


def test_results_stand_first_however_many_turns_of_the_users_are_joined_and_cache_points_stay_behind_their_own():
    call = Message("assistant", (ToolUse("a", "f"),))
    result = ToolResult("a", (Text("ok"),), cache=MARK)

    body, _ = written(HELLO, call, user(Text("wait", cache=HOUR)), user(result, Text("so?")), tools=(Tool("f"),))

    content = body["messages"][2]["content"]
    assert [next(iter(block)) for block in content] == ["toolResult", "cachePoint", "text", "cachePoint", "text"]
    assert content[1]["cachePoint"] == {"type": "default"}


def test_what_a_system_prompt_cannot_hold_is_named():
    body, dropped = written(Message("system", (Text("a"), Image(data=PNG, media_type="image/png"))), HELLO)

    assert (body["system"], dropped) == ([{"text": "a"}], ("system",))


def test_broken_arguments_are_refused_and_a_prefill_ends_without_blanks():
    with pytest.raises(Unsupported, match="no JSON object"):
        B.write_request(ChatRequest("m", (HELLO, Message("assistant", (ToolUse("a", "f", "[1]"),)))), CLAUDE)
    body, _ = written(HELLO, Message("assistant", (Text("It is "),)))
    assert body["messages"][1]["content"] == [{"text": "It is"}]


def test_a_provider_may_refuse_a_field_and_name_the_family_behind_an_arn():
    arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc"
    quirky = BedrockConverse(drop=frozenset({"serviceTier"}), family="nova")

    rendered = quirky.write_request(ChatRequest("m", (HELLO,), reasoning=Reasoning("max"), service_tier="flex"), arn)

    assert rendered.dropped == ("serviceTier",)
    assert json.loads(rendered.body)["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "high"
    assert rendered.path == f"/{arn.replace(':', '%3A').replace('/', '%2F')}/converse"
    assert quirky.write_request(ChatRequest("m", (HELLO,), top_k=1), OLD).body != b""


@pytest.mark.parametrize("model", ["", ".", "..", "a" * 2049])
def test_what_is_no_id_of_a_model_is_no_part_of_a_path(model: str):
    with pytest.raises(Unsupported, match="no id of a model"):
        B.write_request(ChatRequest("m", (HELLO,)), model)


@given(st.text(min_size=1, max_size=60).filter(lambda text: bool(text.strip("."))))
def test_any_other_id_is_the_one_segment_that_botocore_makes_of_it(model: str):
    rendered = B.write_request(ChatRequest("m", (HELLO,)), model)

    assert "/model" + rendered.path == botocores_request(model, json.loads(rendered.body))["url_path"]
    assert rendered.path.count("/") == 2


PARTS = st.one_of(
    st.builds(Text, st.text(max_size=20), st.sampled_from([None, MARK, HOUR])),
    st.builds(Image, data=st.just(PNG), media_type=st.sampled_from(["image/png", "image/tiff", None])),
    st.builds(Document, text=st.text(max_size=9), name=st.none() | st.text(max_size=9)),
    st.builds(ToolUse, st.text(max_size=70), st.just("f"), st.sampled_from(["", "{}", '{"a":[1.5,null]}'])),
    st.builds(ToolResult, st.text(max_size=70), st.just((Text("r"),)) | st.just(()), st.booleans()),
    st.builds(Thought, st.text(max_size=5), st.none() | st.just("c2ln"), origin=st.sampled_from(["bedrock", "gemini"])),
)
TURNS = st.lists(
    st.builds(Message, st.sampled_from(["system", "user", "assistant"]), st.lists(PARTS, max_size=4).map(tuple)),
    max_size=5,
).map(tuple)


@given(TURNS, st.sampled_from([CLAUDE, OLD, NOVA, OSS]), st.booleans())
def test_whatever_is_asked_botocores_model_knows_every_field_of_it(turns: Any, model: str, stream: bool):
    try:
        body, _ = written(*turns, HELLO, model=model, tools=(WEATHER,), stream=stream)
    except Unsupported:
        return
    names = [b["document"]["name"] for turn in body["messages"] for b in turn["content"] if "document" in b]
    assert len(names) == len(set(names))
    assert all(one["role"] != other["role"] for one, other in zip(body["messages"], body["messages"][1:], strict=False))
