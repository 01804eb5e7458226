"""Whole answers: a look at their bytes, and opening them.

Refuses to know streams.
"""

from collections.abc import Iterator

import msgspec
from msgspec import Raw, Struct

from trunkline.core.chat import Completion, Foreign, Part, Text, Thought, ToolUse
from trunkline.core.dialect import Sighting
from trunkline.core.errors import BadReply
from trunkline.core.usage import UNKNOWN_USAGE
from trunkline.dialects.bedrock_converse.errors import error_in_answer
from trunkline.dialects.bedrock_converse.finish import read_finish
from trunkline.dialects.bedrock_converse.reader import HOME
from trunkline.dialects.bedrock_converse.stream_wire import NOTHING, read_json
from trunkline.dialects.bedrock_converse.usage import read_usage

ABSENT = (b"", b"null")


class ToolBlock(Struct, rename="camel"):
    """``toolUse``; ``type`` is there for tools that Bedrock runs itself."""

    tool_use_id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")
    type: str | None = None


class ThoughtText(Struct):
    """``reasoningText``."""

    text: str = ""
    signature: str | None = None


class ThoughtBlock(Struct, rename="camel"):
    """``reasoningContent``."""

    reasoning_text: ThoughtText | None = None
    redacted_content: str | None = None


class CitedText(Struct):
    """A piece of the words of ``citationsContent``."""

    text: str = ""


class Cited(Struct):
    """``citationsContent``: words, and beside them where they were read."""

    content: list[CitedText] | None = None


class Block(Struct, rename="camel"):
    """A block of an answer; which field it has says what it is."""

    text: str | None = None
    tool_use: ToolBlock | None = None
    reasoning_content: ThoughtBlock | None = None
    citations_content: Cited | None = None
    image: Raw = NOTHING
    audio: Raw = NOTHING
    video: Raw = NOTHING


class Message(Struct):
    """The answer's turn."""

    content: list[Block] | None = None


class Output(Struct):
    """``output``."""

    message: Message | None = None


class Answer(Struct, rename="camel"):
    """A whole answer."""

    output: Output | None = None
    stop_reason: str | None = None
    usage: Raw = NOTHING

    @property
    def blocks(self) -> list[Block]:
        """Its blocks."""
        message = self.output.message if self.output else None
        return (message.content if message else None) or []


_ANSWER = msgspec.json.Decoder(Answer)


def open_answer(body: bytes) -> Answer:
    """A whole answer. Raises the CallError an error body stands for, BadReply for what is no answer."""
    try:
        answer = read_json(_ANSWER, body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadReply(f"the provider's answer cannot be read: {error}") from error
    if answer.output is None:
        if b'"message"' in body or b'"error"' in body or b'"__type"' in body:
            raise error_in_answer("", body)
        raise BadReply("the provider's answer has no output")
    if not answer.blocks and answer.stop_reason is None:
        raise BadReply("the provider's answer has neither content nor a reason for having none")
    return answer


def sight(body: bytes) -> Sighting:
    """Usage and finish. Raises the CallError an error-in-200 stands for, BadReply for no answer."""
    answer = open_answer(body)
    finish = read_finish(answer.stop_reason, written=bool(answer.blocks)) if answer.stop_reason else None
    return Sighting(read_usage(answer.usage) or UNKNOWN_USAGE, finish)


def read_completion(body: bytes) -> Completion:
    """The answer opened; raises as ``sight`` does. Bedrock tells neither an id nor a model."""
    seen, answer = sight(body), open_answer(body)
    parts = tuple(part for block in answer.blocks for part in _parts(block))
    return Completion(id="", model="", parts=parts, finish=seen.finish or "stop", usage=seen.usage)


def _parts(block: Block) -> Iterator[Part]:
    if block.text:
        yield Text(block.text)
    elif block.tool_use is not None:
        if block.tool_use.type is None:  # one that Bedrock runs itself is not the caller's to answer
            yield ToolUse(block.tool_use.tool_use_id, block.tool_use.name, bytes(block.tool_use.input).decode())
    elif block.reasoning_content is not None:
        yield _thought(block.reasoning_content)
    elif block.citations_content is not None:
        yield Text("".join(piece.text for piece in block.citations_content.content or []))
    else:
        for name in ("image", "audio", "video"):
            if bytes(raw := getattr(block, name)) not in ABSENT:
                yield Foreign(HOME, {"type": name, name: msgspec.json.decode(raw)})


def _thought(block: ThoughtBlock) -> Thought:
    told = block.reasoning_text or ThoughtText()
    return Thought(told.text, told.signature, block.redacted_content, HOME)
