"""A pytest plugin that breaks one rule: a half-open circuit lets everybody in."""

from trunkline.resilience.circuit_breaker import Circuit

_admit, _ready_at = Circuit._admit, Circuit._ready_at


def admit(self: Circuit, now: float, *, panic: bool) -> int | None:
    ticket = _admit(self, now, panic=panic)
    if ticket is None and self._state == "half_open":
        self._probes_out += 1
        self.acquired += 1
        return self.acquired
    return ticket


def ready_at(self: Circuit, now: float, *, panic: bool) -> float:
    return now if self._state == "half_open" else _ready_at(self, now, panic=panic)


Circuit._admit = admit
Circuit._ready_at = ready_at
