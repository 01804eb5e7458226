"""The retry that anybody may use, around any function."""

import asyncio

import pytest

from trunkline.breaker import CircuitBreaker, ExponentialBackoff, retryable
from trunkline.core.errors import ConfigError, InvalidRequest, RateLimit, ServerError
from trunkline.resilience.gate import NEVER, Rejected


class Stage:
    """A function that fails with these errors, one a call, and a clock that its waits move."""

    def __init__(self, *errors: BaseException) -> None:
        self.errors = list(errors)
        self.calls = 0
        self.now = 0.0
        self.waits: list[float] = []

    async def ask(self, text: str = "fine") -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return text

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def backoff(self, **settings):
        return ExponentialBackoff(clock=lambda: self.now, sleep=self.sleep, rng=lambda: 0.5, **settings)


async def test_it_asks_again_with_growing_waits_until_there_is_a_result():
    stage = Stage(OSError("down"), OSError("down"), OSError("down"))

    assert await stage.backoff(base=1, factor=2, cap=3).retry(stage.ask, text="hi") == "hi"
    assert stage.waits == [0.5, 1.0, 1.5]


async def test_plain_functions_are_welcome():
    assert await ExponentialBackoff().retry(len, "abc") == 3


async def test_the_number_of_calls_is_literal():
    stage = Stage(*[OSError("down")] * 9)

    with pytest.raises(OSError, match="down"):
        await stage.backoff(max_attempts=3).retry(stage.ask)

    assert stage.calls == 3


class Stubborn(Exception):
    def __init__(self, answer) -> None:
        super().__init__("stubborn")
        self.is_retryable = answer


@pytest.mark.parametrize("error", [InvalidRequest("no"), Stubborn(False), Stubborn(lambda: False)])
async def test_what_says_that_it_is_not_retryable_is_asked_once(error):
    stage = Stage(error)

    with pytest.raises(type(error)):
        await stage.backoff().retry(stage.ask)

    assert (stage.calls, stage.waits) == (1, [])


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ServerError("500"), True),
        (Stubborn(True), True),
        (Stubborn(lambda: True), True),
        (ValueError("no verdict"), True),
        (Rejected("search", "is open", retry_after=3.0), True),
        (Rejected("search", "is switched off", retry_after=NEVER), False),
    ],
)
def test_an_error_speaks_for_itself(error, expected):
    assert retryable(error) is expected


async def test_the_user_says_what_is_retryable():
    stage = Stage(ValueError("mine"))

    with pytest.raises(ValueError, match="mine"):
        await stage.backoff(is_retryable=lambda error: isinstance(error, OSError)).retry(stage.ask)

    assert stage.calls == 1


async def test_a_retry_after_is_waited_for():
    stage = Stage(RateLimit("429", retry_after=7.0))

    await stage.backoff(cap=2).retry(stage.ask)

    assert stage.waits == [7.0]


async def test_no_wait_begins_that_would_pass_the_deadline():
    stage = Stage(RateLimit("429", retry_after=4.0), RateLimit("429", retry_after=4.0))

    with pytest.raises(RateLimit):
        await stage.backoff(deadline=7.9).retry(stage.ask)

    assert (stage.calls, stage.waits) == (2, [4.0])


async def test_it_waits_for_an_open_circuit():
    stage = Stage(OSError("down"))
    breaker = CircuitBreaker("search", consecutive=1, open_seconds=5, open_jitter=0, clock=lambda: stage.now)

    assert await stage.backoff(base=0.1).retry(breaker.call, stage.ask) == "fine"
    assert stage.waits == [0.05, pytest.approx(4.95)]


async def test_cancelled_before_it_began_nothing_is_called():
    stage = Stage()
    task = asyncio.create_task(stage.backoff().retry(stage.ask))

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.calls == 0


async def test_cancelled_in_a_wait_nothing_more_is_called():
    stage = Stage(OSError("down"))
    task = asyncio.create_task(ExponentialBackoff(base=60, cap=60, rng=lambda: 0.9).retry(stage.ask))
    while not stage.calls:
        await asyncio.sleep(0)

    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert stage.calls == 1


async def test_a_function_that_survives_its_cancellation_is_not_called_again():
    calls = []

    async def survives():
        calls.append(1)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            return "all the same"

    task = asyncio.create_task(ExponentialBackoff().retry(survives))
    while not calls:
        await asyncio.sleep(0)
    task.cancel()

    assert (await task, calls) == ("all the same", [1])


@pytest.mark.parametrize(
    "settings", [{"max_attempts": 0}, {"deadline": 0}, {"deadline": float("nan")}, {"base": -1}, {"x": 1}]
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ConfigError):
        ExponentialBackoff(**settings)
