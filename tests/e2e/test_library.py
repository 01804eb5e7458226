"""The embeddable API, asynchronous and not, on the same engine and the same real sockets."""

import asyncio
import gc
import threading
import warnings
from decimal import Decimal
from pathlib import Path

import pytest

import trunkline
from tests.e2e.conftest import House, eventually
from trunkline.core.events import Ended, TextDelta


@pytest.fixture
def file(house: House, tmp_path: Path) -> Path:
    """The house's own config file: the library and the gateway read the same one."""
    return tmp_path / "trunkline.yaml"


@pytest.mark.parametrize("model", ["openai", "anthropic"])
async def test_a_chat_says_what_came_from_whom_at_what_cost(house: House, file: Path, model: str) -> None:
    async with trunkline.open(file) as gateway:
        answer = await gateway.chat(model, "What is 17 + 25?")
    (entry,) = await house.logged(1)
    assert answer.text == entry.answer
    assert answer.provider == ("oa" if model == "openai" else "an")
    assert answer.model == "sim"
    assert answer.cost == Decimal(entry.cost_nanodollars).scaleb(-9)
    assert "E" not in str(answer.cost)
    assert answer.finish == "stop"
    assert answer.usage.total == answer.usage.prompt + answer.usage.completion > 0


@pytest.mark.parametrize("model", ["openai", "anthropic"])
async def test_a_stream_gives_text_as_it_comes_and_the_answer_at_the_end(house: House, file: Path, model: str) -> None:
    async with trunkline.open(file) as gateway:
        async with gateway.stream(model, [{"role": "user", "content": "What is 17 + 25?"}]) as stream:
            pieces = [piece async for piece in stream]
        answer = stream.answer
    (entry,) = await house.logged(1)
    assert len(pieces) > 1
    assert "".join(pieces) == answer.text == entry.answer
    assert answer.cost == Decimal(entry.cost_nanodollars).scaleb(-9)


async def test_a_stream_gives_events_too(file: Path) -> None:
    async with trunkline.open(file) as gateway, gateway.stream("openai", "Hello!") as stream:
        events = [event async for event in stream.events()]
    assert isinstance(events[-1], Ended)
    assert any(isinstance(event, TextDelta) for event in events)


