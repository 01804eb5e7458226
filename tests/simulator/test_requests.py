"""Requests that the vendors' APIs refuse, refused in the vendors' words."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulator import anthropic_request, openai_request
from trunkline.simulator.refusals import Refused

HI = [{"role": "user", "content": "Hi"}]
CALL = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f"}}],
}
USE = {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "f", "input": {}}]}
RESULT = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "ok"}]}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)
NAMES = st.sampled_from(
    ["model", "messages", "stream", "max_tokens", "tools", "tool_choice", "stop", "n", "thinking", "system"]
)


def openai_refusal(body: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as caught:
        openai_request.read_request(body if isinstance(body, bytes) else json.dumps(body).encode(), "")
    assert caught.value.refusal.status == 400
    error: dict[str, Any] = caught.value.refusal.body["error"]
    return error


def anthropic_refusal(body: Any, version: str | None = "2023-06-01") -> str:
    with pytest.raises(Refused) as caught:
        anthropic_request.read_request(body if isinstance(body, bytes) else json.dumps(body).encode(), "", version)
    assert caught.value.refusal.status == 400
    return str(caught.value.refusal.body["error"]["message"])


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes):
    assert "JSON" in openai_refusal(body)["message"]
    assert "JSON" in anthropic_refusal(body)


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({"model": "m"}, "messages", "missing_required_parameter"),
        ({"messages": HI}, "model", "missing_required_parameter"),
        ({"model": "m", "messages": []}, "messages", "empty_array"),
        ({"model": "m", "messages": "Hi"}, "messages", "invalid_type"),
        ({"model": "m", "messages": [{"role": "robot", "content": "Hi"}]}, "messages[0].role", "invalid_value"),
        ({"model": "m", "messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        ({"model": "m", "messages": [{"role": "user"}]}, "messages.[0].content", None),
        ({"model": "m", "messages": HI, "max_tokens": "5"}, "max_tokens", "invalid_type"),
        ({"model": "m", "messages": HI, "max_tokens": 0}, "max_tokens", "integer_below_min_value"),
        ({"model": "m", "messages": HI, "temperature": 2.5}, "temperature", "decimal_above_max_value"),
        ({"model": "m", "messages": HI, "n": 1000}, "n", "integer_above_max_value"),
        ({"model": "m", "messages": HI, "stream_options": {"include_usage": True}}, "stream_options", None),
        ({"model": "m", "messages": HI, "tool_choice": "required"}, "tool_choice", None),
        (
            {"model": "m", "messages": [{"role": "tool", "tool_call_id": "c1", "content": "ok"}]},
            "messages.[0].role",
            None,
        ),
        ({"model": "m", "messages": [CALL, *HI]}, "messages.[1].role", None),
        (
            {"model": "m", "messages": HI, "response_format": {"type": "json_schema"}},
            "response_format.json_schema",
            "missing_required_parameter",
        ),
    ],
)
def test_openai_refuses(body: dict[str, Any], param: str, code: str | None):
    error = openai_refusal(body)

    assert (error["param"], error["code"]) == (param, code)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"model": "m", "max_tokens": 5}, "messages: Field required"),
        ({"model": "m", "messages": HI}, "max_tokens: Field required"),
        ({"messages": HI, "max_tokens": 5}, "model: Field required"),
        ({"model": "m", "messages": HI, "max_tokens": 0}, "max_tokens: must be greater"),
        ({"model": "m", "messages": HI, "max_tokens": "5"}, "max_tokens: Input should be a valid int"),
        ({"model": "m", "messages": [], "max_tokens": 5}, "messages: at least one message is required"),
        ({"model": "m", "messages": [{"role": "system", "content": "x"}], "max_tokens": 5}, "top-level `system`"),
        ({"model": "m", "messages": [{"role": "user", "content": ""}], "max_tokens": 5}, "non-empty content"),
        ({"model": "m", "messages": [RESULT], "max_tokens": 5}, "unexpected `tool_use_id`"),
        ({"model": "m", "messages": [*HI, USE, *HI], "max_tokens": 5}, "without `tool_result` blocks"),
        ({"model": "m", "messages": HI, "max_tokens": 5, "temperature": 1.5}, "temperature: range: 0..1"),
        ({"model": "m", "messages": HI, "max_tokens": 5, "tool_choice": {"type": "any"}}, "while providing `tools`"),
        ({"model": "m", "messages": HI, "max_tokens": 5, "thinking": {"type": "enabled", "budget_tokens": 9}}, "1024"),
        (
            {"model": "m", "messages": HI, "max_tokens": 1024, "thinking": {"type": "enabled", "budget_tokens": 1024}},
            "greater than",
        ),
        (
            {"model": "m", "messages": [{"role": "user", "content": [{"type": "text"}]}, RESULT], "max_tokens": 5},
            "non-empty",
        ),
    ],
)
def test_anthropic_refuses(body: dict[str, Any], said: str):
    assert said in anthropic_refusal(body)


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_the_new_anthropic_version_has_no_sampling_parameters(name: str):
    body = {"model": "m", "messages": HI, "max_tokens": 5, name: 1}

    assert anthropic_refusal(body, "2026-10-21") == f"{name}: Extra inputs are not permitted"
    assert anthropic_request.read_request(json.dumps(body).encode(), "", "2023-06-01").max_tokens == 5


def test_anthropic_wants_its_version_header():
    assert anthropic_refusal({}, None) == "anthropic-version: header is required"


def test_answered_tool_calls_are_accepted_in_both_dialects():
    tool = {"role": "tool", "tool_call_id": "c1", "content": "ok"}
    openai = openai_request.read_request(json.dumps({"model": "m", "messages": [*HI, CALL, tool]}).encode(), "")
    body = {"model": "m", "messages": [*HI, USE, RESULT], "max_tokens": 5}
    anthropic = anthropic_request.read_request(json.dumps(body).encode(), "", "2023-06-01")

    assert (openai.tool_result, openai.prompt) == ("ok", "Hi")
    assert (anthropic.tool_result, anthropic.prompt) == ("ok", "Hi")


def test_unknown_fields_are_ignored():
    body = {
        "model": "m",
        "messages": HI,
        "max_tokens": 5,
        "context_management": {"edits": []},
        "metadata": {"user_id": "x"},
    }

    assert anthropic_request.read_request(json.dumps(body).encode(), "", "2023-06-01").model == "m"


@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_object_is_read_or_refused(body: dict[str, Any]):
    data = json.dumps(body).encode()
    outcomes: list[Any] = []
    try:
        outcomes.append(openai_request.read_request(data, "").model)
    except Refused as refused:
        outcomes.append(refused.refusal.status)
    try:
        outcomes.append(anthropic_request.read_request(data, "", "2026-10-21").model)
    except Refused as refused:
        outcomes.append(refused.refusal.status)

    assert all(outcome in (400, body.get("model")) for outcome in outcomes)


@pytest.mark.parametrize("depth", [50, 300, 900, 5000])
async def test_deep_nesting_is_answered_or_refused_but_breaks_nothing(caller: Any, depth: int):
    schema = b'{"type":"array","items":' * depth + b"{}" + b"}" * depth
    result = b'[{"type":"tool_result","tool_use_id":"x","content":' * depth + b'"x"' + b"}]" * depth
    tools = b'"tools":[{"name":"f","input_schema":' + schema + b'}],"tool_choice":{"type":"any"},'
    head = b'{"model":"sim-free","max_tokens":5,'
    hi = b'"messages":[{"role":"user","content":"Hi"}]}'
    version = "anthropic-version: 2023-06-01"

    deep_turn = head + b'"messages":[{"role":"user","content":' + result + b"}]}"
    first = await caller.send(caller.request("/free/v1/messages", deep_turn, version))
    second = await caller.send(caller.request("/free/v1/messages", head + tools + hi, version))

    assert first.status == 400
    assert second.status in {200, 400}
