"""The door of Prometheus: behind the operator's key on the gateway's own port, or open on a port of its own.

Refuses to count anything.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import uvicorn

from trunkline.core.dialect import Dialect
from trunkline.core.errors import CallError, ConfigError
from trunkline.dialects.openai_chat import OpenAIChat
from trunkline.gateway.gateway import Gateway
from trunkline.server.app import App, Door, Visit
from trunkline.server.http import Headers, respond
from trunkline.telemetry.exposition import accepted


class Metrics:
    """``GET /metrics``; ``now`` is the house whose figures they are."""

    __slots__ = ("_now",)

    def __init__(self, now: Callable[[], Gateway]) -> None:
        self._now = now

    async def show(self, visit: Visit) -> None:
        """All figures as text; OpenMetrics for who accepts it."""
        headers: Headers = visit.scope["headers"]
        kind = accepted(next((value for name, value in headers if name == b"accept"), b""))
        body = await self._now().metrics.told(kind)
        visit.started = True
        await respond(visit.send, 200, [(b"content-type", kind.encode()), *visit.headers], body)


@asynccontextmanager
async def shared_figures(now: Callable[[], Gateway]) -> AsyncGenerator[None, None]:
    """Tell the figures of all processes that share a folder, where the config names one, as long as the block runs."""
    folder = now().config.metrics.share
    if folder is None:
        yield
        return
    try:
        from trunkline.telemetry.shared import SharedFigures  # noqa: PLC0415 - not there on Windows
    except ImportError as error:
        raise ConfigError("metrics.share: wants a system with file locks; leave it out here") from error
    shared = now().metrics.shared = SharedFigures(Path(folder), lambda: now().metrics.series)
    keeping = asyncio.create_task(shared.keep())
    try:
        yield
    finally:
        keeping.cancel()
        await asyncio.wait([keeping])
        shared.close()


class MetricsDoors:
    """The table of the metrics port: one path, for whoever reaches the port."""

    def __init__(self, now: Callable[[], Gateway]) -> None:
        self.visits = 0
        self._dialect = OpenAIChat()
        self._doors: dict[str, Door] = {"GET": Metrics(now).show}

    def find(self, path: str) -> Mapping[str, Door] | None:
        """The doors of a path by method."""
        return self._doors if path == "/metrics" else None

    def dialect(self, path: str, headers: Headers) -> Dialect:
        """None is asked for: the errors of operators' paths are problems."""
        return self._dialect

    def refused(self, visit: Visit, error: CallError) -> None:
        """Of no interest: nobody but a scraper comes here."""


class MetricsServer(uvicorn.Server):
    """A second server in the same loop; the first one hears the signals."""

    def __init__(self, now: Callable[[], Gateway]) -> None:
        settings = uvicorn.Config(
            App(MetricsDoors(now)), ws="none", loop="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, limit_concurrency=64, timeout_graceful_shutdown=1,
        )  # fmt: skip
        super().__init__(settings)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """None."""
        yield
