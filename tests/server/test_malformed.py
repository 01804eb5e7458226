"""Every door that takes a body, and bodies with junk in place of each value: a clear 4xx in the caller's dialect."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from tests.malformed import WORDS, Json, chats, malformed
from tests.spoken import ANSWERED
from trunkline.core.secret import Secret
from trunkline.gateway.config import Config
from trunkline.gateway.gateway import Gateway
from trunkline.providers.provider import Provider
from trunkline.quality.settings import QualitySettings
from trunkline.server.houses import Houses
from trunkline.stores.opening import StoreSettings
from trunkline.transport.transport import Request

MOST: int | None = 60  # bodies of each door and provider, drawn from some 2,500; None sends them all: eight minutes


class Refusal:
    """A response of a provider that takes nothing."""

    status = 400
    headers = ((b"content-type", b"application/json"),)
    expires = 0.0

    def header(self, _name: bytes) -> bytes | None:
        return None

    async def read(self, _limit: int) -> bytes:
        return b'{"error": {"message": "the provider was asked", "type": "x"}}'

    def abort(self) -> None: ...


class Refusing:
    """A transport whose every answer is a refusal: what is asked and cannot be read is what matters here."""

    async def send(self, request: Request) -> Refusal:
        json.loads(request.body)  # whatever was made of it
        return Refusal()

    async def aclose(self) -> None: ...


OPERATIONS = ("embeddings", "completions", "rerank", "moderations", "images", "speech")
SPEAKERS: dict[str, Json] = {row.short: {row.name: {"quirks": row.quirks}} for row in ANSWERED}


def provider(name: str, dialects: Json) -> Provider:
    told = {"name": name, "url": "http://127.0.0.1:9/v1", "dialects": dialects}
    return msgspec.structs.replace(msgspec.convert(told, Provider), key=Secret("sk-0123456789"))


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[Any]:
    """A house of a provider of each dialect, and one of every operation besides; it measures quality, and has keys."""
    speakers = {**SPEAKERS, "op": {name: {} for name in OPERATIONS}}
    providers = {name: provider(name, dialects) for name, dialects in speakers.items()}
    ledger, quality = StoreSettings(path=str(tmp_path / "l.db")), QualitySettings()
    refusing: Any = Refusing()
    gateway = Gateway(Config(providers=providers, ledger=ledger, quality=quality), transport=refusing)
    gateway.open()
    houses = Houses(gateway)
    yield houses.app
    await houses.aclose()


async def sent(
    app: Any, path: str, body: bytes, method: str = "POST", query: bytes = b"", kind: bytes = b"application/json"
) -> tuple[int, bytes]:
    """Status and body of one request, without sockets."""
    told: list[dict[str, Any]] = []
    came = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return came.pop() if came else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        told.append(message)

    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body))]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": headers}
    await app(scope, receive, send)
    return told[0]["status"], b"".join(one["body"] for one in told[1:])


def doors() -> Iterator[tuple[str, Json]]:
    """Every path that takes a JSON body, each with one that is whole; chats at a provider of each dialect."""
    for short in SPEAKERS:
        model = f"{short}/sim"
        bodies = chats(model)
        for path, name in (("chat/completions", "openai"), ("responses", "responses"), ("messages", "anthropic")):
            yield f"/v1/{path}", {**bodies[name], "model": model}
        yield f"/v1beta/models/{model}:generateContent", bodies["gemini"]
    yield "/v1beta/models/oa/sim:streamGenerateContent", chats()["gemini"]
    yield "/v1beta/models/oa/sim:countTokens", chats()["gemini"]
    yield "/v1/messages/count_tokens", {**chats()["anthropic"], "model": "oa/sim"}
    yield "/v1/responses/input_tokens", {**chats()["responses"], "model": "oa/sim"}
    for path, body in WORDS.items():
        yield path, {**body, "model": "op/sim"}
    said: Json = {"content": {"parts": [{"text": "a"}]}, "taskType": "t", "title": "t", "outputDimensionality": 5}
    yield "/v1beta/models/op/sim:embedContent", said
    yield "/v1beta/models/op/sim:batchEmbedContents", {"requests": [{"model": "models/op/sim", **said}]}
    yield "/v1/feedback", {"request_id": "req_1", "score": 0.5, "label": "thumbs_up", "comment": "c"}
    yield "/v1/batches", {"input_file_id": "file-1", "endpoint": "/v1/chat/completions", "completion_window": "24h"}
    yield "/admin/keys", KEY
    yield "/admin/keys/a/revoke", {}
    yield "/admin/keys/a/rotate", {}


KEY: Json = {
    "name": "one", "models": ["oa/sim"], "team": "t", "tags": ["a"], "requests_per_minute": 1, "tokens_per_minute": 1,
    "concurrent": 1, "budget_usd": "1.5", "expires": "30d", "targets": ["oa"], "priority": "normal", "requires": ["a"],
}  # fmt: skip


DOORS = list(doors())
OF_NOBODY = {"/v1/feedback", "/v1/batches", "/admin/keys/a/revoke", "/admin/keys/a/rotate"}  # what is named is unknown


def told(body: bytes) -> Any:
    """The words of an error, whichever the dialect; an operator's is a problem, Gemini's stream is an array."""
    shown = json.loads(body)
    shown = shown[0] if isinstance(shown, list) else shown
    return shown["detail"] if "detail" in shown else shown["error"]["message"]


@pytest.mark.parametrize(("path", "body"), DOORS, ids=[f"{path} {body.get('model', '')}" for path, body in DOORS])
async def test_junk_in_place_of_any_value_is_a_clear_4xx_or_passed_on(
    app: Any, path: str, body: Json, caplog: pytest.LogCaptureFixture
) -> None:
    status, answer = await sent(app, path, json.dumps(body).encode())
    assert status < 300 or b"provider was asked" in answer or path in OF_NOBODY, answer
    bodies = list(malformed(body))
    for name, junk in bodies if MOST is None else Random(path).sample(bodies, min(MOST, len(bodies))):
        status, answer = await sent(app, path, junk)
        assert status < 500, (name, answer)
        if status >= 400:
            assert isinstance(told(answer), str), (name, answer)
    assert not [one for one in caplog.records if one.exc_info], caplog.text


QUERIES = (
    b"", b"NaN", b"-1", b"0", b"1e999", b"9" * 5_000, b"%00", b"%ff%fe", b"%ED%A0%80", b"a" * 70_000, b"1;2", b"[]",
    b"{", b"0001-01-01", b"9999-12-31", b"99999999999d", b"today", b"../..", b"%0d%0ax: y", b"\xff", b"=&=",
)  # fmt: skip


async def test_junk_in_any_query_is_answered_or_a_clear_4xx(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    asked = [(place, name) for place in app.doors.places.all if "GET" in place.doors for name in (*place.query, "odd")]
    assert len({place.path for place, _ in asked}) > 20
    for place, name in asked:
        if place.path == "/admin/events":  # it does not end
            continue
        for junk in QUERIES:
            path = place.path.replace("{id}", "odd").replace("{file}", "odd").replace("{name}", "odd")
            for where, query in ((path, b"%b=%b" % (name.encode(), junk)), (path.replace("odd", "a" * 5_000), junk)):
                status, answer = await sent(app, where, b"", "GET", query)
                assert status < 500, (where, query[:40], answer)
    assert not [one for one in caplog.records if one.exc_info], caplog.text


FORMS = ("audio/transcriptions", "audio/translations", "images/edits", "images/variations", "files")
PART = b'--b\r\ncontent-disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
WHOLE = PART % (b"model", b"", b"op/sim") + PART % (b"file", b'; filename="f"', b"sound") + b"--b--\r\n"
BROKEN = (
    b"", b"--b", b"--b\r\n", b"--b--\r\n", b"--b\r\n\r\n--b--\r\n", b"--b\r\nx\r\n\r\n\r\n--b--", b"\xff\xfe", b"{}",
    WHOLE[:-8], WHOLE[:40], WHOLE.replace(b"\r\n", b"\n"), WHOLE.replace(b"op/sim", b"\xff\xfe"), WHOLE + WHOLE,
    WHOLE.replace(b"op/sim", b""), WHOLE.replace(b"name=", b"nam="), WHOLE.replace(b'"model"', b'"model'),
    WHOLE.replace(b"form-data", b"attachment"), WHOLE.replace(b"content-", b"content\0-"), WHOLE * 500,
    PART % (b"model", b"", b"op/sim") * 2 + b"--b--\r\n", PART % (b"n" * 70_000, b"", b"") + b"--b--\r\n",
    PART % (b"model", b'; filename="m"', b"op/sim") + b"--b--\r\n", PART % (b"n", b"", b"9" * 5_000) + WHOLE,
)  # fmt: skip
KINDS = (
    b"multipart/form-data; boundary=b", b'multipart/form-data; boundary="b"', b"multipart/form-data", b"text/plain",
    b"", b"multipart/form-data; boundary=", b"multipart/form-data; boundary=\xff",
    b"multipart/form-data; boundary=" + b"b" * 300,
)  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
async def test_a_broken_form_is_a_clear_4xx(app: Any, path: str, caplog: pytest.LogCaptureFixture) -> None:
    for kind in KINDS:
        for body in (WHOLE, *BROKEN):
            status, answer = await sent(app, f"/v1/{path}", body, kind=kind)
            assert status < 500, (kind, body[:80], answer)
            assert isinstance(told(answer), str)
    assert not [one for one in caplog.records if one.exc_info], caplog.text
