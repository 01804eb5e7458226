"""Kept answers: as many as fit, the least recently shown ones go first."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tests.layers.scenes import Answer
from trunkline.core.call import Call
from trunkline.core.exchange import Attempt, Exchange, Target
from trunkline.core.reply import Reply
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.dialects.openai_responses.dialect import OpenAIResponses
from trunkline.layers.cache import OVERHEAD, Answers, Cache, CacheSettings, Kept

ONE = Target("oa", "sim")


def kept(at: float = 0.0, size: int = 100) -> Kept:
    return Kept(b"x" * size, at, ONE, (), 5)


def test_no_more_is_kept_than_there_is_room_for():
    answers = Answers(3 * (OVERHEAD + 100))
    for key in (b"a", b"b", b"c"):
        answers.put(key, kept())
    answers.get(b"a", 0.0)
    answers.put(b"d", kept())

    assert [answers.get(key, 0.0) is not None for key in (b"a", b"b", b"c", b"d")] == [True, False, True, True]
    assert answers.taken == 3 * (OVERHEAD + 100)


def test_what_is_too_old_is_gone_and_its_room_is_free():
    answers = Answers(10_000)
    answers.put(b"a", kept(at=1.0))

    assert answers.get(b"a", since=1.5) is None
    assert answers.taken == 0


def test_a_newer_answer_takes_the_place_of_the_older_one():
    answers = Answers(10_000)
    answers.put(b"a", kept(size=10))
    answers.put(b"a", kept(size=20))

    assert len(answers) == 1
    assert answers.taken == OVERHEAD + 20


def test_one_larger_than_all_the_room_is_not_kept():
    answers = Answers(OVERHEAD)
    answers.put(b"a", kept())

    assert len(answers) == 0
    assert answers.taken == 0


def test_the_names_of_what_was_dropped_take_room_too():
    answers = Answers(2 * OVERHEAD)
    answers.put(b"a", Kept(b"x", 0.0, ONE, tuple(f"unknown_{number}" for number in range(1_000)), 5))

    assert len(answers) == 0


@pytest.mark.parametrize(
    ("more", "counted"),
    [
        (b"", "miss"),
        (b',"conversation":"conv_1"', "bypass"),
        (b',"\\u0063onversation":"conv_1"', "bypass"),
        (b',"previous_response_id":"resp_1"', "miss"),
    ],
)
async def test_a_turn_of_a_conversation_that_its_provider_holds_is_another_one_each_time(more: bytes, counted: str):
    async def inner(exchange: Exchange) -> Reply:
        return Answer()  # type: ignore[return-value]

    cache = Cache(inner, CacheSettings(), {"m": 600.0}, lambda: 0.0)
    body = b'{"model":"m","input":"Go on"' + more + b"}"

    await cache(Exchange("1", Call(body, OpenAIResponses()), 0.0))

    assert cache.counts == {"hit": 0, "miss": 0, "bypass": 0, counted: 1}


class Told(Answer):
    """A stream of these pieces, which has settled well before the last of them."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self.pieces = pieces
        self.end()

    async def blocks(self, *_: object) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece


def chunk(**choice: object) -> bytes:
    return b"data: " + msgspec.json.encode({"id": "1", "model": "m", "choices": [{"index": 0, **choice}]}) + b"\n\n"


HELLO = chunk(delta={"content": "Hello"})
ENDED = chunk(delta={}, finish_reason="stop") + b"data: [DONE]\n\n"
ERROR = b'data: {"error":{"message":"it broke","type":"api_error","param":null,"code":null}}\n\n'


@pytest.mark.parametrize(("last", "count"), [(ENDED, 1), (ERROR, 0)])
async def test_a_stream_that_ends_with_an_error_is_not_kept_however_it_settled(last: bytes, count: int):
    async def inner(exchange: Exchange) -> Reply:
        exchange.attempts.append(Attempt(ONE, 0.0))
        return Told(HELLO, last)  # type: ignore[return-value]

    cache = Cache(inner, CacheSettings(), {"m": 600.0}, lambda: 0.0)
    call = Call(b'{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}', OpenAIChat())

    reply = await cache(Exchange("1", call, 0.0))
    shown = [block async for block in reply.blocks(call.dialect, call.envelope, "1")]
    await reply.aclose()

    assert shown == [HELLO, last]
    assert len(cache.answers) == count
