"""What a call leaves behind in the process once it has ended: nothing."""

import asyncio
import gc

import pytest

from tests.e2e.conftest import House, eventually
from trunkline.core.exchange import Exchange


def exchanges() -> list[Exchange]:
    return [found for found in gc.get_objects() if isinstance(found, Exchange)]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    "model", ["openai", "no-such-model", "all-down", "down-then-up", "oa/fault:cut", "an/fault:malformed"]
)
async def test_a_call_frees_its_memory_at_once_however_it_ends(house: House, model: str, stream: bool) -> None:
    """The collector rarely looks in a server; a cycle would keep a body of megabytes until it does."""
    gc.collect()
    others = exchanges()  # what other tests' failures are still shown with
    gc.disable()
    try:
        await house.chat(model, stream=stream)
        await house.message(model, stream=stream)
        await eventually(lambda: len(house.ended) == 2 or None)
        assert {exchange.outcome is not None for exchange in house.ended} == {True}  # the control: there was a call
        house.ended.clear()
        await asyncio.sleep(0)
        assert [left for left in exchanges() if not any(left is other for other in others)] == []
    finally:
        gc.enable()
