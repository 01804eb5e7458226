"""Rough counts of tokens, for when no provider has counted them yet.

Refuses to be exact: whatever rests on these counts is marked ``estimated``.
"""

from trunkline.core.chat import ChatRequest, Document, Image, Part, Text, Thought, ToolResult, ToolUse

PER_IMAGE = 1600  # tokens of a one-megapixel picture at Anthropic; OpenAI's high detail is between 765 and 1105
PER_MESSAGE = 4  # role and separators


def tokens_in(characters: int) -> int:
    """Four characters a token, the vendors' own rule of thumb for English, rounded up."""
    return -(-characters // 4)


def prompt_tokens(request: ChatRequest) -> int:
    """An estimate of a whole prompt: words, pictures, tools."""
    total = sum(PER_MESSAGE + sum(map(_part, message.parts)) for message in request.messages)
    for tool in request.tools:
        total += tokens_in(len(tool.name) + len(tool.description or "") + len(str(tool.parameters or "")))
    return total


def _part(part: Part) -> int:
    match part:
        case Text() | Thought():
            return tokens_in(len(part.text))
        case ToolUse():
            return tokens_in(len(part.name) + len(part.arguments))
        case ToolResult():
            return sum(map(_part, part.content))
        case Image():
            return PER_IMAGE
        case Document():
            return tokens_in(len(part.text or part.data or ""))
        case _:
            return 0
