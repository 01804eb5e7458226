"""What a stream's caller is told and what is settled are one: whichever of its frames is broken, missing or odd."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.spoken import PROVIDED, SPOKEN, Spoken, Wired
from trunkline.core.dialect import Envelope, Frame, ProviderDialect, Rendered
from trunkline.core.errors import CallError
from trunkline.core.events import Began, Gathering
from trunkline.providers.answer import Pace, StreamedReply
from trunkline.providers.calibration import Calibration
from trunkline.simulator.ask import Answer, ToolCall

SAID = Answer(
    text="forty two",
    thinking="six by seven",
    calls=(ToolCall("call_1", "add", '{"a":17,"b":25}'),),
    finish="tool",
    kind="",
    quality=1.0,
    score=1.0,
    output_tokens=30,
    reasoning_tokens=10,
)
JUNK: tuple[Any, ...] = (None, [], {}, "", "odd", 3)
PACE = Pace(lambda: 0.0, 0.0, 60.0, 60.0, 60.0, True, Began("id", "model", 1))


class Coming:
    """A response and its framing at once: every element is what one read brings; then the end."""

    status, headers, expires = 200, (), 0.0

    def __init__(self, groups: list[list[Frame]]) -> None:
        self.groups = list(reversed(groups))
        self.now: list[Frame] = []

    async def receive(self) -> bytes:
        self.now = self.groups.pop() if self.groups else []
        return b"more" if self.now else b""

    def feed(self, _data: bytes) -> list[Frame]:
        return self.now

    def end(self) -> list[Frame]:
        return []

    def abort(self) -> None: ...


def framed(dialect: ProviderDialect, said: Answer) -> list[Frame]:
    wired = Wired(dialect)
    frames = wired.framing()
    return [*frames.feed(wired.stream(said)), *frames.end()]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a payload, the payload itself first."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from paths(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = put(value[path[0]], path[1:], junk)
    return copy


def spoilt(frames: list[Frame]) -> Iterator[list[Frame]]:
    """The stream without each frame, cut behind each, and with junk in place of each value of each frame."""
    for at, frame in enumerate(frames):
        yield frames[:at] + frames[at + 1 :]
        yield frames[:at]
        if not frame.data or not frame.data.startswith(b"{"):
            continue
        payload = json.loads(frame.data)
        for path in paths(payload):
            for junk in JUNK:
                data = json.dumps(put(payload, path, junk)).encode()
                odd = Frame(b"data: " + data + b"\n\n", frame.event, data)
                yield [*frames[:at], odd, *frames[at + 1 :]]


async def begun(dialect: ProviderDialect, groups: list[list[Frame]], echo: str = "") -> StreamedReply | None:
    """The reply once it has content; None where nothing of it may be shown."""
    coming: Any = Coming(groups)
    reply = StreamedReply(coming, coming, dialect, PACE, Rendered(b"", echo=echo), Calibration(), 10)
    try:
        await reply.begin()
    except CallError:
        return None
    return reply


def cuts(frames: list[Frame]) -> list[list[list[Frame]]]:
    """All at once, and one by one: the last frames may come with the first content, and by themselves."""
    return [[frames], [[frame] for frame in frames]]


async def told(reply: StreamedReply, row: Spoken) -> bool:
    """True where the caller was told of an error."""
    body = b"".join([block async for block in reply.blocks(row.dialect, Envelope("m", stream=True), "req_1")])
    await reply.aclose()
    failed = row.error_at_end(body)
    assert failed != row.whole(body), body
    return failed


@pytest.mark.parametrize("dialect", PROVIDED, ids=lambda one: one.name)
async def test_a_caller_in_another_dialect_is_told_what_is_settled(dialect: ProviderDialect) -> None:
    row = next(row for row in SPOKEN if row.name != dialect.name)
    ends = set()
    for stream in spoilt(framed(dialect, SAID)):
        for groups in cuts(stream):
            if reply := await begun(dialect, groups):
                failed = await told(reply, row)
                assert reply.outcome is not None
                assert failed == (not reply.outcome.ok), (groups, reply.outcome)
                ends.add(failed)
    assert ends == {True, False}  # the control: both ends are among them


@pytest.mark.parametrize("dialect", PROVIDED, ids=lambda one: one.name)
async def test_who_reads_events_is_told_what_is_settled(dialect: ProviderDialect) -> None:
    for stream in spoilt(framed(dialect, SAID)):
        for groups in cuts(stream):
            if reply := await begun(dialect, groups):
                gathering, error = Gathering(), None
                try:
                    async for event in reply.events():
                        gathering.add(event)
                except CallError as raised:
                    error = raised
                assert reply.outcome is not None
                assert reply.outcome.error is error
                assert (error is None) == (gathering.ended is not None)
