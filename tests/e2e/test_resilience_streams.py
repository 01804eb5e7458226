"""What a caller may rely on in a stream, whatever happens behind it: one identity, one bill, one end."""

from typing import Any

import pytest

from tests.e2e.conftest import Build, House
from tests.spoken import payloads, spoken

DIALECTS = ["openai", "anthropic"]


@pytest.mark.parametrize("provider", ["oa", "an"])
async def test_id_and_created_are_the_same_in_all_chunks_of_a_stream(house: House, provider: str) -> None:
    _, _, body = await house.chat(f"{provider}/sim", stream=True)
    _, _, other = await house.chat(f"{provider}/sim", stream=True)
    chunks = payloads(body)
    assert len(chunks) > 3
    assert len({(chunk["id"], chunk["created"]) for chunk in chunks}) == 1
    assert payloads(other)[0]["id"] != chunks[0]["id"]


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("provider", ["oa", "an"])
async def test_however_the_network_cuts_the_bytes_events_and_bill_are_the_same(
    build: Build, caller: str, provider: str
) -> None:
    cut: dict[str, Any] = {"faults": [{"kind": "split", "bytes": 1, "every": 2}]}
    house = await build(**{provider: cut})
    bodies = [(await house.ask(caller, f"{provider}/sim", stream=True))[2] for _ in range(2)]
    uncut, split = ([_nameless(event) for event in payloads(body)] for body in bodies)
    assert uncut == split
    one, two = house.ended
    assert one.cost == two.cost == house.simulator.log[0].cost_nanodollars > 0
    assert [entry.fault for entry in await house.logged(2)] == [None, "fault:split:1"]


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("provider", ["oa", "an"])
@pytest.mark.parametrize("kind", ["cut", "drop", "chunk-cut"])
async def test_a_connection_cut_without_a_terminator_is_an_error_wherever_it_is_cut_and_never_a_success(
    build: Build, kind: str, provider: str, caller: str
) -> None:
    house = await build(routes="")
    _, _, uncut = await house.ask(caller, f"{provider}/sim", stream=True)
    assert spoken(caller).whole(uncut)
    assert house.ended[-1].outcome is not None
    assert house.ended[-1].outcome.ok
    for after in range(1, 14):
        status, _, body = await house.ask(caller, f"{provider}/fault:{kind}:{after}", stream=True)
        entry = (await house.logged(after + 1))[-1]
        outcome = house.ended[-1].outcome
        assert outcome is not None
        assert not outcome.ok
        assert entry.answer
        if status == 200:
            assert spoken(caller).error_at_end(body)
            assert not spoken(caller).whole(body)
            assert 0 < len(spoken(caller).said_in(body)) < len(entry.answer)
            assert entry.answer.startswith(spoken(caller).said_in(body))
    assert status == 200  # the last one was cut after its content


def _nameless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _nameless(item) for key, item in value.items() if key not in {"id", "created"}}
    return [_nameless(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("caller", DIALECTS)
@pytest.mark.parametrize("provider", ["oa", "an"])
@pytest.mark.parametrize("kind", ["cut", "drop", "chunk-cut", "malformed", "error-in-stream"])
async def test_an_error_after_content_ends_the_stream_once_asks_nobody_else_and_bills_what_came(
    build: Build, kind: str, provider: str, caller: str
) -> None:
    torn: dict[str, Any] = {"faults": [{"kind": kind, "after_events": 3, "times": 1}]}
    house = await build(routes=f"models: {{r: [{provider}/sim, spare/sim]}}", recovery="{}", **{provider: torn})
    status, _, body = await house.ask(caller, "r", stream=True)
    assert status == 200
    assert body.count(b'"error":') == 1
    assert not spoken(caller).whole(body)
    assert "error" in payloads(body)[-1]
    (exchange,) = house.ended
    assert exchange.cost
    assert [entry.provider for entry in await house.logged(1)] == [provider]
    _, _, control = await house.ask(caller, "r", stream=True)
    assert spoken(caller).whole(control)
