"""What mature clients do after a failure, asked of our headers' reader, error table and backoff together."""

import datetime as dt
import json
import pathlib
import re

import pytest

from trunkline.core.errors import QuotaExceeded
from trunkline.core.exchange import Target
from trunkline.dialects.errors import classify, provider_error
from trunkline.dialects.retry_hints import retry_after
from trunkline.resilience.backoff import Backoff
from trunkline.resilience.recovery import Again, Candidate, Elsewhere, Recovery, Stop, Tried

HERE = pathlib.Path(__file__).parent
BOOK = json.loads((HERE / "cases" / "retry.json").read_text())
NOW = dt.datetime(2023, 9, 29, 16, 26, 37, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize("case", BOOK["waits"], ids=lambda case: case["id"])
def test_the_wait_is_the_same(case):
    headers = [(name.encode(), value.encode()) for name, value in case["headers"].items()]
    backoff = Backoff(base=case.get("base", 0.5), factor=2, cap=8, max_retry_after=120)

    wait = backoff.wait(case["attempt"], lambda: 1.0, retry_after=retry_after(headers, NOW))

    assert wait == (None if case["wait"] is None else pytest.approx(case["wait"]))


@pytest.mark.parametrize("case", BOOK["classes"], ids=lambda case: case["id"])
def test_the_error_says_the_same_of_itself(case):
    for code in case["codes"]:
        found = classify(case["status"], code)

        assert found.retryable is case["retryable"]
        assert found.fallback is case.get("fallback", found.fallback)
        assert found.blames == case.get("blames", found.blames)


def test_an_empty_account_told_as_a_bad_request_goes_elsewhere():
    body = b'{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low"}}'

    error = provider_error("anthropic", 400, [], body, provider="anthropic")

    assert type(error) is QuotaExceeded
    assert (error.retryable, error.fallback, error.blames) == (False, True, "credential")


@pytest.mark.parametrize(("said", "again"), [("false", False), ("False", False), ("true", True), ("", True)])
def test_a_provider_that_forbids_a_retry_is_not_asked_again_and_another_one_is(said: str, again: bool) -> None:
    error = provider_error("openai", 503, [(b"X-Should-Retry", said.encode())], b"", provider="a")
    a, b = (Candidate(Target(provider, "m"), ready_at=0.0) for provider in "ab")
    rules = Recovery(retries=3, rounds=3)

    alone = rules.next([a], [Tried(a, error, 0.0)], now=0.0, deadline=60.0, rng=lambda: 0.0)
    both = rules.next([a, b], [Tried(a, error, 0.0)], now=0.0, deadline=60.0, rng=lambda: 0.0)

    assert alone == (Again(a, 0.0) if again else Stop("targets"))
    assert both == Elsewhere(b, 0.0)
    assert provider_error("openai", 503, [], b"", provider="a").retryable


def test_every_case_is_asked_written_out_or_left_out_with_a_reason():
    asked = [case["id"] for case in BOOK["waits"] + BOOK["classes"]]
    ids = asked + list(BOOK["written_out"]) + list(BOOK["left_out"])

    assert len(ids) == len(set(ids)) == 60
    assert all(reason.endswith(".") for reason in BOOK["left_out"].values())
    for place in BOOK["written_out"].values():
        file, name = place.split("::")
        assert re.search(rf"^(async )?def {name}\(", (HERE / file).read_text(), re.MULTILINE), place
