"""Gemini's generateContent, the corners: what servers send besides the usual, what callers send in either spelling."""

import json
from base64 import b64decode
from typing import Any

import pytest

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
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    BrokenStream,
    ContextLengthExceeded,
    InvalidRequest,
    ModelOverloaded,
    RateLimit,
    Unsupported,
)
from trunkline.core.events import Began, Ended, TextDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.gemini import Gemini, addressed
from trunkline.dialects.sse import Frames

G = Gemini()
TOO_LONG = "exceeds the maximum number of tokens allowed"


def chunk(*parts: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    return {"candidates": [candidate | ({"finishReason": finish} if finish else {})], "responseId": "r", **more}


def read(*chunks: dict[str, Any]) -> list[Any]:
    reader, data = G.reader(), b"".join(b"data: %b\n\n" % json.dumps(one).encode() for one in chunks)
    return [event for frame in Frames().feed(data) for event in reader.read(frame)] + reader.end()


def sight(body: dict[str, Any]) -> Any:
    return G.sight(json.dumps(body).encode())


def test_thoughts_are_counted_beside_the_answer_and_cached_tokens_inside_the_prompt():
    told = {"promptTokenCount": 10, "cachedContentTokenCount": 4, "candidatesTokenCount": 5, "thoughtsTokenCount": 7}

    seen = sight(chunk({"text": "x"}, finish="STOP", usageMetadata={**told, "toolUsePromptTokenCount": 2}))

    assert seen.usage == Usage(input=8, cache_read=4, output=5, reasoning=7)


def test_usage_before_the_end_is_no_bill():
    scanner = G.scanner()
    first = chunk({"text": "x"}, usageMetadata={"promptTokenCount": 10})
    (frame,) = Frames().feed(b"data: %b\n\n" % json.dumps(first).encode())

    assert scanner.scan(frame)
    assert scanner.usage.source == "unknown"
    with pytest.raises(BrokenStream):
        scanner.end()


def test_a_blocked_prompt_is_an_answer_without_a_word():
    body = {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}}

    assert sight(body).finish == "content_filter"
    assert G.read_completion(json.dumps(body).encode()).parts == ()
    assert read(body) == [Began("", ""), UsageSeen(Usage(input=3)), Ended("content_filter")]


@pytest.mark.parametrize("reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
def test_an_answer_that_could_not_be_told_is_none_unless_something_was_written(reason: str):
    with pytest.raises(BadReply, match=reason):
        sight(chunk(finish=reason))
    assert sight(chunk({"text": "half"}, finish=reason)).finish == "stop"


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"candidates":[]}', b'{"candidates":5}'])
def test_what_is_no_answer_is_none(body: bytes):
    with pytest.raises(BadReply):
        G.sight(body)


def test_a_call_without_an_id_gets_one_and_its_signature_is_kept():
    part = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
    body = chunk(part, {"functionCall": {"name": "g"}}, finish="STOP")

    first, second = G.read_completion(json.dumps(body).encode()).tool_calls

    assert (first.id, first.arguments, first.signature) == ("call_r_0", '{"a": 1}', "c2ln")
    assert (second.id, second.arguments) == ("call_r_1", "{}")
    assert read(body)[-1] == Ended("tool_calls")


