"""The reference page names everything there is."""

from pathlib import Path

import pytest

from trunkline.simulator import FAULT_KINDS, Entry, Fault, Prices, error_bodies
from trunkline.simulator.config import Config, Latency, Limits, Model, Provider, Spread

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "simulator.md").read_text("utf-8")


@pytest.mark.parametrize("kind", FAULT_KINDS)
def test_every_kind_of_fault_has_its_row(kind: str):
    row = next(line for line in PAGE.split("\n") if line.startswith((f"| `fault:{kind}`", f"| `fault:{kind}:[")))

    assert FAULT_KINDS[kind].about in row
    assert row.endswith(f"| {FAULT_KINDS[kind].harm} |")
    assert all(f"[{name}]" in row for name in FAULT_KINDS[kind].parameters)


@pytest.mark.parametrize("name", error_bodies())
def test_every_error_body_is_listed_with_its_status(name: str):
    assert f"`{name}` {error_bodies()[name].status}" in PAGE


@pytest.mark.parametrize("struct", [Config, Provider, Model, Latency, Spread, Limits, Prices, Entry])
def test_every_field_is_named(struct: type):
    missing = [name for name in struct.__struct_fields__ if f"{name}:" not in PAGE and f"`{name}`" not in PAGE]  # type: ignore[attr-defined]

    assert missing == []


def test_every_condition_of_a_fault_is_named():
    named = {"from" if name == "start" else name for name in Fault.__struct_fields__}

    assert [name for name in sorted(named) if name not in PAGE] == []
