"""Access tokens for Google's cloud: how they are come by, kept, renewed, and never shown."""

import asyncio
import base64
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from trunkline.core.errors import AuthenticationFailed, CallError, ConfigError, ConnectFailed, ServerError
from trunkline.transport.google_credentials import GoogleCredentials
from trunkline.transport.google_grants import MetadataServer, Server, grant_of
from trunkline.transport.google_tokens import AHEAD, PAUSE, GoogleTokens, Token
from trunkline.transport.http import HttpTransport
from trunkline.transport.transport import Origin, Request

NOW = 1_800_000_000.0
REQUEST = Request("POST", Origin("https", "h", 443), "/", [(b"x", b"y")], b"", 1.0)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


class TokenServer:
    """A token server on loopback: keeps what it was asked, answers what it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status, self.answer = 200, b'{"access_token":"ya29.secret-1","expires_in":3599,"token_type":"Bearer"}'
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:-2])
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.asked.append((lines[0], headers, body))
        head = f"HTTP/1.1 {self.status} X\r\ncontent-length: {len(self.answer)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + self.answer)
        await writer.drain()
        writer.close()


@pytest.fixture
async def server():
    told = TokenServer()
    listening = await asyncio.start_server(told, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/token"
    yield told
    listening.close()
    await listening.wait_closed()


@pytest.fixture
async def http():
    transport = HttpTransport()
    yield transport
    await transport.aclose()


def account(folder: Path, url: str, **more: Any) -> GoogleCredentials:
    file = folder / "sa.json"
    told = {
        "type": "service_account",
        "client_email": "robot@p.iam.gserviceaccount.com",
        "private_key": PEM,
        "private_key_id": "k1",
        "token_uri": url,
        **more,
    }
    file.write_text(json.dumps(told))
    return GoogleCredentials(file=str(file))


def clock() -> float:
    return asyncio.get_running_loop().time()


def carried(request: Request) -> bytes:
    return dict(request.headers)[b"authorization"]


async def test_a_service_account_signs_for_a_token(server: TokenServer, http: HttpTransport, tmp_path: Path):
    tokens = GoogleTokens(grant_of(account(tmp_path, server.url), http, clock))

    sent = await tokens.signed(REQUEST, NOW)

    assert carried(sent) == b"Bearer ya29.secret-1"
    assert sent.headers[0] == (b"x", b"y")
    form = parse_qs(server.asked[0][2].decode())
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    head, claims, signature = form["assertion"][0].split(".")
    opened = [json.loads(base64.urlsafe_b64decode(part + "==")) for part in (head, claims)]
    assert opened[0] == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
    assert opened[1] == {
        "iss": "robot@p.iam.gserviceaccount.com",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
        "aud": server.url,
        "iat": NOW,
        "exp": NOW + 3600,
    }
    signed = base64.urlsafe_b64decode(signature + "==")
    KEY.public_key().verify(signed, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())


async def test_googles_own_library_reads_what_a_service_account_signs(
    server: TokenServer, http: HttpTransport, tmp_path: Path
):
    from google.auth import jwt

    await grant_of(account(tmp_path, server.url), http, clock).token(NOW)

    assertion = parse_qs(server.asked[0][2].decode())["assertion"][0]
    public = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = jwt.decode(assertion, certs=public, verify=False)
    assert claims["aud"] == server.url
    assert jwt.decode_header(assertion)["alg"] == "RS256"


async def test_a_login_is_refreshed(server: TokenServer, http: HttpTransport, tmp_path: Path):
    login = {"type": "authorized_user", "client_id": "c", "client_secret": "s", "refresh_token": "r"}

    token = await grant_of(account(tmp_path, server.url, **login), http, clock).token(NOW)

    assert token.secret.reveal() == "ya29.secret-1"
    form = parse_qs(server.asked[0][2].decode())
    assert form == {
        "grant_type": ["refresh_token"],
        "client_id": ["c"],
        "client_secret": ["s"],
        "refresh_token": ["r"],
    }


async def test_the_metadata_server_is_asked_with_its_flavor(server: TokenServer, http: HttpTransport):
    token = await MetadataServer(Server(http, clock), server.url).token(NOW)

    line, headers, _ = server.asked[0]
    assert (line, headers["metadata-flavor"]) == ("GET /token HTTP/1.1", "google")
    assert (token.fresh, token.ends) == (NOW + 3599 - AHEAD, NOW + 3599)


async def test_a_command_prints_a_token(http: HttpTransport):
    command = (sys.executable, "-c", "print('ya29.printed')")
    token = await grant_of(GoogleCredentials(command=command), http, clock).token(NOW)
    assert token.secret.reveal() == "ya29.printed"
    assert NOW < token.fresh < token.ends


@pytest.mark.parametrize(
    "command", [("/nowhere/at-all",), (sys.executable, "-c", "print()"), (sys.executable, "-c", "exit(3)")]
)
async def test_a_command_that_prints_none_is_the_houses_fault(command: tuple[str, ...], http: HttpTransport):
    with pytest.raises(AuthenticationFailed, match="the command"):
        await grant_of(GoogleCredentials(command=command), http, clock).token(NOW)


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, b'{"error":"invalid_grant","error_description":"Invalid JWT ya29.secret"}', AuthenticationFailed),
        (401, b"<html>ya29.secret</html>", AuthenticationFailed),
        (503, b"ya29.secret", ServerError),
        (200, b'{"access_token":"","expires_in":3599}', ServerError),
        (200, b'{"access_token":"ya29.secret\\nx: y","expires_in":3599}', ServerError),
        (200, b'{"access_token":"ya29.secret-1","expires_in":0}', ServerError),
    ],
)
async def test_a_refusal_is_classified_and_shows_no_secret(
    server: TokenServer, http: HttpTransport, tmp_path: Path, status: int, answer: bytes, kind: type[CallError]
):
    server.status, server.answer = status, answer
    tokens = GoogleTokens(grant_of(account(tmp_path, server.url), http, clock))

    with pytest.raises(kind) as refused:
        await tokens.signed(REQUEST, NOW)

    assert "ya29" not in str(refused.value)
    assert refused.value.status == 502
    assert not refused.value.may_have_cost
    assert "secret" not in repr(tokens)


async def test_a_token_server_that_is_not_there_has_cost_nothing(http: HttpTransport, tmp_path: Path):
    tokens = GoogleTokens(grant_of(account(tmp_path, "http://127.0.0.1:9/token"), http, clock))
    with pytest.raises(ConnectFailed, match="no access token"):
        await tokens.signed(REQUEST, NOW)


class Played:
    """A grant that answers when it is let."""

    def __init__(self, lasts: float = 3600.0) -> None:
        self.lasts = lasts
        self.count = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: CallError | None = None

    async def token(self, now: float) -> Token:
        self.count += 1
        number = self.count
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return Token.lasting(f"token-number-{number}", now, self.lasts)


async def test_one_renewal_serves_all_who_wait_and_a_caller_that_leaves_does_not_end_it():
    grant = Played()
    grant.gate.clear()
    tokens = GoogleTokens(grant)
    waiting = [asyncio.create_task(tokens.signed(REQUEST, NOW)) for _ in range(20)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    await asyncio.sleep(0)
    grant.gate.set()

    sent = await asyncio.gather(*waiting[1:])

    assert {carried(one) for one in sent} == {b"Bearer token-number-1"}
    assert grant.count == 1


async def test_a_token_is_renewed_ahead_of_its_end_while_the_old_one_serves():
    grant = Played()
    tokens = GoogleTokens(grant)
    await tokens.signed(REQUEST, NOW)
    near = NOW + 3600 - AHEAD
    assert carried(await tokens.signed(REQUEST, near - 1)) == b"Bearer token-number-1"
    assert grant.count == 1

    assert carried(await tokens.signed(REQUEST, near)) == b"Bearer token-number-1"
    await asyncio.sleep(0.01)

    assert carried(await tokens.signed(REQUEST, near)) == b"Bearer token-number-2"
    assert grant.count == 2


async def test_a_renewal_that_fails_ahead_of_time_is_nobodys_error_and_is_not_hurried():
    grant = Played()
    tokens = GoogleTokens(grant)
    await tokens.signed(REQUEST, NOW)
    grant.error = ServerError("down")
    near = NOW + 3600 - AHEAD
    for _ in range(5):
        assert carried(await tokens.signed(REQUEST, near)) == b"Bearer token-number-1"
        await asyncio.sleep(0.005)
    assert grant.count == 2
    await tokens.signed(REQUEST, near + PAUSE)
    await asyncio.sleep(0.005)
    assert grant.count == 3


async def test_after_its_end_a_token_is_never_sent_and_each_who_waited_has_an_error_of_its_own():
    grant = Played()
    tokens = GoogleTokens(grant)
    await tokens.signed(REQUEST, NOW)
    grant.error = AuthenticationFailed("gone")
    both = await asyncio.gather(*(tokens.signed(REQUEST, NOW + 3600) for _ in range(2)), return_exceptions=True)
    assert [type(one) for one in both] == [AuthenticationFailed, AuthenticationFailed]
    assert both[0] is not both[1]
    grant.error = None
    assert carried(await tokens.signed(REQUEST, NOW + 3601)) == b"Bearer token-number-3"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("{}", "is no credentials file"),
        ("not json", "is no credentials file"),
        ('{"type":"service_account","private_key":"x"}', "no RSA key"),
        ('{"type":"authorized_user","token_uri":"http://evil.example/"}', "not https"),
    ],
)
def test_a_file_that_holds_no_credentials_is_refused_when_the_house_is_built(tmp_path: Path, told: str, said: str):
    (tmp_path / "f.json").write_text(told)
    with pytest.raises(ConfigError, match=said):
        grant_of(GoogleCredentials(file=str(tmp_path / "f.json")), HttpTransport.__new__(HttpTransport), clock)


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(ConfigError, match=r"pip install 'trunkline\[vertex\]'"):
        grant_of(account(tmp_path, "https://h/t"), HttpTransport.__new__(HttpTransport), clock)
