"""Faults that make an answer late, cut it short, or never let it end.
They refuse to look into the payload of an event: they count, drop and add whole events.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from trunkline.simulator.faults import Fault
from trunkline.simulator.script import Ending, Piece, Script, with_header
from trunkline.simulator.substitutes import Scene, error_row, whole_error
from trunkline.simulator.wires import WIRES

_BLANKS = Piece(b"\n         \n", "frame")


def strike_at(pieces: tuple[Piece, ...], after_events: int) -> int:
    """The index of the first piece that is not sent any more, `after_events` content pieces on.

    0 is before the first content, behind the preamble; -1 is before everything. Never behind the end of the answer.
    """
    if after_events < 0:
        return 0
    seen = 0
    for index, piece in enumerate(pieces):
        if piece.role in {"end", "usage", "done"}:
            return index
        if piece.role == "content":
            if seen == after_events:
                return index
            seen += 1
    return len(pieces)


def _slow(script: Script, fault: Fault, _scene: Scene) -> Script:
    seconds = fault.number("seconds")
    if not script.streamed:
        return replace(script, lead=script.lead + seconds)
    at = strike_at(script.pieces, 0)
    late = tuple(
        replace(piece, after=piece.after + seconds) if index == at else piece
        for index, piece in enumerate(script.pieces)
    )
    return replace(script, pieces=late)


def _slow_head(script: Script, fault: Fault, _scene: Scene) -> Script:
    return replace(script, lead=script.lead + fault.number("seconds"))


def _kept(script: Script, fault: Fault) -> tuple[Piece, ...]:
    """What is still sent: the events before the fault, or the first half of a body that is no stream."""
    if not script.streamed:
        body = script.body
        half = 0 if fault.number("after_events") < 0 else len(body) // 2
        return (Piece(body[:half], "body"),)
    return script.pieces[: strike_at(script.pieces, int(fault.number("after_events")))]


def _cut(script: Script, fault: Fault, _scene: Scene) -> Script:
    return replace(script, pieces=_kept(script, fault))


def _broken_off(ending: Ending) -> Callable[[Script, Fault, Scene], Script]:
    def broken_off(script: Script, fault: Fault, _scene: Scene) -> Script:
        declared = None if script.streamed else len(script.body)
        return replace(script, pieces=_kept(script, fault), ending=ending, declared=declared)

    return broken_off


def _chunk_cut(script: Script, fault: Fault, _scene: Scene) -> Script:
    kept = _kept(script, fault)
    if not script.streamed:
        return replace(script, pieces=kept, ending="reset", declared=len(script.body))
    torn = tuple(replace(piece, torn=True, tokens=0) for piece in script.pieces[len(kept) : len(kept) + 1])
    return replace(script, pieces=(*kept, *torn), ending="reset")


def _ping_stall(script: Script, fault: Fault, scene: Scene) -> Script:
    noise = WIRES[scene.dialect].noise if script.streamed else _BLANKS
    repeat = replace(noise, after=fault.number("seconds"))
    kept = _kept(script, fault) if script.streamed else ()
    return replace(script, pieces=kept, streamed=True, repeat=repeat, ending="hang")


def _malformed(script: Script, fault: Fault, _scene: Scene) -> Script:
    if not script.streamed:
        return replace(script, pieces=(replace(script.pieces[0], data=script.body[:-2] + b',,"'),))
    kept = _kept(script, fault)
    rest = script.pieces[len(kept) :]
    line = rest[0].data.rstrip(b"\n")
    broken = replace(rest[0], data=line[: len(line) - len(line) // 3] + b"\n\n")
    return replace(script, pieces=(*kept, broken, *rest[1:]))


def _error_in_stream(script: Script, fault: Fault, scene: Scene) -> Script:
    if not script.streamed:
        return whole_error(fault, scene)
    payload = error_row(fault, scene).render(scene.model, scene.request_id)
    if WIRES[scene.dialect].lines:
        return replace(script, pieces=(*_kept(script, fault), Piece(b" ".join(payload.splitlines()) + b"\n", "frame")))
    if scene.dialect == "responses":
        payload = _error_event(payload, len(script.pieces))
    name = b"event: error\n" if scene.dialect in {"anthropic", "responses"} else b""
    if scene.dialect == "bedrock":
        named = error_row(fault, scene).headers.get("x-amzn-errortype", "InternalServerException").partition(":")[0]
        name = f"event: error {named[:1].lower()}{named[1:]}\n".encode()
    said = Piece(name + b"data: " + b" ".join(payload.splitlines()) + b"\n\n", "frame")
    return replace(script, pieces=(*_kept(script, fault), said))


def _error_event(payload: bytes, number: int) -> bytes:
    """The responses API tells the fields of an error flat."""
    try:
        error = msgspec.json.decode(payload).get("error", {})
    except (msgspec.DecodeError, AttributeError):
        return payload
    said = {name: error.get(name) for name in ("code", "message", "param")}
    return msgspec.json.encode({"type": "error", "sequence_number": number, **said})


def _no_finish(script: Script, _fault: Fault, scene: Scene) -> Script:
    if not script.streamed:
        body = msgspec.json.decode(script.body)
        target, (*steps, last) = body, WIRES[scene.dialect].finish
        for step in steps:
            target = target[step]
        target[last] = None
        return replace(script, pieces=(replace(script.pieces[0], data=msgspec.json.encode(body)),))
    return replace(script, pieces=tuple(piece for piece in script.pieces if piece.role != "end"))


def _no_done(script: Script, _fault: Fault, _scene: Scene) -> Script:
    return replace(script, pieces=tuple(piece for piece in script.pieces if piece.role != "done"))


def _stale(script: Script, _fault: Fault, _scene: Scene) -> Script:
    return replace(script, ending="stale")


def _endless(script: Script, fault: Fault, _scene: Scene) -> Script:
    kept = _kept(script, fault)
    if not script.streamed:
        repeat = Piece(b"and so on " * 400, "frame", after=0.001)
        return replace(script, pieces=kept, streamed=True, repeat=repeat, ending="hang")
    again = script.pieces[max(strike_at(script.pieces, 0), len(kept) - 1)]
    return replace(script, pieces=kept, repeat=replace(again, after=max(again.after, 0.001)), ending="hang")


def _huge_line(script: Script, fault: Fault, _scene: Scene) -> Script:
    filler = b"a" * int(fault.number("bytes"))
    at = strike_at(script.pieces, 0) if script.streamed else 0
    data = script.pieces[at].data
    marker = b'":"' if b'":"' in data else b": "
    head, tail = data.rsplit(marker, 1)
    huge = replace(script.pieces[at], data=head + marker + filler + tail)
    return replace(script, pieces=(*script.pieces[:at], huge, *script.pieces[at + 1 :]))


def _content_type(script: Script, fault: Fault, _scene: Scene) -> Script:
    return replace(script, headers=with_header(script.headers, "content-type", str(fault.value("content_type"))))


BREAKS: dict[str, Callable[[Script, Fault, Scene], Script]] = {
    "slow": _slow,
    "slow-head": _slow_head,
    "cut": _cut,
    "drop": _broken_off("close"),
    "chunk-cut": _chunk_cut,
    "stall": _broken_off("hang"),
    "ping-stall": _ping_stall,
    "malformed": _malformed,
    "error-in-stream": _error_in_stream,
    "no-finish": _no_finish,
    "no-done": _no_done,
    "stale": _stale,
    "endless": _endless,
    "huge-line": _huge_line,
    "content-type": _content_type,
}
