"""A caller's own bytes on their way to a provider of the same dialect."""

import pytest

from trunkline.core.dialect import Dialect, Rendered
from trunkline.dialects.anthropic_messages import AnthropicMessages

BODY = (
    b'{ "model" : "fast", "max_tokens":9,\n "thinking":{"type":"adaptive"},  "context_management":{"edits":[]},'
    b'"messages":[{"role":"user","content":[{"type":"next_year","x":1.0}]}] }'
)


def test_unknown_fields_and_white_space_survive_and_only_the_model_changes():
    dialect = AnthropicMessages()

    rendered = dialect.readdress(BODY, dialect.peek(BODY), "claude-opus-5-5")

    assert rendered == Rendered(BODY.replace(b'"fast"', b'"claude-opus-5-5"'))


def test_a_field_the_provider_refuses_is_left_out_and_named():
    dialect = AnthropicMessages(drop=frozenset({"context_management", "metadata"}))

    rendered = dialect.readdress(BODY, dialect.peek(BODY), "m")

    assert b"context_management" not in rendered.body
    assert rendered.dropped == ("context_management",)


def test_the_version_and_the_betas_travel_with_the_bytes_and_keys_do_not():
    assert AnthropicMessages().forward == {b"anthropic-version", b"anthropic-beta"}


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_a_translated_request_says_which_version_it_is_in(version: str):
    dialect: Dialect = AnthropicMessages(version=version)  # type: ignore[arg-type]

    assert dialect.headers() == [(b"anthropic-version", version.encode())]


def test_it_says_where_to_ask_and_where_to_count():
    dialect = AnthropicMessages()

    assert (dialect.name, dialect.path, dialect.count_path) == ("anthropic", "/messages", "/messages/count_tokens")