def test_pictures_and_code_in_an_answer_stay_whole_for_its_own_callers():
    body = json.dumps(chunk({"inlineData": {"mimeType": "image/png", "data": "x"}}, finish="STOP")).encode()

    answer = G.read_completion(body)

    assert isinstance(answer.parts[0], Foreign)
    told = json.loads(G.write_completion(answer))["candidates"][0]["content"]["parts"]
    assert told == [{"inlineData": {"mimeType": "image/png", "data": "x"}}]


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (400, {"details": [{"@type": "x/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]}, AuthenticationFailed),
        (400, {"message": f"The input token count (9) {TOO_LONG} (8)."}, ContextLengthExceeded),
        (400, {"message": "no"}, InvalidRequest),
        (429, {"details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "7s"}]}, RateLimit),
        (503, {"status": "UNAVAILABLE"}, ModelOverloaded),
    ],
)  # fmt: skip
def test_googles_errors_are_told_apart(status: int, error: dict[str, Any], expected: type[Exception]):
    word = {400: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED"}.get(status)
    body = json.dumps({"error": {"code": status, "message": "m", "status": word, **error}}).encode()

    raised = G.parse_error(status, [], body, "gemini")

    assert type(raised) is expected
    assert raised.retry_after == (7 if expected is RateLimit else None)


def test_an_error_is_told_as_googles_with_when_to_come_back():
    told = json.loads(G.write_error(RateLimit("slow", provider="acme", retry_after=2.5), "req_1"))["error"]

    assert (told["code"], told["status"], told["message"]) == (429, "RESOURCE_EXHAUSTED", "acme: slow")
    assert told["details"][1]["retryDelay"] == "2.500s"


def ask(**fields: Any) -> ChatRequest:
    body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], **fields}).encode()
    return G.parse_request(addressed(body, "m", stream=False))


def test_both_spellings_are_one():
    camel = ask(systemInstruction={"parts": [{"text": "s"}]}, generationConfig={"maxOutputTokens": 5, "topK": 3.0})
    snake = ask(system_instruction={"parts": [{"text": "s"}]}, generation_config={"max_output_tokens": 5, "top_k": 3.0})

    assert camel == snake
    assert camel.max_tokens == 5
    for name, inner in (("generationConfig", "maxOutputTokens"), ("generation_config", "max_output_tokens")):
        body = json.dumps({name: {inner: 5}}).encode()
        assert G.peek(addressed(body, "m", stream=True)).max_tokens == 5


def test_names_inside_schemas_and_arguments_are_the_callers_own():
    schema = {"type": "OBJECT", "properties": {"the_city": {"type": "STRING", "nullable": True, "enum": ["A"]}}}
    contents = [
        {"role": "model", "parts": [{"function_call": {"name": "f", "args": {"the_city": "x"}}}]},
        {"role": "user", "parts": [{"function_response": {"name": "f", "response": {"result": "sunny"}}}]},
    ]

    request = ask(contents=contents, tools=[{"function_declarations": [{"name": "f", "parameters": schema}]}])

    assert request.tools[0].parameters == {
        "type": "object", "properties": {"the_city": {"type": ["string", "null"], "enum": ["A"]}},
    }  # fmt: skip
    (call,), (answer,) = request.messages[0].parts, request.messages[1].parts
    assert isinstance(call, ToolUse)
    assert json.loads(call.arguments) == {"the_city": "x"}
    assert answer == ToolResult(call.id, (Text("sunny"),))


def test_files_are_for_everybody_where_they_are_public_and_for_google_where_they_are_googles():
    parts = [
        {"inlineData": {"mimeType": "image/png", "data": "x"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "x"}},
        {"inlineData": {"mimeType": "audio/wav", "data": "x"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/a.png"}},
        {"fileData": {"mimeType": "image/png", "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/x"}},
        {"executableCode": {"code": "1"}},
    ]
    kinds = [type(part) for part in ask(contents=[{"parts": parts}]).messages[0].parts]

    assert kinds == [Image, Document, Foreign, Image, Foreign, Foreign]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"thinkingBudget": 0}, Reasoning("none")),
        ({"thinkingBudget": -1}, Reasoning(adaptive=True)),
        ({"thinkingBudget": 500}, Reasoning(budget=500)),
        ({"thinkingLevel": "HIGH"}, Reasoning("high")),
        ({"includeThoughts": True}, None),
    ],
)
def test_how_hard_to_think_is_understood(config: dict[str, Any], expected: Reasoning | None):
    assert ask(generationConfig={"thinkingConfig": config}).reasoning == expected


