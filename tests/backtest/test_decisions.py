import msgspec
import pytest

pytest.importorskip("numpy")

from tests.backtest.made_log import CHEAP, DEAR, LATENCY, made_log, truth
from trunkline.backtest.decisions import of_route, rows
from trunkline.backtest.elsewhere import Course
from trunkline.backtest.judged import judge
from trunkline.core.errors import TrunklineError
from trunkline.routing.prior import Ability
from trunkline.routing.strategies import Adaptive, Cascade, CostOptimized, Fastest, Ordered, QualityFirst, Weighted
from trunkline.routing.thompson import Exploration

EQUAL = {one: Ability(0.0, 0.3, "guess") for one in (CHEAP, DEAR)}


def judged(strategy, targets=(DEAR, CHEAP), **more):
    return judge(rows(*made_log(**more)), "chat", Course(strategy, targets, EQUAL))


def line(found, name="this config"):
    return next(one for one in found.lines if one.name == name)


@pytest.mark.parametrize(("targets", "cheap", "saved"), [((DEAR, CHEAP), 0.0, 0.0), ((CHEAP, DEAR), 1.0, 0.9)])
def test_a_route_in_its_own_order_is_valued_at_its_truth(targets, cheap, saved):
    found = line(judged(Ordered(), targets))

    assert found.quality.low <= truth((cheap, cheap)) <= found.quality.high
    assert found.saved.value == pytest.approx(saved, abs=0.01)
    assert found.kept.low <= truth((cheap, cheap)) / truth((0, 0)) <= found.kept.high
    assert found.support == 1


def test_every_naive_way_stands_beside_with_its_truth():
    found = judged(QualityFirst(), seed=1)

    assert found.reference == DEAR
    assert [one.name for one in found.lines] == [
        "as it was", "this config", f"always {DEAR}", "best static mix, measured on the newer half", "random mix",
        "quality / cost^0.3",
    ]  # fmt: skip
    for name, cheap in (("as it was", (0.8, 0.1)), ("random mix", (0.5, 0.5)), ("quality / cost^0.3", (1.0, 1.0))):
        assert line(found, name).quality.low <= truth(cheap) <= line(found, name).quality.high
    assert line(found, "best static mix, measured on the newer half").kept.value == pytest.approx(0.99, abs=0.02)
    assert any("no oracle" in note for note in found.notes)


def test_latencies_that_were_logged_decide_who_is_soonest():
    found = line(judged(Fastest(explore=0.0)))

    assert found.seconds.value == pytest.approx(2 * LATENCY[CHEAP], rel=1e-3)
    with pytest.raises(TrunklineError, match="hold no latencies"):
        judged(Fastest(), latency=False)


def test_learning_is_replayed_call_by_call_and_finds_who_can_do_what():
    strategy = Adaptive(weight=0.2, exploration=Exploration(share=0.1, regret=1.0))
    found = line(judged(strategy, seed=2))

    assert found.saved.low > 0.4  # the cheap one does the easy ones
    assert found.kept.low > 0.9  # a lot that saves as much keeps 0.88: it has learned who can do what


def test_a_target_that_the_config_has_no_more_is_not_asked():
    found = judged(CostOptimized(floor=0.5), targets=(DEAR,))

    assert line(found).saved.value == pytest.approx(0, abs=0.001)
    assert f"{CHEAP} is not in this config" in found.notes


def test_what_the_log_could_not_do_is_not_guessed():
    found = judged(Ordered(), targets=(CHEAP, DEAR), chances=(0.5, 0.0))

    assert line(found).support == pytest.approx(0.6, abs=0.05)
    assert line(found).quality.value == pytest.approx(0.95, abs=0.03)  # of the easy ones, and the note says so
    assert any("in 6" in note and "figures are of those" in note for note in found.notes)
    with pytest.raises(TrunklineError, match="never goes where this config would"):
        judged(Ordered(), targets=(CHEAP, DEAR), chances=(0.0, 0.0))
    with pytest.raises(TrunklineError, match="the log never asked new/one"):
        judged(Ordered(), targets=("new/one",))


def test_what_cannot_be_replayed_is_refused_with_the_reason():
    with pytest.raises(TrunklineError, match="a cascade cannot be replayed"):
        judged(Cascade())
    with pytest.raises(TrunklineError, match="at least 30"):
        judged(QualityFirst(), count=10)
    with pytest.raises(TrunklineError, match='no decision of the route "caht"; did you mean "chat"'):
        of_route(rows(*made_log(3)), "caht", "--route")
    with pytest.raises(TrunklineError, match="several routes: chat, other; choose one with --route"):
        of_route([*rows(*made_log(3)), *rows(*made_log(3, route="other"))], None, "--route")
    with pytest.raises(TrunklineError, match="holds no decision"):
        of_route([], None, "--route")


def test_answers_that_nobody_scored_leave_cost_and_latency():
    found = judged(Weighted(), scored=0.0)

    assert (line(found).quality, line(found).kept, found.reference) == (None, None, None)
    assert line(found).dollars.value == pytest.approx(0.0055, rel=0.05)
    assert [one.figure for one in found.figures] == ["dollars", "seconds"]


def test_calls_that_were_not_decided_or_not_answered_by_the_choice_are_no_rows():
    records, scores = made_log(count=4)
    silent = msgspec.structs.replace(records[0], decision="")
    broken = msgspec.structs.replace(records[1], decision="{")
    other = msgspec.structs.replace(records[2], provider="cat")
    longer = msgspec.structs.replace(records[3], decision=records[3].decision.replace("[0.", "[" + "0.5," * 20 + "0."))

    assert rows([silent, broken, other, longer], scores) == []
    assert len(rows(records, [])) == 4
    assert rows(records, [])[0].quality is None


def test_opinions_of_one_answer_count_by_their_weight():
    records, scores = made_log(count=1)
    first = msgspec.structs.replace(scores[0], score=1.0, weight=3.0)
    second = msgspec.structs.replace(scores[0], id="other", score=0.0, weight=1.0)

    assert rows(records, [first, second])[0].quality == 0.75


def test_records_of_before_latencies_were_kept_are_read_still():
    records, scores = made_log(count=1)
    old = msgspec.json.decode(records[0].decision)
    old["candidates"] = [one[:5] for one in old["candidates"]]
    record = msgspec.structs.replace(records[0], decision=msgspec.json.encode(old).decode())

    (row,) = rows([record], scores)

    assert (row.decision.candidates[0].latency, row.decision.candidates[0].source) == (None, "log")
