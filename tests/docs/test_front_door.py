"""``import trunkline`` is cheap: a name of the front door brings its room when it is first used, and not before."""

import json
import subprocess
import sys

import pytest

import trunkline


def loaded(program: str) -> set[str]:
    """What a fresh interpreter has loaded after it."""
    tell = f"{program}\nimport json, sys; print(json.dumps(list(sys.modules)))"
    return set(json.loads(subprocess.run([sys.executable, "-c", tell], check=True, capture_output=True).stdout))


def test_whoever_only_catches_errors_loads_no_gateway_no_loop_and_no_judge() -> None:
    modules = loaded("import trunkline; trunkline.RateLimit")

    rooms = {name.split(".")[1] for name in modules if name.startswith("trunkline.")}
    assert rooms == {"_version", "core"}
    assert modules.isdisjoint({"asyncio", "ssl", "yaml", "click", "rich", "numpy"})


def test_opening_a_gateway_loads_no_judge_and_no_array() -> None:
    modules = loaded("import trunkline; trunkline.open")

    assert "trunkline.gateway.gateway" in modules
    assert modules.isdisjoint({"trunkline.quality.judge", "trunkline.quality.house", "numpy", "rich", "uvicorn"})


@pytest.mark.parametrize("name", trunkline.__all__)
def test_every_public_name_is_there_and_is_told(name: str) -> None:
    assert getattr(trunkline, name) is getattr(trunkline, name)
    assert name in dir(trunkline)


def test_a_name_there_is_not_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'opem'"):
        trunkline.opem  # noqa: B018
