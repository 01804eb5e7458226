"""The event that ends a stream of response events where the answer broke off.

Refuses to end it twice: ``response.completed`` never follows.
"""

import msgspec

from trunkline.core.errors import CallError
from trunkline.dialects.openai_chat.error_reply import write_error

LAST = 2_147_483_647  # the event's place in the stream is not known here; it is the last


def write_stream_error(error: CallError, request_id: str) -> bytes:
    """One ``error`` event. Beside the flat fields of the vendor's type it has ``error``: the SDKs raise by that."""
    inner = msgspec.json.decode(write_error(error, request_id), type=dict[str, object]).get("error")
    said = inner if isinstance(inner, dict) else {"message": error.message}
    event = {
        "type": "error",
        "code": said.get("code") or error.kind,
        "message": said.get("message") or error.message,
        "param": said.get("param"),
        "sequence_number": LAST,
        "error": said,
    }
    return b"event: error\ndata: " + msgspec.json.encode(event) + b"\n\n"
