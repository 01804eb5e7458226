"""Gemini and Claude on Google's cloud: every caller's dialect, the vendors' own paths, tokens of a service account."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.e2e.conftest import SUM, eventually
from tests.spoken import SPOKEN, Spoken
from tests.transport.test_google_tokens import TokenServer, server
from trunkline.core.call import Call
from trunkline.core.errors import AuthenticationFailed, ConfigError
from trunkline.core.exchange import Exchange
from trunkline.gateway import config_source
from trunkline.gateway.gateway import Gateway
from trunkline.simulator import Simulator, read_config

__all__ = ["server"]
KEY = "ya29.a-token-of-one-hour"
SIMULATED = {"providers": {"cloud": {"keys": [KEY], "dialects": ["gemini", "anthropic"], "models": {"sim": {}}}}}
HOUSE = """
providers:
  vertex: {{url: "{url}/google", project: my-project-1, {google}}}
  vertex-claude: {{url: "{url}/anthropic", project: my-project-1, {google}}}
models: {{both: [vertex/sim, vertex-claude/sim]}}
recovery: {{retries: 0}}
"""


@pytest.fixture
async def cloud():
    async with Simulator(read_config(SIMULATED)) as simulator:
        yield simulator


def account(folder: Path, token_uri: str) -> str:
    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    told = {"type": "service_account", "client_email": "a@b", "private_key": pem.decode(), "token_uri": token_uri}
    (folder / "sa.json").write_text(json.dumps(told))
    return "google: {file: sa.json}"


def built(folder: Path, simulator: Simulator, google: str) -> Gateway:
    """A house whose rows stand at the simulator, with paths as Google's."""
    url = f"{simulator.url}/cloud/v1/projects/my-project-1/locations/global/publishers"
    (folder / "trunkline.yaml").write_text(HOUSE.format(url=url, google=google))
    return Gateway(config_source.load(folder / "trunkline.yaml", {}))


async def told(gateway: Gateway, caller: Spoken, model: str, *, stream: bool) -> Any:
    _, body = caller.ask(model, SUM, stream=stream)
    raw = json.dumps({"model": model, "stream": stream, **body} if caller.name == "gemini" else body).encode()
    reply = await gateway.handle(Exchange("x", Call(raw, caller.dialect), gateway.clock()))
    answer = await reply.completion()
    await reply.aclose()
    return answer


@pytest.mark.parametrize("caller", SPOKEN, ids=lambda row: row.name)
@pytest.mark.parametrize("model", ["vertex/sim", "vertex-claude/sim"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
async def test_every_caller_is_answered_from_googles_cloud(
    tmp_path: Path, cloud: Simulator, server: TokenServer, caller: Spoken, model: str, stream: bool
):
    server.answer = json.dumps({"access_token": KEY, "expires_in": 3599}).encode()
    gateway = built(tmp_path, cloud, account(tmp_path, server.url))

    first = await told(gateway, caller, model, stream=stream)
    second = await told(gateway, caller, model, stream=stream)

    assert first.text == second.text == "17 + 25 = 42."
    assert first.usage.source == "reported"
    assert len(server.asked) == 1
    entry = (await eventually(lambda: cloud.log if len(cloud.log) >= 2 else None))[0]
    method = {
        ("vertex/sim", False): "google/models/sim:generateContent",
        ("vertex/sim", True): "google/models/sim:streamGenerateContent?alt=sse",
        ("vertex-claude/sim", False): "anthropic/models/sim:rawPredict",
        ("vertex-claude/sim", True): "anthropic/models/sim:streamRawPredict",
    }[model, stream]
    assert entry.path == f"/cloud/v1/projects/my-project-1/locations/global/publishers/{method}"
    sent = json.loads(entry.request)
    assert "model" not in sent
    assert sent.get("anthropic_version") == ("vertex-2023-10-16" if "claude" in model else None)
    await gateway.aclose()


async def test_a_token_that_is_refused_is_the_houses_error_and_the_next_target_is_asked(
    tmp_path: Path, cloud: Simulator, server: TokenServer
):
    server.status, server.answer = 400, b'{"error":"invalid_grant"}'
    gateway = built(tmp_path, cloud, account(tmp_path, server.url))
    call = Call(json.dumps(SPOKEN[0].ask("both", SUM)[1]).encode(), SPOKEN[0].dialect)
    exchange = Exchange("x", call, gateway.clock())

    with pytest.raises(AuthenticationFailed) as refused:
        await gateway.handle(exchange)

    assert [str(attempt.target) for attempt in exchange.attempts] == ["vertex/sim", "vertex-claude/sim"]
    assert (refused.value.status, refused.value.code) == (502, "invalid_grant")
    assert cloud.log == []
    await gateway.aclose()


async def test_a_fixed_token_is_a_key(tmp_path: Path, cloud: Simulator):
    gateway = built(tmp_path, cloud, f"key: {KEY}")
    assert (await told(gateway, SPOKEN[0], "vertex/sim", stream=False)).text == "17 + 25 = 42."
    assert (await told(gateway, SPOKEN[0], "vertex-claude/sim", stream=True)).text == "17 + 25 = 42."
    await gateway.aclose()


async def test_tokens_of_a_prompt_are_counted_by_the_vendor(tmp_path: Path, cloud: Simulator):
    gateway = built(tmp_path, cloud, f"key: {KEY}")
    rows = {row.name: row for row in SPOKEN}
    for name, model in (("anthropic", "vertex-claude/sim"), ("gemini", "vertex/sim")):
        _, body = rows[name].ask(model, SUM)
        call = Call(json.dumps({"model": model, **body}).encode(), rows[name].dialect)
        counted = await gateway.count_tokens(call)
        assert counted is not None
        assert next(iter(json.loads(counted[1]).values())) > 3
    await gateway.aclose()


def test_the_rows_say_what_is_missing_and_where_they_stand(tmp_path: Path):
    (tmp_path / "t.yaml").write_text("providers: {vertex: {google: {metadata: true, file: x}}}\n")
    with pytest.raises(ConfigError) as wrong:
        config_source.load(tmp_path / "t.yaml", {})
    assert "providers.vertex.project: is missing: write it, or set GOOGLE_CLOUD_PROJECT" in str(wrong.value)
    assert "providers.vertex.google: says where tokens come from in one way" in str(wrong.value)

    (tmp_path / "t.yaml").write_text(
        "providers: {vertex: , vertex-claude: {project: other-project, region: us-east5, google: {metadata: true}}}\n"
    )
    environ = {"GOOGLE_CLOUD_PROJECT": "my-project-1", "GOOGLE_APPLICATION_CREDENTIALS": "/etc/sa.json"}
    rows = config_source.load(tmp_path / "t.yaml", environ).providers

    above = "aiplatform.googleapis.com/v1/projects"
    assert rows["vertex"].address == f"https://{above}/my-project-1/locations/global/publishers/google"
    assert rows["vertex"].google is not None
    assert rows["vertex"].google.file == "/etc/sa.json"
    claude = f"https://us-east5-{above}/other-project/locations/us-east5/publishers/anthropic"
    assert rows["vertex-claude"].address == claude
