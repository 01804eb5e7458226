"""A route's strategy in the config: a name, or a table with its kind; mistakes say what is allowed."""

from pathlib import Path

import msgspec
import pytest

from trunkline.core.errors import ConfigError
from trunkline.gateway import config_source
from trunkline.routing.strategies import BY_NAME, Cascade, CostOptimized, Ordered, Strategy, Weighted

BASE = "providers: {mine: {url: 'http://127.0.0.1:1/v1'}}\nmodels: {a: {targets: [mine/x, mine/y]%s}}\n"


def strategy(folder: Path, said: str) -> Strategy:
    path = folder / "trunkline.yaml"
    path.write_text(BASE % (f", strategy: {said}" if said else ""))
    return config_source.load(path, {}).models["a"].strategy


def test_a_route_without_one_is_ordered(tmp_path: Path) -> None:
    assert strategy(tmp_path, "") == Ordered()


@pytest.mark.parametrize("name", BY_NAME)
def test_a_name_is_a_strategy_with_its_defaults(tmp_path: Path, name: str) -> None:
    assert strategy(tmp_path, name) == BY_NAME[name]()
    assert strategy(tmp_path, f"{{kind: {name}}}") == BY_NAME[name]()


def test_a_table_has_the_settings_of_its_kind(tmp_path: Path) -> None:
    assert strategy(tmp_path, "{kind: cost_optimized, floor: 0.9}") == CostOptimized(0.9)
    assert strategy(tmp_path, "{kind: cascade, wait: 500ms, probes: 3}") == Cascade(probes=3, wait=0.5)
    assert strategy(tmp_path, "{kind: weighted, weights: {mine/x: 3}}") == Weighted({"mine/x": 3})


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("balansed", 'strategy: "balansed" is not allowed; did you mean "balanced"?'),
        ("{floor: 0.9}", "a table stands where one of ordered, cost_optimized"),
        ("[balanced]", "a list stands where one of ordered"),
        ("{kind: cost_optimized, flor: 0.9}", 'strategy.flor: unknown field; did you mean "floor"?'),
        ("{kind: cost_optimized, floor: 2}", "strategy.floor: 2 is not allowed. It must be a number from 0 to 1"),
        ("{kind: [x]}", "a list is not allowed"),
        ("", None),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(tmp_path: Path, said: str, told: str | None) -> None:
    if told is None:
        assert strategy(tmp_path, said) == Ordered()
        return
    with pytest.raises(ConfigError) as caught:
        strategy(tmp_path, said)
    assert told in str(caught.value)


def test_every_strategy_survives_being_written_and_read() -> None:
    for make in BY_NAME.values():
        assert msgspec.json.decode(msgspec.json.encode(make()), type=Strategy) == make()
