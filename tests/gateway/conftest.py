"""A house to make mistakes in: writes a config, loads it with an environment, tells what was wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trunkline.core.errors import ConfigError
from trunkline.gateway.config import Config
from trunkline.gateway.config_source import load

ENVIRON = {"OPENAI_API_KEY": "sk-canary-7f3a9b21c4d5e6f7", "GROQ_API_KEY": "gsk-canary-0123456789abcdef"}


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., Config]:
    def made(text: str, environ: dict[str, str] | None = None, name: str = "trunkline.yaml") -> Config:
        path = tmp_path / name
        path.write_text(text)
        return load(path, ENVIRON if environ is None else environ)

    return made


@pytest.fixture
def mistakes(house: Callable[..., Config]) -> Callable[..., list[str]]:
    def told(*arguments: object, **named: object) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            house(*arguments, **named)
        return str(caught.value).splitlines()

    return told
