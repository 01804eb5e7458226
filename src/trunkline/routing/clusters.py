"""Which kind of prompt this is, before anything has been fitted: a fixed rule on what the words ask for.

Refuses to be clever: few kinds fill fast with scores, and a fitted policy brings kinds of its own. A plain table of
accuracy by kind of task is as good as learned routers that look at the prompt alone (docs/routing.md has the numbers).
"""

from collections.abc import Callable

from trunkline.routing.complexity import Complexity

Rule = Callable[[Complexity], bool]

# the first that fits; what limits who can answer well comes before what the words are about
KINDS: tuple[tuple[str, Rule], ...] = (
    ("vision", lambda asked: asked.images > 0),
    ("tools", lambda asked: asked.tools > 0),
    ("long", lambda asked: asked.long_context),
    ("mathematics", lambda asked: asked.mathematics >= 0.35 and asked.mathematics >= asked.code),
    ("code", lambda asked: asked.code >= 0.35),
    ("choice", lambda asked: asked.choices >= 2),
    ("structured", lambda asked: asked.structured > 0 or asked.structure >= 0.5),
    ("foreign", lambda asked: asked.foreign >= 0.5),
    ("reasoning", lambda asked: asked.reasoning >= 0.35 or asked.effort >= 0.6),
    ("brief", lambda asked: asked.tokens < 40),
)
OTHER = "other"


def cluster_of(asked: Complexity) -> str:
    """One of the names above, or ``other``."""
    return next((name for name, fits in KINDS if fits(asked)), OTHER)
