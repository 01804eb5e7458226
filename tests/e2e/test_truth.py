"""Every fault the simulator can play, in both dialects.

A broken answer is replaced before its first content, and never shown as whole after it.
"""

import json
import re
from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from trunkline.simulator.fault_kinds import KINDS

# Kinds that need more of a test than the sweep: endless and giant answers end at the caps, tested with the caps.
SWEPT = sorted(set(KINDS) - {"endless"})
PATIENCE = 0.8  # seconds: every timeout of the house here
DIALECTS = ["openai", "anthropic"]
REWORDED = {"invalid-utf8"}  # its answer is not what the log has, on purpose


@pytest.fixture
async def faulty(build: Build) -> House:
    return await build(patience=PATIENCE)


def payloads(body: bytes) -> list[Any]:
    """The data of a stream's events, opened; the specification's way, without the gateway's own parser."""
    found, data = [], []
    for line in body.splitlines():
        name, _, value = line.partition(b":")
        if name == b"data":
            data.append(value.removeprefix(b" "))
        elif not line and data:
            found.append(b"\n".join(data))
            data = []
    return [json.loads(text) for text in found if text != b"[DONE]"]


def text_of(body: bytes) -> str:
    """The text that a client of either dialect gathers from a stream."""
    said = []
    for event in payloads(body):
        said += [choice["delta"].get("content") or "" for choice in event.get("choices", ()) if "delta" in choice]
        said.append(event.get("delta", {}).get("text", ""))
    return "".join(said)


def whole(dialect: str, body: bytes) -> bool:
    """Whether a client of the dialect takes the stream for a whole answer."""
    if dialect == "openai":
        ended = any(choice.get("finish_reason") for event in payloads(body) for choice in event.get("choices", ()))
        return ended or re.search(rb"\ndata: ?\[DONE\]", body) is not None
    events = payloads(body)
    return any(event["type"] == "message_stop" or event.get("delta", {}).get("stop_reason") for event in events)


def error_at_end(dialect: str, body: bytes) -> bool:
    """Whether the last event is an error in the dialect."""
    last = body.rstrip().replace(b"\r\n", b"\n").rpartition(b"\n\n")[2]
    text = last.rpartition(b"data: ")[2]
    if text == b"[DONE]":
        return False
    data = json.loads(text)
    return "error" in data and (dialect == "openai" or (last.startswith(b"event: error") and data["type"] == "error"))


@pytest.mark.parametrize("kind", SWEPT)
@pytest.mark.parametrize("provider", ["oa", "an"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_stream_is_whole_or_says_that_it_is_not(faulty: House, kind: str, provider: str, dialect: str) -> None:
    status, _, body = await faulty.ask(dialect, f"{provider}/fault:{kind}", stream=True)
    if status == 200:
        assert whole(dialect, body) != error_at_end(dialect, body), body[-600:]
        assert body.count(b"[DONE]") <= 1
    else:
        shown = json.loads(body)
        assert status >= 400
        assert shown["error"]["message"]
        assert status != 401
    (exchange,) = faulty.ended
    assert exchange.outcome is not None
    assert exchange.outcome.ok == (status == 200 and whole(dialect, body))
    assert len(exchange.attempts) == 1
    (entry,) = await faulty.logged(1)
    said = text_of(body)
    if entry.answer is not None and kind not in REWORDED:
        assert entry.answer.startswith(said)
        assert not exchange.outcome.ok or said == entry.answer


@pytest.mark.parametrize("kind", SWEPT)
@pytest.mark.parametrize("provider", ["oa", "an"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_answer_that_is_not_streamed_is_whole_or_an_error(
    faulty: House, kind: str, provider: str, dialect: str
) -> None:
    status, _, body = await faulty.ask(dialect, f"{provider}/fault:{kind}")
    shown = json.loads(body)
    if status == 200:
        told = shown["choices"][0]["finish_reason"] if dialect == "openai" else shown["stop_reason"]
        assert told or kind == "no-finish"  # HTTP says that the body is whole, the provider just does not say why
        assert "error" not in shown
    else:
        assert shown["error"]["message"]
        assert status >= 400
        assert status != 401
    assert faulty.ended[0].outcome is not None
    assert faulty.ended[0].outcome.ok == (status == 200)


REFUSED = {kind for kind, row in KINDS.items() if row.harm == "refused"} - {"status", "body", "unstreamed"}
TORN_AT_ONCE = {
    f"{kind}:0" for kind in ("cut", "drop", "chunk-cut", "stall", "ping-stall", "malformed", "error-in-stream")
}
STATUSES = {f"status:{status}" for status in (401, 429, 503, 529)}
BEFORE_CONTENT = REFUSED | TORN_AT_ONCE | STATUSES | {"reset", "close", "silence"}

# a whole answer has no events to cut between, and its label and length are no reason to throw it away
ONLY_STREAMS = ("cut", "drop", "stall", "ping", "chunk", "malformed", "content-type", "huge-line", "unstreamed")


@pytest.mark.parametrize("kind", sorted(BEFORE_CONTENT))
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("provider", ["oa", "an"])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_before_the_first_content_another_target_answers_and_nothing_of_the_first_is_seen(
    build: Build, kind: str, stream: bool, provider: str, dialect: str
) -> None:
    route = f'models: {{r: ["{provider}/fault:{kind}", spare/sim]}}'
    house = await build(patience=PATIENCE, routes=route)
    status, headers, body = await house.ask(dialect, "r", stream=stream)
    control, _, clean = await house.ask(dialect, "spare/sim", stream=stream)
    assert (status, control) == (200, 200)
    if stream or not kind.startswith(ONLY_STREAMS):
        assert headers["x-trunkline-attempts"] == "2"
    if headers["x-trunkline-attempts"] != "1":
        assert headers["x-trunkline-provider"] == "spare"
        assert _shape(body) == _shape(clean)
    assert not stream or whole(dialect, body)


def _shape(body: bytes) -> list[Any]:
    """A body without what differs between two calls: ids and times."""
    text = body.decode()
    events = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")] or [text]
    return [_timeless(json.loads(event)) if event != "[DONE]" else event for event in events]


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in {"id", "created", "usage"}}
    return [_timeless(item) for item in value] if isinstance(value, list) else value
