"""Policies written by hand: every number is known, so what a route makes of them is known too."""

import numpy as np

from trunkline.routing.learned.cascade import Cascade, Rule, Vote
from trunkline.routing.learned.policy import Floor, Policy
from trunkline.routing.learned.prompt_layer import Kinds, PromptLayer
from trunkline.routing.learned.surface import BUCKETS, FEATURES

AGREEING = 4  # place in the evidence: all that were asked say the same


def policy(
    models: tuple[str, ...] = ("little", "small", "large"),
    quality: tuple[float, ...] = (0.6, 0.7, 0.95),
    *,
    shown: bool = True,
    price: float = 0.0,
    cascade: bool = True,
    contented: bool = False,
) -> Policy:
    """One kind of prompt, the same quality for every one of it; the last model is the best.

    The cascade asks two, and takes their answer if they agree; ``contented``: the first one's.
    """
    size, count = 1 + FEATURES, len(models)
    zeros = np.zeros((size, count))
    layer = PromptLayer(
        kinds=Kinds(("all",), np.ones(BUCKETS), np.zeros((1, BUCKETS)), 1.0),
        center=np.zeros(FEATURES),
        scale=np.ones(FEATURES),
        of_kind=np.array([quality]),
        of_kind_sd=np.full((1, count), 0.02),
        head=zeros,
        spread=np.zeros((size, size)),
        noise=np.zeros(count),
        log_cost=np.zeros((1 + size, count)),
        log_tokens=np.vstack((np.full((1, count), np.log(40.0)), zeros)),
    )
    nothing = np.zeros(13)
    always = nothing.copy()
    always[0] = 1.0
    if contented:
        always[0] = -1.0
    unless_agreed = always.copy()
    unless_agreed[1 + AGREEING] = -2.0
    asking = Cascade(
        order=tuple(range(count)),
        votes=tuple(Vote(np.ones(asked + 4), np.zeros(4)) for asked in (1, 2)),
        rules=tuple(Rule(np.zeros(12), np.ones(12), nothing, then, nothing, 0.0) for then in (always, unless_agreed)),
        accuracy=np.array(quality),
        length_mean=np.zeros(count),
        length_sd=np.ones(count),
    )
    floor = Floor(0.99, 0.95, shown=shown, quality=0.995, quality_low=0.99, saved=0.6, prompts=500)
    return Policy(models, layer, asking if cascade else None, price, count - 1, floor)
