"""What a provider of this dialect does otherwise than OpenAI: data, filled by a provider's row.

Refuses to know any provider's name.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

PREFILL_MARKS: dict[str | None, dict[str, bool]] = {
    "prefix": {"prefix": True},
    "prefix_echoed": {"prefix": True},
    "partial": {"partial": True},
    "continue_final_message": {},
    "last": {},
}
"""What stands in the last message, by the quirk ``prefill``."""

PREFILL_FIELDS = {"continue_final_message": {"continue_final_message": True, "add_generation_prompt": False}}
"""What stands beside the messages."""


@dataclass(frozen=True, slots=True)
class Quirks:
    """The defaults are a provider without quirks.

    ``max_tokens_name``     the one name this provider takes for the token limit; ``keep``: both, as the caller said it.
    ``drop``                top-level parameters it refuses.
    ``drop_in_streams``     those it refuses while streaming only.
    ``accept``              parameters it takes beyond OpenAI's own: ``top_k``, ``min_p``.
    ``usage_in_stream``     ``ask``: a usage chunk comes on request; ``always``: it comes unasked;
                            ``never``: ``stream_options`` is refused.
    ``reasoning_field``     the field in which it takes back an assistant's thoughts; None: it does not.
    ``developer_role``      it knows the role ``developer``; otherwise such messages are sent as ``system``.
    ``names``               it takes ``messages[].name``.
    ``tool_choice_object``  it takes a named tool as ``tool_choice``; otherwise it is given that tool alone and ``any``.
    ``prefill``             how it is told to go on with a last message of the assistant's: ``prefix`` or ``partial``
                            in that message; ``prefix_echoed``: the same, and its answer repeats the prefill;
                            ``continue_final_message``: that field, as vLLM has it; ``last``: unasked; None: it is not
                            known to.
    ``tool_id_length``      tool call ids must have exactly this many letters and digits; None: any id.
    """

    max_tokens_name: Literal["max_completion_tokens", "max_tokens", "keep"] = "keep"
    drop: frozenset[str] = frozenset()
    drop_in_streams: frozenset[str] = frozenset()
    accept: frozenset[str] = frozenset()
    usage_in_stream: Literal["ask", "always", "never"] = "ask"
    reasoning_field: str | None = None
    developer_role: bool = True
    names: bool = True
    tool_choice_object: bool = True
    prefill: Literal["prefix", "prefix_echoed", "partial", "continue_final_message", "last"] | None = None
    tool_id_length: Annotated[int, Meta(ge=1, le=64)] | None = None
