"""Turns a credential into the headers that carry it.

Refuses to show a secret in its repr, and to know where credentials come from.
"""

from typing import Literal, Protocol

from msgspec import Struct

from trunkline.core.errors import ConfigError
from trunkline.core.secret import Secret
from trunkline.transport.transport import Headers, Request

Kind = Literal["bearer", "x-api-key", "api-key", "x-goog-api-key", "none"]

_FORMS: dict[Kind, tuple[bytes, bytes]] = {  # header name, what stands before the secret
    "bearer": (b"authorization", b"Bearer "),
    "x-api-key": (b"x-api-key", b""),  # Anthropic
    "api-key": (b"api-key", b""),  # Azure OpenAI
    "x-goog-api-key": (b"x-goog-api-key", b""),  # Gemini
}


class Credential(Protocol):
    """A credential whose headers are each request's own: signed, or renewed when their time is over."""

    async def signed(self, request: Request, now: float) -> Request:
        """The request with what says who pays; ``now`` is Unix seconds. Raises CallError."""
        ...


class Auth(Struct, frozen=True):
    """How requests to a provider say who pays. ``headers`` is cheap enough to be asked per request."""

    kind: Kind
    secret: Secret = Secret("")

    def __post_init__(self) -> None:
        value = self.secret.reveal()
        if self.kind == "none":
            if value:
                raise ConfigError("auth 'none' sends no key; leave the key out, or name the kind of auth it is for")
        elif not value:
            raise ConfigError(f"auth {self.kind!r} needs a key, and it is empty")
        elif not value.isascii() or not value.isprintable() or value != value.strip():
            raise ConfigError(f"the key for auth {self.kind!r} must be printable ASCII without spaces around it")

    def headers(self) -> Headers:
        """The headers to send, none for ``none``."""
        form = _FORMS.get(self.kind)
        return [] if form is None else [(form[0], form[1] + self.secret.reveal().encode("ascii"))]


def bearer(secret: Secret | str) -> Auth:
    """``authorization: Bearer SECRET``: OpenAI and nearly everybody."""
    return Auth("bearer", _secret(secret))


def x_api_key(secret: Secret | str) -> Auth:
    """``x-api-key: SECRET``: Anthropic."""
    return Auth("x-api-key", _secret(secret))


def none() -> Auth:
    """No credential: local servers."""
    return Auth("none")


def _secret(value: Secret | str) -> Secret:
    return value if isinstance(value, Secret) else Secret(value)
