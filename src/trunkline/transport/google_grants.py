"""The ways to come by a token for Google's cloud: a service account, a user's login, the metadata server, a command.

Refuses to keep one, and to show what it was given. Written from RFC 7523 and Google's "Using OAuth 2.0 for server to
server applications"; docs/reference/providers.md says which package the first of them needs.
"""

import asyncio
import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from msgspec import Struct

from trunkline.core.errors import AuthenticationFailed, CallError, ConfigError, ConnectFailed, ServerError
from trunkline.core.nearest import quoted
from trunkline.transport.google_credentials import GoogleCredentials
from trunkline.transport.google_tokens import Grant, Token
from trunkline.transport.transport import Headers, Origin, Request, Transport

SCOPE = "https://www.googleapis.com/auth/cloud-platform"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"
SECONDS = 10.0  # for the token server to answer
COMMAND_SECONDS = 30.0
COMMAND_LASTS = 300.0  # what a command prints says nothing of its end; gcloud renews what has less left
LONGEST = 64 * 1024
_CODE = re.compile(r"[a-z_]{1,60}")
_TOKEN = re.compile(r"[\x21-\x7e]{8,16384}")

Clock = Callable[[], float]


class _File(Struct):
    type: Literal["service_account", "authorized_user"]
    client_email: str = ""
    private_key: str = ""
    private_key_id: str = ""
    token_uri: str = TOKEN_URI
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""


class _Answer(Struct):
    access_token: str = ""
    expires_in: float = 0
    error: str | None = None


class Server:
    """Asks a token server over HTTP; ``clock`` is the transport's."""

    __slots__ = ("_clock", "_transport")

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport = transport
        self._clock = clock

    async def ask(self, url: str, form: dict[str, str] | None, now: float, headers: Headers | None = None) -> Token:
        """The token it grants. Raises AuthenticationFailed for a refusal, ConnectFailed or ServerError else."""
        parts = urlsplit(url)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        origin = Origin(parts.scheme, parts.hostname or "", port)
        body = b"" if form is None else urlencode(form).encode()
        kind = [] if form is None else [(b"content-type", b"application/x-www-form-urlencoded")]
        method = "GET" if form is None else "POST"
        request = Request(method, origin, parts.path or "/", [*kind, *(headers or [])], body, self._clock() + SECONDS)
        try:
            response = await self._transport.send(request)
            told = await response.read(LONGEST)
        except CallError as error:  # nothing has gone to the provider, so nothing of it may have cost
            raise ConnectFailed(f"no access token from {parts.hostname}: {error.message}") from error
        return _granted(response.status, told, parts.hostname or "", now)


def _granted(status: int, told: bytes, host: str, now: float) -> Token:
    try:
        answer = msgspec.json.decode(told, type=_Answer)
    except (msgspec.DecodeError, RecursionError):
        answer = _Answer()
    if status == 200 and _TOKEN.fullmatch(answer.access_token) and answer.expires_in > 0:
        return Token.lasting(answer.access_token, now, answer.expires_in)
    code = answer.error if answer.error and _CODE.fullmatch(answer.error) else None
    said = " ".join(word for word in (str(status), code) if word)
    if status in (400, 401, 403, 404):
        raise AuthenticationFailed(f"{host} grants the gateway no access token ({said})", code=code)
    raise ServerError(f"{host} answered the gateway's question for an access token with {said}")


class ServiceAccount:
    """A JSON web token, signed with the account's key, for an access token."""

    __slots__ = ("_file", "_server", "_sign")

    def __init__(self, file: _File, sign: Callable[[bytes], bytes], server: Server) -> None:
        self._file = file
        self._sign = sign
        self._server = server

    async def token(self, now: float) -> Token:
        """As the port says."""
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": self._assertion(int(now))}
        return await self._server.ask(self._file.token_uri, form, now)

    def _assertion(self, now: int) -> str:
        file = self._file
        head = {"alg": "RS256", "typ": "JWT", "kid": file.private_key_id}
        claims = {"iss": file.client_email, "scope": SCOPE, "aud": file.token_uri, "iat": now, "exp": now + 3600}
        told = b".".join((_base64(msgspec.json.encode(head)), _base64(msgspec.json.encode(claims))))
        return b".".join((told, _base64(self._sign(told)))).decode()


