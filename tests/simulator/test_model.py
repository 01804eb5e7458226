"""The pure model: known quality, exact costs, repeatable answers, limits and faults on a clock of our own."""

import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.simulator import Ask, Fault, Prices, Served, SimulatedProvider, Tariff, Tool, Usage, grade, tokens
from trunkline.simulator.config import Latency, Limits, Model, Provider, Spread

QUALITY = {"arithmetic": 0.6, "trivia": 0.9, "spelling": 0.3, "default": 0.75}


def provider(
    *, seed: int = 3, faults: tuple[Fault, ...] = (), limits: Limits | None = None, **model: Any
) -> SimulatedProvider:
    config = Provider(models={"m": Model(quality=QUALITY, **model)}, faults=faults, limits=limits or Limits())
    return SimulatedProvider("p", config, seed=seed)


def ask(prompt: str = "What is 17 + 25?", **more: Any) -> Ask:
    return Ask(model="m", prompt=prompt, **more)


def share_of_right(kind: str, prompts: list[str]) -> float:
    served = [provider().serve(ask(prompt), 0.0).answers[0] for prompt in prompts]
    assert {answer.kind for answer in served} == {kind}
    return sum(answer.score for answer in served) / len(served)


@pytest.mark.parametrize(
    ("kind", "prompts"),
    [
        ("arithmetic", [f"What is {left} + {right}?" for left in range(60) for right in range(50)]),
        ("spelling", [f"Reverse the word: ab{number:04d}cd" for number in range(3000)]),
        ("default", [f"Tell me about matter number {number}." for number in range(3000)]),
    ],
)
def test_over_many_questions_the_share_of_right_answers_is_the_configured_quality(kind: str, prompts: list[str]):
    share = share_of_right(kind, prompts)

    assert share == pytest.approx(QUALITY[kind], abs=0.03)  # three standard errors of 3,000 draws


@pytest.mark.parametrize(
    "prompt",
    [
        *(
            f"What is {left} {sign} {right}?"
            for left, sign, right in [(17, "+", 25), (9, "-", 30), (12, "*", 12), (7, "/", 2)]
        ),
        "What is the capital of France?",
        "what is the capital of South Korea",
        "Reverse the word: trunk",
        "Reverse the word: aaaa",
        "Repeat exactly: naïve ☕ — done",
        "Repeat exactly: a",
    ],
)
def test_the_grade_of_an_answer_is_the_truth_about_it(prompt: str):
    for seed in range(30):
        made = provider(seed=seed).serve(ask(prompt), 0.0).answers[0]

        assert grade(prompt, made.text) == made.score


def test_both_right_and_wrong_answers_are_given_to_one_question():
    scores = {
        provider(seed=seed).serve(ask("What is the capital of France?"), 0.0).answers[0].text for seed in range(80)
    }

    assert scores == {"The capital of France is Paris.", "The capital of France is Lyon."}


def test_a_question_of_no_known_kind_has_no_grade():
    assert grade("How are you?", "Fine.") is None


def test_whether_an_answer_is_right_depends_on_seed_model_and_question_alone():
    first = provider().serve(ask(salt="one", stream=True), 0.0).answers[0]
    again = provider().serve(ask(salt="two", dialect="anthropic", max_tokens=50), 99.0).answers[0]

    assert (first.text, first.score) == (again.text, again.score)


def test_equal_providers_behave_alike_call_by_call():
    def run() -> list[Served]:
        one = provider(faults=(Fault(kind="status", status=503, rate=0.4),))
        return [one.serve(ask(f"What is {number} + 1?"), float(number)) for number in range(50)]

    assert run() == run()
    assert {served.outcome for served in run()} == {"fine", "refused"}


def test_a_cost_is_the_exact_sum_of_its_buckets():
    prices = Prices(
        input=Decimal("0.15"), output=Decimal("0.60"), cache_read=Decimal("0.075"), cache_write=Decimal("0.1875")
    )
    usage = Usage(input=1000, cache_read=2000, cache_write=40, output=31, reasoning=7)

    assert Tariff.of(prices).cost(usage) == 1000 * 150 + 2000 * 75 + 7_500 + 31 * 600


@pytest.mark.parametrize(("count", "nanos"), [(1, 0), (2, 1), (3, 2), (5, 2), (6, 3)])
def test_half_a_nanodollar_goes_to_the_even_side_once(count: int, nanos: int):
    assert Tariff.of(Prices(input=Decimal("0.0005"))).cost(Usage(input=count)) == nanos


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.decimals(0, 1000, places=9))
def test_costs_agree_with_decimal_arithmetic(inputs: int, outputs: int, price: Decimal):
    cost = Tariff.of(Prices(input=price, output=price)).cost(Usage(input=inputs, output=outputs))

    assert cost == int((price * 1000 * (inputs + outputs)).to_integral_value("ROUND_HALF_EVEN"))


