"""The layer around all targets: takes before the call, and hears the end of the answer."""

from typing import Any

import pytest

from tests.accounting.scenes import SMALL, exchange
from tests.layers.scenes import Endpoint
from trunkline.accounting.rates import Rates
from trunkline.core.call import Caller, CallerLimits
from trunkline.core.errors import CallerRateLimit, ServerError
from trunkline.layers.rate_limit import RateLimited

ALICE = Caller("alice", limits=CallerLimits(tokens_per_minute=1_000, concurrent=1))


def layer(endpoint: Endpoint) -> RateLimited:
    return RateLimited(endpoint, Rates(), lambda: 0.0)


async def test_a_place_is_held_until_the_answer_has_ended_and_the_real_tokens_count() -> None:
    limited = layer(Endpoint(SMALL))
    reply: Any = await limited(exchange(caller=ALICE))

    with pytest.raises(CallerRateLimit):
        await limited(exchange(caller=ALICE))
    reply.end()

    assert limited.rates.allowances(ALICE, 0.0)["tokens"].remaining == 985
    await limited(exchange(caller=ALICE))


async def test_a_failed_call_gives_its_place_and_its_tokens_back() -> None:
    endpoint = Endpoint(SMALL)
    endpoint.error = ServerError("the provider answered 500")
    limited = layer(endpoint)

    with pytest.raises(ServerError):
        await limited(exchange(caller=ALICE))

    assert limited.rates.allowances(ALICE, 0.0)["tokens"].remaining == 1_000


async def test_a_caller_without_limits_is_not_counted() -> None:
    limited = layer(Endpoint(SMALL))

    for _ in range(3):
        await limited(exchange())

    assert repr(limited) == "<RateLimited by <Rates [0 callers]>>"
