"""The caller's own bytes for another model and provider: only what must change does.

Refuses to open what need not change. Most calls are one splice; a provider's quirks cost a second look, and only
where the body holds the words they are about.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw, Struct

from trunkline.core.dialect import Envelope, Rendered
from trunkline.core.errors import CallError, InvalidRequest
from trunkline.dialects import json
from trunkline.dialects.openai_chat.parse_request import parse_request
from trunkline.dialects.openai_chat.quirks import PREFILL_FIELDS, PREFILL_MARKS, Quirks
from trunkline.dialects.openai_chat.write_messages import fitted_id

Fields = dict[str, Raw]
Edit = Callable[[Fields], bool]
"""Changes a message in place; True when it did."""

ASK_FOR_USAGE = b'{"include_usage":true}'
RENAMES: dict[str, dict[str, str]] = {
    "keep": {},
    "max_tokens": {"max_completion_tokens": "max_tokens"},
    "max_completion_tokens": {"max_tokens": "max_completion_tokens"},
}

_MARK = b'"thought_signature"'  # nobody escapes it; this one look costs 0.02 ms for 100 kB
SIGNED = "extra_content"  # where Google's OpenAI layer puts the thought signature of a tool call

_encode = msgspec.json.Encoder().encode
_FIELDS = msgspec.json.Decoder(Fields)
_CALLS = msgspec.json.Decoder(list[Fields])
_TEXT = msgspec.json.Decoder(str)


class _Options(Struct):
    stream_options: dict[str, Any] | None = None


class _Turns(Struct):
    messages: list[Fields]


class _Choice(Struct):
    tool_choice: Any = None
    tools: list[Any] = []


_OPTIONS = msgspec.json.Decoder(_Options)
_TURNS = msgspec.json.Decoder(_Turns)
_CHOICE = msgspec.json.Decoder(_Choice)
_TURNS_ONLY = msgspec.json.Decoder(list[Fields])


def readdress(quirks: Quirks, body: bytes, envelope: Envelope, model: str) -> Rendered:
    """The body with ``model`` at its top level, and what the quirks demand."""
    try:
        put, dropped = _turns(quirks, body)
        put |= _choice(quirks, body)
    except (msgspec.ValidationError, KeyError) as error:
        raise _complaint(body, error) from None
    if envelope.stream and not envelope.include_usage and quirks.usage_in_stream == "ask":
        put["stream_options"] = _asking_for_usage(body)
    dropped += _refused(quirks, body, envelope.stream)
    echo = ""
    if quirks.prefill is not None and _holds(body, "prefix"):
        echo = _prefill(quirks, body, put)
    rename = RENAMES[quirks.max_tokens_name]
    rendered = json.readdress(body, model, rename=rename, drop=frozenset(dropped), put=put)
    return Rendered(rendered, dropped, hide_usage=envelope.stream and not envelope.include_usage, echo=echo)


def _complaint(body: bytes, error: Exception) -> CallError:
    """The closer look that says what is wrong with turns or tools that a quirk made us open."""
    try:
        parse_request(body)
    except InvalidRequest as found:
        return found
    return InvalidRequest(f"The request's messages or tools cannot be read: {error}. Correct them.")


def _holds(body: bytes, name: str) -> bool:
    """False only where the body surely has no such string: an escape may spell any."""
    return b'"%b"' % name.encode() in body or b"\\u00" in body


def _refused(quirks: Quirks, body: bytes, stream: bool) -> tuple[str, ...]:
    """The top-level fields of the body that this provider refuses."""
    refused = quirks.drop | quirks.drop_in_streams if stream else quirks.drop
    if quirks.usage_in_stream == "never":
        refused |= {"stream_options"}
    suspects = frozenset(name for name in refused if _holds(body, name))
    return json.present(body, suspects)


def _asking_for_usage(body: bytes) -> bytes:
    if (
        b'"stream_options"' not in body
    ):  # under an escaped name they would be replaced: nothing else of weight is in them
        return ASK_FOR_USAGE
    return _encode({**(_OPTIONS.decode(body).stream_options or {}), "include_usage": True})


def _choice(quirks: Quirks, body: bytes) -> dict[str, bytes]:
    """A named tool, for a provider that takes no name: that tool alone, and ``any``."""
    if quirks.tool_choice_object or not _holds(body, "tool_choice"):
        return {}
    seen = _CHOICE.decode(body)
    named = seen.tool_choice.get("function") if isinstance(seen.tool_choice, dict) else None
    if not isinstance(named, dict):
        return {}
    tools = [tool for tool in seen.tools if isinstance(tool, dict) and _function_name(tool) == named.get("name")]
    return {"tool_choice": b'"any"', "tools": json.encode(tools)}


def _function_name(tool: dict[str, Any]) -> object:
    function = tool.get("function")
    return function.get("name") if isinstance(function, dict) else None


def _turns(quirks: Quirks, body: bytes) -> tuple[dict[str, bytes], tuple[str, ...]]:
    """New messages where a quirk is about them, and what that drops; all that no quirk is about stays verbatim."""
    edits: list[Edit] = []
    if not quirks.developer_role and _holds(body, "developer"):
        edits.append(_as_system)
    if quirks.tool_id_length is not None and (_holds(body, "tool_calls") or _holds(body, "tool_call_id")):
        edits.append(partial(_fit_ids, quirks.tool_id_length))
    if not quirks.names and _holds(body, "name"):
        edits.append(_without_name)
    if _MARK in body and SIGNED not in quirks.accept:
        edits.append(_without_signatures)
    if not edits:
        return {}, ()
    turns = _TURNS.decode(body).messages
    changed = {edit for edit in edits for turn in turns if edit(turn)}
    put = {"messages": _encode(turns)} if changed else {}
    return put, ("messages.name",) if _without_name in changed else ()


def _prefill(quirks: Quirks, body: bytes, put: dict[str, bytes]) -> str:
    """A last message marked ``prefix``, as this provider marks it; the echo that it will send of it."""
    turns = _TURNS_ONLY.decode(put["messages"]) if "messages" in put else _TURNS.decode(body).messages
    if bytes(turns[-1].get("prefix", Raw(b""))) != b"true":
        return ""
    if quirks.prefill in ("prefix", "prefix_echoed"):
        content = bytes(turns[-1].get("content", Raw(b"null")))
        return _TEXT.decode(content) if quirks.prefill == "prefix_echoed" and content.startswith(b'"') else ""
    del turns[-1]["prefix"]
    turns[-1] |= {name: Raw(_encode(value)) for name, value in PREFILL_MARKS[quirks.prefill].items()}
    put |= {"messages": _encode(turns)}
    put |= {name: _encode(value) for name, value in PREFILL_FIELDS.get(quirks.prefill or "", {}).items()}
    return ""


def _as_system(turn: Fields) -> bool:
    found = bytes(turn.get("role", Raw(b""))) == b'"developer"'
    if found:
        turn["role"] = Raw(b'"system"')
    return found


def _without_name(turn: Fields) -> bool:
    return turn.pop("name", None) is not None


def _without_signatures(turn: Fields) -> bool:
    """Thought signatures are Google's, and other vendors refuse a field they do not know."""
    if SIGNED.encode() not in bytes(turn.get("tool_calls", Raw(b""))):
        return False
    calls = _CALLS.decode(turn["tool_calls"])
    kept = [{name: value for name, value in call.items() if name != SIGNED} for call in calls]
    turn["tool_calls"] = Raw(_encode(kept))
    return kept != calls


def _fit_ids(length: int, turn: Fields) -> bool:
    before = dict(turn)
    if "tool_call_id" in turn:
        turn["tool_call_id"] = _fitted(turn["tool_call_id"], length)
    if bytes(turn.get("tool_calls", Raw(b"null"))) != b"null":
        calls = _CALLS.decode(turn["tool_calls"])
        turn["tool_calls"] = Raw(_encode([{**call, "id": _fitted(call["id"], length)} for call in calls]))
    return turn != before


def _fitted(tool_id: Raw, length: int) -> Raw:
    return Raw(_encode(fitted_id(_TEXT.decode(tool_id), length)))


def limit_answer(body: bytes, tokens: int) -> bytes:
    """The same body with this limit on its answer, said once, under the name the caller used."""
    fields = _FIELDS.decode(body)
    name = "max_completion_tokens" if "max_completion_tokens" in fields else "max_tokens"
    fields.pop("max_tokens", None)
    fields[name] = Raw(b"%d" % tokens)
    return _encode(fields)