async def test_tools_come_back_as_calls(file: Path) -> None:
    tool = {"name": "get_weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
    async with trunkline.open(file) as gateway:
        for model in ("openai", "anthropic"):
            answer = await gateway.chat(
                model,
                "What is the weather in Paris?",
                tools=[{"type": "function", "function": tool}],
                tool_choice="required",
            )
            assert [call.name for call in answer.tool_calls] == ["get_weather"]
            assert answer.finish == "tool_calls"


async def test_a_broken_stream_raises_and_never_ends_cleanly(file: Path) -> None:
    async with trunkline.open(file) as gateway:
        for provider in ("oa", "an"):
            with pytest.raises(trunkline.BrokenStream):
                async with gateway.stream(f"{provider}/fault:cut:3", "Hello!") as stream:
                    async for _ in stream:
                        pass
            assert stream.answer.text


async def test_errors_are_classes_that_say_what_to_change(file: Path) -> None:
    async with trunkline.open(file) as gateway:
        with pytest.raises(trunkline.UnknownModel, match='did you mean "openai"'):
            await gateway.chat("opneai", "hi")
        with pytest.raises(trunkline.InvalidRequest, match="messages"):
            await gateway.chat("openai", [])
        for odd in (None, 7, {"role": "user", "content": "hi"}):
            with pytest.raises(trunkline.InvalidRequest, match="a list of messages") as mistaken:
                await gateway.chat("openai", odd)  # type: ignore[arg-type]
            assert mistaken.value.param == "messages"
        with pytest.raises(trunkline.InvalidRequest, match="JSON"):
            await gateway.chat("openai", "hi", metadata={"when": object()})
        with pytest.raises(trunkline.RateLimit) as refused:
            await gateway.chat("oa/fault:status:429", "hi")
    assert refused.value.provider == "oa"


async def test_leaving_a_stream_early_stops_the_providers_work(house: House, file: Path) -> None:
    async with trunkline.open(file) as gateway:
        async with gateway.stream("oa/fault:endless", "Hello!") as stream:
            async for _ in stream:
                break
        await house.logged(1)
        assert stream.answer.text
        await eventually(lambda: gateway.gateway.figures()["calls_open"] == 0 or None)


async def test_fallbacks_are_the_same_as_the_gateways(file: Path) -> None:
    async with trunkline.open(file) as gateway:
        answer = await gateway.chat("down-then-up", "hi")
    assert [str(attempt.target) for attempt in answer.attempts] == ["dead/sim", "oa/fault:status:503", "an/sim"]
    assert answer.provider == "an"


async def test_a_hundred_calls_at_once_leave_nothing_behind(file: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        async with trunkline.open(file) as gateway:
            before = len(asyncio.all_tasks())
            answers = await asyncio.gather(*(gateway.chat("openai", f"What is {n} + 1?") for n in range(100)))
            assert len(answers) == 100
            assert len(asyncio.all_tasks()) <= before + 1
            assert gateway.gateway.figures()["calls_open"] == 0
        gc.collect()


def test_the_same_without_an_event_loop(tmp_path: Path) -> None:
    async def running(ready: threading.Event, stop: threading.Event, urls: list[str]) -> None:
        from tests.e2e.conftest import SIMULATED
        from trunkline.simulator import Simulator, read_config

        async with Simulator(read_config(SIMULATED)) as simulator:
            urls.append(simulator.url)
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.01)

    ready, stop, urls = threading.Event(), threading.Event(), []
    thread = threading.Thread(target=lambda: asyncio.run(running(ready, stop, urls)))
    thread.start()
    try:
        assert ready.wait(5)
        file = tmp_path / "sync.yaml"
        file.write_text(f"providers: {{oa: {{url: {urls[0]}/oa/v1, dialect: openai, key: sk-oa-0123456789}}}}")
        threads = threading.active_count()
        with trunkline.open_sync(file) as gateway:
            answer = gateway.chat("oa/sim", "What is 17 + 25?")
            with gateway.stream("oa/sim", "What is 17 + 25?") as stream:
                pieces = list(stream)
            with gateway.stream("oa/fault:endless", "Hello!") as endless:
                next(iter(endless))
            with pytest.raises(trunkline.UnknownModel):
                gateway.chat("nope", "hi")
            assert answer.cost is None  # no price is known for this model: unknown, not 0
        assert "".join(pieces) == stream.answer.text == answer.text
        assert threading.active_count() == threads
        with pytest.raises(RuntimeError, match="this house is closed"):
            gateway.chat("oa/sim", "too late")
    finally:
        stop.set()
        thread.join()


async def test_a_provider_behind_a_proxy_is_asked_through_it(house: House, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", house.simulator.url)  # it answers requests in a proxy's form as any other
    monkeypatch.setenv("NO_PROXY", "")
    file = tmp_path / "proxied.yaml"
    table = "{url: 'http://models.example/oa/v1', dialect: openai, key: sk-oa-0123456789, transport: aiohttp}"
    file.write_text(f"providers: {{far: {table}}}")
    async with trunkline.open(file) as gateway:
        answer = await gateway.chat("far/sim", "What is 17 + 25?")
    (entry,) = await house.logged(1)
    assert answer.text == entry.answer
    assert entry.headers["host"] == "models.example"


def test_the_public_names_are_the_sorted_list_and_all_of_them_are_there() -> None:
    assert trunkline.__all__ == sorted(trunkline.__all__)
    assert all(hasattr(trunkline, name) for name in trunkline.__all__)
    assert len(trunkline.__all__) <= 36  # about thirty: each one is a promise
