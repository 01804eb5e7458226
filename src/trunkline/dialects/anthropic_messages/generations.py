"""What the generations of Claude accept, by model name: facts that age, read in November 2026.

Refuses to know what a request says. A name that is no Claude's belongs to a server that speaks the dialect
(llama.cpp, DeepSeek), and those know its older form.

From the vendor's migration guides and "thinking" page: Opus 4.7 and everything after it refuse temperature, top_p and
top_k, and refuse thinking budgets; they think adaptively and are steered by ``output_config.effort``. The 4.6 models
take both forms and warn about budgets. Those before take only budgets. Prefill ended with the 4.6 models: "This model
does not support assistant message prefill. The conversation must end with a user message."
"""

from msgspec import Struct


class Generation(Struct, frozen=True):
    """``sampling``: temperature, top_p and top_k are accepted; ``budgets``: thinking is asked for in tokens;
    ``prefill``: it goes on with a last message of the assistant's.
    """

    sampling: bool
    budgets: bool
    prefill: bool = False


FIRST = Generation(sampling=True, budgets=True, prefill=True)
BETWEEN = Generation(sampling=True, budgets=False)
CURRENT = Generation(sampling=False, budgets=False)

GENERATIONS: tuple[tuple[str, Generation], ...] = (
    ("claude-2", FIRST),
    ("claude-3", FIRST),
    ("claude-opus-4-2025", FIRST),
    ("claude-sonnet-4-2025", FIRST),
    ("claude-opus-4-0", FIRST),
    ("claude-sonnet-4-0", FIRST),
    ("claude-opus-4-1", FIRST),
    ("claude-opus-4-5", FIRST),
    ("claude-sonnet-4-5", FIRST),
    ("claude-haiku-4-5", FIRST),
    ("claude-opus-4-6", BETWEEN),
    ("claude-sonnet-4-6", BETWEEN),
    ("claude", CURRENT),
)
"""First match wins; names may stand inside longer ones (``anthropic.claude-...``, ``vendor/claude-...``)."""


def generation_of(model: str) -> Generation:
    """What a model accepts; Google's cloud writes a snapshot's day behind an @."""
    model = model.replace("@", "-")
    for name, generation in GENERATIONS:
        if name in model:
            return generation
    return FIRST
