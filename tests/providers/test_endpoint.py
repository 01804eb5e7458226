"""One attempt at one provider on a pretended transport: what of it may be shown, and what it cost."""

import msgspec
import pytest

from trunkline.core.call import Call
from trunkline.core.errors import CallError, StaleConnection
from trunkline.core.exchange import Exchange
from trunkline.core.secret import Secret
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider
from trunkline.transport.transport import Request

CANARY = "sk-canary-0123456789"
BODY = b'{"model": "house/m", "messages": [{"role": "user", "content": "hi"}]}'


class Refusal:
    """A response that repeats the key it refuses."""

    status = 400
    headers = ((b"content-type", b"application/json"),)
    expires = 0.0

    def header(self, _name: bytes) -> bytes | None:
        return None

    async def read(self, _limit: int) -> bytes:
        return msgspec.json.encode({"error": {"message": f"bad header Bearer {CANARY}", "type": "x", "code": CANARY}})

    def abort(self) -> None: ...


class Refusing:
    """A transport whose every answer is a refusal."""

    def __init__(self) -> None:
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Refusal:
        self.sent.append(request)
        return Refusal()

    async def aclose(self) -> None: ...


def house(transport: Refusing) -> Gateway:
    provider = msgspec.convert({"name": "house", "url": "http://127.0.0.1:9/v1", "dialects": {"openai": {}}}, Provider)
    config = Config(providers={"house": msgspec.structs.replace(provider, key=Secret(CANARY))})
    return Gateway(config, transport=transport)


async def refused(gateway: Gateway) -> tuple[CallError, Exchange]:
    exchange = Exchange("req_1", Call(BODY, OpenAIChat()), gateway.clock())
    with pytest.raises(CallError) as caught:
        await gateway.handle(exchange)
    return caught.value, exchange


async def test_a_key_that_the_provider_repeats_is_not_shown_to_the_caller() -> None:
    transport = Refusing()
    error, _ = await refused(house(transport))
    assert CANARY in str(transport.sent[0].headers)  # the control: it was sent
    assert CANARY not in repr(transport.sent[0])
    shown = OpenAIChat().write_error(error, "req_1").decode()
    assert "bad header Bearer ****" in shown
    assert CANARY not in shown


async def test_an_attempt_that_was_refused_costs_nothing_though_no_price_is_known() -> None:
    _, exchange = await refused(house(Refusing()))
    assert exchange.cost == 0


class Closed(Refusing):
    """A transport whose first connections had idled and were closed."""

    def __init__(self, closed: int) -> None:
        super().__init__()
        self.closed = closed

    async def send(self, request: Request) -> Refusal:
        response = await super().send(request)
        if len(self.sent) <= self.closed:
            raise StaleConnection("the other side had closed the idle connection")
        return response


async def test_a_request_that_met_a_closed_connection_is_sent_again_as_an_attempt_of_its_own() -> None:
    transport = Closed(1)
    error, exchange = await refused(house(transport))
    assert len(transport.sent) == len(exchange.attempts) == 2  # whoever had the first may bill it: it is on record
    assert [attempt.outcome.error.kind for attempt in exchange.attempts] == ["stale_connection", "invalid_request"]
    assert error.provider_status == 400


async def test_where_every_connection_is_closed_it_is_not_asked_without_end() -> None:
    transport = Closed(100)
    error, exchange = await refused(house(transport))
    assert 2 <= len(transport.sent) == len(exchange.attempts) <= 6
    assert "stale" in error.kind or "closed" in error.message
