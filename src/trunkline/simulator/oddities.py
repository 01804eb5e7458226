"""Faults that a good client must see through: odd line ends, comments, unknown events, usage in odd places, torn bytes.
They refuse to lose a word of the answer.
"""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec.structs import replace

from trunkline.simulator import anthropic_wire, openai_wire
from trunkline.simulator.anthropic_wire import PING
from trunkline.simulator.faults import Fault
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Script, event
from trunkline.simulator.substitutes import Scene
from trunkline.simulator.wires import COMMENT, WIRES, Wire

_PAYLOAD = re.compile(rb"(?s)(?P<head>(?:.*?data: )?)(?P<json>\{.*\})(?P<tail>\n\n?)")
_TEXT_VALUE = re.compile(rb'("(?:content|text|delta|partial_json|thinking|reasoning_content)":")((?:[^"\\]|\\.)+)"')


def edited(script: Script, edit: Callable[[dict[str, Any], Piece], None]) -> Script:
    """The script with every JSON payload (of the events, or the one of the body) edited in place by `edit`."""
    return replace(script, pieces=tuple(_edit_piece(piece, edit) for piece in script.pieces))


def _edit_piece(piece: Piece, edit: Callable[[dict[str, Any], Piece], None]) -> Piece:
    match = _PAYLOAD.fullmatch(piece.data)
    if match is None and piece.role != "body":
        return piece  # [DONE]
    head, text, tail = match.groups() if match else (b"", piece.data, b"")
    payload = msgspec.json.decode(text)
    edit(payload, piece)
    return replace(piece, data=head + msgspec.json.encode(payload) + tail)


def _split(script: Script, fault: Fault, _scene: Scene) -> Script:
    return replace(script, slice=int(fault.number("bytes")))


def _line_ends(end: bytes) -> Callable[[Script, Fault, Scene], Script]:
    def line_ends(script: Script, _fault: Fault, _scene: Scene) -> Script:
        if not script.streamed:
            return script
        return replace(script, pieces=tuple(replace(one, data=one.data.replace(b"\n", end)) for one in script.pieces))

    return line_ends


def _bom(script: Script, _fault: Fault, _scene: Scene) -> Script:
    first = replace(script.pieces[0], data=b"\xef\xbb\xbf" + script.pieces[0].data)
    return replace(script, pieces=(first, *script.pieces[1:]))


def _odd_sse(script: Script, _fault: Fault, scene: Scene) -> Script:
    if not script.streamed or WIRES[scene.dialect].lines:
        return script

    def odd(number: int, piece: Piece) -> Piece:
        match number % 3:
            case 0:  # a JSON object may hold a line break behind its brace, so its event may have two data lines
                data = piece.data.replace(b"data: {", b"data: {\ndata: ", 1)
            case 1:
                data = piece.data.replace(b"data: ", b"data:", 1)
            case _:
                data = b"id: %d\nretry: 3000\n" % number + piece.data
        return replace(piece, data=data)

    return replace(script, pieces=tuple(odd(number, piece) for number, piece in enumerate(script.pieces)))


def _between(script: Script, *noise: Piece) -> Script:
    mixed: list[Piece] = list(noise)
    for piece in script.pieces:
        mixed += [piece] if piece.role == "done" else [piece, *noise]
    return replace(script, pieces=tuple(mixed))


def _comments(script: Script, _fault: Fault, scene: Scene) -> Script:
    if not script.streamed:
        return replace(script, pieces=(Piece(b"\n         \n", "frame"), *script.pieces))
    wire = WIRES[scene.dialect]
    return _between(script, *dict.fromkeys([wire.noise if wire.lines else COMMENT, wire.noise]))


def _unknown_events(script: Script, _fault: Fault, scene: Scene) -> Script:
    if not script.streamed or WIRES[scene.dialect].lines:
        return edited(script, lambda payload, _piece: payload.update(x_future_field={"nested": [1, None]}))
    if scene.dialect == "anthropic":
        return _between(
            script, event({"type": "x_future_event", "index": 99, "delta": {"type": "x"}}, "frame", "x_future_event")
        )
    if scene.dialect == "responses":
        return _between(
            script, event({"type": "response.x_future", "sequence_number": 0}, "frame", "response.x_future")
        )
    if scene.dialect == "bedrock":
        return _between(script, event({"x": {"nested": [1, None]}}, "frame", "xFutureEvent"))
    if scene.dialect == "gemini":
        return _between(script, event({"xFuture": {"nested": [1, None]}}, "frame"))
    if scene.dialect == "cohere":
        return _between(script, event({"type": "x-future-event", "index": 99}, "frame", "x-future-event"))
    return _between(script, event({"object": "x.future.event", "choices": []}, "frame"))


