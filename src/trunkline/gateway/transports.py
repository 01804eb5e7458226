"""The HTTP clients of a house: one for each kind and each set of authorities that its providers want.

Refuses to know what they carry.
"""

from collections.abc import Callable

from trunkline.providers.provider import Provider, TransportKind
from trunkline.transport.http import HttpTransport
from trunkline.transport.limits import HttpLimits
from trunkline.transport.transport import Transport


class Transports:
    """Makes a client when the first provider wants it; ``given`` stands for all of them (tests, simulated time)."""

    def __init__(self, connections: int, clock: Callable[[], float], given: Transport | None = None) -> None:
        self._limits = HttpLimits(connections_per_origin=connections)
        self._clock = clock
        self._given = given
        self._made: dict[tuple[TransportKind, str | None], Transport] = {}

    def of(self, provider: Provider) -> Transport:
        """The client for a provider. Raises ConfigError where it needs a package or a file that is not there."""
        if self._given is not None:
            return self._given
        wanted = (provider.transport, provider.ca_file)
        if wanted not in self._made:
            self._made[wanted] = self._make(*wanted)
        return self._made[wanted]

    def _make(self, kind: TransportKind, ca_file: str | None) -> Transport:
        if kind == "http":
            return HttpTransport(limits=self._limits, ca_file=ca_file, clock=self._clock)
        from trunkline.transport.aiohttp_transport import AiohttpTransport  # noqa: PLC0415 - an optional extra

        return AiohttpTransport(limits=self._limits, ca_file=ca_file, clock=self._clock)

    async def aclose(self) -> None:
        """Close all of them, and the given one."""
        for transport in [*self._made.values(), *([self._given] if self._given else [])]:
            await transport.aclose()
