"""A caller's own bytes on their way to a provider of the same dialect."""

import json

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


UNSIGNED = (
    b'{"model":"m", "top": 1.50, "messages":[{"role":"user","content":"hi"},'
    b'{"role":"assistant","content":[{"type":"thinking","thinking":"theirs","signature": ""}]},'
    b'{"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"sig"},'
    b'{"type":"thinking","thinking":"theirs","signature":""},{"type":"text","text":"ok"}]},'
    b'{"role":"user","content":[]}]}'
)


def test_a_thought_we_showed_without_a_signature_does_not_go_back_to_a_vendor_that_would_refuse_it():
    dialect = AnthropicMessages()

    rendered = dialect.readdress(UNSIGNED, dialect.peek(UNSIGNED), "n")

    sent = json.loads(rendered.body)
    thought = {"type": "thinking", "thinking": "hm", "signature": "sig"}
    assert [turn["content"] for turn in sent["messages"]] == ["hi", [thought, {"type": "text", "text": "ok"}], []]
    assert b'"top":1.50' in rendered.body
    assert rendered.dropped == ("thinking",)


def test_an_empty_signature_that_is_no_thoughts_changes_nothing():
    body = b'{"model":"m","messages":[{"role":"user","content":["x"]}], "x":{"signature":""}}'
    dialect = AnthropicMessages()

    assert dialect.readdress(body, dialect.peek(body), "m") == Rendered(body)


def test_the_version_and_the_betas_travel_with_the_bytes_and_keys_do_not():
    assert AnthropicMessages().forward == {b"anthropic-version", b"anthropic-beta"}


@pytest.mark.parametrize("version", ["2023-06-01", "2026-10-21"])
def test_a_translated_request_says_which_version_it_is_in(version: str):
    dialect: Dialect = AnthropicMessages(version=version)  # type: ignore[arg-type]

    assert dialect.headers() == [(b"anthropic-version", version.encode())]


def test_it_says_where_to_ask_and_where_to_count():
    dialect = AnthropicMessages()

    assert (dialect.name, dialect.path) == ("anthropic", "/messages")
