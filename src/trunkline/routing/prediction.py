"""What quality to expect of a target for a request: the port that priors, posteriors and fitted policies fill.

Refuses to know who asks. Until something was learned, public benchmarks speak.
"""

from collections.abc import Sequence
from typing import Protocol

from trunkline.routing.candidates import Profile
from trunkline.routing.complexity import Complexity
from trunkline.routing.prior import Quality


class Predictor(Protocol):
    """Predicts; synchronous and without I/O, as it is asked on every call that is routed."""

    def qualities(self, profiles: Sequence[Profile], complexity: Complexity) -> Sequence[Quality]:
        """One quality for each profile, in their order."""
        ...


class FromPriors:
    """Benchmarks, or a guess from the price, for the difficulty of this request."""

    def qualities(self, profiles: Sequence[Profile], complexity: Complexity) -> Sequence[Quality]:
        """As ``Ability.at``."""
        difficulty = complexity.score
        return [profile.ability.at(difficulty) for profile in profiles]
