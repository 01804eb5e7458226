"""Which clients these tests are of: the ones that requirements/clients.txt pins."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest

PINS = Path(__file__).parents[2] / "requirements" / "clients.txt"


@pytest.mark.parametrize("name", ["anthropic", "openai", "pydantic"])
def test_the_client_is_the_pinned_one(name: str):
    pinned = re.search(rf"^{name}==(\S+)", PINS.read_text(), re.MULTILINE)

    assert pinned is not None
    assert version(name) == pinned[1]
