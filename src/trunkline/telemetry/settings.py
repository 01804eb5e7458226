"""What a config says about metrics.

Refuses to open a socket.
"""

from typing import Annotated

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
