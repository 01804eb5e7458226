"""How long one target may take: what it says, its route, the house, and the advice for its kind of model."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.exchange import Target
from trunkline.gateway.config import Config, Route, RouteTarget
from trunkline.providers.health import Health, HealthSettings
from trunkline.providers.provider import Provider, Speech
from trunkline.providers.registry import known
from trunkline.providers.timeouts import RouteTimeouts, Timeouts, timeouts_of

HOUSE = Timeouts(first_content=20.0, idle=400.0)
NOTHING = RouteTimeouts()


def of(route: RouteTimeouts = NOTHING, step: RouteTimeouts = NOTHING, *, reasoning: bool = False, local: bool = False):
    return timeouts_of(HOUSE, route, step, reasoning=reasoning, local=local)


def test_a_targets_own_timeouts_stand_over_its_routes_and_these_over_the_houses():
    found = of(RouteTimeouts(first_content=5.0, answer=50.0), RouteTimeouts(first_content=2.0))

    assert (found.first_content, found.answer, found.idle, found.total) == (2.0, 50.0, 400.0, 600.0)


def test_a_model_that_thinks_first_gets_more_time_unless_somebody_said_how_much():
    assert (of(reasoning=True).first_content, of(reasoning=True).idle) == (300.0, 400.0)
    assert of(RouteTimeouts(first_content=5.0), reasoning=True).first_content == 5.0
    assert of(step=RouteTimeouts(first_content=5.0), reasoning=True).first_content == 5.0
    assert of(step=RouteTimeouts(thinking=90.0), reasoning=True).first_content == 90.0
    assert of().first_content == 20.0


def test_no_speed_is_too_slow_for_a_machine_of_ones_own_unless_somebody_said_so():
    assert (of(local=True).slowest, of().slowest) == (0.0, 10.0)
    assert of(RouteTimeouts(slowest=3.0), local=True).slowest == 3.0


@pytest.mark.parametrize(
    ("tokens", "seconds"), [(None, 300.0), (0, 60.0), (100, 70.0), (2400, 300.0), (10**30, 300.0), (-5, 60.0)]
)
def test_a_whole_answer_gets_the_time_that_its_length_may_take(tokens, seconds):
    assert Timeouts().whole(tokens) == seconds


@given(st.none() | st.integers(0, 10**9), st.floats(0, 1000))
def test_a_whole_answer_never_gets_more_than_answer(tokens, slowest):
    assert 0 < Timeouts(slowest=slowest).whole(tokens) <= 300.0


def test_the_catalogue_says_who_thinks():
    mine = Provider(name="mine", url="http://127.0.0.1:1/v1", dialects={"openai": Speech()}, local=True)
    config = Config(providers={"openai": known("openai"), "mine": mine})

    def first(model: str) -> float:
        step = RouteTarget(model)
        return config.timeouts_of(step, Route(targets=(step,))).first_content

    assert (first("openai/o3"), first("openai/gpt-4o"), first("mine/m")) == (300.0, 60.0, 60.0)


def test_the_circuit_of_a_model_that_thinks_takes_only_a_late_answer_for_slow():
    health = Health(HealthSettings())

    thinker, other = health.of(Target("a", "thinker"), thinks=True), health.of(Target("a", "m"))

    assert [one.circuits[2].settings.slow_first_content for one in (thinker, other)] == [240.0, 30.0]
    assert thinker.circuits[0] is other.circuits[0]
