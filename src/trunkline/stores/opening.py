"""Opens the store that a config names.

Refuses to keep anything itself.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from trunkline.core.secret import Secret
from trunkline.stores.ports import Store
from trunkline.stores.records import DAY, Millis

FilePath = Annotated[str, Meta(min_length=1, max_length=4096, extra={"form": "the path of a file"})]
DAYS_KEPT = 1_100  # three years and some


class StoreSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where usage, budgets and virtual keys are kept."""

    path: Annotated[
        FilePath | None,
        Meta(
            description="SQLite file, on a local disk. Left out: memory, which ends with the process.",
        ),
    ] = None
    timeout: Annotated[
        float,
        Meta(
            ge=0.1,
            le=60,
            extra_json_schema={"x-unit": "seconds"},
            description="For any answer of the store; a call that cannot be metered by then is refused.",
        ),
    ] = 5.0
    keep_days: Annotated[
        int,
        Meta(
            ge=1,
            le=3650,
            description="Days a single record is kept, and hourly sums. Daily ones are kept for three years.",
        ),
    ] = 90
    pepper: Annotated[
        Secret | None,
        Meta(
            description="Secret under which virtual keys are digested. Left out: a file beside the ledger, made when "
            "first needed. Set it where several machines must know the same keys."
        ),
    ] = None

    keep: Annotated[
        bool,
        Meta(
            description="Set false to keep nothing at all: no call waits for a disk, and nobody can say what was "
            "spent. Budgets and keys of a ledger cannot be had then."
        ),
    ] = True

    @classmethod
    def long_form(cls, short: object) -> dict[str, object]:
        """``ledger: trunkline.db`` stands for ``{path: trunkline.db}``, ``ledger: off`` for ``{keep: false}``."""
        return {"keep": False} if short is False or short == "off" else {"path": short}


def wall_millis() -> Millis:
    """Now, as records tell it."""
    return time.time_ns() // 1_000_000


def open_store(settings: StoreSettings, clock: Callable[[], Millis] = wall_millis, *, looks: bool = False) -> Store:
    """The store. Raises ConfigError for a file that cannot be one; ``looks``: or is none yet, and makes none of it."""
    if settings.path is None:
        from trunkline.stores.memory import MemoryStore  # noqa: PLC0415 - one of the two is enough

        return MemoryStore()
    from trunkline.stores.sqlite import SqliteStore  # noqa: PLC0415 - who keeps nothing loads no driver

    keep, keep_days = settings.keep_days * DAY, max(settings.keep_days, DAYS_KEPT) * DAY
    path = Path(settings.path).expanduser()
    return SqliteStore(path, clock, timeout=settings.timeout, keep=keep, keep_days=keep_days, looks=looks)
