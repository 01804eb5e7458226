"""Every fault as a client sees it: raw bytes on real sockets, in both dialects."""

import asyncio
import gzip
import json
import zlib
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from trunkline.simulator import FAULT_KINDS, Simulator, error_bodies

DIALECTS = ["openai", "anthropic"]
both = pytest.mark.parametrize("dialect", DIALECTS)


def text_of(dialect: str, events: list[Any]) -> str:
    if dialect == "openai":
        deltas = [choice["delta"] for event in events if event != "[DONE]" for choice in event["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas)
    return "".join(event["delta"].get("text", "") for event in events if event["type"] == "content_block_delta")


def finished(dialect: str, events: list[Any]) -> bool:
    if dialect == "openai":
        return any(choice["finish_reason"] for event in events if event != "[DONE]" for choice in event["choices"])
    return any(event["type"] == "message_delta" and bool(event["delta"]["stop_reason"]) for event in events)


def closed(dialect: str, events: list[Any]) -> bool:
    return bool(events[-1] == "[DONE]" if dialect == "openai" else events[-1]["type"] == "message_stop")


async def stream(caller: Any, dialect: str, fault: str, **more) -> Any:
    return await caller.send(caller.ask(dialect, fault, stream=True), **more)


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_every_fault_can_be_asked_for_by_model_name_and_is_logged(caller: Any, dialect: str, streamed: bool):
    kinds = sorted(set(FAULT_KINDS) - {"body", "gzip-bomb", "huge-line"})
    asked = [caller.ask(dialect, f"fault:{kind}", stream=streamed) for kind in kinds]
    await asyncio.gather(*(caller.send(data, patience=0.3, most=20_000) for data in asked))

    ends = {entry.fault.split(":")[1]: entry.end for entry in await caller.logged(len(kinds))}
    assert ends.keys() == set(kinds)
    broken = {kind for kind in kinds if FAULT_KINDS[kind].harm in {"torn", "stuck"}}
    assert {kind for kind, end in ends.items() if end == "fault"} == broken
    assert {kind for kind, end in ends.items() if end == "client_gone"} == {"slow", "slow-head"}


@both
async def test_every_named_error_body_is_sent_as_it_stands_in_the_table(caller: Any, dialect: str):
    for name, row in error_bodies().items():
        raw = await caller.send(caller.ask(dialect, f"fault:body:{name}"), patience=2, most=1)

        assert raw.status == row.status
        assert f"content-type: {row.content_type}".lower() in raw.head
        assert raw.whole
        assert "$" not in raw.body.decode()
        assert row.text is not None or json.loads(raw.body).keys() == row.json.keys()


@both
@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529])
async def test_a_status_comes_with_a_body_in_the_vendors_shape(caller: Any, dialect: str, status: int):
    raw = await caller.send(caller.ask(dialect, f"fault:status:{status}"))

    error = json.loads(raw.body)
    assert raw.status == status
    assert {"type", "message"} <= error["error"].keys()
    assert (error.get("type") == "error") == (dialect == "anthropic")


@pytest.mark.parametrize(
    ("asked", "header"),
    [
        ("2", "retry-after: 2"),
        ("0.5", "retry-after: 0.5"),
        ("ms+250", "retry-after-ms: 250"),
        ("soon", "retry-after: soon"),
    ],
)
async def test_retry_after_is_sent_in_the_form_asked_for(caller: Any, asked: str, header: str):
    raw = await caller.send(caller.openai(f"fault:status:429:{asked}"))

    assert [line for line in raw.head.split("\r\n") if line.startswith("retry-after")] == [header]


async def test_retry_after_can_be_a_date(caller: Any):
    raw = await caller.send(caller.openai("fault:status:503:date+30"))

    headers = dict(line.split(": ", 1) for line in raw.head.split("\r\n")[1:])
    wait = parsedate_to_datetime(headers["retry-after"]) - parsedate_to_datetime(headers["date"])
    assert 29 <= wait.total_seconds() <= 31


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_reset_comes_before_the_first_byte(caller: Any, dialect: str, streamed: bool):
    raw = await caller.send(caller.ask(dialect, "fault:reset", stream=streamed))

    assert (raw.data, raw.reset) == (b"", True)


@both
async def test_close_comes_before_the_first_byte(caller: Any, dialect: str):
    raw = await caller.send(caller.ask(dialect, "fault:close", stream=True))

    assert (raw.data, raw.reset, raw.closed) == (b"", False, True)


@both
async def test_silence_sends_nothing_and_stays(caller: Any, dialect: str):
    raw = await caller.send(caller.ask(dialect, "fault:silence", stream=True), patience=0.2)

    assert (raw.data, raw.reset, raw.closed) == (b"", False, False)
    entry = (await caller.logged())[0]
    assert (entry.end, entry.status, entry.sent_bytes, entry.cost_nanodollars) == ("fault", 0, 0, 0)


