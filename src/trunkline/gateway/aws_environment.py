"""What AWS's own environment variables say of a provider: its region, and the keys that sign its requests.

Refuses to look anywhere else: files and roles of AWS's are brought here by ``aws configure export-credentials``.
"""

import re
from collections.abc import Mapping

from msgspec import structs

from trunkline.core.errors import ConfigError
from trunkline.core.nearest import quoted
from trunkline.core.secret import Secret
from trunkline.providers.provider import REGION, Provider
from trunkline.transport.sigv4 import ACCESS_KEY_ID, AwsKeys

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


def in_region(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """The provider with the region that the environment names, where it wants one and was given none."""
    if provider.region is not None or "{region}" not in provider.url:
        return provider
    for name in REGIONS:
        if value := environ.get(name, "").strip():
            if not re.fullmatch(REGION, value):
                raise ConfigError(f"{name} is {quoted(value[:40])}, which is the name of no region")
            return structs.replace(provider, region=value)
    return provider


def keys(environ: Mapping[str, str]) -> AwsKeys | None:
    """The keys, None where there are none. Raises ConfigError, which shows none of them, for what cannot be keys."""
    public, secret, token = (
        environ.get(name, "").strip() for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    )
    if not public or not secret:
        return None
    if not re.fullmatch(ACCESS_KEY_ID, public):
        raise ConfigError("AWS_ACCESS_KEY_ID is no access key's id: those are 4 to 128 letters and digits")
    session = _printable("AWS_SESSION_TOKEN", token) if token else None
    return AwsKeys(public, _printable("AWS_SECRET_ACCESS_KEY", secret), session)


def _printable(name: str, text: str) -> Secret:
    if not text.isascii() or not text.isprintable():
        raise ConfigError(f"{name} has line breaks or characters beyond printable ASCII")
    return Secret(text)