def _invalid_utf8(script: Script, _fault: Fault, _scene: Scene) -> Script:
    for index, piece in enumerate(script.pieces):
        bad, changes = _TEXT_VALUE.subn(rb"\1\2" + b'\xff\xfe"', piece.data, count=1)
        if changes:
            return replace(
                script, pieces=(*script.pieces[:index], replace(piece, data=bad), *script.pieces[index + 1 :])
            )
    return script


def _empty_choices_first(script: Script, _fault: Fault, scene: Scene) -> Script:
    severity = {"filtered": False, "severity": "safe"}
    results = {"hate": severity, "self_harm": severity, "sexual": severity, "violence": severity}
    filtered = [{"prompt_index": 0, "content_filter_results": results}]
    if scene.dialect == "anthropic":
        return replace(script, pieces=(PING, *script.pieces)) if script.streamed else script
    if scene.dialect != "openai":
        return replace(script, pieces=(WIRES[scene.dialect].noise, *script.pieces)) if script.streamed else script
    if not script.streamed:
        return edited(script, lambda payload, _piece: payload.update(prompt_filter_results=filtered))
    first = {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": filtered}
    return replace(script, pieces=(event(first, "preamble"), *script.pieces))


def _usage_every_chunk(script: Script, _fault: Fault, scene: Scene) -> Script:
    if not script.streamed:
        return script
    pieces: list[Piece] = []
    sent = 0
    for piece in script.pieces:
        sent += piece.tokens
        so_far = replace(scene.usage, output=sent, reasoning=min(sent, scene.usage.reasoning))
        if scene.dialect == "openai":
            shown = openai_wire.usage_object(so_far)
            pieces.append(_edit_piece(piece, partial(_set_usage, shown)))
        elif piece.role == "content" and scene.dialect == "anthropic":
            pieces += [piece, _running_delta(so_far)]
        else:
            pieces.append(piece)
    return replace(script, pieces=tuple(pieces))


def _set_usage(usage: dict[str, Any], payload: dict[str, Any], _piece: Piece) -> None:
    payload["usage"] = usage


def _running_delta(usage: Usage) -> Piece:
    delta = {"stop_reason": None, "stop_sequence": None}
    payload = {"type": "message_delta", "delta": delta, "usage": anthropic_wire.final_usage(usage)}
    return event(payload, "frame", "message_delta")


def _no_usage(script: Script, _fault: Fault, scene: Scene) -> Script:
    wire = WIRES[scene.dialect]

    def strip(payload: dict[str, Any], _piece: Piece) -> None:
        for holder in _holders(wire, payload):
            for name in _usage_fields(wire):
                holder.pop(name, None)

    return edited(replace(script, pieces=tuple(piece for piece in script.pieces if piece.role != "usage")), strip)


def _zero_usage(script: Script, _fault: Fault, scene: Scene) -> Script:
    wire = WIRES[scene.dialect]

    def zero(payload: dict[str, Any], _piece: Piece) -> None:
        for holder in _holders(wire, payload):
            if any(holder.get(name) is not None for name in _usage_fields(wire)):
                holder.update({wire.usage_key: wire.usage(Usage())} if wire.usage_key else wire.usage(Usage()))

    return edited(script, zero)


def _usage_fields(wire: Wire) -> list[str]:
    return [wire.usage_key] if wire.usage_key else list(wire.usage(Usage()))


def _holders(wire: Wire, payload: dict[str, Any]) -> list[dict[str, Any]]:
    """The objects of a payload that may hold usage."""
    return [payload if name == "" else payload.get(name, {}) for name in wire.usage_at]


ODDITIES: dict[str, Callable[[Script, Fault, Scene], Script]] = {
    "split": _split,
    "crlf": _line_ends(b"\r\n"),
    "cr": _line_ends(b"\r"),
    "bom": _bom,
    "odd-sse": _odd_sse,
    "comments": _comments,
    "unknown-events": _unknown_events,
    "invalid-utf8": _invalid_utf8,
    "empty-choices-first": _empty_choices_first,
    "usage-every-chunk": _usage_every_chunk,
    "no-usage": _no_usage,
    "zero-usage": _zero_usage,
}
