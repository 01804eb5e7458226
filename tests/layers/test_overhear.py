"""What is handed over as a caller's answer is all of it, however the caller read it and whenever it left."""

from collections.abc import AsyncIterator

import pytest

from trunkline.core.call import Call
from trunkline.core.chat import Completion, Text
from trunkline.core.dialect import Dialect, Envelope
from trunkline.core.events import Event
from trunkline.core.exchange import Exchange
from trunkline.core.outcome import Outcome
from trunkline.core.reply import Settling
from trunkline.core.usage import Usage
from trunkline.dialects.openai_chat.dialect import OpenAIChat
from trunkline.layers.overhear import Heard, OverheardReply
from trunkline.providers.answer import unfold

WHOLE = Completion("1", "m", (Text("Hello"),), "stop", Usage(1, 1))


class AtOnce(Settling):
    """A reply that has settled before its pieces are read, as the last pieces of every stream have."""

    dropped: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.settle(Outcome(Usage(1, 1), 0.0, finish="stop"))

    async def blocks(self, dialect: Dialect, envelope: Envelope, request_id: str) -> AsyncIterator[bytes]:
        yield b"data: 1\n\n"
        yield b"data: [DONE]\n\n"

    async def events(self) -> AsyncIterator[Event]:
        for event in unfold(WHOLE):
            yield event

    async def completion(self) -> Completion:
        return WHOLE

    async def aclose(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("way", ["blocks", "events"])
@pytest.mark.parametrize(("read", "handed_over"), [(1, 0), (99, 1)])
async def test_an_answer_is_handed_over_only_to_who_read_it_to_its_end(way: str, read: int, handed_over: int) -> None:
    call = Call(b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":true}', OpenAIChat())
    taken: list[Heard] = []
    reply = OverheardReply(AtOnce(), Heard(Exchange("1", call, 0.0)), taken.append)
    pieces = reply.events() if way == "events" else reply.blocks(call.dialect, call.envelope, "1")

    count = 0
    async for _ in pieces:
        count += 1
        if count == read:
            break
    await reply.aclose()

    assert len(taken) == handed_over


async def test_an_answer_read_in_one_piece_is_handed_over_once() -> None:
    taken: list[Heard] = []
    exchange = Exchange("1", Call(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}', OpenAIChat()), 0.0)
    reply = OverheardReply(AtOnce(), Heard(exchange), taken.append)

    await reply.completion()
    await reply.aclose()
    await reply.aclose()

    assert [heard.completion() for heard in taken] == [WHOLE]
