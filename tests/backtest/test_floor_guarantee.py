"""The promise of a floor, in a world whose truth is known: kept in all but about 5 % of seeds."""

from bench.floor_guarantee import violations


def test_a_floor_shown_at_95_percent_is_rarely_violated_in_truth():
    found = violations(seeds=60, prompts=600)

    assert found.violated <= 6  # at most 5 % in truth: 7 or more of 60 has a chance below 3 %
    assert found.shown >= 10  # a promise never made cannot be broken


def test_a_floor_shown_at_no_confidence_is_violated_often():
    assert violations(seeds=60, prompts=600, confidence=0.5, floor=1.0).violated >= 5
