"""How many targets of one route may be shut by rates at once.

Refuses to shut and to open any: circuits ask before a rate opens them.

Failures in a row say that a target is gone. A rate says that it is worse than wished, and when half of all targets are,
their load falls on the rest and makes these worse too. So rates may shut a share only, as in Envoy's outlier detection
(max_ejection_percent, envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/outlier).
"""

from collections.abc import Sequence

from trunkline.resilience.circuit_breaker import Circuit


class EjectionGroup:
    """The targets of a route, each with its circuits; ``most`` of them, at least one, may be shut by rates."""

    __slots__ = ("_members", "most")

    def __init__(self, members: Sequence[Sequence[Circuit]], share: float) -> None:
        self._members = tuple(tuple(circuits) for circuits in members)
        self.most = max(1, int(share * len(self._members) + 1e-9))
        for circuit in {id(one): one for circuits in self._members for one in circuits}.values():
            circuit.ask_before_ejecting(self.allows)

    @property
    def ejected(self) -> int:
        """Targets that a rate keeps shut."""
        return sum(any(circuit.ejected for circuit in circuits) for circuits in self._members)

    def allows(self, circuit: Circuit) -> bool:
        """True when not too many are shut once this one is, with all targets behind it."""
        after = sum(circuit in circuits or any(one.ejected for one in circuits) for circuits in self._members)
        return after <= self.most

    def __repr__(self) -> str:
        return f"<EjectionGroup [{self.ejected} of {len(self._members)} shut by rates, at most {self.most}]>"
