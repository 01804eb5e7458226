"""A ledger with a known truth: two targets, easy and hard prompts, and a chooser that sends the hard ones to the dear.

Who looks at the mean score of each target's own answers is misled: the cheap one was mostly asked easy questions.
"""

import random

import msgspec

from trunkline.core.usage import Usage
from trunkline.routing import complexity
from trunkline.routing.decision import LoggedCandidate, LoggedDecision
from trunkline.stores.records import UsageRecord
from trunkline.stores.scores import Score

CHEAP, DEAR = "ant/small", "dog/dear"
EASY = "Name the capital of country {n} briefly."
HARD = "Prove why {n} + {m} = 12 holds, calculate the integral and explain each step."
QUALITY = {False: {CHEAP: 0.95, DEAR: 0.96}, True: {CHEAP: 0.35, DEAR: 0.90}}
NANOS = {CHEAP: 1_000_000, DEAR: 10_000_000}
LATENCY = {CHEAP: 0.1, DEAR: 0.4}
HARD_SHARE = 0.4
BEGIN = 1_700_000_000_000
SECOND = 1_000


def truth(chance_of_cheap):
    """The mean quality of a policy that asks the cheap one with these chances for (easy, hard) prompts."""
    shares = {False: 1 - HARD_SHARE, True: HARD_SHARE}
    return sum(
        share * (chance_of_cheap[hard] * QUALITY[hard][CHEAP] + (1 - chance_of_cheap[hard]) * QUALITY[hard][DEAR])
        for hard, share in shares.items()
    )


def made_log(count=2_000, seed=0, chances=(0.8, 0.1), *, scored=1.0, latency=True, route="chat"):
    """Records and scores; ``chances`` that the cheap one was asked for an easy and for a hard prompt."""
    rng = random.Random(seed)
    records, scores = [], []
    for number in range(count):
        hard = rng.random() < HARD_SHARE
        text = (HARD if hard else EASY).format(n=rng.randint(2, 99), m=rng.randint(2, 99))
        propensity = {CHEAP: chances[hard], DEAR: 1 - chances[hard]}
        taken = CHEAP if rng.random() < chances[hard] else DEAR
        order = (taken, DEAR if taken == CHEAP else CHEAP)
        decision = LoggedDecision(
            "adaptive",
            number,
            tuple(round(value, 4) for value in complexity.analyse(text).vector()),
            tuple(
                LoggedCandidate(
                    one, 0.8, 0.1, NANOS[one], propensity[one], LATENCY[one] if latency else None, "benchmark"
                )
                for one in order
            ),
        )
        provider, _, model = taken.partition("/")
        records.append(
            UsageRecord(
                id=f"r{number}", at=BEGIN + number * SECOND, request=f"q{number}", provider=provider, model=model,
                route=route, cost=round(NANOS[taken] * rng.uniform(0.8, 1.2)), outcome="ok",
                duration=round(1_000 * LATENCY[taken] * 2), usage=Usage(input=20, output=50, source="reported"),
                decision=msgspec.json.encode(decision).decode(),
            )
        )  # fmt: skip
        if rng.random() < scored:
            right = float(rng.random() < QUALITY[hard][taken])
            scores.append(
                Score(
                    id=f"s{number}", at=BEGIN + number * SECOND, request=f"q{number}", target=taken, cluster="",
                    source="judge", by="j", score=right,
                )
            )  # fmt: skip
    return records, scores
