"""The circuit breaker that anybody may use, around any function."""

import asyncio
import contextlib

import pytest

from tests.resilience.scenes import never_by_chance
from trunkline.breaker import CircuitBreaker
from trunkline.core.errors import ConfigError, InvalidRequest, ServerError
from trunkline.resilience.gate import Rejected


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def breaker_of(**settings):
    clock = Clock()
    return CircuitBreaker("search", clock=clock, rng=never_by_chance, **{"consecutive": 1} | settings), clock


async def fails(error):
    raise error


async def test_it_returns_what_the_function_returns_async_or_plain():
    breaker, _ = breaker_of()

    async def echo(text, *, times):
        return text * times

    assert await breaker.call(echo, "a", times=2) == "aa"
    assert await breaker.call(len, "abc") == 3
    assert breaker.circuit.succeeded == 2


async def test_it_stops_calling_what_fails_and_finds_out_when_it_is_well():
    breaker, clock = breaker_of(consecutive=2, permits=1, open_seconds=3)

    for _ in range(2):
        with pytest.raises(OSError, match="down"):
            await breaker.call(fails, OSError("down"))
    with pytest.raises(Rejected, match="search is open") as raised:
        await breaker.call(fails, AssertionError("it was called"))
    clock.now += 3

    assert raised.value.retry_after == 3
    assert breaker.ready_in() == 0
    assert await breaker.call(len, "abc") == 3
    assert breaker.state == "closed"


class Crash(BaseException):
    """Neither an Exception nor a way to leave."""


@pytest.mark.parametrize("error", [ValueError("no"), Crash("no"), ServerError("500")])
async def test_any_exception_of_the_function_is_a_failure_and_comes_out(error):
    breaker, _ = breaker_of()

    with pytest.raises(type(error)):
        await breaker.call(fails, error)

    assert breaker.state == "open"


@pytest.mark.parametrize("error", [InvalidRequest("temperature"), Rejected("inner", "is open", retry_after=1)])
async def test_an_error_that_blames_nobody_does_not_count(error):
    breaker, _ = breaker_of()

    with pytest.raises(type(error)):
        await breaker.call(fails, error)

    assert (breaker.state, breaker.circuit.ignored) == ("closed", 1)


async def test_the_user_says_what_a_failure_is():
    breaker, _ = breaker_of(is_failure=lambda error: isinstance(error, OSError))

    with pytest.raises(ValueError, match="mine"):
        await breaker.call(fails, ValueError("mine"))
    assert breaker.state == "closed"
    with pytest.raises(OSError, match="theirs"):
        await breaker.call(fails, OSError("theirs"))
    assert breaker.state == "open"


async def test_a_cancelled_call_frees_its_permit():
    breaker, clock = breaker_of(permits=1, open_seconds=1)
    with pytest.raises(OSError, match="down"):
        await breaker.call(fails, OSError("down"))
    clock.now += 1
    probe = asyncio.create_task(breaker.call(asyncio.sleep, 60))
    await asyncio.sleep(0)
    assert breaker.ready_in() > 0

    probe.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await probe

    assert (breaker.state, breaker.ready_in()) == ("half_open", 0)
    assert breaker.circuit.abandoned == 1


async def test_a_slow_call_counts_as_slow():
    breaker, clock = breaker_of(slow_answer=5)

    def takes_long():
        clock.now += 6

    await breaker.call(takes_long)

    assert breaker.status().slow_rate == 1


async def test_the_block_is_a_call():
    breaker, _ = breaker_of()

    async with breaker as entered:
        assert entered is breaker
        assert breaker.circuit.in_flight == 1
    with pytest.raises(OSError, match="down"):
        async with breaker:
            raise OSError("down")

    assert (breaker.circuit.succeeded, breaker.circuit.failed, breaker.state) == (1, 1, "open")
    with pytest.raises(Rejected):
        async with breaker:
            pytest.fail("it was entered")
    assert breaker._inside == {}


async def test_many_tasks_are_inside_at_once_and_again_in_themselves():
    breaker, clock = breaker_of(slow_answer=5)

    async def work(seconds):
        async with breaker, breaker:
            await asyncio.sleep(0)
            clock.now += seconds

    await asyncio.gather(*(work(0) for _ in range(20)))

    assert (breaker.circuit.succeeded, breaker.circuit.in_flight, breaker._inside) == (40, 0, {})


async def test_a_block_closed_by_another_task_is_left_all_the_same():
    breaker, _ = breaker_of()

    async def numbers():
        async with breaker:
            yield 1

    stream = numbers()
    await asyncio.create_task(anext(stream))
    await stream.aclose()

    assert (breaker.circuit.in_flight, breaker._inside) == (0, {})


async def test_a_retry_after_of_the_error_keeps_it_open():
    breaker, _ = breaker_of(open_seconds=1)

    with pytest.raises(ServerError):
        await breaker.call(fails, ServerError("500", retry_after=20))

    assert breaker.ready_in() == 20


async def test_it_tells_shows_and_can_be_switched():
    breaker, _ = breaker_of()
    told = []
    breaker.listen(told.append)

    breaker.switch("forced_open")

    assert [change.state for change in told] == ["forced_open"]
    assert repr(breaker) == "<CircuitBreaker search [forced_open | 0 of 0 failed | 0 in flight]>"
    assert breaker.status().mode == "forced_open"


@pytest.mark.parametrize(
    ("settings", "said"), [({"permits": 0}, r"CircuitSettings: .*>= 1 - at `\$\.permits`"), ({"limit": 5}, "limit")]
)
def test_settings_out_of_range_are_refused(settings, said):
    with pytest.raises(ConfigError, match=said):
        breaker_of(**settings)
