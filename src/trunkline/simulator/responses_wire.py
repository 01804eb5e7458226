"""Writing answers as OpenAI's responses API does, whole and streamed.
Written from the vendor's documentation and SDK types; it refuses to know how answers are made.
"""

from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from trunkline.simulator import tokens
from trunkline.simulator.ask import Answer, Finish, ToolCall
from trunkline.simulator.delivery import Delivery
from trunkline.simulator.prices import Usage
from trunkline.simulator.script import Piece, Role, event

Json = dict[str, Any]
_INCOMPLETE: dict[Finish, str] = {
    "length": "max_output_tokens",
    "window": "max_output_tokens",
    "filter": "content_filter",
}


def completion(delivery: Delivery) -> Json:
    """The body of a whole answer."""
    return _ended(delivery)


def stream(delivery: Delivery) -> list[Piece]:
    """The events of a streamed answer, ``response.created`` to ``response.completed``."""
    begun = {**_response(delivery), "status": "in_progress", "output": [], "usage": None}
    told: list[tuple[str, Role, int, Json]] = [
        ("response.created", "preamble", 0, {"response": begun}),
        ("response.in_progress", "preamble", 0, {"response": begun}),
    ]
    for place, item in enumerate(_items(delivery)):
        told += _spelled(place, item)
    ended = _ended(delivery)
    told.append((f"response.{ended['status']}", "end", 0, {"response": ended}))
    return [
        event({"type": kind, "sequence_number": number, **fields}, role, kind, count)
        for number, (kind, role, count, fields) in enumerate(told)
    ]


def usage_object(usage: Usage) -> Json:
    """`usage`: input_tokens include the cached ones, output_tokens the reasoning."""
    return {
        "input_tokens": usage.prompt,
        "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": 0},
        "output_tokens": usage.output,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning},
        "total_tokens": usage.prompt + usage.output,
    }


def _response(delivery: Delivery) -> Json:
    ask = delivery.ask
    return {
        "id": f"resp_{delivery.id}",
        "object": "response",
        "created_at": delivery.created,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": ask.max_tokens,
        "metadata": {},
        "model": ask.model,
        "output": [],
        "parallel_tool_calls": ask.parallel,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


def _ended(delivery: Delivery) -> Json:
    reason = _INCOMPLETE.get(delivery.answers[0].finish)
    return {
        **_response(delivery),
        "status": "incomplete" if reason else "completed",
        "incomplete_details": {"reason": reason} if reason else None,
        "output": list(_items(delivery)),
        "usage": usage_object(delivery.usage),
    }


def _items(delivery: Delivery) -> Iterator[Json]:
    answer: Answer = delivery.answers[0]
    status = "incomplete" if answer.finish in _INCOMPLETE else "completed"
    if answer.thinking:
        sealed = b64encode(sha256(answer.thinking.encode()).digest()).decode()
        summary = [{"type": "summary_text", "text": answer.thinking}]
        yield {"id": f"rs_{delivery.id}", "type": "reasoning", "summary": summary, "encrypted_content": sealed}
    if answer.text or not answer.calls:
        content = [{"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}]
        head = {"id": f"msg_{delivery.id}", "type": "message", "status": status}
        yield {**head, "role": "assistant", "content": content}
    for number, call in enumerate(answer.calls):
        yield _call(f"fc_{delivery.id}{number}", status, call)


def _call(item_id: str, status: str, call: ToolCall) -> Json:
    head = {"id": item_id, "type": "function_call", "status": status}
    return {**head, "call_id": call.id, "name": call.name, "arguments": call.arguments}


def _spelled(place: int, item: Json) -> Iterator[tuple[str, Role, int, Json]]:
    """The events that spell an item out; only its deltas are content."""
    kind = str(item["type"])
    at = {"item_id": item["id"], "output_index": place}
    empty = {"content": [], "summary": [], "arguments": "", "status": "in_progress"}
    opened = {name: empty.get(name, value) for name, value in item.items() if name != "encrypted_content"}
    yield "response.output_item.added", "frame", 0, {"output_index": place, "item": opened}
    if kind == "message":
        yield from _part(at, "response.content_part", "response.output_text", item["content"][0], "content_index")
    elif kind == "reasoning":
        yield from _part(
            at,
            "response.reasoning_summary_part",
            "response.reasoning_summary_text",
            item["summary"][0],
            "summary_index",
        )
    else:
        for piece in tokens.split(item["arguments"]):
            yield "response.function_call_arguments.delta", "content", 1, {**at, "delta": piece}
        told = {**at, "name": item["name"], "arguments": item["arguments"]}
        yield "response.function_call_arguments.done", "frame", 0, told
    yield "response.output_item.done", "frame", 0, {"output_index": place, "item": item}


def _part(at: Json, around: str, inside: str, part: Json, index: str) -> Iterator[tuple[str, Role, int, Json]]:
    at = {**at, index: 0}
    logprobs: Json = {"logprobs": []} if index == "content_index" else {}
    yield f"{around}.added", "frame", 0, {**at, "part": {**part, "text": ""}}
    for piece in tokens.split(part["text"]):
        yield f"{inside}.delta", "content", 1, {**at, "delta": piece, **logprobs}
    yield f"{inside}.done", "frame", 0, {**at, "text": part["text"], **logprobs}
    yield f"{around}.done", "frame", 0, {**at, "part": part}
