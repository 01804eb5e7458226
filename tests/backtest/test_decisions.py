import random

import msgspec
import pytest

from trunkline.backtest.decisions import compare, rows
from trunkline.core.errors import TrunklineError
from trunkline.routing.decision import LoggedCandidate, LoggedDecision
from trunkline.routing.strategies import Adaptive, CostOptimized, QualityFirst
from trunkline.stores.records import UsageRecord
from trunkline.stores.scores import Score

QUALITY = {"ant/small": 0.6, "dog/dear": 0.9}
NANOS = {"ant/small": 1_000_000, "dog/dear": 10_000_000}


def logged(count=2_000, seed=0):
    """Calls that went to either of two targets by a fair lot; the truth of both is known."""
    rng = random.Random(seed)
    records, scores = [], []
    for number in range(count):
        order = sorted(QUALITY, key=lambda _: rng.random())
        candidates = tuple(LoggedCandidate(name, QUALITY[name], 0.05, NANOS[name], 0.5) for name in order)
        decision = LoggedDecision("weighted", number, (rng.random(), 1.0), candidates)
        provider, model = order[0].split("/")
        records.append(
            UsageRecord(
                id=f"r{number}", at=number, request=f"q{number}", provider=provider, model=model, route="chat",
                cost=NANOS[order[0]], outcome="ok", decision=msgspec.json.encode(decision).decode(),
            )
        )  # fmt: skip
        right = float(rng.random() < QUALITY[order[0]])
        score = Score(
            id=f"s{number}",
            at=number,
            request=f"q{number}",
            target=order[0],
            cluster="",
            source="judge",
            by="j",
            score=right,
        )
        scores.append(score)
    return records, scores


def figures(strategy, **more):
    return {one.figure: one for one in compare(rows(*logged(**more)), {"chat": strategy})}


def test_the_dear_policy_is_valued_at_its_truth_though_half_the_log_went_elsewhere():
    found = figures(QualityFirst(), seed=1)

    for estimate in (found["quality"].ips, found["quality"].snips, found["quality"].doubly_robust):
        assert estimate.low <= 0.9 <= estimate.high
    assert found["dollars a call"].doubly_robust.value == pytest.approx(0.01, rel=0.05)
    assert found["quality"].gained.low > 0
    assert found["dollars a call"].was == pytest.approx(0.0055, rel=0.05)


def test_the_cheap_policy_is_cheaper_and_worse_by_as_much_as_it_is():
    found = figures(CostOptimized(floor=0.5))

    assert found["dollars a call"].snips.value == pytest.approx(0.001, rel=0.05)
    assert found["quality"].doubly_robust.low <= 0.6 <= found["quality"].doubly_robust.high
    assert found["quality"].gained.high < 0


def test_what_the_log_cannot_show_is_refused_with_the_reason():
    with pytest.raises(TrunklineError, match="cannot be replayed"):
        figures(Adaptive())
    with pytest.raises(TrunklineError, match="at least 30"):
        figures(QualityFirst(), count=10)
    with pytest.raises(TrunklineError, match="0 logged decisions"):
        compare(rows(*logged()), {"other": QualityFirst()})


def test_calls_that_were_not_decided_or_not_answered_by_the_choice_do_not_count():
    records, scores = logged(count=3)
    silent = msgspec.structs.replace(records[0], decision="")
    broken = msgspec.structs.replace(records[1], decision="{")
    other = msgspec.structs.replace(records[2], provider="cat")

    assert rows([silent, broken, other], scores) == []
    assert len(rows(records, [])) == 3
    assert rows(records, [])[0].quality is None
