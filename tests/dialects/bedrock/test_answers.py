"""Answers of Converse, whole and streamed: botocore reads the same out of them, and errors mean what they mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dialects.bedrock.botocores import botocores_answer, botocores_events
from trunkline.core.chat import Completion, Foreign, Text, Thought, ToolUse
from trunkline.core.errors import (
    AuthenticationFailed,
    BadReply,
    BrokenStream,
    CallError,
    ContentRefused,
    ContextLengthExceeded,
    InvalidRequest,
    ModelNotFound,
    ModelOverloaded,
    QuotaExceeded,
    RateLimit,
    ServerError,
    ServerErrorAfterUpload,
)
from trunkline.core.events import Began, Ended, Event, Gathering, TextDelta, UsageSeen
from trunkline.core.usage import Usage
from trunkline.dialects.bedrock_converse import BedrockConverse
from trunkline.simulator.event_stream import message

Json = dict[str, Any]
B = BedrockConverse()
USAGE = {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12}
CACHED = {
    **USAGE,
    "cacheReadInputTokens": 3,
    "cacheWriteInputTokens": 10,
    "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 6}],
}


def answer(*blocks: Json, stop: str | None = "end_turn", usage: Any = None, **more: Any) -> bytes:
    body = {"output": {"message": {"role": "assistant", "content": list(blocks)}}, "usage": usage or USAGE, **more}
    return json.dumps(body | ({"stopReason": stop} if stop else {}) | {"metrics": {"latencyMs": 1}}).encode()


def event(name: str, **payload: Any) -> bytes:
    headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
    return message(headers, json.dumps(payload).encode())


def thrown(name: str, words: str) -> bytes:
    headers = {":exception-type": name, ":content-type": "application/json", ":message-type": "exception"}
    return message(headers, json.dumps({"message": words}).encode())


def delta(index: int = 0, **told: Any) -> bytes:
    return event("contentBlockDelta", contentBlockIndex=index, delta=told)


START, STOP = event("messageStart", role="assistant"), event("messageStop", stopReason="end_turn")
LAST = event("metadata", usage=CACHED, metrics={"latencyMs": 1})


def read(*pieces: bytes) -> list[Event]:
    frames, reader = B.frames(), B.reader()
    found = [one for piece in pieces for frame in frames.feed(piece) for one in reader.read(frame)]
    return found + [one for frame in frames.end() for one in reader.read(frame)] + reader.end()


def gathered(*pieces: bytes) -> Completion:
    gathering = Gathering()
    for one in read(*pieces):
        gathering.add(one)
    return gathering.completion()


def scanned(*pieces: bytes) -> Any:
    frames, scanner = B.frames(), B.scanner()
    content = [scanner.scan(frame) for piece in pieces for frame in frames.feed(piece)]
    scanner.end()
    return scanner, content


BLOCKS: list[Json] = [
    {"reasoningContent": {"reasoningText": {"text": "Let me see.", "signature": "c2ln"}}},
    {"reasoningContent": {"redactedContent": "c2VhbGVk"}},
    {"text": "Grüße 🌍"},
    {"toolUse": {"toolUseId": "tooluse_1", "name": "get_weather", "input": {"city": "Paris"}}},
    {"toolUse": {"toolUseId": "tooluse_2", "name": "now", "input": {}}},
]


def test_a_whole_answer_holds_what_botocore_reads_in_it():
    body = answer(*BLOCKS, stop="tool_use", usage=CACHED)

    ours, theirs = B.read_completion(body), botocores_answer(body)

    content = theirs["output"]["message"]["content"]
    assert ours.parts == (
        Thought("Let me see.", "c2ln", origin="bedrock"),
        Thought(redacted="c2VhbGVk", origin="bedrock"),
        Text(content[2]["text"]),
        ToolUse("tooluse_1", "get_weather", '{"city": "Paris"}'),
        ToolUse("tooluse_2", "now", "{}"),
    )
    assert [json.loads(call.arguments) for call in ours.tool_calls] == [one["toolUse"]["input"] for one in content[3:]]
    assert content[1]["reasoningContent"]["redactedContent"] == b"sealed"
    assert (ours.finish, theirs["stopReason"]) == ("tool_calls", "tool_use")
    assert ours.usage == Usage(input=5, cache_read=3, cache_write=6, cache_write_1h=4, output=7)
    assert theirs["usage"]["cacheReadInputTokens"] == 3


def test_a_stream_holds_what_botocore_reads_in_it():
    arguments = ['{"ci', 'ty":"Par', 'is"}']
    stream = b"".join(
        [
            START,
            delta(reasoningContent={"text": "Let me "}),
            delta(reasoningContent={"text": "see."}),
            delta(reasoningContent={"signature": "c2ln"}),
            event("contentBlockStop", contentBlockIndex=0),
            delta(1, reasoningContent={"redactedContent": "c2VhbGVk"}),
            delta(2, text="Grüße "),
            delta(2, text="🌍"),
            event("contentBlockStart", contentBlockIndex=3, start={"toolUse": {"toolUseId": "a", "name": "f"}}),
            *(delta(3, toolUse={"input": piece}) for piece in arguments),
            event("contentBlockStart", contentBlockIndex=4, start={"toolUse": {"toolUseId": "b", "name": "g"}}),
            event("messageStop", stopReason="tool_use"),
            LAST,
        ]
    )

    ours, theirs = gathered(stream), botocores_events(stream)

    deltas = [one["contentBlockDelta"]["delta"] for one in theirs if "contentBlockDelta" in one]
    assert ours.text == "".join(one["text"] for one in deltas if "text" in one)
    assert ours.thoughts == "".join(
        one["reasoningContent"].get("text", "") for one in deltas if "reasoningContent" in one
    )
    assert ours.tool_calls[0].arguments == "".join(one["toolUse"]["input"] for one in deltas if "toolUse" in one)
    assert ours.tool_calls[1] == ToolUse("b", "g", "{}")
    assert ours.parts[:2] == (
        Thought("Let me see.", "c2ln", origin="bedrock"),
        Thought(redacted="c2VhbGVk", origin="bedrock"),
    )
    assert (ours.finish, ours.usage.total) == ("tool_calls", 25)
    assert theirs[-1]["metadata"]["usage"]["inputTokens"] == 5


PAYLOADS = st.lists(
    st.one_of(
        st.builds(lambda text: delta(text=text), st.text(min_size=1, max_size=8)),
        st.builds(lambda text: delta(1, reasoningContent={"text": text}), st.text(min_size=1, max_size=8)),
        st.builds(lambda name: event(f"x{name}", any=1), st.text("abc", max_size=3)),
    ),
    min_size=1,
    max_size=6,
)


@given(PAYLOADS, st.integers(1, 40))
def test_botocore_and_we_read_the_same_words_however_the_network_cuts_them(pieces: list[bytes], size: int):
    stream = b"".join([START, *pieces, STOP, LAST])

    ours = gathered(*(stream[at : at + size] for at in range(0, len(stream), size)))
    theirs = [one["contentBlockDelta"]["delta"] for one in botocores_events(stream, size) if "contentBlockDelta" in one]

    assert ours == gathered(stream)
    assert ours.text == "".join(one.get("text", "") for one in theirs)
    assert ours.thoughts == "".join(one.get("reasoningContent", {}).get("text", "") for one in theirs)


def test_nothing_is_content_but_words_thoughts_and_calls():
    tool = event("contentBlockStart", contentBlockIndex=1, start={"toolUse": {"toolUseId": "a", "name": "f"}})

    scanner, content = scanned(START, delta(text=""), delta(text="hi"), tool, delta(citation={}), STOP, LAST)

    assert content == [False, False, True, True, False, False, False]
    assert (scanner.done, scanner.finish, scanner.written) == (True, "stop", 4)
    assert scanner.usage == Usage(input=5, cache_read=3, cache_write=6, cache_write_1h=4, output=7)


def test_a_stream_without_its_metadata_is_whole_and_without_its_end_it_is_not():
    assert read(START, delta(text="a"), STOP) == [Began("", ""), TextDelta("a"), Ended("stop")]
    assert scanned(START, delta(text="a"), STOP)[0].usage.source == "unknown"
    for pieces in ((), (START,), (START, delta(text="a")), (START, delta(text="a"), LAST)):
        with pytest.raises(BrokenStream, match="without messageStop"):
            read(*pieces)
        with pytest.raises(BrokenStream, match="without messageStop"):
            scanned(*pieces)


def test_usage_alone_ends_nothing():
    frames, scanner = B.frames(), B.scanner()
    for frame in frames.feed(START + delta(text="a") + LAST):
        scanner.scan(frame)

    assert not scanner.done


def test_behind_the_end_nothing_is_read():
    events = read(START, delta(text="a"), STOP, LAST, delta(text="b"), LAST)

    assert [type(one) for one in events] == [Began, TextDelta, UsageSeen, Ended]


@pytest.mark.parametrize("payload", [b"{", b"[1]", b'{"delta":{"text":5}}', b'{"delta":[]}', b""])
def test_an_event_that_cannot_be_read_breaks_the_stream(payload: bytes):
    headers = {":event-type": "contentBlockDelta", ":message-type": "event"}
    with pytest.raises(BrokenStream, match="cannot be read"):
        read(START, message(headers, payload))


def test_bytes_that_are_no_text_cost_their_place_and_not_the_answer():
    broken = message({":event-type": "contentBlockDelta", ":message-type": "event"}, b'{"delta":{"text":"a\xff"}}')

    assert gathered(START, broken, STOP).text == "a\N{REPLACEMENT CHARACTER}"


def test_tools_that_bedrock_runs_itself_are_not_the_callers():
    server: Json = {"toolUseId": "s", "name": "web", "type": "server_tool_use"}
    started = event("contentBlockStart", contentBlockIndex=0, start={"toolUse": server})

    assert gathered(START, started, delta(0, toolUse={"input": "{}"}), delta(1, text="so"), STOP).parts == (Text("so"),)
    assert B.read_completion(answer({"toolUse": {**server, "input": {}}}, {"text": "so"})).parts == (Text("so"),)


def test_cited_words_are_words_and_media_is_kept_whole():
    cited = {"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": [{"title": "t"}]}}
    picture = {"image": {"format": "png", "source": {"bytes": "eA=="}}}

    text, image = B.read_completion(answer(cited, picture)).parts

    assert text == Text("ab")
    assert image == Foreign("bedrock", {"type": "image", **picture})


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("tool_use", "tool_calls"),
        ("content_filtered", "content_filter"),
        ("guardrail_intervened", "content_filter"),
        ("model_context_window_exceeded", "context_window"),
        ("something_new", "stop"),
        ("malformed_tool_use", "stop"),
    ],
)
def test_why_it_ended(reason: str, finish: str):
    assert B.read_completion(answer({"text": "a"}, stop=reason)).finish == finish
    assert read(START, delta(text="a"), event("messageStop", stopReason=reason))[-1] == Ended(finish)  # type: ignore[arg-type]


def test_an_end_that_says_there_is_no_answer_is_none():
    for reason in ("malformed_model_output", "malformed_tool_use"):
        with pytest.raises(BadReply, match=reason):
            B.sight(answer(stop=reason))
        with pytest.raises(BadReply, match=reason):
            read(START, event("messageStop", stopReason=reason))
        with pytest.raises(BadReply, match=reason):
            scanned(START, event("messageStop", stopReason=reason))


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"<html>", b'{"output":{}}', answer(stop=None), b'{"output":5}'])
def test_what_is_no_answer_is_a_bad_reply(body: bytes):
    with pytest.raises(BadReply):
        B.sight(body)


@pytest.mark.parametrize("usage", [None, {}, {"inputTokens": -1}, {"inputTokens": "5"}, {"inputTokens": 10**12}, []])
def test_counts_that_cannot_be_read_are_no_counts(usage: Any):
    assert B.sight(
        answer({"text": "a"}).replace(json.dumps(USAGE).encode(), json.dumps(usage).encode())
    ).usage == Usage(source="unknown")


def test_details_alone_tell_what_was_stored():
    told = {**USAGE, "cacheDetails": [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 6}]}

    assert B.sight(answer({"text": "a"}, usage=told)).usage == Usage(5, 0, 6, 4, 7)
    zero = B.sight(answer({"text": "a"}, usage={"inputTokens": 0, "outputTokens": 0})).usage
    assert (zero.total, zero.source) == (0, "reported")


ERRORS: list[tuple[int, str, str, type[CallError]]] = [
    (429, "ThrottlingException", "Too many requests", RateLimit),
    (429, "ThrottlingException", "Too many tokens per day, please wait.", QuotaExceeded),
    (429, "ModelNotReadyException", "The model is not ready", ModelOverloaded),
    (424, "ModelErrorException", "oh", ServerError),
    (408, "ModelTimeoutException", "too slow", ServerErrorAfterUpload),
    (500, "InternalServerException", "oh", ServerError),
    (503, "ServiceUnavailableException", "busy", ModelOverloaded),
    (404, "ResourceNotFoundException", "end of its life", ModelNotFound),
    (403, "AccessDeniedException", "no access", AuthenticationFailed),
    (403, "ExpiredTokenException", "expired", AuthenticationFailed),
    (403, "InvalidSignatureException", "does not match", AuthenticationFailed),
    (403, "UnrecognizedClientException", "invalid token", AuthenticationFailed),
    (400, "ValidationException", "a field is blank", InvalidRequest),
    (400, "ValidationException", "Input is too long for requested model.", ContextLengthExceeded),
    (400, "ValidationException", "The model returned: prompt is too long: 5 tokens > 4 maximum", ContextLengthExceeded),
    (400, "ValidationException", "Output blocked by content filtering policy", ContentRefused),
    (400, "ValidationException", "The provided model identifier is invalid.", ModelNotFound),
    (400, "ValidationException", "Invocation with on-demand throughput isn't supported. Use a profile.", ModelNotFound),
    (418, "SomethingNewException", "hm", InvalidRequest),
]


@pytest.mark.parametrize(("status", "name", "words", "kind"), ERRORS)
@pytest.mark.parametrize("suffix", ["", ":http://internal.amazon.com/coral/com.amazon.bedrock/"])
def test_an_errors_name_stands_in_a_header(status: int, name: str, words: str, kind: type[CallError], suffix: str):
    headers = [(b"x-amzn-errortype", (name + suffix).encode())]

    error = B.parse_error(status, headers, json.dumps({"message": words}).encode(), "bedrock")

    assert type(error) is kind
    assert (error.provider, error.provider_status, error.body) == ("bedrock", status, None)
    assert words in error.message or kind is AuthenticationFailed


@pytest.mark.parametrize(("status", "name", "words", "kind"), ERRORS[:-1])
def test_an_error_may_come_as_an_exception_of_a_stream(status: int, name: str, words: str, kind: type[CallError]):
    exception = thrown(name[:1].lower() + name[1:], words)

    for look in (read, scanned):
        with pytest.raises(CallError) as caught:
            look(START, exception)
        assert type(caught.value) is kind, look


def test_an_error_may_be_told_in_other_ways():
    by_type = B.parse_error(429, [], b'{"__type":"com.amazon.coral#ThrottlingException","Message":"slow"}', "b")
    silent = B.parse_error(403, [(b"x-amzn-errortype", b"ExpiredTokenException")], b"", "b")
    page = B.parse_error(503, [], b"<html>busy</html>", "b")
    models = B.parse_error(424, [], b'{"originalMessage":"from the model"}', "b")
    with pytest.raises(RateLimit, match="slow"):
        B.sight(b'{"__type":"ThrottlingException","message":"slow"}')
    with pytest.raises(ServerError):
        read(START, message({":message-type": "error", ":error-code": "InternalError", ":error-message": "oh"}, b""))
    with pytest.raises(ServerError):
        read(START, message({":message-type": "exception", ":exception-type": "new"}, b"not json"))

    assert (type(by_type), by_type.message) == (RateLimit, "slow")
    assert type(silent) is AuthenticationFailed
    assert (type(page), page.message) == (ModelOverloaded, "the provider answered with an HTML page")
    assert (type(models), models.message) == (ServerError, "from the model")
