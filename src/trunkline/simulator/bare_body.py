"""Errors of vendors that tell one in words alone.
It refuses to know when.
"""

from typing import Any

from trunkline.simulator.ask import DialectName


def bare_body(dialect: DialectName, message: str) -> dict[str, Any] | None:
    """The body that tells `message`; None for a dialect whose errors have codes."""
    if dialect == "cohere":
        return {"id": "$request_id", "message": message}
    return {"error": message} if dialect == "ollama" else None
