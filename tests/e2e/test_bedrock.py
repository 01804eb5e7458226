"""A gateway before a Bedrock that verifies signatures: who pays, in which region, and nothing of it is shown."""

import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

import trunkline
from tests.e2e.conftest import House
from trunkline.cli.house_tree import provider_line
from trunkline.cli.live import probe
from trunkline.core.errors import ConfigError
from trunkline.gateway import config_source
from trunkline.gateway.gateway import door
from trunkline.server.house import built
from trunkline.simulator import Simulator, read_config

PUBLIC, SECRET, TOKEN = (
    "AKIDSIMULATED",
    "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    "FQoGZXIvYXdzEBYaDL-a-session-token",
)
SIGNED = {"AWS_ACCESS_KEY_ID": PUBLIC, "AWS_SECRET_ACCESS_KEY": SECRET}
API_KEY = "bedrock-api-key-0123456789"
MODELS = [
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "amazon.nova-2-lite-v1:0",
    "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2",
    "openai.gpt-oss-120b-1:0",
]
HELLO = [{"role": "user", "content": "What is 17 + 25?"}]
Open = Callable[..., Coroutine[Any, Any, Any]]


@pytest.fixture
async def cloud() -> AsyncIterator[Simulator]:
    models = {name: {"quality": {"default": 1.0}} for name in MODELS}
    provider = {"keys": [f"{PUBLIC}:{SECRET}", API_KEY], "dialects": ["bedrock"], "models": models}
    async with Simulator(read_config({"providers": {"aws": provider}})) as simulator:
        yield simulator


def config(cloud: Simulator, folder: Path, environ: dict[str, str], more: str = "") -> Any:
    file = folder / "trunkline.yaml"
    file.write_text(f"providers: {{bedrock: {{url: '{cloud.url}/aws'{more}}}}}\nledger: {{keep: false}}\n")
    return config_source.load(file, environ)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("environ", "more"),
    [
        (SIGNED, ""),
        ({**SIGNED, "AWS_SESSION_TOKEN": TOKEN, "AWS_REGION": "eu-central-1"}, ""),
        ({"A": PUBLIC, "B": SECRET}, ", region: ap-south-1, aws: {access_key_id: '${A}', secret_access_key: '${B}'}"),
        ({"AWS_BEARER_TOKEN_BEDROCK": API_KEY, **SIGNED}, ""),
    ],
    ids=["keys", "session", "config", "api key"],
)
async def test_a_call_is_answered_whoever_pays(
    cloud: Simulator, tmp_path: Path, environ: dict[str, str], more: str, model: str, stream: bool
):
    async with trunkline.open(config(cloud, tmp_path, environ, more)) as house:
        if stream:
            async with house.stream(f"bedrock/{model}", HELLO) as answer:
                text = "".join([piece async for piece in answer])
        else:
            text = (await house.chat(f"bedrock/{model}", HELLO)).text

    assert text == "17 + 25 = 42."
    (entry,) = cloud.log
    assert (entry.model, entry.status, entry.end) == (model, 200, "complete")
    said = dict(entry.headers)
    assert ("x-amz-date" in said) == ("AWS_BEARER_TOKEN_BEDROCK" not in environ)
    assert SECRET not in json.dumps(entry.headers)


async def test_keys_that_sign_wrongly_are_the_gateways_fault_and_are_not_shown(cloud: Simulator, tmp_path: Path):
    wrong = {**SIGNED, "AWS_SECRET_ACCESS_KEY": "another-secret-of-forty-characters-12345", "AWS_SESSION_TOKEN": TOKEN}
    async with trunkline.open(config(cloud, tmp_path, wrong)) as house:
        with pytest.raises(trunkline.AuthenticationFailed) as caught:
            await house.chat(f"bedrock/{MODELS[0]}", HELLO)

    assert caught.value.status == 502
    shown = f"{caught.value!r} {caught.value.message} {caught.value.body!r}"
    assert TOKEN not in shown
    assert "another-secret" not in shown