def test_served_usage_and_cost_agree_with_the_text():
    served = provider(prices=Prices(input=Decimal(2), output=Decimal(8))).serve(ask(), 0.0)

    assert served.usage == Usage(input=tokens.count("What is 17 + 25?"), output=tokens.count(served.answers[0].text))
    assert served.cost_nanodollars == served.usage.input * 2000 + served.usage.output * 8000


@given(st.text())
def test_the_tokens_of_a_text_join_to_the_text(text: str):
    assert "".join(tokens.split(text)) == text


def test_an_english_token_has_about_four_characters():
    text = "The quick brown fox jumps over the lazy dog, and nobody in the whole village remembers why it did so. " * 20

    assert 3.5 < len(text) / tokens.count(text) < 5


def test_waits_follow_the_configured_distribution():
    latency = Latency(Spread(0.2, 0.5), tokens_per_second=100)
    one = provider(latency=latency)
    waits = sorted(one.serve(ask(), 0.0).first_token for _ in range(2000))

    assert waits[1000] == pytest.approx(0.2, rel=0.06)
    assert waits[1680] / waits[1000] == pytest.approx(2.718281828**0.5, rel=0.1)  # one sigma up
    assert one.serve(ask(), 0.0).seconds_per_token == 0.01


def test_a_rate_limit_refuses_the_next_request_and_lets_it_in_when_it_said_so():
    one = provider(limits=Limits(requests_per_minute=6))
    for _ in range(6):
        assert one.serve(ask(), 0.0).outcome == "fine"

    refused = one.serve(ask(), 1.0)

    assert refused.refusal is not None
    assert refused.refusal.status == 429
    assert dict(refused.refusal.headers) == {"retry-after": "9", "retry-after-ms": "9000"}
    assert one.serve(ask(), 9.9).outcome == "refused"
    assert one.serve(ask(), 10.0).outcome == "fine"


def test_a_token_limit_counts_input_and_output():
    one = provider(limits=Limits(tokens_per_minute=120))
    spent = sum(one.serve(ask(), 0.0).usage.output for _ in range(4))

    assert spent > 0
    assert one.limits.headers("openai", 0.0, 0.0)[1] == (
        "x-ratelimit-remaining-tokens",
        str(120 - spent - 4 * tokens.count("What is 17 + 25?")),
    )


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        (Fault(kind="reset", start=2, until=4), [2, 3]),
        (Fault(kind="reset", every=3), [2, 5, 8]),
        (Fault(kind="reset", times=2), [0, 1]),
        (Fault(kind="reset", models=("other-*",)), []),
        (Fault(kind="reset", models=("other-*", "m")), list(range(10))),
        (Fault(kind="reset", dialect="anthropic"), []),
        (Fault(kind="reset", stream=False, every=5), [4, 9]),
    ],
)
def test_a_fault_strikes_when_it_is_meant_to(fault: Fault, struck: list[int]):
    one = provider(faults=(fault,))

    outcomes = [one.serve(ask(), float(second)).outcome for second in range(10)]

    assert [second for second, outcome in enumerate(outcomes) if outcome == "torn"] == struck


def test_a_fault_of_rate_three_tenths_strikes_three_of_ten():
    one = provider(faults=(Fault(kind="reset", rate=0.3),))

    struck = sum(one.serve(ask(), 0.0).outcome == "torn" for _ in range(3000))

    assert struck / 3000 == pytest.approx(0.3, abs=0.03)


def test_a_model_name_can_ask_for_a_fault():
    served = provider().serve(Ask(model="fault:status:429:2", prompt="Hi"), 0.0)

    assert served.fault == Fault(kind="status", status=429, retry_after="2")
    assert served.fault.label == "fault:status:429:2"
    assert served.cost_nanodollars == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fault:nonsense", "there are body, bom, "),
        ("fault:body:nonsense", "there are openai_rate_limit, "),
        ("fault:body", "needs `body`"),
        ("fault:reset:3", "takes no parameters"),
        ("fault:status:ten", "status"),
        ("fault:status:600", "status"),
        ("fault:cut:-2", "after_events"),
        ("fault:status:429:date+soon", "date+2"),
        ("fault:status:429:2\r\nx-evil=1", "printable"),
    ],
)
def test_a_wrong_fault_name_is_refused_with_what_is_right(name: str, said: str):
    served = provider().serve(Ask(model=name, prompt="Hi"), 0.0)

    assert served.refusal is not None
    assert said in served.refusal.body["error"]["message"]


