"""What a process tells the world about its calls beside /metrics: lines on standard error, and OpenTelemetry.

Refuses to hold up a call or an end: sinks that hang are given up after a few seconds.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager

from trunkline.core.errors import ConfigError
from trunkline.gateway.gateway import Gateway
from trunkline.telemetry.exchange_log import ExchangeLog
from trunkline.telemetry.lines import LineWriter
from trunkline.telemetry.refusal_log import RefusalLog
from trunkline.telemetry.series import Gauge, Readings


@contextmanager
def telling(gateway: Gateway) -> Generator[None, None, None]:
    """Tell as the config wants it, as long as the block runs. Raises ConfigError where a package is missing."""
    config = gateway.config
    lines = LineWriter(lambda text: os.write(2, text))
    refusals = RefusalLog(lines.put)

    def dropped() -> Readings:
        yield (), float(lines.dropped + refusals.dropped)

    gateway.metrics.more.append(
        Gauge("llm_log_lines_dropped_total", "Lines that the log did not take.", (), dropped, "counter")
    )
    if config.log.calls == "json":
        gateway.live.hearers.append(ExchangeLog(lines.put))
        gateway.metrics.refusals.listeners.append(refusals)
    try:
        with traced(gateway):
            yield
    finally:
        lines.close()


@contextmanager
def traced(gateway: Gateway) -> Generator[None, None, None]:
    """Send spans and histograms to the config's collector, if it names one."""
    settings = gateway.config.otel
    if settings is None:
        yield
        return
    try:
        from trunkline.telemetry.otel import Otel  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"otel: wants packages that are not installed ({error.name}); pip install 'trunkline[otel]'"
        ) from error
    otel = Otel(settings, gateway.clock, gateway.metrics.calls.label)
    for listener in otel.listeners:
        gateway.listen(listener)
    if gateway.quality is not None:
        gateway.quality.book.listeners.append(otel.evaluations.scored)
    if (contents := otel.contents) is not None:
        gateway.overhear(lambda heard: contents.told(heard.exchange, heard.completion()))
    try:
        yield
    finally:
        otel.close()