@pytest.mark.parametrize(
    ("calling", "expected", "names"),
    [
        ({"mode": "ANY", "allowedFunctionNames": ["g"]}, ToolChoice("tool", "g"), ["f", "g"]),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}, ToolChoice("any"), ["f", "g"]),
        ({"mode": "VALIDATED"}, ToolChoice("auto"), ["f", "g"]),
        ({"mode": "NONE"}, ToolChoice("none"), ["f", "g"]),
        ({}, None, ["f", "g"]),
    ],
)
def test_the_choice_of_functions_is_understood(calling: dict[str, Any], expected: ToolChoice | None, names: list[str]):
    tools = [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"googleSearch": {}}]

    request = ask(tools=tools, toolConfig={"functionCallingConfig": calling})

    assert request.tool_choice == expected
    assert [tool.name for tool in request.tools] == names
    assert "tools.googleSearch" in request.extra


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"contents": []}, "contents"),
        ({"contents": [{"parts": 5}]}, "contents[0].parts"),
        ({"contents": [{"parts": [{"inlineData": {"data": "x"}}]}]}, "contents[0].parts[0].inlineData.mimeType"),
        ({"toolConfig": {"functionCallingConfig": {"mode": "MAYBE"}}}, "toolConfig.functionCallingConfig.mode"),
        ({"tools": [{"functionDeclarations": [{}]}]}, "tools[0].functionDeclarations[0].name"),
        ({"generationConfig": {"maxOutputTokens": 0}}, "generationConfig.maxOutputTokens"),
    ],
)
def test_a_mistake_is_told_with_its_place(fields: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as wrong:
        ask(**fields)

    assert wrong.value.param == param


def written(request: ChatRequest, model: str = "gemini-3-pro") -> tuple[dict[str, Any], tuple[str, ...]]:
    rendered = G.write_request(request, model)
    return json.loads(rendered.body), rendered.dropped


def test_calls_of_other_models_are_marked_as_such_where_a_signature_is_asked_for():
    call = Message("assistant", (ToolUse("c", "f", "{}"), ToolUse("d", "g", "[1]")))
    result = Message("user", (ToolResult("c", (Text('{"a":1}'),)), ToolResult("d", (Text("no"),), is_error=True)))
    request = ChatRequest("", (call, result))

    body, _ = written(request)
    older, _ = written(request, "gemini-2.5-flash")

    first, second = body["contents"][0]["parts"]
    assert b64decode(first["thoughtSignature"]) == b"skip_thought_signature_validator"
    assert "thoughtSignature" not in second
    assert second["functionCall"]["args"] == {"_raw": "[1]"}
    assert [part["functionResponse"]["response"] for part in body["contents"][1]["parts"]] == [
        {"a": 1},
        {"error": "no"},
    ]
    assert [part["functionResponse"]["name"] for part in body["contents"][1]["parts"]] == ["f", "g"]
    assert "thoughtSignature" not in older["contents"][0]["parts"][0]


def test_thoughts_of_other_vendors_are_left_out_and_named():
    turn = Message("assistant", (Thought("a", "sig"), Thought("b", "s2", origin="gemini"), Text("x")))

    body, dropped = written(ChatRequest("", (Message("user", (Text("q"),)), turn)))

    parts = body["contents"][1]["parts"]
    assert parts == [{"text": "b", "thought": True, "thoughtSignature": "s2"}, {"text": "x"}]
    assert dropped == ("thought",)


@pytest.mark.parametrize(
    ("model", "reasoning", "expected"),
    [
        ("gemini-2.5-pro", Reasoning("medium"), {"thinkingBudget": 8192, "includeThoughts": True}),
        ("gemini-2.5-pro", Reasoning("none"), {"thinkingBudget": 0, "includeThoughts": False}),
        ("gemini-2.5-pro", Reasoning(adaptive=True), {"thinkingBudget": -1, "includeThoughts": True}),
        ("gemini-3-flash", Reasoning("medium"), {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
        ("gemini-3-pro", Reasoning("medium"), {"thinkingLevel": "HIGH", "includeThoughts": True}),
        ("gemini-3-pro", Reasoning(budget=900), {"thinkingLevel": "LOW", "includeThoughts": True}),
        ("gemini-3-pro", Reasoning(adaptive=True), {"includeThoughts": True}),
        ("gemini-2.0-flash", Reasoning("high"), None),
        ("gemini-3-pro", Reasoning("enormous"), None),
    ],
)
def test_each_generation_is_told_to_think_as_it_understands(model: str, reasoning: Reasoning, expected: Any):
    body, dropped = written(ChatRequest("", (Message("user", (Text("q"),)),), reasoning=reasoning), model)

    assert body.get("generationConfig", {}).get("thinkingConfig") == expected
    assert ("reasoning_effort" in dropped) is (expected is None)


def test_schemas_limits_and_what_cannot_be_said():
    request = ChatRequest(
        "", (Message("system", (Text("s"),)), Message("user", (Text("q"),), name="bob")),
        output=OutputFormat("schema", {"type": "object"}), stop=("x",), seed=1, user="u", parallel_tools=False,
        tools=(Tool("f", parameters={"type": "object"}, strict=True),), tool_choice=ToolChoice("tool", "f"),
        extra={"logit_bias": {"1": 1}},
    )  # fmt: skip
    body, dropped = written(request)

    assert body["systemInstruction"] == {"parts": [{"text": "s"}]}
    assert body["generationConfig"]["responseJsonSchema"] == {"type": "object"}
    assert body["toolConfig"]["functionCallingConfig"] == {"mode": "ANY", "allowedFunctionNames": ["f"]}
    assert set(dropped) == {"messages.name", "parallel_tool_calls", "strict", "user", "logit_bias"}


def test_turns_that_a_provider_holds_are_refused_and_an_empty_conversation_too():
    with pytest.raises(Unsupported, match="cachedContent"):
        written(ask(cachedContent="cachedContents/x"))
    with pytest.raises(Unsupported, match="anything"):
        written(ChatRequest("", (Message("user", ()),)))


def test_the_address_goes_in_and_out_and_nothing_else_changes():
    own = b'{ "contents" : [ {"parts":[{"text":"model"}]} ] }'
    inside = addressed(own, 'a"b/c', stream=True)

    assert (G.peek(inside).model, G.peek(inside).stream) == ('a"b/c', True)
    rendered = G.readdress(inside, G.peek(inside), "gemini x")
    assert rendered.body == own
    assert rendered.path == "/gemini%20x:streamGenerateContent?alt=sse"
    assert addressed(b"[1]", "m", stream=False) == b"[1]"
    assert G.peek(addressed(b"{}", "m", stream=False)).model == "m"


def test_nobody_speaks_over_the_path():
    body = addressed(b'{"model":"dear","stream":false,"contents":[]}', "cheap", stream=True)

    assert (G.peek(body).model, G.peek(body).stream) == ("cheap", True)
    assert b"dear" not in G.readdress(body, G.peek(body), "x").body


def test_an_answers_limit_is_set_once_in_whatever_spelling():
    body = addressed(b'{"generation_config":{"max_output_tokens":9,"temperature":1},"contents":[]}', "m", stream=False)

    limited = G.limit_answer(body, 5)

    assert G.peek(limited).max_tokens == 5
    assert json.loads(limited)["generationConfig"] == {"temperature": 1, "maxOutputTokens": 5}


def test_a_text_event_is_one_event():
    assert read(chunk({"text": "hi"}), chunk({"text": ""}, finish="STOP"))[1:] == [TextDelta("hi"), Ended("stop")]
