"""Counts that cannot be read are as good as none, in every dialect: no answer is lost for them."""

from importlib import import_module

import pytest
from msgspec import Raw

READERS = [
    import_module(f"trunkline.dialects.{name}.usage").read_usage
    for name in (
        "openai_chat",
        "openai_responses",
        "anthropic_messages",
        "gemini",
        "bedrock_converse",
        "cohere_v2",
    )
]
TOKENS = b'"prompt_tokens":1,"input_tokens":1,"output_tokens":1,"promptTokenCount":1,"inputTokens":1,"outputTokens":1'
JUNK = {
    "nothing": b"",
    "null": b"null",
    "no object": b"[]",
    "cut": b'{"prompt_tokens":',
    "below zero": b'{"prompt_tokens":-1,"input_tokens":-1,"promptTokenCount":-1,"inputTokens":-1,"tokens":[]}',
    "more than any window": b'{"prompt_tokens":1e10,"input_tokens":1e10,"promptTokenCount":1e10,"inputTokens":1e10}',
    "no UTF-8": b'{"input_tokens":"\xff","prompt_tokens":"\xff","promptTokenCount":"\xff",'
    b'"cacheDetails":[{"ttl":"\xff"}],"inputTokens":1,"tokens":"\xff"}',
    "nested without end": b'{"details":' + b"[" * 100_000 + b"," + TOKENS,
}


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__module__.split(".")[2])
def test_counts_that_cannot_be_read_are_none(read, junk):
    assert read(Raw(JUNK[junk])) is None
