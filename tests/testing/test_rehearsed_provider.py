"""The cheap provider sends what the simulator sends, waits as it waits, and fails when its spells say so."""

import statistics
from random import Random

import msgspec
import pytest

from trunkline.simulator import Fault, SimulatedProvider
from trunkline.simulator.ask import Ask
from trunkline.simulator.config import Latency, Limits, Model, Provider, Spread
from trunkline.testing import spell
from trunkline.testing.played_transport import NEVER, REFUSED
from trunkline.testing.rehearsed_provider import RehearsedProvider

LATENCY = Latency(first_token=Spread(0.3, 0.5), tokens_per_second=50)
CONFIG = Provider(models={"m": Model()}, latency=LATENCY)
QUESTION = "What is the capital of France?"


def chat(*, stream):
    return msgspec.json.encode({"model": "m", "messages": [{"role": "user", "content": QUESTION}], "stream": stream})


def provider(*spells, config=CONFIG, seed=1):
    return RehearsedProvider("p", config, rng=Random(seed), spells=spells)


def test_a_stream_comes_as_first_content_and_rest_and_is_the_simulators(request_to):
    plan = provider().plan(request_to("p", body=chat(stream=True)), 0.0)

    first, rest = plan.parts
    assert plan.status == 200
    assert (b"content-type", b"text/event-stream; charset=utf-8") in plan.headers
    assert first.data.count(b'"content":"') == 2  # the empty one of the role, and the first token
    assert rest.data.endswith(b"data: [DONE]\n\n")
    assert b"Paris" in rest.data


def test_a_whole_answer_comes_in_one_part(request_to):
    plan = provider().plan(request_to("p", body=chat(stream=False)), 0.0)

    (part,) = plan.parts
    assert "Paris" in msgspec.json.decode(part.data)["choices"][0]["message"]["content"]


@pytest.mark.parametrize("stream", [True, False])
def test_waits_are_distributed_as_the_simulators(stream, request_to):
    played, simulated = provider(), SimulatedProvider("p", CONFIG, seed=2)
    asked = request_to("p", body=chat(stream=stream))
    waits = [sum(part.after for part in played.plan(asked, 0.0).parts) for _ in range(4000)]
    served = [simulated.serve(Ask(model="m", prompt=QUESTION, stream=stream), 0.0) for _ in range(4000)]
    tokens = 1 if stream else 0  # the first token of a stream comes with the first wait
    expected = [one.duration - tokens * one.seconds_per_token for one in served]

    assert statistics.median(waits) == pytest.approx(statistics.median(expected), rel=0.05)
    assert statistics.quantiles(waits, n=100)[98] == pytest.approx(statistics.quantiles(expected, n=100)[98], rel=0.12)


def test_the_same_seed_plays_the_same_waits(request_to):
    asked = request_to("p", body=chat(stream=True))
    plays = [[one.plan(asked, 0.0) for _ in range(20)] for one in (provider(seed=7), provider(seed=7))]

    assert plays[0] == plays[1]
    assert plays[0][0] != plays[0][1]


def test_spells_strike_in_their_time_and_no_other(request_to):
    asked = request_to("p", body=chat(stream=True))
    played = provider(spell.down(10, 20), spell.hangs(30, 40), spell.flooded(50, 60, retry_after=3))

    assert [played.plan(asked, at).status for at in (9.9, 20, 29.9, 40, 49.9, 60)] == [200] * 6
    assert played.plan(asked, 10) is REFUSED
    assert played.plan(asked, 30).lead == NEVER
    flood = played.plan(asked, 59.9)
    assert flood.status == 429
    assert (b"retry-after", b"3") in flood.headers


def test_a_failing_share_fails_in_all_its_ways(request_to):
    asked = request_to("p", body=chat(stream=True))
    played = provider(spell.failing(0.25))
    plans = [played.plan(asked, 0.0) for _ in range(4000)]
    statuses = [plan.status if plan.error is None else "reset" for plan in plans]
    in_stream = [plan for plan in plans if plan.status == 200 and b"[DONE]" not in plan.parts[-1].data]

    assert {500, 503, "reset"} < set(statuses)
    failed = len(in_stream) + sum(status != 200 for status in statuses)
    assert failed / 4000 == pytest.approx(0.25, abs=0.03)


def test_slower_means_every_wait(request_to):
    asked = request_to("p", body=chat(stream=True))
    usual, slow = provider(seed=3), provider(spell.slower(20, 0, 9), seed=3)

    for before, after in zip(usual.plan(asked, 0).parts, slow.plan(asked, 0).parts, strict=True):
        assert after.after == pytest.approx(20 * before.after)


def test_limits_refuse_as_the_simulator_does_and_tell_what_is_left(request_to):
    limited = Provider(models={"m": Model()}, limits=Limits(requests_per_minute=2))
    played = provider(config=limited)
    asked = request_to("p", body=chat(stream=False))
    plans = [played.plan(asked, 0.0) for _ in range(3)]

    assert [plan.status for plan in plans] == [200, 200, 429]
    assert (b"x-ratelimit-remaining-requests", b"1") in plans[0].headers
    assert (b"retry-after", b"30") in plans[2].headers
    assert played.plan(asked, 30.0).status == 200


def test_a_request_the_vendor_refuses_is_refused_in_its_words(request_to):
    plan = provider().plan(request_to("p", body=b'{"model":"m","messages":[]}'), 0.0)

    assert plan.status == 400
    assert b"invalid_request_error" in plan.parts[0].data


def test_faults_of_framing_are_refused_and_not_played_wrongly(request_to):
    with pytest.raises(ValueError, match="about framing"):
        provider(spell.Spell(faults=(Fault(kind="endless"),))).plan(request_to("p", body=chat(stream=True)), 0.0)


def test_flapping_is_down_and_up_in_turn():
    assert [(one.start, one.until) for one in spell.flapping(10, 40, down_for=5, up_for=10)] == [(10, 15), (25, 30)]
