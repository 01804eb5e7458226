"""What a config says about metrics and logs.

Refuses to open a socket.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

HostPort = Annotated[str, Meta(max_length=262)]
Folder = Annotated[
    str, Meta(pattern="^/", max_length=1024, extra={"form": "an absolute path, like /run/trunkline/metrics"})
]


class MetricsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where Prometheus finds the figures."""

    listen: Annotated[
        HostPort | None,
        Meta(
            description="host:port of a port for /metrics alone, without a key. Left out: only the gateway's own "
            "/metrics, behind admin_key.",
        ),
    ] = None
    share: Annotated[
        Folder | None,
        Meta(
            description="A folder on this machine in which processes behind one address keep their figures, so that "
            "whichever is scraped tells the sum of all. Left out: each tells its own.",
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


class OtelSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where an OpenTelemetry collector listens."""

    endpoint: Annotated[
        str,
        Meta(
            pattern=r"^https?://\S+$",
            max_length=2048,
            extra={"form": "a URL, like http://127.0.0.1:4318"},
            description="Base URL of OTLP over HTTP; /v1/traces, /v1/metrics and /v1/logs are below it. Headers come "
            "from OTEL_EXPORTER_OTLP_HEADERS. Wants the extra otel.",
        ),
    ]
    service: Annotated[
        str, Meta(min_length=1, max_length=100, description="The name under which traces show this process.")
    ] = "trunkline"
    content: Annotated[
        bool,
        Meta(
            description="Send prompts and answers too, as events below the spans. Set true only where everybody who "
            "reads traces may read them."
        ),
    ] = False
