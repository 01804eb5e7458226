"""Round trips: what goes through the core types and back is the same, or what is missing of it is named.

Every pair of the dialects of tests/spoken.py; those that only providers speak are asked, and answer, as well.
"""

from collections.abc import Callable
from itertools import pairwise, permutations, product
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.dialects.drawn import ARGUMENTS, answers, lost, requests
from tests.spoken import PROVIDED, SPOKEN, Wired
from trunkline.catalog.price import Price
from trunkline.core.chat import ChatRequest, Completion, Text, Thought, ToolUse
from trunkline.core.dialect import Dialect, Envelope, ProviderDialect, Rendered
from trunkline.core.errors import CallError
from trunkline.core.events import Began, Event, Gathering
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.providers.answer import unfold
from trunkline.simulator.ask import Answer, ToolCall

CALLERS = [row.dialect for row in SPOKEN]
PAIRS = list(permutations(CALLERS, 2))
Json = str | float | bool | list["Json"] | dict[str, "Json"] | None
NAMES = [row.name for row in PROVIDED]
callers = pytest.mark.parametrize("caller", CALLERS, ids=[one.name for one in CALLERS])
pairs = pytest.mark.parametrize(("one", "other"), PAIRS, ids=[f"{one.name}-{other.name}" for one, other in PAIRS])
providers = pytest.mark.parametrize("provider", PROVIDED, ids=NAMES)
WAYS = [(row.dialect, provider) for row, provider in product(SPOKEN, PROVIDED)]
ways = pytest.mark.parametrize(("caller", "provider"), WAYS, ids=[f"{one.name}-{two.name}" for one, two in WAYS])


def heard(dialect: Dialect, rendered: Rendered, *, stream: bool) -> ChatRequest:
    """A request as a reader of its dialect understands it; Gemini's says model and stream in its path."""
    body = msgspec.json.decode(rendered.body)
    return dialect.parse_request(msgspec.json.encode({"model": "m", "stream": stream, **body}))


# requests


@callers
@given(asked=requests(NAMES))
@settings(max_examples=60)
def test_a_request_arrives_as_it_was_or_says_what_is_missing(caller: Dialect, asked: ChatRequest):
    rendered = caller.write_request(asked, "m")

    arrived = heard(caller, rendered, stream=asked.stream)

    assert lost(asked, arrived, rendered.dropped) == []
    assert (arrived.stream, arrived.max_tokens) == (asked.stream, asked.max_tokens)


@pairs
@given(asked=requests(NAMES))
@settings(max_examples=30)
def test_a_request_that_went_through_another_dialect_comes_back_as_it_was_or_says_what_is_missing(
    one: Dialect, other: Dialect, asked: ChatRequest
):
    first = heard(one, one.write_request(asked, "m"), stream=asked.stream)

    there = other.write_request(first, "m")
    back = one.write_request(heard(other, there, stream=asked.stream), "m")

    assert lost(first, heard(one, back, stream=asked.stream), (*there.dropped, *back.dropped)) == []


@providers
@given(asked=requests(NAMES))
@settings(max_examples=40)
def test_every_word_and_tool_of_a_request_stands_in_what_its_provider_gets(
    provider: ProviderDialect, asked: ChatRequest
):
    """Where no caller speaks a dialect, nobody here reads it: the words must at least be there."""
    body: Json = msgspec.json.decode(provider.write_request(asked, "m").body)

    told = "\n".join(leaves(body))
    said = [part.text for turn in asked.messages for part in turn.parts if isinstance(part, Text)]
    assert [words for words in said if words not in told] == []
    choice = asked.tool_choice  # who has no word for it hides the tools that may not be called
    hidden = choice is not None and choice.mode in ("none", "tool")
    shown = [tool.name for tool in asked.tools if not hidden or (choice and tool.name == choice.name)]
    assert [name for name in shown if name not in told] == []


def leaves(value: Json) -> list[str]:
    """Every text within a JSON value, keys too."""
    match value:
        case str():
            return [value]
        case dict():
            return [leaf for key, inner in value.items() for leaf in (key, *leaves(inner))]
        case list():
            return [leaf for inner in value for leaf in leaves(inner)]
        case _:
            return []


# answers


def shape(answer: Completion) -> tuple[Any, ...]:
    """All of an answer that every dialect can tell; arguments are compared as values, and words in sum."""
    calls = [(one.id, one.name, msgspec.json.decode(one.arguments)) for one in answer.tool_calls]
    return (answer.id, answer.model, answer.text, answer.thoughts, calls, answer.finish, answer.usage)


def written(caller: Dialect, events: list[Event]) -> bytes:
    """The events as the stream of a caller."""
    writer = caller.writer(Envelope("asked", stream=True, include_usage=True))
    return b"".join([*(writer.write(event) for event in events), writer.close()])


def gathered(dialect: ProviderDialect, stream: bytes) -> Completion:
    gathering = Gathering()
    for event in Wired(dialect).events(stream):
        gathering.add(event)
    return gathering.completion()


@callers
@given(answer=answers())
@settings(max_examples=60)
def test_an_answer_is_the_same_after_its_dialect_whole_and_streamed(caller: Dialect, answer: Completion):
    assert shape(caller.read_completion(caller.write_completion(answer))) == shape(answer)
    assert shape(gathered(caller, written(caller, unfold(answer)))) == shape(answer)


