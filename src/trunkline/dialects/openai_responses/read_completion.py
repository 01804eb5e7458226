"""Whole responses: a look at their bytes, and opening them.

Refuses to know streams.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw

from trunkline.core.chat import Completion, Foreign, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.errors import BadReply
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.openai_responses.finish import read_finish
from trunkline.dialects.openai_responses.reasoning import read_seal
from trunkline.dialects.openai_responses.usage import read_usage
from trunkline.dialects.openai_responses.wire import ABSENT, FAILS, Answer, Item, Words, failure, told

_ANSWER = msgspec.json.Decoder(Answer)
_ITEM = msgspec.json.Decoder(Item)


def _open(body: bytes) -> Answer:
    try:
        answer = _decoded(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer is no response: {error}") from None
    if f"response.{answer.status}" in FAILS:
        raise failure(answer)
    if bytes(answer.error) not in ABSENT:
        raise told(body)
    if answer.output is None or (not answer.output and answer.status is None):
        raise BadReply("the provider's answer has no `output`, so it is no response")
    return answer


def _decoded(body: bytes) -> Answer:
    try:
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _ANSWER.decode(body.decode("utf-8", "replace"))


def sight(body: bytes) -> Sighting:
    """Usage, finish and model. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    answer = _open(body)
    items = [_ITEM.decode(item) for item in answer.output or ()]
    called = any(item.type == "function_call" for item in items)
    refused = any(words.refusal for item in items for words in item.content or ())
    reason = answer.incomplete_details.reason if answer.incomplete_details else None
    finish = read_finish(reason, called=called, refused=refused) if answer.status else None
    return Sighting(read_usage(answer.usage) or UNKNOWN_USAGE, finish, answer.model)


def read_completion(body: bytes) -> Completion:
    """The whole answer; raises as ``sight`` does."""
    seen, answer = sight(body), _open(body)
    return Completion(
        id=answer.id,
        model=answer.model,
        created=int(answer.created_at),
        parts=tuple(part for raw in answer.output or () for part in _parts(raw)),
        finish=seen.finish or "stop",
        usage=seen.usage,
    )


def _parts(raw: Raw) -> Iterator[Part]:
    item = _ITEM.decode(raw)
    match item.type:
        case "message":
            for words in item.content or ():
                if text := words.text or words.refusal:
                    yield Text(text)
        case "reasoning":
            signature, origin = read_seal(item.id or "", item.encrypted_content)
            yield Thought(_joined(item.summary) or _joined(item.content), signature, origin=origin)
        case "function_call":
            yield ToolUse(item.call_id or item.id or "", item.name or "", item.arguments or "{}")
        case _:
            yield Foreign("responses", msgspec.json.decode(raw))


def _joined(words: list[Words] | None) -> str:
    return "\n\n".join(one.text or "" for one in words or ())
