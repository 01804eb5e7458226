"""The operations that are passed on and nothing else.

Refuses to know more of them than where they stand.
"""

from dataclasses import dataclass
from typing import ClassVar

from trunkline.core.dialect import Operation
from trunkline.dialects.openai_operations.operation import OpenAIOperation


@dataclass(frozen=True, slots=True)
class Completions(OpenAIOperation):
    """Text that goes on from a prompt: the form before chats."""

    OPERATION: ClassVar[Operation] = "completions"
    PATH: ClassVar[str] = "/completions"


@dataclass(frozen=True, slots=True)
class Rerank(OpenAIOperation):
    """Documents put in the order of a question: Cohere's form, which Jina, Voyage, Together and vLLM took over."""

    OPERATION: ClassVar[Operation] = "rerank"
    PATH: ClassVar[str] = "/rerank"


@dataclass(frozen=True, slots=True)
class Moderations(OpenAIOperation):
    """Whether a text breaks a policy."""

    OPERATION: ClassVar[Operation] = "moderations"
    PATH: ClassVar[str] = "/moderations"


@dataclass(frozen=True, slots=True)
class Images(OpenAIOperation):
    """Pictures of words."""

    OPERATION: ClassVar[Operation] = "images"
    PATH: ClassVar[str] = "/images/generations"
