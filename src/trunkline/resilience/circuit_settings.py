"""When a circuit opens, for how long, and what closes it again.

Refuses to know a clock or a call: this is the table of a config, and its defaults are the advice.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Mode = Literal["auto", "forced_open", "disabled", "metrics_only"]

_SECONDS = {"x-unit": "seconds"}
Share = Annotated[float, Meta(gt=0, le=1)]


class CircuitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Rates are shares of calls (0.5 is half), times are seconds."""

    consecutive: Annotated[
        int, Meta(ge=1, le=100_000, description="Failures in a row that open it. Raise it for a flaky but only target.")
    ] = 5
    failure_rate: Annotated[
        Share, Meta(description="Share of failed calls in the window that opens it, and keeps it open after probes.")
    ] = 0.5
    slow_rate: Annotated[Share, Meta(description="The same of slow calls. 1 opens only where every call is slow.")] = (
        0.8
    )
    slow_first_content: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            extra_json_schema=_SECONDS,
            description="A stream whose first content comes later is slow. Set it above the model's usual p99.",
        ),
    ] = 30.0
    slow_answer: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="A whole answer, or a call without content, that takes longer is slow. Raise it for long ones.",
        ),
    ] = 240.0
    window: Annotated[int, Meta(ge=1, le=10_000, description="The last calls that rates are taken over.")] = 100
    window_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="Older calls do not count. Raise it for targets that are rarely asked.",
        ),
    ] = 120.0
    minimum: Annotated[
        int,
        Meta(ge=1, le=10_000, description="Calls in the window before a rate means anything. At most the window."),
    ] = 20
    permits: Annotated[
        int,
        Meta(
            ge=1, le=1000, description="Calls that probe a half-open circuit. Raise it where one success proves little."
        ),
    ] = 2
    open_seconds: Annotated[
        float, Meta(gt=0, le=3600, extra_json_schema=_SECONDS, description="The first open time.")
    ] = 1.0
    open_factor: Annotated[
        float, Meta(ge=1, le=10, description="Each opening without a closing between lasts so much longer.")
    ] = 2.0
    open_cap: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="Longest open time. Lower it to notice sooner that a target is back, for more failed probes.",
        ),
    ] = 30.0
    open_jitter: Annotated[
        float,
        Meta(ge=0, le=1, description="Share of an open time that is left to chance, so replicas do not probe as one."),
    ] = 0.2
    max_retry_after: Annotated[
        float,
        Meta(
            ge=0,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="A failure's Retry-After extends the open time up to this.",
        ),
    ] = 300.0
    half_open_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=86_400,
            extra_json_schema=_SECONDS,
            description="Half-open for longer means that probes hang: open again. Keep it above the longest answer.",
        ),
    ] = 600.0
    panic_seconds: Annotated[
        float,
        Meta(
            gt=0,
            le=3600,
            extra_json_schema=_SECONDS,
            description="While no target at all is ready, an open one is tried once in this time.",
        ),
    ] = 1.0
    mode: Annotated[
        Mode,
        Meta(
            description="auto; forced_open lets nothing in; disabled lets all in, counts nothing; metrics_only lets all"
            " in and tells what it would have done."
        ),
    ] = "auto"

    def __post_init__(self) -> None:
        if self.minimum > self.window:
            raise ValueError(f"minimum ({self.minimum}) must be at most window ({self.window}), or no rate ever counts")
        if self.open_cap < self.open_seconds:
            raise ValueError(f"open_cap ({self.open_cap:g} s) must be at least open_seconds ({self.open_seconds:g} s)")
