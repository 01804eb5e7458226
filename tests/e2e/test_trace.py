"""A caller's trace goes on to the providers, each attempt under a span of its own."""

from tests.e2e.conftest import House, user

ID, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
ASKED = {"model": "down-then-up", "messages": [user("What is 2 + 2?")]}


async def told(house: House, count: int) -> list[list[str]]:
    return [entry.headers["traceparent"].split("-") for entry in await house.logged(count)]


async def test_every_attempt_is_a_span_of_its_own_in_the_callers_trace(house: House) -> None:
    await house.post("/v1/chat/completions", ASKED, {"traceparent": f"00-{ID}-{SPAN}-00", "tracestate": "vendor=1"})

    [exchange] = house.ended
    spans = [attempt.span for attempt in exchange.attempts]
    assert await told(house, 2) == [["00", ID, span, "00"] for span in spans[1:]]  # the first target takes no call
    assert {entry.headers["tracestate"] for entry in house.simulator.log} == {"vendor=1"}
    assert len({SPAN, exchange.span, *spans}) == 5
    assert exchange.trace.parent == SPAN


async def test_a_call_without_a_trace_begins_one(house: House) -> None:
    await house.chat("openai")
    await house.chat("openai")

    (_, one, _, flags), (_, other, _, _) = await told(house, 2)
    assert one != other
    assert flags == "01"
    assert "tracestate" not in house.simulator.log[0].headers
