"""What Claude costs more where Google's cloud must answer from one region: facts that age, read in November 2026.

Refuses to know who asks and where. From platform.claude.com, "Claude on Vertex AI", "Global vs regional endpoints":
regional and multi-region addresses cost a tenth more from Sonnet 4.5 on; older models cost the same everywhere.
"""

PERCENT = 10
BEFORE = ("claude-2", "claude-3", "claude-instant", "claude-opus-4-0", "claude-sonnet-4-0", "claude-opus-4-1")
"""Older models, by the start of their names."""

FIRST_OF_FOUR = ("claude-opus-4", "claude-sonnet-4")
"""And those whose whole names these are, or are but for a day."""


def premium(model: str) -> int:
    """Per cent that a model costs more in a region."""
    name = model.replace("@", "-")
    first = any(name == one or name.startswith(f"{one}-20") for one in FIRST_OF_FOUR)
    return 0 if first or name.startswith(BEFORE) or not name.startswith("claude") else PERCENT
