"""Two answers are compared in both orders, and a judge that prefers a place has seen a tie."""

import pytest

from tests.quality.scenes import PlayedJudge
from trunkline.core.errors import ModelOverloaded
from trunkline.quality.judge import Said
from trunkline.quality.pairwise import PairwiseEvaluator, chosen, majority, settled
from trunkline.quality.prompts import Prompt


class Reader:
    """Prefers the answer that has the word in it, wherever it stands."""

    name = "anthropic/claude"

    async def ask(self, prompt: Prompt, most_tokens: int) -> Said:
        first = prompt[1]["content"].split("ANSWER 2", 1)[0]
        return Said(f'{{"reason": "the word", "better": {1 if "four" in first else 2}}}', 10)


async def test_a_judge_that_sees_the_better_answer_says_so_in_both_orders() -> None:
    evaluator = PairwiseEvaluator(Reader())

    assert (await evaluator.compare("2 + 2?", "four", "five")).choice == "a"
    found = await evaluator.compare("2 + 2?", "five", "four")
    assert (found.choice, found.orders, found.cost) == ("b", ("b", "b"), 20)


@pytest.mark.parametrize("place", [1, 2])
async def test_a_judge_that_prefers_a_place_has_seen_a_tie(place: int) -> None:
    found = await PairwiseEvaluator(PlayedJudge(f'{{"better": {place}}}')).compare("?", "x", "y")

    assert found.choice == "tie"


async def test_a_judge_that_cannot_be_read_in_one_order_has_not_judged() -> None:
    found = await PairwiseEvaluator(PlayedJudge('{"better": 1}', "hm", "hm")).compare("?", "x", "y")

    assert found.choice is None
    assert found.why == "no verdict could be read"


async def test_a_judge_that_cannot_be_asked_has_not_judged() -> None:
    found = await PairwiseEvaluator(PlayedJudge(ModelOverloaded("busy"))).compare("?", "x", "y")

    assert (found.choice, found.cost) == (None, 0)


@pytest.mark.parametrize(
    ("said", "better"),
    [
        ('{"better": 1}', 1), ('{"better": "2"}', 2), ('{"better": "tie"}', 0), ('```{"better": 0}```', 0),
        ('{"better": 3}', None), ('{"better": true}', None), ('{"better": [1]}', None), ("Answer 1 is better", None),
        ('{"better": 1} {"better": 2}', None), ("", None), ('{"better": 1.5}', None),
    ],
)  # fmt: skip
def test_a_verdict_is_read_and_never_made_up(said: str, better: int | None) -> None:
    assert chosen(said) == better


def test_orders_and_panels_settle() -> None:
    assert (settled("a", "a"), settled("a", "b"), settled("a", "tie"), settled(None, "a")) == ("a", "tie", "tie", None)
    assert (majority(["a", "a", "b"]), majority(["a", "b", None]), majority([None])) == ("a", "tie", None)
