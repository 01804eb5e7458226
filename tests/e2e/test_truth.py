"""Every fault the simulator can play, in every dialect.

A broken answer is replaced before its first content, and never shown as whole after it.
"""

import json
from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from tests.spoken import ASKED, NATIVE, spoken
from trunkline.simulator.fault_kinds import KINDS

# Kinds that need more of a test than the sweep: endless and giant answers end at the caps, tested with the caps.
SWEPT = sorted(set(KINDS) - {"endless"})
# A fault meets the provider's side of one dialect and the caller's side of another: each side with itself, and with one
# other; a vendor's own, which no caller speaks, with one. That every side fits every other is for test_matrix.py.
PAIRS = [
    *((row.name, row.short) for row in ASKED),
    *((row.name, other.short) for row, other in zip(ASKED, ASKED[1:] + ASKED[:1], strict=True)),
    *((ASKED[number % len(ASKED)].name, row.short) for number, row in enumerate(NATIVE)),
]
REWORDED = {"invalid-utf8"}  # its answer is not what the log has, on purpose
PATIENCE = 0.8  # seconds: every timeout of the house here


@pytest.fixture
async def faulty(build: Build) -> House:
    return await build(patience=PATIENCE)


@pytest.mark.parametrize("kind", SWEPT)
@pytest.mark.parametrize(("dialect", "provider"), PAIRS)
async def test_a_stream_is_whole_or_says_that_it_is_not(faulty: House, kind: str, provider: str, dialect: str) -> None:
    status, _, body = await faulty.ask(dialect, f"{provider}/fault:{kind}", stream=True)
    if status == 200:
        assert spoken(dialect).whole(body) != spoken(dialect).error_at_end(body), body[-600:]
        assert body.count(b"[DONE]") <= 1
    else:
        assert status >= 400
        assert spoken(dialect).error(body)["message"]
        assert status != 401
    (exchange,) = faulty.ended
    assert exchange.outcome is not None
    assert exchange.outcome.ok == (status == 200 and spoken(dialect).whole(body))
    assert len(exchange.attempts) == 1
    (entry,) = await faulty.logged(1)
    said = spoken(dialect).said_in(body)
    if entry.answer is not None and kind not in REWORDED:
        assert entry.answer.startswith(said)
        assert not exchange.outcome.ok or said == entry.answer


@pytest.mark.parametrize("kind", SWEPT)
@pytest.mark.parametrize(("dialect", "provider"), PAIRS)
async def test_an_answer_that_is_not_streamed_is_whole_or_an_error(
    faulty: House, kind: str, provider: str, dialect: str
) -> None:
    status, _, body = await faulty.ask(dialect, f"{provider}/fault:{kind}")
    shown = json.loads(body)
    if status == 200:
        told = spoken(dialect).finish(shown)
        assert told or kind == "no-finish"  # HTTP says that the body is whole, the provider just does not say why
        assert not shown.get("error")
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
@pytest.mark.parametrize(("dialect", "provider"), PAIRS)
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
    assert not stream or spoken(dialect).whole(body)


def _shape(body: bytes) -> list[Any]:
    """A body without what differs between two calls: ids and times."""
    text = body.decode()
    events = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")] or [text]
    return [_timeless(json.loads(event)) if event != "[DONE]" else event for event in events]


PASSING = {"id", "created", "created_at", "item_id", "encrypted_content", "responseId", "usage", "usageMetadata"}


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(item) for key, item in value.items() if key not in PASSING}
    return [_timeless(item) for item in value] if isinstance(value, list) else value
