"""Secrets planted in every place one can be are found nowhere else: the form of ``python -m tests.attack secrets``."""

from pathlib import Path

from tests.attack import secrets


async def test_no_secret_appears_in_a_log_a_metric_an_error_a_page_a_command_or_the_ledgers_bytes(
    tmp_path: Path,
) -> None:
    found = await secrets.attack(tmp_path)

    assert found.leaks == []
    assert found.planted == found.canaries > 10  # the control: the same search finds each of them at home
    assert {"gateway.log", "ledger.db", "GET /metrics", "GET /admin/health"} <= set(found.places)
    assert found.said > 200_000
