"""All series of a gateway: calls, targets, the process, and what the build is.

Refuses to serve them.
"""

import platform
from collections.abc import Callable
from typing import TYPE_CHECKING

from trunkline._version import __version__
from trunkline.core.exchange import Exchange
from trunkline.providers.health import Health
from trunkline.telemetry.calls import Calls
from trunkline.telemetry.exposition import written
from trunkline.telemetry.names import Names
from trunkline.telemetry.process import process_series
from trunkline.telemetry.refusals import Refusals
from trunkline.telemetry.series import Gauge, Readings, Series
from trunkline.telemetry.targets import Targets

if TYPE_CHECKING:
    from trunkline.telemetry.shared import SharedFigures


class Figures:
    """A listener of exchanges that can be written down at any time. ``before`` goes on counting here.

    ``house`` are series that other rooms of this house keep, ``more`` those of the whole process.
    """

    def __init__(
        self,
        names: Names,
        health: Health,
        clock: Callable[[], float],
        in_flight: Callable[[], int],
        before: "Figures | None" = None,
    ) -> None:
        self.calls: Calls = Calls(names) if before is None else before.calls
        self.calls.know(names)
        self.refusals: Refusals = Refusals() if before is None else before.refusals
        self._in_flight = in_flight
        self.shared: SharedFigures | None = None if before is None else before.shared
        self.house: list[Series] = []
        self.more: list[Series] = [] if before is None else before.more
        self._series: list[Series] = [
            *self.calls.series,
            self.refusals.count,
            *Targets(health, names, clock).series,
            Gauge("llm_requests_in_flight", "Calls that are open now.", (), self._open),
            Gauge("llm_gateway_build_info", "Always 1; what runs here.", ("version", "python"), _build),
            *process_series(),
        ]

    def __call__(self, exchange: Exchange) -> None:
        """Count one ended exchange."""
        self.calls(exchange)

    @property
    def series(self) -> list[Series]:
        """Everything there is, the series of other rooms included."""
        return [*self._series, *self.house, *self.more]

    def text(self, content_type: str) -> bytes:
        """Everything that this process counts, in the form of ``content_type``."""
        return written(self.series, content_type)

    async def told(self, content_type: str) -> bytes:
        """The same with what the processes count that share their figures with this one."""
        return self.text(content_type) if self.shared is None else await self.shared.text(content_type)

    def _open(self) -> Readings:
        yield (), float(self._in_flight())


def _build() -> Readings:
    yield (__version__, platform.python_version()), 1.0
