"""An answer of the simulator's, taken apart into what is always the same (bytes) and what is drawn anew (waits).
It refuses to draw.
"""

from msgspec import Struct

from trunkline.core.errors import CallError, ConnectionLost
from trunkline.simulator import Fault
from trunkline.simulator.config import Config, Latency, Limits
from trunkline.simulator.config import Provider as SimulatedConfig
from trunkline.simulator.http_reader import Request as Asked
from trunkline.simulator.script import Script
from trunkline.simulator.site import Site
from trunkline.testing.played_transport import NEVER, Part, Plan
from trunkline.transport.transport import Headers, Request

EARLY = 0.25  # an error status comes after this share of the time that a first token takes


class Passage(Struct, frozen=True):
    """Bytes that are sent at one time, ``wait`` seconds (a fault's own) and the time of ``tokens`` tokens later."""

    wait: float
    tokens: int
    data: bytes


class Rehearsal(Struct, frozen=True):
    """One answer: up to its first content in one passage, the rest in another, more where a fault has waits."""

    status: int
    headers: Headers
    passages: tuple[Passage, ...]
    lead: float
    error: type[CallError] | None
    prompt_tokens: int
    output_tokens: int

    def timed(self, first_token: float, per_token: float) -> Plan:
        """The plan, when the first token takes so many seconds, and each one after it."""
        waiting = first_token if self.status == 200 else first_token * EARLY
        parts = []
        for passage in self.passages:
            parts.append(Part(passage.wait + waiting + passage.tokens * per_token, passage.data))
            waiting = 0.0
        return Plan(self.status, self.headers, tuple(parts), lead=self.lead, error=self.error)


class Stage:
    """Where one provider rehearses: it has all the time in the world there, no limits, and one fault at most."""

    def __init__(self, name: str, config: SimulatedConfig) -> None:
        self._name = name
        self._config = config
        self._sites: dict[Fault | None, Site] = {}

    def rehearse(self, request: Request, fault: Fault | None) -> Rehearsal:
        """What the simulator sends for this request. Raises ValueError for a fault that is about HTTP's framing."""
        performance = self._site(fault).perform(_asked(request), 0.0)
        script = performance.script
        if script.repeat is not None or script.declared is not None or script.slice:
            raise ValueError(f"{fault} is about framing: play it over real sockets, with a Simulator")
        never = script.ending == "hang"
        return Rehearsal(
            status=script.status,
            headers=headers_of(script.headers),
            passages=tuple(_passages(script)) + ((Passage(NEVER, 0, b""),) if never and script.status else ()),
            lead=NEVER if never and not script.status else script.lead,
            error=ConnectionLost if script.ending in {"close", "reset"} else None,
            prompt_tokens=performance.usage.input,
            output_tokens=performance.usage.output,
        )

    def _site(self, fault: Fault | None) -> Site:
        if fault not in self._sites:
            faults = (fault,) if fault else ()
            alone = Config(providers={self._name: _at_leisure(self._config, faults)})
            self._sites[fault] = Site(alone)
        return self._sites[fault]


def _at_leisure(config: SimulatedConfig, faults: tuple[Fault, ...]) -> SimulatedConfig:
    return SimulatedConfig(
        models=config.models, keys=config.keys, dialects=config.dialects, latency=Latency(), limits=Limits(),
        faults=faults,
    )  # fmt: skip


def _passages(script: Script) -> list[Passage]:
    passages: list[Passage] = []
    begun, fresh = False, True
    for piece in script.pieces:
        data = piece.data[: len(piece.data) // 2] if piece.torn else piece.data
        tokens = piece.tokens if begun or piece.role == "body" else 0  # a stream's first token is the first wait
        if fresh or piece.after:
            passages.append(Passage(piece.after, tokens, data))
        else:
            last = passages[-1]
            passages[-1] = Passage(last.wait, last.tokens + tokens, last.data + data)
        fresh = piece.role == "content" and not begun
        begun = begun or piece.role == "content"
    return passages


def _asked(request: Request) -> Asked:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers)
    path = request.target.partition("?")[0]
    return Asked(method=request.method, target=request.target, path=path, headers=headers, body=bytes(request.body))


def headers_of(headers: tuple[tuple[str, str], ...]) -> Headers:
    """The simulator's headers as the transport hands them out."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
