"""The file: what is wrong in it is said with the file's name, the field and what is allowed."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from trunkline.simulator import ConfigError, load_config, parse_config, read_config


def with_provider(**fields: Any) -> dict[str, Any]:
    return {"providers": {"p": {"models": {"m": {}}, **fields}}}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "f.yaml: the file: Expected `object`"),
        ({}, "missing required field `providers`"),
        ({"providers": {}}, "f.yaml: providers: "),
        ({"providers": {"p": {}}}, "f.yaml: providers.p: Object missing required field `models`"),
        ({**with_provider(), "sede": 5}, "unknown field `sede`"),
        (with_provider(latncy={}), "f.yaml: providers.p: Object contains unknown field `latncy`"),
        (with_provider(latency={"first_token": {"median": -1}}), "providers.p.latency.first_token.median"),
        (with_provider(dialects=["cobol"]), "providers.p.dialects"),
        (with_provider(faults=[{"kind": "cutt"}]), "unknown fault kind `cutt`; there are body, bom"),
        (with_provider(faults=[{"kind": "reset", "status": 5}]), "providers.p.faults[0].status"),
        (with_provider(faults=[{"kind": "cut", "seconds": 5}]), "`cut` takes after_events, not `seconds`"),
        (with_provider(faults=[{"kind": "body", "body": "nobody"}]), "no error body is named `nobody`"),
        (with_provider(models={"m": {"prices": {"input": "cheap"}}}), "providers.p.models.m.prices.input"),
        (with_provider(models={"m": {"prices": {"input": -1}}}), "`input` must be a price of zero or more"),
        (with_provider(models={"m": {"prices": {"output": "0.1234567891"}}}), "at most nine decimals"),
        (with_provider(models={"m": {"prices": {"output": "NaN"}}}), "zero or more"),
        (
            with_provider(models={"m": {"quality": {"maths": 0.5}}}),
            "providers.p.models.m: unknown kind of question `maths`",
        ),
        (with_provider(models={"m": {"quality": {"trivia": 1.5}}}), "providers.p.models.m.quality"),
        ({"providers": {"v1": {"models": {"m": {}}}}}, "cannot be `v1`"),
    ],
)
def test_a_wrong_file_is_refused_with_the_field_named(raw: Any, said: str):
    with pytest.raises(ConfigError) as caught:
        read_config(raw, "f.yaml")

    assert said in str(caught.value)


def test_what_is_no_yaml_is_said_with_its_line():
    with pytest.raises(ConfigError, match=r"f\.yaml: is not YAML: .* line 2"):
        parse_config("providers:\n  - [", "f.yaml")


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_config(tmp_path / "none.yaml")


@pytest.mark.parametrize("written", ["0.15", '"0.15"', "'0.150'"])
def test_prices_are_exact_however_they_are_written(written: str):
    config = parse_config(f"providers: {{p: {{models: {{m: {{prices: {{input: {written}}}}}}}}}}}")

    assert config.providers["p"].models["m"].prices.input == Decimal("0.15")
