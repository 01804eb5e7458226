"""From a config's short table of a provider to the full row: what is known by name is filled in.

Refuses to check values: that is the decoding's; it only lays tables over each other.
"""

from collections.abc import Mapping
from typing import Any

from trunkline.core.nearest import hint, quoted
from trunkline.gateway.document import Where, is_list, is_table
from trunkline.providers.quirks import OPERATIONS
from trunkline.providers.registry import rows

Problems = list[tuple[Where, str]]


def filled(tables: Any, problems: Problems) -> Any:
    """The ``providers`` of a config with each known row below what was said of it; anything else is left as it is."""
    if not is_table(tables):
        return tables
    return {name: _filled(name, table, problems) for name, table in tables.items()}


def _filled(name: str, table: Any, problems: Problems) -> Any:
    if table is None:
        table = {}
    if isinstance(table, str):
        table = {"url": table}
    if not is_table(table):
        return table
    where: Where = ("providers", name)
    if "name" in table:
        problems.append(((*where, "name"), f"unknown field: the provider's name is {quoted(name)} above it already"))
    said = _long(table, where, problems)
    row = _row(name, table, where, problems)
    if row is None and "url" not in said:
        known = ", ".join(rows())
        problems.append((where, f"is not a provider known by name{hint(name, rows())} Give its url. Known: {known}"))
        return None
    known_row = _moved(row or {"dialects": {"openai": {}}}, said)
    return _narrowed({**known_row, **_over(known_row, said), "name": name}, said)


def _row(name: str, table: Mapping[str, Any], where: Where, problems: Problems) -> Mapping[str, Any] | None:
    like = table.get("like", name)
    row = rows().get(like) if isinstance(like, str) else None
    if row is None and "like" in table:
        near = hint(str(like), rows())
        problems.append(
            ((*where, "like"), f"{quoted(str(like))} is no known provider{near} Known: {', '.join(rows())}")
        )
    return row if row is None else {"catalogue": like, **row}


def _moved(row: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row asked at another URL: dialects that have a URL of their own at the vendor stay behind."""
    if "url" not in said:
        return row
    return {**row, "dialects": {name: how for name, how in row["dialects"].items() if "url" not in (how or {})}}


def _narrowed(table: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What the row says of files and batches, where that is of a dialect that is still spoken."""
    dialects = table["dialects"]
    if not is_table(dialects):
        return table
    besides = OPERATIONS if "openai" in dialects and not any(name in dialects for name in OPERATIONS) else ()
    if "batches" in table and "batches" not in said:
        table["batches"] = [name for name in table["batches"] if name in dialects or name in besides]
    if "openai" not in dialects:
        for field in {"files", "batches"} - said.keys():
            table.pop(field, None)
    return table


def _over(row: Mapping[str, Any], said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was said, with what the row knows of the dialects that it names: their addresses, keys and quirks."""
    if not is_table(said.get("dialects")):
        return said
    named = {name: _laid(row["dialects"].get(name) or {}, how or {}) for name, how in said["dialects"].items()}
    return {**said, "dialects": named}


def _laid(known: Mapping[str, Any], said: Any) -> Any:
    if not is_table(said):
        return said
    quirks = said.get("quirks", {})
    return {**known, **said, **({"quirks": {**known.get("quirks", {}), **quirks}} if is_table(quirks) else {})}


def _long(table: Mapping[str, Any], where: Where, problems: Problems) -> dict[str, Any]:
    said = {name: value for name, value in table.items() if name not in {"dialect", "like", "name"}}
    if "dialect" in table and "dialects" in table:
        problems.append(((*where, "dialect"), "stands beside dialects; keep one of the two"))
    for field in ("dialects", "dialect"):
        if field in table:
            said["dialects"] = _dialects(table[field])
    return said


def _dialects(value: Any) -> Any:
    if isinstance(value, str):
        return {value: {}}
    if is_list(value):
        return {str(name): {} for name in value}
    return value
