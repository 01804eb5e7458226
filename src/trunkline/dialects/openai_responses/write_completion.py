"""Whole responses for a caller, and the pieces that streams are made of too.

Refuses to know events.
"""

from typing import Any

import msgspec

from trunkline.core.chat import Completion, Finish, Foreign, Part, Text, Thought, ToolUse
from trunkline.core.usage import Usage
from trunkline.dialects.openai_responses.finish import WRITTEN
from trunkline.dialects.openai_responses.reasoning import write_item
from trunkline.dialects.openai_responses.usage import write_usage

Json = dict[str, Any]

UNSAID: Json = {
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
}
"""Fields of a response that repeat the request: the SDKs require some of them and read none."""


def shell(response_id: str, model: str, created: int, status: str) -> Json:
    """A response without output."""
    head = {"id": response_id, "object": "response", "created_at": created, "status": status, "model": model}
    return {**head, "output": [], **UNSAID}  # usage comes with the end: the vendor's description knows no null for it


def ended(response: Json, output: list[Json], finish: Finish, usage: Usage) -> Json:
    """The same response at its end."""
    reason = WRITTEN.get(finish)
    details = {"reason": reason} if reason else None
    status = "incomplete" if reason else "completed"
    return {
        **response,
        "status": status,
        "output": output,
        "incomplete_details": details,
        "usage": write_usage(usage),
    }


def message(item_id: str, text: str | None, status: str = "completed") -> Json:
    """An item of words; ``text`` None: none yet."""
    content = [] if text is None else [words(text)]
    return {"id": f"msg_{item_id}", "type": "message", "status": status, "role": "assistant", "content": content}


def words(text: str) -> Json:
    """A message's content."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def call(item_id: str, call_id: str, name: str, arguments: str, status: str = "completed") -> Json:
    """An item that calls a tool."""
    head = {"id": f"fc_{item_id}", "type": "function_call", "status": status}
    return {**head, "call_id": call_id, "name": name, "arguments": arguments}


def write_completion(answer: Completion) -> bytes:
    """The JSON of a ``response``."""
    response = shell(answer.id, answer.model, answer.created, "completed")
    output = [item for at, part in enumerate(answer.parts) if (item := _item(part, f"{answer.id}_{at}"))]
    return msgspec.json.encode(ended(response, output, answer.finish, answer.usage))


def _item(part: Part, item_id: str) -> Json | None:
    match part:
        case Text(text=text):
            return message(item_id, text) if text else None
        case Thought():
            return write_item(part, item_id)
        case ToolUse():
            return call(item_id, part.id, part.name, part.arguments)
        case Foreign(dialect="responses"):
            return part.wire
        case _:
            return None  # no response holds such a part
