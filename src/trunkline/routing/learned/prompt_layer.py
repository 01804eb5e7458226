"""What each model will make of a prompt, seen from the prompt alone: quality with its uncertainty, cost and length.

Refuses to see answers. Two views are added: the kinds of prompt (clusters of words, each with a posterior per model)
say where a model is strong, and a Bayesian linear head per model corrects that by the prompt's numbers. Both are
shrunk towards the model's mean, because with many models and few samples the best looking one is the luckiest.
"""

from collections.abc import Sequence

import numpy as np
from msgspec import Struct

from trunkline.routing.learned import surface
from trunkline.routing.learned.arrays import Bags, Bools, Floats, Ints


class Seen(Struct, frozen=True):
    """Prompts as numbers: ``features`` prompts x FEATURES, ``bag`` prompts x BUCKETS."""

    features: Floats
    bag: Bags

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Seen":
        """Of any texts."""
        return cls(np.array([surface.features(text) for text in texts]).reshape(len(texts), -1), surface.bag(texts))

    def rows(self, chosen: Ints | Bools) -> "Seen":
        """Some of the prompts."""
        return Seen(self.features[chosen], self.bag[chosen])


class Outlook(Struct, frozen=True):
    """Each prompts x models: expected quality 0 to 1 with its sd, dollars of a call, tokens of the answer."""

    quality: Floats
    sd: Floats
    cost: Floats
    tokens: Floats

    def rows(self, chosen: Ints | Bools) -> "Outlook":
        """Of some of the prompts."""
        return Outlook(*(part[chosen] for part in (self.quality, self.sd, self.cost, self.tokens)))


class Kinds(Struct, frozen=True):
    """Clusters of prompts by their words: ``centroids`` kinds x BUCKETS, rows of length 1; ``weights`` of the words.

    ``gates`` (1 + FEATURES) x kinds: clusters by the prompts' numbers, where no words were there to fit on.
    """

    names: tuple[str, ...]
    weights: Floats
    centroids: Floats
    sharpness: float
    gates: Floats | None = None

    def membership(self, bag: Bags, design: Floats | None = None) -> Floats:
        """How much each prompt is of each kind, prompts x kinds, rows that add up to 1."""
        if self.gates is not None and design is not None:
            likeness = design @ self.gates
        else:
            directions = unit_rows(bag * self.weights.astype(np.float32))
            likeness = self.sharpness * (directions @ self.centroids.T.astype(np.float32)).astype(np.float64)
        share = np.exp(likeness - likeness.max(axis=1, keepdims=True))
        whole: Floats = share / share.sum(axis=1, keepdims=True)
        return whole


class PromptLayer(Struct, frozen=True):
    """The fitted numbers; ``of_kind`` and ``of_kind_sd`` are kinds x models, heads are (1 + FEATURES) x models."""

    kinds: Kinds
    center: Floats
    scale: Floats
    of_kind: Floats
    of_kind_sd: Floats
    head: Floats
    spread: Floats  # the heads' shared posterior covariance, (1 + FEATURES) squared
    noise: Floats  # of one score, per model
    log_cost: Floats
    log_tokens: Floats

    def design(self, features: Floats) -> Floats:
        """Standardised features behind a column of ones; clipped, so that a strange prompt is no extrapolation."""
        standard = np.clip((features - self.center) / self.scale, -4.0, 4.0)
        return np.hstack((np.ones((len(standard), 1)), standard))

    def predict(self, seen: Seen) -> Outlook:
        """What to expect of every model at every prompt."""
        design = self.design(seen.features)
        share = self.kinds.membership(seen.bag, design)
        doubt = np.einsum("ij,jk,ik->i", design, self.spread, design)
        variance = share @ self.of_kind_sd**2 + doubt[:, None] * self.noise**2
        kinds_and_design = np.hstack((share, design))
        return Outlook(
            quality=np.clip(share @ self.of_kind + design @ self.head, 0.0, 1.0),
            sd=np.sqrt(variance),
            cost=np.exp(kinds_and_design @ self.log_cost),
            tokens=np.exp(kinds_and_design @ self.log_tokens),
        )


def unit_rows(rows: Bags) -> Bags:
    """Rows scaled to length 1; a row of zeros stays one."""
    scaled: Bags = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-6))
    return scaled