def test_a_long_prompt_seen_before_is_read_from_the_cache():
    one = provider()
    shared = "A long introduction of many words. " * 300

    first = one.serve(ask(text=shared + "First?"), 0.0).usage
    second = one.serve(ask(text=shared + "Another one?"), 1.0).usage

    assert first.cache_read == 0
    assert second.cache_read > 0
    assert second.cache_read % 128 == 0
    assert second.prompt == tokens.count(shared + "Another one?")


def test_a_short_prompt_is_never_read_from_the_cache():
    one = provider()
    one.serve(ask(), 0.0)

    assert one.serve(ask(), 1.0).usage.cache_read == 0


def test_a_marked_prompt_is_written_to_the_cache_once():
    one = provider()
    shared = "A long introduction of many words. " * 300
    marked = ask(text=shared + "First?", dialect="anthropic", cache_mark=len(shared))

    first, second = one.serve(marked, 0.0).usage, one.serve(marked, 1.0).usage

    assert first.cache_write > 1024
    assert (second.cache_read, second.cache_write) == (first.cache_write, 0)
    assert first.prompt == second.prompt == tokens.count(marked.text)


def test_an_unmarked_prompt_is_not_cached_in_anthropics_dialect():
    one = provider()
    long = ask(text="word " * 3000, dialect="anthropic")
    one.serve(long, 0.0)

    assert one.serve(long, 1.0).usage.cache_read == 0


def test_a_token_limit_cuts_the_answer_and_says_so():
    made = provider().serve(ask("Tell me a story.", max_tokens=5), 0.0).answers[0]

    assert (made.finish, made.output_tokens, tokens.count(made.text)) == ("length", 5, 5)


def test_thinking_counts_first_against_the_token_limit():
    made = provider(reasoning=True).serve(ask("Tell me a story.", max_tokens=4), 0.0).answers[0]

    assert (made.text, made.output_tokens, made.reasoning_tokens) == ("", 4, 4)


def test_a_stop_sequence_ends_the_answer_before_it():
    made = provider().serve(ask("Repeat exactly: one two three", stop=("three", "two")), 0.0)
    sure = provider(seed=3).serve(ask("Tell me a story.", stop=(" ",)), 0.0).answers[0]

    assert made.answers[0].text in {"one ", "one two thre"}
    assert sure.finish == "stop_sequence"
    assert " " not in sure.text


def test_parallel_calls_are_made_when_both_are_wanted():
    tool = Tool("get_weather", {"properties": {"city": {"type": "string"}}, "required": ["city"]})
    prompt = "What is the weather in both Paris and London?"

    made = provider().serve(ask(prompt, tools=(tool,)), 0.0).answers[0]
    single = provider().serve(ask(prompt, tools=(tool,), parallel=False), 0.0).answers[0]

    assert [call.arguments for call in made.calls] == ['{"city":"Paris"}', '{"city":"London"}']
    assert len(single.calls) == 1


def test_a_tool_named_by_what_a_coding_agent_added_is_no_wish_of_its_user():
    tool = Tool("Agent", {"properties": {}})
    added = "<system-reminder>\nTypes for the Agent tool:\n</system-reminder>\n"

    asked, wished = (
        provider().serve(ask(added + text, tools=(tool,)), 0.0).answers[0]
        for text in ("What is 17 + 25?", "Ask the Agent")
    )

    assert asked.calls == ()
    assert [call.name for call in wished.calls] == ["Agent"]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {
            "$defs": {"a": {"required": ["b", "c"], "properties": {"b": {"$ref": "#"}, "c": {"$ref": "#"}}}},
            "$ref": "#/$defs/a",
        },
        {"required": ["a", "b"], "properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}},
        {"type": "string", "minLength": "long"},
        {"type": "number", "multipleOf": None},
        {"type": "integer", "minimum": 1e400},
        {"type": "object", "properties": {"a": {"enum": 5, "anyOf": [5]}}},
    ],
)
def test_a_hostile_schema_is_refused_or_answered_but_breaks_nothing(schema: dict[str, Any]):
    served = provider().serve(ask(schema=schema), 0.0)

    assert (served.refusal is None) == bool(served.answers)
    assert served.refusal is None or served.refusal.status == 400


def test_two_hundred_thousand_calls_fit_into_a_minute_of_a_test_bench():
    one = provider()
    calls = [ask(f"What is {number} + 3?") for number in range(2000)]

    started = time.process_time()
    for number, call in enumerate(calls):
        one.serve(call, number * 0.01)
    each = (time.process_time() - started) / len(calls)

    assert each < 0.000_5  # measured near 0.000_04; a wide margin for busy machines
