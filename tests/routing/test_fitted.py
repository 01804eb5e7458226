"""A fitted policy as a route uses it: its models are found under the route's names, its word stands over priors."""

from pathlib import Path

import pytest

pytest.importorskip("numpy")

from tests.routing.policies import policy
from trunkline.core.chat import ChatRequest, Completion, Finish, Message, Text, ToolUse
from trunkline.core.exchange import Target
from trunkline.core.usage import Usage
from trunkline.routing import complexity
from trunkline.routing.fitted import Answered, Fitted, Opinion
from trunkline.routing.learned.policy import PolicyError, write

LITTLE, SMALL, LARGE = Target("oa", "little"), Target("an", "x/Small-2025-01-01"), Target("spare", "large")
REQUEST = ChatRequest("m", (Message("user", (Text("What is 17 + 25?"),)),))


def opinion(**more: object) -> Opinion:
    fitted = Fitted(policy(**more), [LARGE, SMALL, LITTLE])  # type: ignore[arg-type]
    return fitted.opinion(complexity.of(REQUEST), REQUEST)


def said(text: str, finish: Finish = "stop") -> Completion:
    return Completion("", "m", (Text(text),), finish, Usage())


def test_models_are_found_under_the_names_they_are_sold_by() -> None:
    found = opinion()

    assert found.probes == (LITTLE, SMALL)
    assert found.best == LARGE
    assert found.tokens(LITTLE) == 40
    assert found.tokens(Target("oa", "other")) == 40  # as much as the others


def test_a_pool_without_a_model_that_is_asked_is_refused_by_name() -> None:
    with pytest.raises(PolicyError, match='fitted on "small", which is not in this pool'):
        Fitted(policy(), [LARGE, LITTLE])


def test_a_floor_that_was_not_shown_asks_the_best_at_once() -> None:
    found = opinion(shown=False, price=3.0)

    assert found.probes == ()
    assert found.price == 0.0
    assert opinion(price=3.0).price == 3.0


def test_the_policys_verdict_is_told_in_targets() -> None:
    found = opinion()

    assert found.verdict([])[:2] == (None, LITTLE)
    assert found.verdict([Answered(LITTLE, said("42"))])[:2] == (None, SMALL)
    agreed = found.verdict([Answered(LITTLE, said("42")), Answered(SMALL, said("The answer is 42"))])
    assert agreed[:2] == (SMALL, None)
    assert found.verdict([Answered(LITTLE, said("42")), Answered(SMALL, said("43"))])[:2] == (None, LARGE)


def test_an_answer_that_was_cut_is_none() -> None:
    found = opinion()

    cut = [Answered(LITTLE, said("42", "length")), Answered(SMALL, said("42", "length"))]
    assert found.verdict(cut)[:2] == (None, LARGE)


def test_tool_calls_agree_by_their_values() -> None:
    def called(arguments: str) -> Completion:
        return Completion("", "m", (ToolUse("1", "look", arguments),), "tool_calls", Usage())

    same = [Answered(LITTLE, called('{"a":1,"b":2}')), Answered(SMALL, called('{"b": 2, "a": 1}'))]
    other = [Answered(LITTLE, called('{"a":1}')), Answered(SMALL, called('{"a":2}'))]
    broken = [Answered(LITTLE, called('{"a"')), Answered(SMALL, called('{"a":2}'))]

    assert opinion().verdict(same)[0] == SMALL
    assert opinion().verdict(other)[1] == opinion().verdict(broken)[1] == LARGE


def test_a_policy_file_is_loaded_and_a_broken_one_says_what_to_do(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.policy", tmp_path / "bad.policy"
    write(policy(), good)
    bad.write_bytes(b"no policy")

    assert repr(Fitted.load(good, [LARGE, SMALL, LITTLE])) == "<Fitted [3 of 3 models]>"
    with pytest.raises(PolicyError, match="trunkline fit"):
        Fitted.load(bad, [LARGE])


def test_answers_in_many_words_are_read_as_final_answers_before_they_are_compared() -> None:
    found = opinion()
    short, long = (
        said("42"),
        said("First the tens, then the ones, and the carry is taken along. " * 5 + "So the answer is **42**."),
    )

    accept, ask, _ = found.verdict([Answered(LITTLE, short), Answered(SMALL, long)])
    other, escalated, _ = found.verdict([Answered(LITTLE, short), Answered(SMALL, said("So the answer is **43**."))])

    assert (accept, ask) == (SMALL, None)
    assert (other, escalated) == (None, LARGE)