@pairs
@given(answer=answers())
@settings(max_examples=30)
def test_an_answer_that_went_through_another_dialect_is_the_same_whole_and_streamed(
    one: Dialect, other: Dialect, answer: Completion
):
    whole = other.read_completion(other.write_completion(one.read_completion(one.write_completion(answer))))
    first = gathered(one, written(one, unfold(answer)))
    streamed = gathered(other, written(other, unfold(first)))

    assert shape(one.read_completion(one.write_completion(whole))) == shape(answer)
    assert shape(gathered(one, written(one, unfold(streamed)))) == shape(answer)


SENT_BACK: dict[str, Callable[[Any], Any]] = {  # the answer as a client sends it with its next question
    "responses": lambda told: {"model": "m", "input": [*told["output"], {"role": "user", "content": "and?"}]},
    "anthropic": lambda told: {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "assistant", "content": told["content"]}, {"role": "user", "content": "and?"}],
    },
    "gemini": lambda told: {"model": "m", "contents": [told["candidates"][0]["content"]]},
}


@pytest.mark.parametrize("caller", [one for one in CALLERS if one.name in SENT_BACK], ids=list(SENT_BACK))
@pytest.mark.parametrize("origin", NAMES)
def test_a_signed_thought_comes_back_as_that_of_the_model_that_thought_it(caller: Dialect, origin: str):
    """Whatever its caller speaks: else its own model would refuse it, or another would be shown it."""
    thought = Thought("hm", "rs_1|c2ln" if origin == "responses" else "c2ln", origin=origin)
    answer = Completion("id_1", "m", (thought, Text("so")), "stop", UNKNOWN_USAGE)
    gathering = Gathering()
    for event in unfold(answer):
        gathering.add(event)

    for one in (answer, gathering.completion()):
        told = msgspec.json.decode(caller.write_completion(one))
        back = caller.parse_request(msgspec.json.encode(SENT_BACK[caller.name](told)))
        assert back.messages[0].parts == answer.parts


@given(arguments=ARGUMENTS)
def test_a_whole_answers_signed_call_is_the_same_when_it_is_streamed(arguments: str):
    gathering = Gathering()
    answer = Completion("id_1", "m", (ToolUse("c1", "f", arguments, signature="c2ln"),), "tool_calls", UNKNOWN_USAGE)

    for event in unfold(answer):
        gathering.add(event)

    assert gathering.completion().parts == answer.parts


# what a simulated provider writes, whole and streamed, cut anywhere

SAID = Answer(
    text="Grüße, 世界 🌍 – so.",
    thinking="Let me see.",
    calls=(ToolCall("call_of_one_1", "f", '{"a":[1,null,"é"]}'),),
    finish="tool",
    kind="",
    quality=1.0,
    score=1.0,
    output_tokens=30,
    reasoning_tokens=4,
)
PRICE = Price(input=2_500, cache_read=250, cache_write=3_000, cache_write_1h=5_000, output=10_000, reasoning=9_000)


@ways
def test_a_providers_answer_reads_the_same_after_every_callers_dialect(caller: Dialect, provider: ProviderDialect):
    wired = Wired(provider)
    whole, streamed = provider.read_completion(wired.whole(SAID)), gathered(provider, wired.stream(SAID))

    for answer in (whole, streamed):
        named = replace(answer, id=answer.id or "id_1", model=answer.model or "m")
        assert (answer.text, answer.thoughts) == (SAID.text, SAID.thinking)
        assert [(one.name, msgspec.json.decode(one.arguments)) for one in answer.tool_calls] == [
            ("f", {"a": [1, None, "é"]})
        ]
        assert shape(caller.read_completion(caller.write_completion(named))) == shape(named)
        assert shape(gathered(caller, written(caller, unfold(named)))) == shape(named)
    assert PRICE.charge(whole.usage) == PRICE.charge(streamed.usage) > 0


@providers
def test_wherever_a_stream_is_cut_in_two_its_events_and_its_bill_are_the_same(provider: ProviderDialect):
    wired = Wired(provider)
    stream = wired.stream(SAID)
    events, bill = wired.events(stream), wired.bill(PRICE, stream)

    for at in range(1, len(stream)):
        assert wired.events(stream[:at], stream[at:]) == events, at
        assert wired.bill(PRICE, stream[:at], stream[at:]) == bill, at


@providers
@given(cuts=st.lists(st.integers(0, 6000), max_size=12))
@settings(max_examples=60)
def test_however_a_stream_is_cut_its_events_and_its_bill_are_the_same(provider: ProviderDialect, cuts: list[int]):
    wired = Wired(provider)
    stream = wired.stream(SAID)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]

    assert wired.events(*pieces) == wired.events(stream)
    assert wired.bill(PRICE, *pieces) == wired.bill(PRICE, stream)
    assert isinstance(wired.events(*pieces)[0], Began)


@providers
def test_a_stream_that_ends_too_early_is_never_taken_for_a_whole_one(provider: ProviderDialect):
    wired = Wired(provider)
    stream = wired.stream(SAID)
    whole = gathered(provider, stream)

    for at in range(len(stream)):
        try:
            events = wired.events(stream[:at])
        except CallError:
            continue
        gathering = Gathering()
        for event in events:
            gathering.add(event)
        assert replace(gathering.completion(), usage=whole.usage) == whole, at  # only its usage may be missing
