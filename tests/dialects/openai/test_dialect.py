"""The dialect as a value: what it says of itself, and that its quirks are data."""

import msgspec
import pytest

from trunkline.core.dialect import Dialect
from trunkline.dialects.openai_chat import OpenAIChat


def test_it_says_its_name_path_and_headers():
    dialect: Dialect = OpenAIChat()
    assert (dialect.name, OpenAIChat().path) == ("openai", "/chat/completions")
    assert dialect.headers() == []


def test_a_callers_account_stays_at_home():
    assert OpenAIChat().forward.isdisjoint({b"authorization", b"openai-organization", b"openai-project", b"cookie"})
    assert b"openai-beta" in OpenAIChat().forward


def test_dialects_with_the_same_quirks_are_equal():
    assert OpenAIChat(drop=frozenset({"a", "b"})) == OpenAIChat(drop=frozenset({"b", "a"}))
    assert OpenAIChat(names=False) != OpenAIChat()
    assert len({OpenAIChat(), OpenAIChat()}) == 1


def test_a_row_of_data_becomes_a_dialect():
    row = {"max_tokens_name": "max_tokens", "drop": ["logprobs"], "tool_id_length": 9}
    assert msgspec.convert(row, OpenAIChat) == OpenAIChat("max_tokens", frozenset({"logprobs"}), tool_id_length=9)


@pytest.mark.parametrize("row", [{"max_tokens_name": "max"}, {"tool_id_length": 0}, {"drop": 7}, {"names": "no"}])
def test_a_wrong_quirk_is_refused(row):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(row, OpenAIChat)