class UserLogin:
    """A refresh token of a person's, for an access token."""

    __slots__ = ("_file", "_server")

    def __init__(self, file: _File, server: Server) -> None:
        self._file = file
        self._server = server

    async def token(self, now: float) -> Token:
        """As the port says."""
        file = self._file
        known = {"client_id": file.client_id, "client_secret": file.client_secret, "refresh_token": file.refresh_token}
        return await self._server.ask(file.token_uri, {"grant_type": "refresh_token", **known}, now)


class MetadataServer:
    """The account that a machine, pod or function of Google's cloud has."""

    __slots__ = ("_server", "_url")

    def __init__(self, server: Server, url: str = METADATA) -> None:
        self._server = server
        self._url = url

    async def token(self, now: float) -> Token:
        """As the port says."""
        return await self._server.ask(self._url, None, now, [(b"metadata-flavor", b"Google")])


class Printed:
    """What a program prints; it is started without a shell."""

    __slots__ = ("_command",)

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    async def token(self, now: float) -> Token:
        """As the port says."""
        name = self._command[0]
        quiet = asyncio.subprocess.DEVNULL
        try:
            program = await asyncio.create_subprocess_exec(
                *self._command, stdin=quiet, stdout=asyncio.subprocess.PIPE, stderr=quiet
            )
        except OSError as error:
            raise AuthenticationFailed(f"the command {quoted(name)} for a token cannot be run") from error
        try:
            async with asyncio.timeout(COMMAND_SECONDS):
                said, _ = await program.communicate()
        except TimeoutError as error:
            raise AuthenticationFailed(f"the command {quoted(name)} gave no token in {COMMAND_SECONDS:g} s") from error
        finally:
            with suppress(ProcessLookupError):
                program.kill()
        token = said.decode("ascii", "replace").strip()
        if program.returncode or not _TOKEN.fullmatch(token):
            raise AuthenticationFailed(f"the command {quoted(name)} printed no token (exit code {program.returncode})")
        return Token.lasting(token, now, COMMAND_LASTS)


def grant_of(credentials: GoogleCredentials, transport: Transport, clock: Clock) -> Grant:
    """The way that a config names. Raises ConfigError for a file that holds no credentials, or lacks its package."""
    server = Server(transport, clock)
    if credentials.command:
        return Printed(credentials.command)
    if credentials.file is None:
        return MetadataServer(server)
    file = _read(Path(credentials.file))
    if file.type == "authorized_user":
        return UserLogin(file, server)
    return ServiceAccount(file, _signer(file.private_key), server)


def _read(path: Path) -> _File:
    shown = quoted(str(path))
    try:
        with path.open("rb") as opened:
            file = msgspec.json.decode(opened.read(LONGEST), type=_File)
    except OSError as error:
        raise ConfigError(f"the credentials file {shown} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ConfigError(f"{shown} is no credentials file of Google's: no service account, no login") from None
    if not file.token_uri.startswith(("https://", "http://127.0.0.1:")):
        raise ConfigError(f"{shown} names a token_uri that is not https")
    return file


def _signer(pem: str) -> Callable[[bytes], bytes]:
    """Signs with an RSA key (RS256), which the standard library cannot."""
    try:
        from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 - an optional extra
        from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415 - as above
    except ImportError as error:
        raise ConfigError("a service account needs another package: pip install 'trunkline[vertex]'") from error
    key: Any = None
    with suppress(ValueError, TypeError):
        key = serialization.load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ConfigError("the private_key of the service account's file cannot be read: it is no RSA key in PEM")
    rsa_key = key
    return lambda told: rsa_key.sign(told, padding.PKCS1v15(), hashes.SHA256())


def _base64(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
