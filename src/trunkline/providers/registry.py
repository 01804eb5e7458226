"""The providers trunkline knows without being told: rows of a data file, as written and as values.

Refuses to know anybody's keys and config.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from trunkline.providers.provider import Provider

_FILE = Path(__file__).with_name("providers.yaml")


@cache
def rows() -> Mapping[str, Mapping[str, Any]]:
    """The data file as it is written, by provider's name, in its order; never changed by anybody."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    table: dict[str, dict[str, Any]] = yaml.load(_FILE.read_bytes(), loader)  # noqa: S506 - a safe loader, in C
    return table


@cache
def known(name: str) -> Provider:
    """A row as a provider without a key. Raises KeyError for a name there is no row of."""
    return msgspec.convert({**rows()[name], "name": name}, Provider)
