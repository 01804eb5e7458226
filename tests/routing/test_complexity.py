"""The numbers routing takes of a request: they follow the task, in any language, and cost nearly nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.core.chat import (
    ChatRequest,
    Document,
    Image,
    Message,
    OutputFormat,
    Reasoning,
    Text,
    Tool,
    ToolResult,
    ToolUse,
)
from trunkline.routing import complexity
from trunkline.routing.complexity import NAMES, Complexity, analyse

HARD = "Prove, step by step, why the strategy is optimal if both players reason logically. Compare the alternatives."
EASY = "What is the capital of France?"
CODE = "Fix the bug in this Python function:\n```python\ndef f(xs):\n    return [x for x in xs if x[0] == {}]\n```"
MATHS = r"Calculate the probability that the sum of 3 dice is 11. Solve $\frac{27}{216} = x^2$ for x."
CHOICE = "Which is a prime?\n(A) 21\n(B) 23\n(C) 25\n(D) 27"


def asked(*messages: Message, **more: object) -> ChatRequest:
    return ChatRequest("m", messages, **more)  # type: ignore[arg-type]


def user(text: str) -> Message:
    return Message("user", (Text(text),))


def test_each_kind_of_task_raises_its_own_number() -> None:
    easy, hard, code, maths = map(analyse, (EASY, HARD, CODE, MATHS))

    assert hard.reasoning == 1
    assert easy.reasoning == 0
    assert code.code > max(easy.code, hard.code) + 0.7
    assert maths.mathematics > easy.mathematics + 0.6
    assert easy.score + 0.4 < min(hard.score, code.score, maths.score)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Докажи, почему стратегия оптимальна, если оба игрока думают. Сравни варианты.", "cyrillic"),
        ("请分析并比较这两种策略，并证明为什么第一种更好。", "han"),
        ("두 전략을 비교 하고 분석 하여 이유를 설명 하고 증명 하세요.", "hangul"),
        (
            "Explique et compare: pourquoi la stratégie est-elle optimale? Démontrez-le, supposons deux joueurs.",
            "latin",
        ),
        ("Erkläre und vergleiche: warum ist das optimal? Begründe es.", "latin"),
    ],
)
def test_reasoning_is_seen_in_other_languages(text: str, script: str) -> None:
    seen = analyse(text)

    assert seen.reasoning == 1
    assert seen.script == script
    assert (seen.foreign > 0.9) == (script != "latin")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("The quick brown fox jumps over the lazy dog. " * 20, 200),  # 10 a sentence with o200k_base
        ("Съешь ещё этих мягких французских булок, да выпей чаю. " * 20, 320),
        ("敏捷的棕色狐狸跳过了懒狗。" * 20, 220),
    ],
)
def test_tokens_are_good_to_a_third_in_any_script(text: str, tokens: int) -> None:
    assert abs(analyse(text).tokens - tokens) <= tokens / 3


def test_options_are_counted_in_order_from_a() -> None:
    assert analyse(CHOICE).choices == 4
    assert analyse("Plan B) is better than plan C) here").choices == 0
    assert analyse("A. one\nB. two").choices == 2
    assert analyse("Which?\n (A)\n (B)\n (C)\n").choices == 3
    assert analyse("A)\nB)\nC) none").choices == 3  # one line break ends an option and begins the next


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("Write a 500-word essay on Rome.", 500, 900),
        ("Summarise it in two sentences.", 30, 80),
        ("Write 12 pages about rivers.", 5_000, 10_000),
        ("Classify the sentiment. Answer briefly.", 50, 120),
        ("Write 99999 pages about rivers.", 32_000, 32_000),
        ("Write 0 words.", 1, 1),
    ],
)
def test_the_length_asked_for_is_believed(text: str, least: int, most: int) -> None:
    assert least <= analyse(text).output_tokens <= most


def test_the_callers_limit_bounds_the_expected_answer() -> None:
    request = asked(user("Write a 500-word essay on Rome."), max_tokens=20)

    assert complexity.of(request).output_tokens == 20


def test_one_message_of_a_request_says_what_its_text_says() -> None:
    assert complexity.of(asked(user(MATHS))) == analyse(MATHS)


def test_everything_around_the_text_counts() -> None:
    request = asked(
        Message("system", (Text("Answer like a pirate."),)),
        Message("user", (Text(EASY), Image(url="https://example.org/x.png"))),
        Message("assistant", (ToolUse("1", "look", "{}"),)),
        Message("user", (ToolResult("1", (Text("Paris" * 100), Image(data="AA"))),)),
        tools=(Tool("look", "Looks.", {"type": "object", "properties": {"a": {}, "b": {}}}),),
        output=OutputFormat("schema", {}),
        reasoning=Reasoning(effort="high"),
    )

    seen = complexity.of(request)

    assert (seen.turns, seen.tools, seen.images, seen.structured, seen.effort) == (3, 1, 2, 1.0, 0.8)
    assert seen.tokens > 2 * 1600 + 100  # two pictures, and the tool's answer
    assert seen.output_tokens > analyse(EASY).output_tokens  # it will think, and thinking is billed


def test_the_task_of_the_last_turn_counts_more_than_a_long_past() -> None:
    past = [user("Tell me of rivers. " * 400), Message("assistant", (Text("They flow. " * 400),))]

    assert complexity.of(asked(*past, user(HARD))).reasoning == 1


def test_a_long_prompt_is_measured_whole_and_looked_at_from_both_ends() -> None:
    filler = "the harbour lies still " * 50_000

    seen = analyse(f"{HARD}\n{filler}\n{CODE}")

    assert seen.long_context
    assert seen.tokens > 200_000
    assert (seen.reasoning, seen.code > 0.3) == (1.0, True)


def test_a_document_counts_by_its_length() -> None:
    request = asked(Message("user", (Document(text="words " * 20_000), Text(EASY))))

    assert complexity.of(request).long_context


def test_every_number_has_its_name() -> None:
    assert len(analyse(EASY).vector()) == len(NAMES) == 18
    assert NAMES[0] == "tokens"
    assert set(NAMES) < set(analyse(EASY).facts())


@settings(deadline=None)
@given(st.text(max_size=400) | st.text(alphabet="A)(B.0 \n$\\^{}`é漢к\ud800", max_size=400), st.integers(1, 10**9))
def test_any_text_has_finite_numbers_in_their_ranges(text: str, limit: int) -> None:
    seen = complexity.of(asked(user(text), max_tokens=limit))

    assert all(0 <= number <= 3 for number in seen.vector())
    assert 0 <= seen.score <= 1
    assert 1 <= seen.output_tokens <= limit
    for share in ("reasoning", "code", "mathematics", "structure", "constraints", "digits", "variety", "foreign"):
        assert 0 <= getattr(seen, share) <= 1


def test_no_message_at_all_is_an_easy_one() -> None:
    assert complexity.of(asked()) == Complexity(0, turns=0)


def test_the_longest_term_of_an_unspaced_script_counts_once() -> None:
    assert analyse("方程式").mathematics == analyse("方程").mathematics > 0
    assert analyse("方程式 と 確率").mathematics > analyse("方程式").mathematics


def test_numbered_lines_count_once_a_number_and_bullets_each() -> None:
    assert analyse("list:" + "\n1. one" * 9).structure == 1 / 8
    assert analyse("list:" + "\n- one" * 3 + "\n2. two").structure == 4 / 8
    assert analyse("list:" + "\n* one" * 99).structure == 1
