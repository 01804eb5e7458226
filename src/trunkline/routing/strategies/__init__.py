"""Strategies: each is one small struct that is its own config, and a pure function from candidates to an order.

Refuses to know how calls are made.
"""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from trunkline.routing.strategies.adaptive import Adaptive
from trunkline.routing.strategies.by_answer import Cascade
from trunkline.routing.strategies.by_chance import Fastest, Weighted
from trunkline.routing.strategies.by_value import Balanced, CostOptimized, QualityFirst


class Ordered(Struct, frozen=True, forbid_unknown_fields=True, tag="ordered", tag_field="kind"):
    """The route's own order: nothing is predicted, and nothing is spent on deciding."""


Strategy = Ordered | CostOptimized | QualityFirst | Balanced | Adaptive | Cascade | Weighted | Fastest
"""Any of them, told apart by ``kind``."""

_KINDS = (Ordered, CostOptimized, QualityFirst, Balanced, Adaptive, Cascade, Weighted, Fastest)
BY_NAME: Mapping[str, Callable[[], Strategy]] = {str(kind.__struct_config__.tag): kind for kind in _KINDS}
REORDERING: Final = ("ordered", "cost_optimized", "quality_first", "balanced", "latency")
"""Those that only reorder a route's targets and need no settings: what callers may ask for unless a route says else."""


def kind_of(strategy: Strategy) -> str:
    """Its name in configs and headers."""
    return str(strategy.__struct_config__.tag)


__all__ = [
    "BY_NAME",
    "REORDERING",
    "Adaptive",
    "Balanced",
    "Cascade",
    "CostOptimized",
    "Fastest",
    "Ordered",
    "QualityFirst",
    "Strategy",
    "Weighted",
    "kind_of",
]
