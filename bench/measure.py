"""What a running gateway costs under load, and what the same calls cost without it.

Refuses to start anything: it is given the two processes, each on its core.
"""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec import Struct

from bench import kinds
from bench.figures import Figure, quantile
from bench.house import Process
from bench.kinds import Kind
from bench.load import one_by_one, saturate

WARM_UP = 0.3  # seconds; connections are opened, code and caches are warm
CROWD = 512  # streams at once, for the memory they take


class Effort(Struct, frozen=True):
    """How long to measure: ``rounds`` over all kinds of calls, ``seconds`` each; ``turns`` one by one."""

    rounds: int
    seconds: float
    turns: int


class Sample(Struct, frozen=True):
    """One run of one kind: microseconds of CPU and socket reads a call, calls a second."""

    cpu: float
    reads: float
    rate: float


class Bench:
    """The gateway on one core; the mock and the load generator on the other."""

    def __init__(self, gateway: tuple[Process, int], upstream: tuple[Process, int], cores: tuple[int, int]) -> None:
        self._gateway, self._port = gateway
        self._upstream, self._upstream_port = upstream
        self._cores = cores

    async def sample(self, kind: Kind, seconds: float) -> Sample:
        """One run through the gateway at saturation."""
        job, gateway = kind.through(self._port), self._gateway
        await saturate(job, kind.connections, WARM_UP)
        cpu, reads = gateway.cpu(), gateway.reads()
        answers, took = await saturate(job, kind.connections, seconds)
        return Sample((gateway.cpu() - cpu) / answers * 1e6, (gateway.reads() - reads) / answers, answers / took)

    async def sample_direct(self, kind: Kind, seconds: float) -> Sample:
        """The same without the gateway: the mock has its core, and it is the mock's CPU that is counted."""
        job, mock = kind.straight(self._upstream_port), self._upstream
        with self._moved():
            await saturate(job, kind.connections, WARM_UP)
            cpu, reads = mock.cpu(), mock.reads()
            answers, took = await saturate(job, kind.connections, seconds)
        return Sample((mock.cpu() - cpu) / answers * 1e6, (mock.reads() - reads) / answers, answers / took)

    async def samples(
        self, chosen: dict[str, Kind], effort: Effort, *, direct: bool = False
    ) -> dict[str, list[Sample]]:
        """Every kind in every round, so that a noisy minute is not one kind's alone."""
        take = self.sample_direct if direct else self.sample
        taken: dict[str, list[Sample]] = {name: [] for name in chosen}
        for _ in range(effort.rounds):
            for name, kind in chosen.items():
                taken[name].append(await take(kind, effort.seconds))
        return taken

    async def latency(self, kind: Kind, effort: Effort) -> tuple[list[float], list[float], list[float], list[float]]:
        """Milliseconds, one call at a time: (first byte direct, through), (whole direct, through)."""
        jobs = [kind.straight(self._upstream_port), kind.through(self._port)]
        await one_by_one(jobs, 50)
        direct, through = await one_by_one(jobs, effort.turns)
        return (
            [timing.first * 1e3 for timing in direct],
            [timing.first * 1e3 for timing in through],
            [timing.whole * 1e3 for timing in direct],
            [timing.whole * 1e3 for timing in through],
        )

    async def peak(self, kind: Kind, connections: int, seconds: float) -> float:
        """MB of memory at its highest while so many ask at once."""
        self._gateway.forget_peak()
        await saturate(kind.through(self._port), connections, seconds)
        return self._gateway.memory("VmHWM")

    @contextmanager
    def _moved(self) -> Iterator[None]:
        """The mock on the gateway's core, while that one has nothing to do."""
        self._upstream.move(self._cores[1])
        try:
            yield
        finally:
            self._upstream.move(self._cores[0])


def rate_of(samples: Sequence[Sample]) -> float:
    """Calls a second, the median."""
    return statistics.median(sample.rate for sample in samples)


