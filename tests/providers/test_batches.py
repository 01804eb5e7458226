"""Who runs batches, and of what, is data: rows say it, the reference shows it, and a config may say it of its own."""

import re
from pathlib import Path

import pytest

from trunkline.core.errors import ConfigError
from trunkline.files.settings import URLS
from trunkline.gateway import config_source
from trunkline.providers.registry import known, rows

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "providers.md").read_text("utf-8")
RUNNING = [name for name in rows() if known(name).keeps_files]


def test_the_reference_has_every_row_that_runs_batches_with_what_they_take() -> None:
    section = PAGE.partition("## Files and batches")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `([a-z.-]+)` \| ([a-z, ]+) \|", section, re.MULTILINE))

    assert listed == {name: ", ".join(known(name).batches) for name in RUNNING}


@pytest.mark.parametrize("name", RUNNING)
def test_a_row_takes_in_batches_what_batches_can_be_and_speaks_openais_dialect(name: str) -> None:
    provider = known(name)

    assert set(provider.batches) <= set(URLS.values())
    assert set(provider.batches) <= set(provider.spoken)
    assert "openai" in provider.dialects


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("dialect: anthropic, files: true", "are of the dialect openai, and this provider does not speak it"),
        (
            "dialect: openai, batches: [images]",
            "has images: a batch takes what its provider speaks of openai, responses",
        ),
        ("dialect: openai, batches: [responses]", "has responses"),
        ("dialect: openai, batches: [chats]", '"chats" is not allowed'),
    ],
)
def test_what_no_batch_takes_is_told_when_the_config_is_read(tmp_path: Path, said: str, told: str) -> None:
    path = tmp_path / "trunkline.yaml"
    path.write_text(f'providers: {{mine: {{url: "http://127.0.0.1:9/v1", {said}}}}}')

    with pytest.raises(ConfigError) as wrong:
        config_source.load(path, {})
    assert told in str(wrong.value)
