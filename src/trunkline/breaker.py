"""A circuit breaker and a retry for any function, usable without the rest of the house.

Refuses to decide: ``resilience`` does. Here is what it leaves out: the clock, the waiting and the call itself.
"""

import asyncio
import inspect
import random
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, overload

import msgspec

from trunkline.core.errors import CallError, ConfigError
from trunkline.resilience.backoff import Backoff, Rng
from trunkline.resilience.circuit_breaker import Circuit
from trunkline.resilience.circuit_settings import CircuitSettings, Mode
from trunkline.resilience.gate import Rejected
from trunkline.resilience.transitions import CircuitStatus, Listener, State
from trunkline.resilience.verdict import Verdict, verdict_on

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")

LEAVING = (asyncio.CancelledError, GeneratorExit, KeyboardInterrupt, SystemExit)
"""Whoever raises these left; they say nothing of what was called."""


class CircuitBreaker:
    """Stops calling what keeps failing, and finds out when it is well again.

        breaker = CircuitBreaker("search", consecutive=5, open_seconds=2)
        answer = await breaker.call(ask, "Say hi.")
        async with breaker:
            answer = await ask("Say hi.")

    Settings are the fields of ``CircuitSettings``; out of range they raise ConfigError. While it is open, ``call`` and
    ``async with`` raise Rejected with ``retry_after`` (seconds) and ``cause``. What counts: trunkline's own errors by
    what they blame, every other exception as a failure unless ``is_failure`` says no; a cancelled call does not count.
    """

    def __init__(
        self,
        name: str = "",
        *,
        is_failure: Callable[[BaseException], bool] | None = None,
        listeners: Sequence[Listener] = (),
        clock: Callable[[], float] = time.monotonic,
        rng: Rng = random.random,
        **settings: float | str,
    ) -> None:
        self.circuit = Circuit(_checked(settings, CircuitSettings), name=name, rng=rng, listeners=listeners)
        self._clock = clock
        self._is_failure = is_failure
        self._inside: dict[asyncio.Task[Any] | None, list[tuple[int, float]]] = {}

    @overload
    async def call(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    async def call(self, function: Callable[P, S], *args: P.args, **kwargs: P.kwargs) -> S: ...
    async def call(self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """The function's result, async or plain. Raises Rejected, or what the function raises."""
        started = self._clock()
        ticket = self.circuit.enter(started)
        try:
            result = await _result(function(*args, **kwargs))
        except BaseException as error:
            self._left(ticket, started, error)
            raise
        self._left(ticket, started, None)
        return result

    async def __aenter__(self) -> Self:
        started = self._clock()
        entered = (self.circuit.enter(started), started)
        self._inside.setdefault(asyncio.current_task(), []).append(entered)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # One breaker serves many tasks at once; an async generator may even be closed by another task than began it.
        task = asyncio.current_task()
        task = task if task in self._inside else next(iter(self._inside))
        ticket, started = self._inside[task].pop()
        if not self._inside[task]:
            del self._inside[task]
        self._left(ticket, started, error)

    def _left(self, ticket: int, started: float, error: BaseException | None) -> None:
        now = self._clock()
        self.circuit.record(
            ticket,
            "success" if error is None else self._verdict(error),
            now,
            slow=now - started > self.circuit.settings.slow_answer,
            cause=error,
            retry_after=_retry_after(error),
        )

    def _verdict(self, error: BaseException) -> Verdict:
        if isinstance(error, LEAVING):
            return "abandoned"
        if self._is_failure is not None:
            return "failure" if self._is_failure(error) else "ignored"
        return verdict_on(error) if isinstance(error, CallError) else "failure"

    @property
    def state(self) -> State:
        """closed, open, half_open, forced_open or disabled."""
        return self.circuit.state

    def ready_in(self) -> float:
        """Seconds until a call may enter: 0 for now, infinity for never."""
        now = self._clock()
        return self.circuit.ready_at(now) - now

    def listen(self, listener: Listener) -> None:
        """Tell it every transition from now on."""
        self.circuit.listen(listener)

    def switch(self, mode: Mode) -> None:
        """Force it open, disable it, let it only measure, or (auto) let it work again."""
        self.circuit.switch(mode, self._clock())

    def status(self) -> CircuitStatus:
        """State, reason, rates and counts, now."""
        return self.circuit.status(self._clock())

    def __repr__(self) -> str:
        return repr(self.circuit).replace("<Circuit", "<CircuitBreaker")


class ExponentialBackoff:
    """Asks again after a failure, with full jitter and never earlier than a Retry-After.

        answer = await ExponentialBackoff(base=0.5, cap=8, max_attempts=4).retry(ask, "Say hi.")

    ``base``, ``factor``, ``cap``, ``max_retry_after`` as in ``Backoff``. ``max_attempts`` counts calls, not retries;
    ``deadline`` is in seconds for all of them together: no wait begins that would pass it.
    """

    def __init__(
        self,
        *,
        max_attempts: int = 4,
        deadline: float = 60.0,
        is_retryable: Callable[[Exception], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        rng: Rng = random.random,
        **settings: float,
    ) -> None:
        if max_attempts < 1 or not deadline > 0:
            raise ConfigError(f"max_attempts ({max_attempts}) must be at least 1 and deadline ({deadline}) above 0")
        self.backoff = _checked(settings, Backoff)
        self.max_attempts = max_attempts
        self.deadline = deadline
        self._is_retryable = is_retryable or retryable
        self._clock = clock
        self._sleep = sleep
        self._rng = rng

    @overload
    async def retry(self, function: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T: ...
    @overload
    async def retry(self, function: Callable[P, S], *args: P.args, **kwargs: P.kwargs) -> S: ...
    async def retry(self, function: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Any:
        """The function's first result, async or plain. Raises its last error: the one that may not be asked again."""
        expires = self._clock() + self.deadline
        attempt = 1
        while True:
            try:
                return await _result(function(*args, **kwargs))
            except Exception as error:
                seconds = self._wait(attempt, error, expires)
                if seconds is None:
                    raise
            await self._sleep(seconds)
            attempt += 1

    def _wait(self, attempt: int, error: Exception, expires: float) -> float | None:
        if attempt >= self.max_attempts or not self._is_retryable(error):
            return None
        left = expires - self._clock()
        return self.backoff.wait(attempt - 1, self._rng, left=left, retry_after=_retry_after(error))


def retryable(error: Exception) -> bool:
    """What the error itself says, in ``is_retryable`` (a value or a method) or ``retryable``; True if it says nothing.

    An open circuit (Rejected) is worth asking again when it said when.
    """
    if isinstance(error, Rejected):
        return error.retry_after is not None
    said = getattr(error, "is_retryable", getattr(error, "retryable", True))
    return bool(said() if callable(said) else said)


async def _result(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _retry_after(error: BaseException | None) -> float | None:
    hint = getattr(error, "retry_after", None)
    return float(hint) if isinstance(hint, int | float) else None


def _checked(settings: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(dict(settings), kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{kind.__name__}: {error}") from error
