"""What callers may take of the gateway: bytes, time, connections.

Refuses to know who the caller is; a key's own limits stand elsewhere.
"""

from typing import Annotated

from msgspec import Meta, Struct

MIB = 1024 * 1024
_BYTES = {"x-unit": "bytes"}
_SECONDS = {"x-unit": "seconds"}


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes are bytes, times are seconds."""

    body: Annotated[
        int,
        Meta(
            ge=1024,
            le=1024 * MIB,
            extra_json_schema=_BYTES,
            description="Largest request body. Raise it for many or large images; providers stop at about 32MiB.",
        ),
    ] = 32 * MIB
    header_timeout: Annotated[
        float,
        Meta(
            ge=0.1,
            le=600,
            extra_json_schema=_SECONDS,
            description="For a request's headers to arrive, from the connection's start.",
        ),
    ] = 10.0
    body_timeout: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            extra_json_schema=_SECONDS,
            description="For a request's body to arrive. Raise it for slow uplinks.",
        ),
    ] = 30.0
    write_timeout: Annotated[
        float,
        Meta(
            ge=0.1,
            le=3600,
            extra_json_schema=_SECONDS,
            description="A caller that takes nothing of its answer for so long has left. "
            "Raise it for readers who pause.",
        ),
    ] = 60.0
    notice: Annotated[
        float,
        Meta(
            ge=0,
            le=600,
            extra_json_schema=_SECONDS,
            description="On SIGTERM, how long /readyz says 503 while calls are still served, before the drain. "
            "Behind a load balancer set it longer than its health checks take to notice.",
        ),
    ] = 0.0
    drain: Annotated[
        float,
        Meta(
            ge=0,
            le=3600,
            extra_json_schema=_SECONDS,
            description="On SIGTERM, how long open answers may still run. Keep it below what the supervisor waits.",
        ),
    ] = 30.0
    connections: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            description="Callers' connections at once; more are told 503. Mind the open-files limit.",
        ),
    ] = 10_000
    provider_connections: Annotated[
        int,
        Meta(ge=1, le=100_000, description="Connections to one provider at once; further calls wait for a free one."),
    ] = 1024