@both
async def test_a_cut_stream_ends_properly_for_http_and_not_for_the_dialect(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:cut:3")

    assert raw.whole
    assert text_of(dialect, raw.events) == "17 + 25"
    assert not finished(dialect, raw.events)
    assert not closed(dialect, raw.events)


@both
@pytest.mark.parametrize("count", [-1, 0, 1, 5])
async def test_a_fault_strikes_after_that_many_content_events(caller: Any, dialect: str, count: int):
    raw = await stream(caller, dialect, f"fault:cut:{count}")

    content = [1 for event in raw.events if text_of(dialect, [event])]
    assert len(content) == max(count, 0)
    assert bool(raw.events) == (count >= 0)


@both
async def test_a_dropped_stream_lacks_the_end_of_its_body(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:drop:2")

    assert raw.closed
    assert not raw.whole
    assert len(raw.events) > 1


@both
async def test_a_chunk_is_cut_by_a_reset(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:chunk-cut:2")

    assert raw.reset
    assert text_of(dialect, raw.events) == "17 +"
    rest = raw.raw_body.split(raw.chunks[-1] + b"\r\n")[-1]
    size, _, half = rest.partition(b"\r\n")
    assert 0 < len(half) < int(size, 16)


@both
@pytest.mark.parametrize("kind", ["drop", "chunk-cut", "stall"])
async def test_a_body_that_is_no_stream_is_promised_in_full_and_sent_by_half(caller: Any, dialect: str, kind: str):
    raw = await caller.send(caller.ask(dialect, f"fault:{kind}"), patience=0.3)

    assert "content-length" in raw.head
    assert not raw.whole
    assert raw.body
    assert (raw.closed, raw.reset) == (kind == "drop", kind == "chunk-cut")


@both
async def test_a_stalled_stream_stays_open_and_says_nothing_more(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:stall:2", patience=0.2)

    assert text_of(dialect, raw.events) == "17 +"
    assert (raw.closed, raw.reset, raw.whole) == (False, False, False)
    assert (await caller.logged())[0].usage.output == 2


@both
async def test_a_stalled_stream_may_go_on_sending_pings(caller: Any, dialect: str):
    reader, writer = await asyncio.open_connection("127.0.0.1", caller.simulator.port)
    writer.write(caller.ask(dialect, "fault:ping-stall:1:0.01", stream=True))

    noise = b": OPENROUTER PROCESSING" if dialect == "openai" else b'{"type":"ping"}'
    seen = b""
    async with asyncio.timeout(5):
        while seen.count(noise) < 4:
            seen += await reader.read(4096)
    writer.close()

    assert b'"17"' in seen
    assert b'" +"' not in seen


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_malformed_json_stands_where_it_was_asked_for(caller: Any, dialect: str, streamed: bool):
    raw = await caller.send(caller.ask(dialect, "fault:malformed:2", stream=streamed))

    assert raw.whole
    if not streamed:
        with pytest.raises(json.JSONDecodeError):
            json.loads(raw.body)
        return
    lines = [line for line in raw.body.split(b"\n") if line.startswith(b"data: {")]
    bad = [number for number, line in enumerate(lines) if not _parses(line[6:])]
    assert [number - 1 for number in bad] == [number for number, line in enumerate(lines) if b'" +"' in line]


def _parses(text: bytes) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


@both
async def test_without_done_the_finish_is_there(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:no-done")

    assert finished(dialect, raw.events)
    assert not closed(dialect, raw.events)


@both
async def test_without_a_finish_the_end_is_there(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:no-finish")

    assert not finished(dialect, raw.events)
    assert closed(dialect, raw.events)


@both
@pytest.mark.parametrize("count", [0, 4])
async def test_an_error_event_in_a_stream_ends_it(caller: Any, dialect: str, count: int):
    raw = await stream(caller, dialect, f"fault:error-in-stream:{count}")

    assert raw.status == 200
    assert "error" in raw.events[-1]
    assert (b"event: error\n" in raw.body) == (dialect == "anthropic")
    assert len([1 for event in raw.events[:-1] if text_of(dialect, [event])]) == count


async def test_an_error_event_can_have_any_named_body(caller: Any):
    raw = await stream(caller, "openai", "fault:error-in-stream:0:vllm_error")

    assert raw.events[-1]["object"] == "error"


@both
@pytest.mark.parametrize("fault", ["error-200", "error-in-stream:0"])
async def test_an_error_can_be_the_body_of_a_200(caller: Any, dialect: str, fault: str):
    raw = await caller.send(caller.ask(dialect, f"fault:{fault}"))

    assert raw.status == 200
    assert "error" in json.loads(raw.body)
    assert (await caller.logged())[0].cost_nanodollars == 0


@both
async def test_a_200_can_be_empty(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:empty-200")

    assert (raw.status, raw.body) == (200, b"")


async def test_a_200_can_have_no_choices(caller: Any):
    raw = await caller.send(caller.openai("fault:empty-choices"))

    assert json.loads(raw.body)["choices"] == []
    assert "usage" not in json.loads(raw.body)


@both
async def test_the_content_type_can_be_wrong(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:content-type")

    assert "content-type: text/plain" in raw.head
    assert closed(dialect, raw.events)


async def test_a_stream_can_be_answered_by_a_login_page_or_a_whole_answer(caller: Any):
    page = await stream(caller, "openai", "fault:login-page")
    whole = await stream(caller, "openai", "fault:unstreamed")

    assert page.body.startswith(b"<!DOCTYPE html>")
    assert json.loads(whole.body)["object"] == "chat.completion"


@both
async def test_split_sends_single_bytes_each_in_a_chunk_of_its_own(caller: Any, dialect: str):
    whole = await caller.send(caller.ask(dialect, "sim-small", "Repeat exactly: naïve ☕", stream=True))
    split = await caller.send(caller.ask(dialect, "fault:split:1", "Repeat exactly: naïve ☕", stream=True), patience=5)

    assert {len(chunk) for chunk in split.chunks[:-1]} == {1}
    assert text_of(dialect, split.events) == text_of(dialect, whole.events) == "naïve ☕"


@both
@pytest.mark.parametrize(("fault", "end"), [("crlf", b"\r\n\r\n"), ("cr", b"\r\r")])
async def test_lines_can_end_otherwise(caller: Any, dialect: str, fault: str, end: bytes):
    raw = await stream(caller, dialect, f"fault:{fault}")

    assert raw.body.endswith(end)
    assert raw.body.count(b"\n") == (raw.body.count(b"\r") if fault == "crlf" else 0)


@both
async def test_a_byte_order_mark_can_come_first(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:bom")

    assert raw.body.startswith(b"\xef\xbb\xbf")
    assert raw.body.count(b"\xef\xbb\xbf") == 1


@both
async def test_odd_events_carry_the_same_answer(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:odd-sse")

    events = []
    for block in raw.body.decode().split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line.startswith("data:")]
        events += [json.loads("\n".join(data))] if data and data != ["[DONE]"] else []
    assert text_of(dialect, events) == "17 + 25 = 42."
    assert any(line.startswith(b"data:{") for line in raw.body.split(b"\n"))


@both
@pytest.mark.parametrize(
    "fault", ["comments", "unknown-events", "stale", "usage-every-chunk", "no-usage", "zero-usage"]
)
async def test_a_stream_with_oddities_says_the_same_and_ends_well(caller: Any, dialect: str, fault: str):
    raw = await stream(caller, dialect, f"fault:{fault}")

    assert text_of(dialect, raw.events) == "17 + 25 = 42."
    assert finished(dialect, raw.events)
    assert closed(dialect, raw.events)


@both
async def test_a_comment_comes_before_and_between_the_events(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:comments")

    assert raw.body.startswith(b": OPENROUTER PROCESSING\n\n")
    assert raw.body.count(b": OPENROUTER") > 7


@both
async def test_whole_answers_have_blanks_before_them_as_openrouters_do(caller: Any, dialect: str):
    raw = await caller.send(caller.ask(dialect, "fault:comments"))

    assert raw.body.startswith(b"\n ")
    assert raw.whole
    json.loads(raw.body)


@both
async def test_a_stale_connection_closes_without_a_word(caller: Any, dialect: str):
    raw = await caller.send(caller.ask(dialect, "fault:stale"), linger=1)

    assert "connection: keep-alive" in raw.head
    assert raw.whole
    assert raw.closed


@both
async def test_invalid_utf8_stands_inside_the_text(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:invalid-utf8")

    with pytest.raises(UnicodeDecodeError):
        raw.body.decode()
    assert b'17\xff\xfe"' in raw.body


async def test_azures_filter_chunk_comes_first(caller: Any):
    raw = await stream(caller, "openai", "fault:empty-choices-first")

    assert raw.events[0]["choices"] == []
    assert "prompt_filter_results" in raw.events[0]
    assert text_of("openai", raw.events) == "17 + 25 = 42."


async def test_usage_grows_in_every_chunk(caller: Any):
    raw = await stream(caller, "openai", "fault:usage-every-chunk")

    counts = [event["usage"]["completion_tokens"] for event in raw.events if event != "[DONE]"]
    assert counts == [0, *range(1, 7), 6]


async def test_anthropics_usage_grows_in_message_deltas(caller: Any):
    raw = await stream(caller, "anthropic", "fault:usage-every-chunk")

    counts = [event["usage"]["output_tokens"] for event in raw.events if event["type"] == "message_delta"]
    assert counts == [*range(1, 7), 6]


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_usage_can_be_missing_or_zero_while_the_log_knows_it(caller: Any, dialect: str, streamed: bool):
    asked = {"stream_options": {"include_usage": True}} if dialect == "openai" and streamed else {}
    none = await caller.send(caller.ask(dialect, "fault:no-usage", stream=streamed, **asked))
    zero = await caller.send(caller.ask(dialect, "fault:zero-usage", stream=streamed, **asked))

    assert b'"usage"' not in none.body
    assert b'"choices":[]' not in none.body
    assert b'_tokens":0' in zero.body
    assert not any(f'_tokens":{digit}'.encode() in zero.body for digit in range(1, 10))
    assert {entry.usage.output for entry in await caller.logged(2)} == {6}


async def test_a_redirect_points_below_the_path(caller: Any):
    raw = await caller.send(caller.openai("fault:redirect"))

    assert raw.status == 307
    assert "location: /acme/v1/chat/completions/redirected" in raw.head


@both
async def test_a_gzip_bomb_inflates_to_what_was_asked_for(caller: Any, dialect: str):
    raw = await caller.send(caller.ask(dialect, "fault:gzip-bomb:3000000"), patience=5)

    assert "content-encoding: gzip" in raw.head
    assert len(raw.body) < 10_000
    assert len(gzip.decompress(raw.body)) == 3_000_000 + len('{"id":"')
    assert zlib.crc32(gzip.decompress(raw.body)) != 0


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_endless_answer_goes_on_until_the_client_leaves(caller: Any, dialect: str, streamed: bool):
    raw = await caller.send(caller.ask(dialect, "fault:endless", stream=streamed), most=60_000)

    assert len(raw.data) >= 60_000
    entry = (await caller.logged())[0]
    assert entry.end == "fault"
    assert entry.sent_bytes >= 60_000


@both
@pytest.mark.parametrize("streamed", [True, False])
async def test_a_huge_line_is_one_event(caller: Any, dialect: str, streamed: bool):
    raw = await caller.send(caller.ask(dialect, "fault:huge-line:2000000", stream=streamed), patience=5)

    assert max(map(len, raw.body.split(b"\n"))) > 2_000_000
    assert raw.whole


@both
async def test_a_slow_first_token_comes_after_the_head(caller: Any, dialect: str):
    early = await stream(caller, dialect, "fault:slow:5", patience=0.2)

    assert early.status == 200
    assert early.events
    assert text_of(dialect, early.events) == ""


@both
async def test_a_slow_head_lets_nothing_come(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:slow-head:5", patience=0.2)

    assert (raw.data, raw.closed) == (b"", False)


@both
async def test_a_slow_answer_comes_whole_in_the_end(caller: Any, dialect: str):
    raw = await stream(caller, dialect, "fault:slow:0.05", patience=2)

    assert closed(dialect, raw.events)
    entry = (await caller.logged())[0]
    assert entry.ended - entry.started >= 0.05


@both
async def test_length_cuts_tool_arguments_too(caller: Any, dialect: str):
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools = [{"type": "function", "function": {"name": "find", "parameters": schema}}]
    if dialect == "anthropic":
        tools = [{"name": "find", "input_schema": schema}]
    raw = await caller.send(caller.ask(dialect, "fault:length:3", "use the tool", tools=tools))

    body = json.loads(raw.body)
    if dialect == "anthropic":
        assert body["stop_reason"] == "max_tokens"
        assert body["usage"]["output_tokens"] == 3
    else:
        assert body["choices"][0]["finish_reason"] == "length"
        arguments = body["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"]
        assert not _parses(arguments.encode())


@both
async def test_a_filtered_answer_says_so(caller: Any, dialect: str):
    body = json.loads((await caller.send(caller.ask(dialect, "fault:content-filter"))).body)

    if dialect == "anthropic":
        assert (body["stop_reason"], body["stop_details"]["type"]) == ("refusal", "refusal")
    else:
        assert body["choices"][0]["finish_reason"] == "content_filter"


async def test_a_cut_stream_is_billed_for_what_was_sent(simulator: Simulator, caller: Any):
    await stream(caller, "openai", "fault:cut:3")

    entry = (await caller.logged())[0]
    assert entry.usage.output == 3
    assert entry.cost_nanodollars == entry.usage.input * 150 + 3 * 600
