"""What quality to expect of a target, as scores have taught it: the routing's port, filled.

Refuses to know who scored.
"""

from collections.abc import Callable, Sequence

from trunkline.routing.candidates import Profile
from trunkline.routing.clusters import cluster_of
from trunkline.routing.complexity import Complexity
from trunkline.routing.learner import Asked, Learner
from trunkline.routing.posteriors import Prior
from trunkline.routing.prior import Quality
from trunkline.stores.records import Millis

LEAST_SD = 0.15  # of a prior once there are scores: a benchmark does not grade as a judge does


class Learned:
    """What scores have taught, begun at the priors: with every score they count less. ``wall`` is Unix milliseconds."""

    def __init__(self, learner: Learner, wall: Callable[[], Millis]) -> None:
        self._learner = learner
        self._wall = wall

    def qualities(self, profiles: Sequence[Profile], complexity: Complexity) -> Sequence[Quality]:
        """As ``Learner.believe``; the source says how many scores of this kind of prompt there were."""
        now, difficulty = self._wall(), complexity.score
        asked = Asked(cluster_of(complexity), complexity.vector())
        return [self.quality(str(one.target), one.ability.at(difficulty), asked, now) for one in profiles]

    def quality(self, target: str, prior: Quality, asked: Asked, now: Millis) -> Quality:
        """Of one target, with what was believed of it for this prompt before anything was scored."""
        mean, sd = self._learner.believe(target, asked, now, Prior(prior.mean, max(prior.sd, LEAST_SD)))
        scored = self._learner.scored(target, asked.cluster, now)
        return Quality(mean, sd, f"{scored:.0f} scores of {asked.cluster}") if scored >= 0.5 else prior
