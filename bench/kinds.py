"""The kinds of calls that are measured, each as a job for the load generator.

Refuses to know how long and how often they are asked.
"""

from typing import Literal

from msgspec import Struct

from bench import bodies, house
from bench.load import Job, request

Leaving = Literal["each", "paced", "burst"]
ENDING = 14  # bytes of an answer's end that are compared


class Kind(Struct, frozen=True):
    """A call: who asks whom, how much, for what. ``leaving`` is how the mock sends a stream."""

    caller: bodies.DialectName = "openai"
    provider: bodies.DialectName = "openai"
    size: int = 1000  # bytes of the request's body
    chunks: int = 20
    stream: bool = False
    leaving: Leaving = "each"

    @property
    def connections(self) -> int:
        """How many ask at once: enough to keep one core busy, few enough not to measure a queue."""
        return 4 if self.size > 1_000_000 else 16

    def through(self, port: int) -> Job:
        """Asked of the gateway."""
        expected = bodies.shown(self.caller, self.leaving, self.chunks, streamed=self.stream, asked=True)
        verbatim = self.caller == self.provider
        return self._job(port, f"{self.provider}-{self.leaving}", expected, len(expected) if verbatim else 0)

    def straight(self, port: int) -> Job:
        """Asked of the mock itself."""
        expected = bodies.shown(self.caller, self.leaving, self.chunks, streamed=self.stream, asked=False)
        return self._job(port, self.leaving, expected, len(expected))

    def _job(self, port: int, model: str, expected: bytes, length: int) -> Job:
        body = bodies.ask(self.caller, model, self.size, chunks=self.chunks, stream=self.stream)
        ending = expected[-ENDING:] if self.stream else expected[-1:]
        return Job(port, request(bodies.PATHS[self.caller], house.KEY, body), ending, length)


WHOLE = Kind()
STREAM = Kind(stream=True)
LONG = Kind(stream=True, chunks=220)
PACED = Kind(stream=True, leaving="paced")
PACED_LONG = Kind(stream=True, chunks=220, leaving="paced")
BURST = Kind(stream=True, leaving="burst")
BURST_LONG = Kind(stream=True, chunks=220, leaving="burst")
LARGE = Kind(size=100_000)
HUGE = Kind(size=10_000_000)
CROSSINGS: dict[str, tuple[bodies.DialectName, bodies.DialectName]] = {
    "anthropic": ("anthropic", "anthropic"),
    "openai to anthropic": ("openai", "anthropic"),
    "anthropic to openai": ("anthropic", "openai"),
}
