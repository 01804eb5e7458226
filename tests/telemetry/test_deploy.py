"""The Grafana dashboard and the alert rules ask for series that exist, with labels that they have."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.telemetry.conftest import all_series

ROOT = Path(__file__).parents[2]
DASHBOARD = ROOT / "deploy" / "grafana" / "trunkline.json"
ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
REFERENCE = ROOT / "docs" / "reference" / "metrics.md"
LABELS = {one.name: set(one.labels) for one in all_series()}


def expressions() -> list[str]:
    board: dict[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    return [*asked, *re.findall(r"expr: (?:\|\n)?((?:.*\n)+?)        for:", ALERTS.read_text("utf-8"))]


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_names_series_and_labels_that_exist(expression: str) -> None:
    names = {
        name if name in LABELS else re.sub(r"_(bucket|sum|count)$", "", name)
        for name in re.findall(r"\b(?:llm|process)_[a-z0-9_]+", expression)
    }
    asked = set(re.findall(r"(\w+)\s*=~?", re.sub(r"==", "", expression)))
    grouped = {word.strip() for group in re.findall(r"by \(([^)]*)\)", expression) for word in group.split(",")} - {
        "le"
    }

    assert names
    assert names <= set(LABELS), names - set(LABELS)
    assert (asked | grouped) <= set().union(*(LABELS[name] for name in names))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian: prometheus)")
def test_promtool_accepts_the_alert_rules() -> None:
    told = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)  # noqa: S607 - found on PATH

    assert told.returncode == 0, told.stderr
    assert "8 rules found" in told.stdout


def test_panels_do_not_overlap() -> None:
    places = [panel["gridPos"] for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]]

    cells = [
        (x, y)
        for place in places
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_reference_says_every_series_with_its_labels() -> None:
    rows = {
        f"| `{one.name}` | {one.kind} | {', '.join(f'`{label}`' for label in one.labels)} | {one.help} |"
        for one in all_series()
    }

    missing = rows - set(REFERENCE.read_text("utf-8").splitlines())
    assert not missing, "docs/reference/metrics.md wants these lines:\n" + "\n".join(sorted(missing))