def test_nothing_that_shows_a_config_shows_what_signs(cloud: Simulator, tmp_path: Path):
    shown = config(cloud, tmp_path, {**SIGNED, "AWS_SESSION_TOKEN": TOKEN})
    provider = shown.providers["bedrock"]

    signing = door(provider, provider.dialect("bedrock"))

    for text in (json.dumps(built(shown)), repr(shown), repr(signing), provider_line(provider)):
        assert SECRET not in text
        assert TOKEN not in text
    assert PUBLIC in provider_line(provider)
    assert signing.blotted(f"you sent {TOKEN}".encode()) == b"you sent ****"  # as AWS does of a wrong signature


async def test_a_live_check_says_whose_keys_are_good(cloud: Simulator, tmp_path: Path):
    good = config(cloud, tmp_path, SIGNED, f", models: {{'{MODELS[0]}': {{}}}}")
    (found,) = await probe(good)
    (failed,) = await probe(
        config(cloud, tmp_path, {**SIGNED, "AWS_SECRET_ACCESS_KEY": "x" * 40}, f", models: {{'{MODELS[0]}': {{}}}}")
    )

    assert (found.model, found.error) == (MODELS[0], None)
    assert failed.error is not None
    assert failed.error.startswith("provider_authentication_failed")


async def test_an_answer_has_an_id_and_the_models_name_though_bedrock_tells_neither(house: House):
    told: set[str] = set()
    for stream in (False, True):
        _, _, body = await house.chat("bedrock", stream=stream)
        shown = json.loads(body.removeprefix(b"data: ").partition(b"\n\n")[0])
        assert shown["model"] == "sim"
        told.add(shown["id"])

    assert len(told - {"", "chatcmpl-"}) == 2


def test_without_keys_the_config_says_what_is_missing(tmp_path: Path):
    file = tmp_path / "trunkline.yaml"
    for more, environ, words in (
        ("{}", {}, "AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
        ("{}", {"AWS_ACCESS_KEY_ID": PUBLIC}, "AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID"),
        ("{}", {**SIGNED, "AWS_REGION": "eu west"}, 'AWS_REGION is "eu west"'),
        ("{}", {**SIGNED, "AWS_ACCESS_KEY_ID": "not a key"}, "AWS_ACCESS_KEY_ID is no access key's id"),
        ("{}", {**SIGNED, "AWS_SESSION_TOKEN": "a\tb"}, "AWS_SESSION_TOKEN has line breaks"),
        ("{region: EU}", SIGNED, "the name of a region"),
        ("{aws: {access_key_id: A}}", {}, "secret_access_key is missing"),
    ):
        file.write_text(f"providers: {{bedrock: {more}}}\n")
        with pytest.raises(ConfigError) as caught:
            config_source.load(file, environ)
        assert words in str(caught.value)
        assert SECRET not in str(caught.value)


def test_keys_that_sign_belong_to_bedrock_alone(tmp_path: Path):
    file = tmp_path / "trunkline.yaml"
    file.write_text(f"providers: {{groq: {{key: gsk-1, aws: {{access_key_id: {PUBLIC}, secret_access_key: s}}}}}}\n")

    with pytest.raises(ConfigError, match="does not speak the dialect bedrock"):
        config_source.load(file, {})


@pytest.mark.parametrize(
    ("more", "environ", "region"),
    [
        ("{}", {}, "us-east-1"),
        ("{}", {"AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-3"),
        ("{}", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-3"}, "eu-west-1"),
        ("{region: us-gov-west-1}", {"AWS_REGION": "eu-west-1"}, "us-gov-west-1"),
    ],
)
def test_the_region_stands_in_the_address(tmp_path: Path, more: str, environ: dict[str, str], region: str):
    file = tmp_path / "trunkline.yaml"
    file.write_text(f"providers: {{bedrock: {more}}}\n")

    provider = config_source.load(file, {**SIGNED, **environ}).providers["bedrock"]

    assert provider.address == provider.base_url("bedrock") == f"https://bedrock-runtime.{region}.amazonaws.com"
    assert SECRET not in repr(provider)


def test_without_a_config_aws_keys_that_are_there_for_something_else_are_not_spent():
    with pytest.raises(ConfigError, match="no provider is known"):
        config_source.from_environment(SIGNED)

    assert list(config_source.from_environment({**SIGNED, "AWS_BEARER_TOKEN_BEDROCK": API_KEY}).providers) == [
        "bedrock"
    ]
