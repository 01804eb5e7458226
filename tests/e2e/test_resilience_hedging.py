"""A second request where the first is late: one, never more, and both are paid for."""

from typing import Any

from tests.e2e.conftest import Build, House, eventually
from trunkline.core.exchange import Exchange

ON = "hedging: {share: 1, cost_share: 1, least: 0.05, burst: 20}"
WARM = 20  # calls until the first target's p95 is known
LATE = 1.5  # seconds: what the hedge saves
ROUTES = """
models:
  r: [oa/sim, spare/sim]
  once: {targets: [oa/sim, spare/sim], recovery: {max_attempts: 1}}
  twice: {targets: [oa/sim, spare/sim, an/sim], recovery: {max_attempts: 2, backoff: {base: 0.01, cap: 0.05}}}
"""


async def warm(
    build: Build, more: str, kind: str = "slow", route: str = "r", patience: float = 5.0, **besides: Any
) -> House:
    """A house whose first target has been quick so far, and strikes once now."""
    seconds = {"seconds": LATE} if kind == "slow" else {}
    late = {"faults": [{"kind": kind, "every": WARM + 1, "times": 1, **seconds}]}
    house = await build(more, routes=ROUTES, recovery="{}", patience=patience, oa=late, **besides)
    for _ in range(WARM):
        status, headers, _ = await house.chat(route, stream=True)
        assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")
    return house


async def last(house: House) -> Exchange:
    await eventually(lambda: len(house.ended) == WARM + 1 or None)
    return house.ended[-1]


async def test_a_late_first_target_gets_one_extra_request_and_the_loser_is_cancelled_and_paid(build: Build) -> None:
    house = await warm(build, ON)
    status, headers, body = await house.chat("r", stream=True)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "spare", "2")
    assert body.endswith(b"data: [DONE]\n\n")
    exchange = await last(house)
    lost, won = sorted(await house.logged(WARM + 2), key=lambda entry: entry.started)[-2:]
    assert (lost.provider, lost.end, won.provider, won.end) == ("oa", "client_gone", "spare", "complete")
    assert lost.ended - won.ended < 1
    assert lost.ended - lost.started < LATE
    loser, winner = exchange.attempts
    assert loser.outcome is not None
    assert loser.outcome.abandoned
    assert winner.cost == won.cost_nanodollars
    assert loser.cost
    assert exchange.cost == loser.cost + winner.cost


async def test_what_the_loser_really_cost_counts_against_the_share_of_the_money(build: Build) -> None:
    house = await warm(build, ON)
    hedging = house.gateway._routes.find("r").hedging
    assert hedging is not None
    before = hedging._money
    await house.chat("r", stream=True)
    loser, _ = (await last(house)).attempts
    assert loser.cost
    assert before - hedging._money == loser.cost  # not what was expected of a whole answer


async def test_without_hedging_the_late_target_is_waited_for(build: Build) -> None:
    house = await warm(build, "")
    status, headers, _ = await house.chat("r", stream=True)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")
    assert len(await house.logged(WARM + 1)) == WARM + 1
    assert {entry.provider for entry in house.simulator.log} == {"oa"}


async def test_a_first_target_that_answers_in_time_gets_no_company(build: Build) -> None:
    house = await warm(build, ON, kind="comments")
    for _ in range(3):
        assert (await house.chat("r", stream=True))[1]["x-trunkline-attempts"] == "1"
    assert {entry.provider for entry in await house.logged(WARM + 3)} == {"oa"}


async def test_a_share_of_nothing_left_sends_nothing_twice(build: Build) -> None:
    house = await warm(build, "hedging: {share: 0.01, cost_share: 1, least: 0.05}")
    _, headers, _ = await house.chat("r", stream=True)
    assert (headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == ("oa", "1")


async def test_a_second_request_counts_against_the_routes_attempts(build: Build) -> None:
    house = await warm(build, ON, route="once")
    status, headers, _ = await house.chat("once", stream=True)
    assert (status, headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == (200, "oa", "1")
    assert {entry.provider for entry in await house.logged(WARM + 1)} == {"oa"}


async def test_a_caller_that_allows_one_attempt_gets_no_second_request(build: Build) -> None:
    house = await warm(build, ON)
    body = {"model": "r", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
    _, headers, _ = await house.post("/v1/chat/completions", body, {"x-trunkline-max-attempts": "1"})
    assert (headers["x-trunkline-provider"], headers["x-trunkline-attempts"]) == ("oa", "1")


async def test_two_requests_that_both_fail_are_two_attempts(build: Build) -> None:
    broken = {"faults": [{"kind": "status", "status": 500}]}
    house = await warm(build, ON, kind="silence", route="twice", patience=1.0, spare=broken)
    status, headers, _ = await house.chat("twice", stream=True)
    assert int(headers["x-trunkline-attempts"]) == 2
    assert status >= 500
    assert [entry.provider for entry in await house.logged(WARM + 2)].count("an") == 0
