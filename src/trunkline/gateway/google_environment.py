"""What Google's own environment variables say of a provider: its project, its location, where its tokens come from.

Refuses to look anywhere else.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from trunkline.core.errors import ConfigError
from trunkline.core.nearest import quoted
from trunkline.providers.provider import PROJECT, REGION, Provider
from trunkline.transport.google_credentials import GoogleCredentials


def in_project(provider: Provider, environ: Mapping[str, str]) -> Provider:
    """The provider with what the environment says of it, where it wants a project and was not told all itself."""
    if "{project}" not in provider.url:
        return provider
    project = provider.project or _named("GOOGLE_CLOUD_PROJECT", PROJECT, environ)
    region = provider.region or _named("GOOGLE_CLOUD_LOCATION", REGION, environ)
    file = environ.get("GOOGLE_APPLICATION_CREDENTIALS", "").strip()
    google = provider.google
    if google is None and provider.key is None and file:
        google = GoogleCredentials(file=str(Path(file).absolute()))
    return structs.replace(provider, project=project, region=region, google=google)


def _named(name: str, pattern: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(name, "").strip()
    if value and not re.fullmatch(pattern, value):
        raise ConfigError(f"{name} is {quoted(value[:40])}, which is no such name")
    return value or None
