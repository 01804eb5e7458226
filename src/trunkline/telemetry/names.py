"""Which words may become labels: those of the config, never those of a caller.

Refuses to grow: a thousand invented model names are one label, ``other``.
"""

from collections.abc import Iterable

from trunkline.core.exchange import Exchange, Target
from trunkline.telemetry.series import OTHER, Labels

DIRECT = "direct"  # provider/model, or a catalogued model, without a route
NOBODY: Labels = ("", "")  # no provider was asked
MOST_TARGETS = 256


class Names:
    """Labels of routes and targets. A target is known once it has answered: junk names never do."""

    __slots__ = ("routes", "targets")

    def __init__(self, routes: Iterable[str], targets: Iterable[Target]) -> None:
        self.routes = frozenset(routes)
        self.targets: dict[Target, Labels] = {target: (target.provider, target.model) for target in targets}

    def join(self, before: "Names") -> None:
        """Keep what was known before: calls that began then are still to be counted."""
        self.routes |= before.routes
        self.targets = {**before.targets, **self.targets}

    def route(self, exchange: Exchange) -> str:
        """The config's route, ``direct`` where a provider was asked without one, else ``other``."""
        asked = exchange.call.envelope.model
        if asked in self.routes:
            return asked
        return DIRECT if exchange.attempts else OTHER

    def target(self, target: Target, *, answered: bool = False) -> Labels:
        """Provider and model; the model is ``other`` until a target that the config does not name has answered."""
        known = self.targets.get(target)
        if known is None:
            if not answered or len(self.targets) >= MOST_TARGETS:
                return (target.provider, OTHER)
            known = self.targets[target] = (target.provider, target.model)
        return known

    def knows(self, target: Target) -> bool:
        """True for targets of the config, and for others that have answered."""
        return target in self.targets
