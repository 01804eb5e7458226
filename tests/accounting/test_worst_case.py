"""No bill is higher than what was held for it, whatever the body says, twice, in disguise, or not at all."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.accounting.scenes import ANTHROPIC, FREE, OPENAI, PRICE, PRICED, SMALL, body, call
from trunkline.accounting.worst_case import (
    MOST_PER_DOCUMENT,
    MOST_PER_IMAGE,
    MOST_TOKENS,
    Offer,
    affordable,
    capped,
    cost,
    longest,
    size,
)
from trunkline.catalog.published import PublishedPrice
from trunkline.catalog.tariff import Dated, Tariff

PRICES = (PRICE,)


def test_every_byte_may_be_a_token() -> None:
    text = "\N{GRINNING FACE}" * 100

    assert size(call(messages=[{"role": "user", "content": text}])).prompt > len(text.encode())


def test_a_picture_by_its_address_is_more_than_its_bytes() -> None:
    part = {"type": "image_url", "image_url": {"url": "http://127.0.0.1/a.png"}}

    assert size(call(messages=[{"role": "user", "content": [part]}])).prompt > MOST_PER_IMAGE


def test_a_picture_in_disguise_is_still_one() -> None:
    part = rb'{"type":"\u0069mage_url","\u0069mage_url":{"url":"http://127.0.0.1/a.png"}}'
    raw = b'{"model":"fast","messages":[{"role":"user","content":[' + part + b"]}]}"

    assert size(call(raw)).prompt > MOST_PER_IMAGE


def test_a_file_by_its_id_is_counted_as_a_large_one() -> None:
    part = {"type": "file", "file": {"file_id": "file-abc"}}

    assert size(call(messages=[{"role": "user", "content": [part]}])).prompt > MOST_PER_DOCUMENT


def test_a_picture_in_a_tools_result_is_one_too() -> None:
    picture = {"type": "image", "source": {"type": "url", "url": "http://127.0.0.1/a.png"}}
    use = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": [picture]}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]

    assert size(call(dialect=ANTHROPIC, max_tokens=5, messages=turns)).prompt > MOST_PER_IMAGE


def test_words_about_files_are_only_words() -> None:
    assert size(call(messages=[{"role": "user", "content": "which file has the image?"}])).prompt < 200


def test_a_body_that_cannot_be_read_is_bounded_by_what_it_may_hold() -> None:
    raw = body(messages=[{"role": "user", "content": 5, "x": {"type": "image_url"}}])

    assert size(call(raw)).prompt >= MOST_PER_DOCUMENT


@pytest.mark.parametrize("field", ["max_tokens", "max_completion_tokens"])
def test_the_callers_limit_bounds_the_answer(field: str) -> None:
    found = size(call(**{field: 70}))

    assert (found.answer, found.choices, found.plain) == (70, 1, True)


def test_of_two_limits_the_higher_one_counts_and_is_written_once() -> None:
    asked = call(max_tokens=900, max_completion_tokens=10)
    found = size(asked)

    assert (found.answer, found.plain) == (900, False)
    assert msgspec.json.decode(capped(asked, 50).body) == {**msgspec.json.decode(body()), "max_completion_tokens": 50}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"model":"fast","max_tokens":1,"messages":[{"role":"user","content":"a"}],"max_tokens":900}',
        b'{"model":"fast","max_tokens":1,"messages":[{"role":"user","content":"a"}],"max\\u005ftokens":900}',
    ],
)
def test_a_limit_said_twice_is_said_once_in_what_is_sent(raw: bytes) -> None:
    asked = call(raw)
    found = size(asked)

    assert (found.answer, found.plain) == (900, False)
    assert msgspec.json.decode(capped(asked, 900).body)["max_tokens"] == 900
    assert capped(asked, 900).body.count(b"tokens") == 1


def test_every_choice_is_an_answer() -> None:
    assert size(call(n=5, max_tokens=10)).choices == 5
    assert size(call(n=5, max_tokens=10, messages=[{"role": "user", "content": '"n": 1'}])).choices == 5
    assert cost(PRICES, size(call(n=5, max_tokens=10)), 10) >= 5 * 10 * 10_000


def test_without_a_limit_the_answer_may_be_as_long_as_the_model_can() -> None:
    asked = size(call())

    assert asked.answer is None
    assert longest(PRICED, asked) == 1_000
    assert longest(Offer(PRICED.target), asked) == MOST_TOKENS
    assert longest(Offer(PRICED.target, max_output=1_000, context_window=500), asked) == 500 - asked.prompt // 4
    assert longest(Offer(PRICED.target, max_output=1_000, context_window=1), asked) == 1


def test_the_dearest_price_that_may_hold_counts() -> None:
    dear = PublishedPrice(input=Decimal(2), output=Decimal(20)).price()
    tariff = Tariff("v1", (Dated(PRICE),), {"priority": (Dated(dear),)})
    offer = Offer(PRICED.target, tariff)

    assert cost(offer.prices(0), size(call()), 10) == 2 * cost(PRICES, size(call()), 10)
    assert Offer(PRICED.target).prices(0) == ()
    assert (offer.price_version, Offer(PRICED.target).price_version) == ("v1", "")


def test_what_is_free_costs_nothing_at_most() -> None:
    assert cost(FREE.prices(0), size(call()), 10**9) == 0


@pytest.mark.parametrize("dialect", [OPENAI, ANTHROPIC])
def test_a_cap_changes_the_limit_and_nothing_else(dialect: Any) -> None:
    raw = body(temperature=1.0, max_tokens=None, seed=12345678901234567890, extra={"b": 1e400, "a": [1.50]})
    raw = raw.replace(b"null", b"1E400")

    made = capped(call(raw, dialect=dialect), 77)

    assert made.body == raw[:-1] + b',"max_tokens":77}'
    assert made.envelope.max_tokens == 77


@given(
    left=st.integers(min_value=0, max_value=100_000_000),
    answer=st.integers(min_value=1, max_value=10_000),
    n=st.integers(1, 4),
)
def test_what_is_affordable_is_the_most_that_is(left: int, answer: int, n: int) -> None:
    asked = size(call(n=n, max_tokens=answer))

    found = affordable(PRICES, asked, answer, left)

    assert 0 <= found <= answer
    assert found == 0 or cost(PRICES, asked, found) <= left
    assert found == answer or cost(PRICES, asked, found + 1) > left


def test_a_price_that_begins_while_the_money_is_held_is_one_it_may_be_charged_by() -> None:
    cheap, dear = (PublishedPrice(input=Decimal(one), output=Decimal(one)).price() for one in (1, 9))
    offer = Offer(SMALL, Tariff("v", (Dated(cheap), Dated(dear, start=3_600, end=7_200))))

    assert offer.prices(3_599.9) == (cheap, dear)
    assert offer.prices(1_000) == (cheap,)
    assert offer.prices(7_199.9) == (dear, cheap)


@pytest.mark.parametrize("count", [b"1e400", b"-1e400", b"[]", b'"3"', b"true", b"1" + b"0" * 400])
def test_a_count_that_is_none_has_no_traceback(count: bytes) -> None:
    raw = b'{"model":"fast","messages":[{"role":"user","content":"a"}],"n":' + count + b"}"

    assert size(call(raw)).choices in {1, 128}
