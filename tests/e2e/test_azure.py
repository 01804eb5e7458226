"""A gateway before Azure: deployments in the path or in the body, its key in its own header, its filter told apart."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import trunkline
from trunkline.core.errors import ConfigError
from trunkline.gateway import config_source
from trunkline.simulator import Simulator, read_config

KEY = "azure-key-0123456789"
NEWER = "{like: azure, url: '%s/az/openai/v1', key: %s}"
OLDER = (
    "{like: azure, url: '%s/az/openai/deployments/{model}', query: api-version=2024-10-21, key: %s,"
    " dialects: {openai: {quirks: {max_tokens_name: max_completion_tokens}}, embeddings: {}}}"
)
HELLO = [{"role": "user", "content": "What is 17 + 25?"}]


@pytest.fixture
async def azure() -> AsyncIterator[Simulator]:
    models: Any = {name: {"quality": {"default": 1.0}} for name in ("my-deployment", "my deployment/2")}
    async with Simulator(read_config({"providers": {"az": {"keys": [KEY], "models": models}}})) as simulator:
        yield simulator


def config(azure: Simulator, folder: Path, form: str, key: str = KEY) -> Any:
    file = folder / "trunkline.yaml"
    file.write_text(f"providers: {{azure: {form % (azure.url, key)}}}\nledger: {{keep: false}}\n")
    return config_source.load(file, {})


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["my-deployment", "my deployment/2"])
@pytest.mark.parametrize("form", [NEWER, OLDER], ids=["v1", "deployments"])
async def test_a_deployment_answers(azure: Simulator, tmp_path: Path, form: str, model: str, stream: bool):
    async with trunkline.open(config(azure, tmp_path, form)) as house:
        if stream:
            async with house.stream(f"azure/{model}", HELLO) as answer:
                text = "".join([piece async for piece in answer])
        else:
            text = (await house.chat(f"azure/{model}", HELLO)).text

    assert text == "17 + 25 = 42."
    (entry,) = azure.log
    assert (entry.model, entry.status) == (model, 200)
    assert entry.headers["api-key"] == f"...{KEY[-4:]}"
    assert "authorization" not in entry.headers
    assert ("?api-version=2024-10-21" in entry.path) == (form == OLDER)


async def test_a_wrong_key_is_the_gateways_fault(azure: Simulator, tmp_path: Path):
    async with trunkline.open(config(azure, tmp_path, OLDER, "another-key-0123")) as house:
        with pytest.raises(trunkline.AuthenticationFailed) as caught:
            await house.chat("azure/my-deployment", HELLO)

    assert "another-key" not in str(caught.value)


@pytest.mark.parametrize("form", [NEWER, OLDER], ids=["v1", "deployments"])
async def test_azures_content_filter_and_its_first_chunk_are_known(azure: Simulator, tmp_path: Path, form: str):
    async with trunkline.open(config(azure, tmp_path, form)) as house:
        with pytest.raises(trunkline.ContentRefused):
            await house.chat("azure/fault:body:azure_content_filter", HELLO)
        async with house.stream("azure/fault:empty-choices-first", HELLO) as answer:
            assert "".join([piece async for piece in answer]) == "17 + 25 = 42."


def test_a_query_is_for_dialects_with_one_path(tmp_path: Path):
    file = tmp_path / "trunkline.yaml"
    for table, words in (
        ("{gemini: {key: k, query: a=b}}", "have one for each request"),
        ("{openai: {key: k, query: 'no query'}}", "a query like api-version=2024-10-21"),
    ):
        file.write_text(f"providers: {table}\n")
        with pytest.raises(ConfigError, match=words):
            config_source.load(file, {})