async def added_latency(bench: Bench, effort: Effort) -> list[Figure]:
    """What a caller waits longer."""
    _, _, direct, through = await bench.latency(kinds.WHOLE, effort)
    first_direct, first_through, _, _ = await bench.latency(kinds.STREAM, effort)
    figures = []
    for share, target in ((0.5, 0.5), (0.99, None)):
        name = f"p{share * 100:.0f}"
        before, after = quantile(direct, share), quantile(through, share)
        figures.append(Figure(f"whole answer, {name}", "ms", (after,), direct=before))
        figures.append(Figure(f"whole answer, added {name}", "ms", (after - before,), target))
    for share, target in ((0.5, 1.0), (0.99, None)):
        name = f"p{share * 100:.0f}"
        before, after = quantile(first_direct, share), quantile(first_through, share)
        figures.append(Figure(f"first chunk of a stream, {name}", "ms", (after,), direct=before))
        figures.append(Figure(f"first chunk of a stream, added {name}", "ms", (after - before,), target))
    return figures


async def saturation(bench: Bench, effort: Effort) -> list[Figure]:
    """How much one core does, and what one call takes of it."""
    chosen = {
        "request": kinds.WHOLE,
        "request of 100 kB": kinds.LARGE,
        "stream of 20 chunks": kinds.STREAM,
        **{f"request, {name}": Kind(*pair) for name, pair in kinds.CROSSINGS.items()},
        **{f"stream, {name}": Kind(*pair, stream=True) for name, pair in kinds.CROSSINGS.items()},
    }
    targets = {"request": 0.20, "stream of 20 chunks": 0.6}
    taken = await bench.samples(chosen, effort)
    direct = await bench.samples({name: chosen[name] for name in targets}, effort, direct=True)
    figures = []
    for name in targets:
        rates = tuple(sample.rate for sample in taken[name])
        figures.append(Figure(f"{name}: a second", "/s", rates, direct=rate_of(direct[name])))
    for name, samples in taken.items():
        figures.append(Figure(f"{name}: CPU", "ms", tuple(one.cpu / 1e3 for one in samples), targets.get(name)))
    return figures


async def per_chunk(bench: Bench, effort: Effort) -> list[Figure]:
    """What one more chunk costs: the slope between streams of 20 and of 220 chunks."""
    pairs = {
        "sent as fast as they are taken": (kinds.STREAM, kinds.LONG, 6.0),
        "all in one write": (kinds.BURST, kinds.BURST_LONG, None),
        "2 ms apart": (kinds.PACED, kinds.PACED_LONG, None),
    }
    figures = []
    for name, (short, long, target) in pairs.items():
        taken = await bench.samples({"short": short, "long": long}, effort)
        couples = list(zip(taken["short"], taken["long"], strict=True))
        more = long.chunks - short.chunks
        slopes = tuple((after.cpu - before.cpu) / more for before, after in couples)
        reads = tuple((after.reads - before.reads) / more for before, after in couples)
        figures.append(Figure(f"a chunk, {name}: CPU", "us", slopes, target))
        figures.append(Figure(f"a chunk, {name}: socket reads", "", reads))
    return figures


async def large_bodies(bench: Bench, effort: Effort) -> list[Figure]:
    """Requests of 10 MB, four at a time: images come like that."""
    megabytes = kinds.HUGE.size / 1e6
    chosen = {"huge": kinds.HUGE}
    direct = await bench.samples(chosen, effort, direct=True)
    taken = (await bench.samples(chosen, effort))["huge"]
    rates = tuple(sample.rate * megabytes for sample in taken)
    peak = await bench.peak(kinds.HUGE, kinds.HUGE.connections, effort.seconds)
    return [
        Figure("requests of 10 MB: a second", "MB/s", rates, direct=rate_of(direct["huge"]) * megabytes),
        Figure("a MB of request: CPU", "ms", tuple(sample.cpu / 1e3 / megabytes for sample in taken)),
        Figure("four requests of 10 MB at once: memory at its highest", "MB", (peak,)),
    ]


async def memory_of_streams(bench: Bench, effort: Effort) -> list[Figure]:
    """Memory while many streams are open."""
    peak = await bench.peak(kinds.PACED_LONG, CROWD, effort.seconds)
    return [Figure(f"{CROWD} streams at once: memory at its highest", "MB", (peak,))]
