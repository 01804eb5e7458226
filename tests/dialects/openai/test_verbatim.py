"""The caller's own bytes for another model: only what must change does."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.dialect import Rendered
from trunkline.core.errors import InvalidRequest
from trunkline.dialects.openai_chat import OpenAIChat

PLAIN = OpenAIChat()
HELLO = [{"role": "user", "content": "hi"}]


def sent(body: bytes | dict, dialect: OpenAIChat = PLAIN, model: str = "m") -> Rendered:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return dialect.readdress(raw, dialect.peek(raw), model)


def opened(body: bytes | dict, dialect: OpenAIChat = PLAIN) -> dict:
    return json.loads(sent(body, dialect).body)


def request(**fields: object) -> dict:
    return {"model": "fast", "messages": HELLO} | fields


def test_only_the_model_changes():
    body = b'{ "vendor_field" : [1.0, 1e2] ,\n "model" : "fast", "messages":[{"role":"user","content":"\\u00e9"}]}'
    assert sent(body).body == body.replace(b'"fast"', b'"m"')


def test_a_hostile_model_name_is_escaped():
    assert json.loads(sent(request(), model='a","stream":true,"x":"').body)["model"] == 'a","stream":true,"x":"'


def test_a_model_within_a_message_stays():
    body = request(messages=[{"role": "user", "content": '{"model": "fast"}'}], metadata={"model": "fast"})
    assert opened(body) == body | {"model": "m"}


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"a","messages":[{"role":"user"}],"model":"b"}',
        b'{"mod\\u0065l":"a","messages":[{"role":"user"}]}',
        b'{"model":"a","messages":[{"role":"user"}],"mod\\u0065l":"b"}',
    ],
)
def test_no_second_or_escaped_model_slips_by(body):
    assert json.loads(sent(body).body)["model"] == "m"
    assert sent(body).body.count(b'"m"') == 1


def test_a_whole_answer_needs_no_stream_options():
    assert sent(request()) == Rendered(json.dumps(request()).replace('"fast"', '"m"').encode())


def test_a_stream_is_asked_for_usage_on_our_account_and_the_chunk_is_hidden():
    rendered = sent(request(stream=True))
    assert rendered.hide_usage
    assert json.loads(rendered.body)["stream_options"] == {"include_usage": True}


def test_a_caller_that_asked_for_usage_sees_it_and_sends_its_own_bytes():
    body = json.dumps(request(stream=True, stream_options={"include_usage": True})).encode()
    assert sent(body) == Rendered(body.replace(b'"fast"', b'"m"'))


@pytest.mark.parametrize("options", [{"include_obfuscation": False}, {"include_usage": False, "x": 1}, None, {}])
def test_stream_options_are_merged(options):
    told = opened(request(stream=True, stream_options=options))
    assert told["stream_options"] == (options or {}) | {"include_usage": True}


def test_a_provider_that_always_sends_usage_is_not_asked_and_the_chunk_is_hidden():
    rendered = sent(request(stream=True), OpenAIChat(usage_in_stream="always"))
    assert b"stream_options" not in rendered.body
    assert rendered.hide_usage


def test_a_provider_that_refuses_stream_options_gets_none():
    rendered = sent(request(stream=True, stream_options={"include_usage": True}), OpenAIChat(usage_in_stream="never"))
    assert b"stream_options" not in rendered.body
    assert rendered.dropped == ("stream_options",)


@pytest.mark.parametrize("used", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("known", ["max_tokens", "max_completion_tokens"])
def test_the_token_limit_is_said_under_the_name_the_provider_knows(used, known):
    told = opened(request(**{used: 9}), OpenAIChat(max_tokens_name=known))
    assert {name: value for name, value in told.items() if "max" in name} == {known: 9}


def test_a_provider_that_knows_both_names_gets_the_callers():
    assert opened(request(max_completion_tokens=9))["max_completion_tokens"] == 9


def test_refused_parameters_are_dropped_and_named():
    groq = OpenAIChat(drop=frozenset({"logprobs", "logit_bias"}))
    rendered = sent(request(logprobs=True, seed=1), groq)
    assert json.loads(rendered.body) == request(seed=1) | {"model": "m"}
    assert rendered.dropped == ("logprobs",)


def test_a_refused_name_inside_a_value_is_not_dropped():
    body = request(messages=[{"role": "user", "content": "x", "logprobs": 1}], metadata={"logprobs": "y"})
    rendered = sent(body, OpenAIChat(drop=frozenset({"logprobs"})))
    assert json.loads(rendered.body) == body | {"model": "m"}
    assert rendered.dropped == ()


def test_an_escaped_name_is_dropped_too():
    rendered = sent(
        b'{"model":"a","messages":[{"role":"user"}],"logprob\\u0073":true}', OpenAIChat(drop=frozenset({"logprobs"}))
    )
    assert rendered.dropped == ("logprobs",)
    assert "logprobs" not in json.loads(rendered.body)


def test_what_is_refused_while_streaming_passes_otherwise():
    groq = OpenAIChat(drop_in_streams=frozenset({"response_format"}))
    told = request(response_format={"type": "json_object"})
    assert sent(told | {"stream": True}, groq).dropped == ("response_format",)
    assert sent(told, groq).dropped == ()


def test_developer_messages_become_system_where_the_role_is_not_known():
    body = request(messages=[{"role": "developer", "content": "Be \\ brief.", "x": 1.0}, *HELLO])
    told = opened(body, OpenAIChat(developer_role=False))
    assert told["messages"] == [{"role": "system", "content": "Be \\ brief.", "x": 1.0}, *HELLO]


def test_messages_without_that_role_stay_byte_for_byte():
    body = b'{"model":"fast","messages":[ {"role" : "user","content":"I am a \\"developer\\""} ]}'
    assert sent(body, OpenAIChat(developer_role=False)).body == body.replace(b'"fast"', b'"m"')


def test_names_in_messages_are_dropped_and_named_where_they_are_refused():
    rendered = sent(request(messages=[{"role": "user", "name": "ann", "content": "hi"}]), OpenAIChat(names=False))
    assert json.loads(rendered.body)["messages"] == HELLO
    assert rendered.dropped == ("messages.name",)


def test_names_of_functions_stay():
    call = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    body = request(messages=[{"role": "assistant", "tool_calls": [call]}, *HELLO])
    rendered = sent(body, OpenAIChat(names=False))
    assert (json.loads(rendered.body), rendered.dropped) == (body | {"model": "m"}, ())


def test_a_named_tool_is_given_alone_where_a_name_is_not_taken():
    tools = [{"type": "function", "function": {"name": name}} for name in ("f", "g")]
    body = request(tools=tools, tool_choice={"type": "function", "function": {"name": "g"}})
    told = opened(body, OpenAIChat(tool_choice_object=False))
    assert (told["tool_choice"], told["tools"]) == ("any", tools[1:])


@pytest.mark.parametrize("choice", ["auto", {"type": "allowed_tools", "allowed_tools": {}}, {"function": 7}, 7])
def test_other_choices_stay(choice):
    assert opened(request(tools=[7], tool_choice=choice), OpenAIChat(tool_choice_object=False))["tool_choice"] == choice


def test_tool_ids_are_fitted_alike_in_call_and_answer():
    call = {"id": "call_1234567890", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    turns = [
        {"role": "assistant", "tool_calls": [call]},
        {"role": "assistant", "content": "x", "tool_calls": None},
        {"role": "tool", "tool_call_id": "call_1234567890", "content": "7"},
        {"role": "tool", "tool_call_id": "abcdefghi", "content": "8"},
    ]
    told = opened(request(messages=turns), OpenAIChat(tool_id_length=9))["messages"]
    fitted = told[0]["tool_calls"][0]["id"]
    assert len(fitted) == 9
    assert fitted.isalnum()
    assert [told[2]["tool_call_id"], told[3]["tool_call_id"]] == [fitted, "abcdefghi"]


def test_one_id_in_one_turn_is_fitted():
    told = opened(
        request(messages=[{"role": "tool", "tool_call_id": "x", "content": "7"}]), OpenAIChat(tool_id_length=9)
    )
    assert len(told["messages"][0]["tool_call_id"]) == 9


def test_turns_whose_ids_fit_stay_byte_for_byte():
    body = b'{"model":"fast","messages":[ {"role":"tool", "tool_call_id" : "abcdefghi","content":"7"} ]}'
    assert sent(body, OpenAIChat(tool_id_length=9)).body == body.replace(b'"fast"', b'"m"')


@pytest.mark.parametrize(
    ("turn", "param"),
    [
        ({"role": "assistant", "tool_calls": "x"}, "messages[0].tool_calls"),
        ({"role": "assistant", "tool_calls": [{"function": {"name": "f"}}]}, "messages[0].tool_calls[0].id"),
        ({"role": "tool", "tool_call_id": 7, "content": "x"}, "messages[0].tool_call_id"),
    ],
)
def test_turns_that_a_quirk_makes_us_open_are_refused_with_their_place(turn, param):
    with pytest.raises(InvalidRequest) as refused:
        sent(request(messages=[turn]), OpenAIChat(tool_id_length=9))
    assert refused.value.param == param


def test_a_field_that_no_role_has_is_refused_where_a_quirk_makes_us_open_it():
    turn = {"role": "user", "content": "hi", "tool_calls": "x"}
    with pytest.raises(InvalidRequest, match="cannot be read"):
        sent(request(messages=[turn]), OpenAIChat(tool_id_length=9))


def test_tools_that_a_quirk_makes_us_open_are_refused_with_their_place():
    body = request(tools="x", tool_choice={"type": "function", "function": {"name": "f"}})
    with pytest.raises(InvalidRequest) as refused:
        sent(body, OpenAIChat(tool_choice_object=False))
    assert refused.value.param == "tools"


QUIRKY = OpenAIChat(
    max_tokens_name="max_tokens",
    drop=frozenset({"logprobs", "n"}),
    developer_role=False,
    names=False,
    tool_choice_object=False,
    tool_id_length=9,
)
NAMES = st.sampled_from(
    ["logprobs", "n", "seed", "stream", "tools", "tool_choice", "max_tokens", "x", "stream_options"]
)
VALUES = st.none() | st.booleans() | st.integers(1, 9) | st.text(max_size=4) | st.just({"a": 1}) | st.just([{"b": "c"}])


@given(st.dictionaries(NAMES, VALUES), st.sampled_from([PLAIN, QUIRKY]), st.booleans())
def test_any_body_is_either_refused_or_keeps_every_other_field(fields, dialect, indented):
    raw = json.dumps(request(**fields), indent=1 if indented else None).encode()
    try:
        told = json.loads(dialect.readdress(raw, dialect.peek(raw), "m").body)
    except InvalidRequest:
        return
    touched = {"model", "stream_options", "max_tokens", "max_completion_tokens", "tools", "tool_choice", *QUIRKY.drop}
    assert {k: v for k, v in told.items() if k not in touched} == {
        k: v for k, v in request(**fields).items() if k not in touched
    }
    assert told["model"] == "m"


def test_a_thought_signature_goes_to_google_and_to_nobody_else():
    signed = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    signed["extra_content"] = {"google": {"thought_signature": "sig"}}
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": [signed]}]
    body = json.dumps({"model": "m", "messages": turns}).encode()

    elsewhere = OpenAIChat().readdress(body, OpenAIChat().peek(body), "other").body
    google = OpenAIChat(accept=frozenset({"extra_content"})).readdress(body, OpenAIChat().peek(body), "other").body

    (call,) = json.loads(elsewhere)["messages"][1]["tool_calls"]
    assert call == {name: value for name, value in signed.items() if name != "extra_content"}
    assert json.loads(google)["messages"] == turns
    (kept,) = OpenAIChat().parse_request(body).messages[1].parts
    assert kept.signature == "sig"
