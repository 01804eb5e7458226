"""SQL from named files: ``-- name: reserve`` begins a statement, which ends with the next name.

Refuses to know what the statements do.
"""

import re
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).with_name("sql")
_NAME = re.compile(r"^-- name: (\w+)\n", re.MULTILINE)


@cache
def statements(engine: str, room: str) -> dict[str, str]:
    """The statements of ``sql/<engine>/<room>.sql`` by name."""
    _, *parts = _NAME.split((_FOLDER / engine / f"{room}.sql").read_text("utf-8"))
    return dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))


def migrations(engine: str) -> list[str]:
    """The scripts that make the schema, the first version first."""
    return [path.read_text("utf-8") for path in sorted((_FOLDER / engine / "schema").glob("*.sql"))]
