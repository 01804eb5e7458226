"""What a call cost is what its provider billed: to the nano-dollar where usage was told, near and marked where not."""

from typing import Any

import pytest

from tests.e2e.conftest import Build, House, eventually
from trunkline.core.exchange import Attempt
from trunkline.core.tokens import tokens_in
from trunkline.core.usage import Usage

DIALECTS = ["openai", "anthropic"]
WORDS = "Repeat exactly: one two three four five six seven eight nine ten"


async def attempts(house: House, count: int) -> list[Attempt]:
    """Every attempt of every call, once so many calls have ended."""
    await eventually(lambda: len(house.ended) >= count or None)
    return [attempt for exchange in house.ended for attempt in exchange.attempts]


@pytest.mark.parametrize("model", ["sim", "sim-thinker", "sim-always", "sim-cached"])
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_whole_answer_costs_what_its_provider_billed(
    house: House, dialect: str, stream: bool, model: str
) -> None:
    for provider in ("oa", "an"):
        await house.ask(dialect, f"{provider}/{model}", text=WORDS, stream=stream)

    made = await attempts(house, 2)

    truth = await house.logged(2)
    assert [attempt.cost for attempt in made] == [entry.cost_nanodollars for entry in truth]
    assert min(entry.cost_nanodollars for entry in truth) > 0  # the control: it was not free


@pytest.mark.parametrize("provider", ["oa", "an"])
async def test_an_error_in_a_stream_before_its_content_is_charged_the_prompt_its_provider_may_bill(
    build: Build, provider: str
) -> None:
    route = f"models: {{r: [{provider}/sim, spare/sim]}}"
    house = await build(routes=route, **{provider: {"faults": [{"kind": "error-in-stream"}]}})
    control = await build(routes=route, **{provider: {"faults": [{"kind": "status", "status": 500}]}})
    for each in (house, control):
        status, *_ = await each.chat("r", stream=True)
        assert status == 200

    (broken, _), (refused, _) = await attempts(house, 1), await attempts(control, 1)

    billed = (await house.logged(2))[0].cost_nanodollars
    assert broken.outcome is not None
    assert broken.outcome.usage.source == "estimated"
    assert 0 < billed <= (broken.cost or 0) < 10 * billed
    assert refused.cost == 0  # the control: a status that was no 200 began nothing


async def test_a_stream_that_was_cut_costs_the_prompt_its_start_told_and_about_what_was_seen(build: Build) -> None:
    house = await build(an={"faults": [{"kind": "cut", "after_events": 6}]})
    await house.message("an/sim", text=WORDS, stream=True)

    (cut,) = await attempts(house, 1)

    (truth,) = await house.logged(1)
    usage: Any = cut.outcome and cut.outcome.usage
    assert usage.source == "estimated"
    assert usage.prompt == truth.usage.prompt  # exactly: message_start told it
    assert abs(usage.completion - truth.usage.output) <= 3


@pytest.mark.parametrize("provider", ["oa", "an"])
async def test_estimates_of_a_model_are_learned_from_what_it_reported(house: House, provider: str) -> None:
    for _ in range(30):
        await house.chat(f"{provider}/sim", text=WORDS, stream=True)

    (*_, last) = await attempts(house, 30)
    guess = house.gateway._routes.find(f"{provider}/sim").endpoints[0]._guess
    size, usage = len(house.ended[-1].call.body), last.outcome.usage if last.outcome else Usage()
    assert abs(guess.prompt(size) - usage.prompt) < abs(tokens_in(size) - usage.prompt) / 5
    assert abs(guess.answer(len(WORDS.removeprefix("Repeat exactly: "))) - usage.output) <= 0.2 * usage.output
