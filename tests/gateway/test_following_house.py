"""A house that follows another knows what that one knew, as far as it is still true."""

from pathlib import Path

from trunkline.core.exchange import Target
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway

HOUSE = """
providers:
  same: {{url: "http://127.0.0.1:9/v1", dialect: openai, key: sk-same-0123456789}}
  moved: {{url: "{url}", dialect: openai, key: sk-moved-0123456789}}
models: {{one: [same/m, moved/m]}}
ledger: {{}}
quality: {{}}
"""


def house(folder: Path, url: str, before: Gateway | None = None) -> Gateway:
    path = folder / "house.yaml"
    path.write_text(HOUSE.format(url=url))
    return Gateway(config_source.load(path, {}), before=before)


async def test_the_health_of_an_unchanged_provider_stays_and_that_of_a_moved_one_begins_anew(tmp_path: Path) -> None:
    first = house(tmp_path, "http://127.0.0.1:9/v1")
    second = house(tmp_path, "http://127.0.0.1:10/v1", first)

    same, moved = Target("same", "m"), Target("moved", "m")
    assert second.health.targets[same] is first.health.targets[same]
    assert second.health.targets[moved] is not first.health.targets[moved]
    await first.aclose([second])
    await second.aclose()


async def test_ledger_rates_figures_and_counts_of_quality_go_on(tmp_path: Path) -> None:
    first = house(tmp_path, "http://127.0.0.1:9/v1")
    heard: list[object] = []
    first.listen(heard.append)
    assert first.quality is not None
    first.quality.watch.counts["answers"] = 7

    second = house(tmp_path, "http://127.0.0.1:9/v1", first)

    assert first.money is not None
    assert second.money is not None
    assert second.quality is not None
    assert second.money.store is first.money.store
    assert second.rates is first.rates
    assert second.live is first.live
    assert second.metrics.calls is first.metrics.calls
    assert second.quality.watch.counts["answers"] == 7
    assert heard.append in second.listening
    await first.aclose([second])
    assert (await second.money.store.keys.list()) == []  # still open
    await second.aclose()
