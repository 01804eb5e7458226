"""What a config says about metrics and logs.

Refuses to open a socket.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

HostPort = Annotated[str, Meta(max_length=262)]


class MetricsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where Prometheus finds the figures."""

    listen: Annotated[
        HostPort | None,
        Meta(
            description="host:port of a port for /metrics alone, without a key. Left out: only the gateway's own "
            "/metrics, behind admin_key.",
        ),
    ] = None


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What the process writes down about calls."""

    calls: Annotated[
        Literal["json", "off"],
        Meta(
            description="json writes one line for every call that has ended to standard error: no prompts, no keys. "
            "Set off where something else keeps them."
        ),
    ] = "json"
