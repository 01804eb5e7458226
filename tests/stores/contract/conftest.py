"""The store under test: each test of the contract runs once on every engine."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.stores.scenes import ENGINES
from trunkline.stores.ports import Store


@pytest.fixture(params=list(ENGINES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    opened = ENGINES[request.param](tmp_path)
    yield opened
    await opened.aclose()
