"""How often a quality floor that was "shown" is violated in truth: simulated worlds, each with many fresh prompts.

python -m bench.floor_guarantee [SEEDS] [PROMPTS]
"""

import sys
from typing import NamedTuple

import numpy as np

from trunkline.backtest.floor import Play, cheapest_shown

FRESH = 20_000  # prompts that measure the truth of a choice; its own noise is then a tenth of the floor's margin


class Found(NamedTuple):
    """``shown``: seeds in which something cheaper than the best was chosen; ``violated``: below the floor in truth."""

    seeds: int
    shown: int
    violated: int


def violations(seeds: int = 1_000, prompts: int = 1_000, floor: float = 0.99, confidence: float = 0.95) -> Found:
    """Every seed: a world of plays of growing thrift, a choice on ``prompts`` of it, its truth on fresh ones."""
    shown = violated = 0
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        thrift = np.sort(rng.uniform(0.0, 0.12, 16))  # of the quality of the best, lost
        gain = rng.uniform(0.0, 0.04)  # what agreement of many adds, so that some worlds have room to save
        plays, singles = _sample(rng, prompts, thrift, gain)
        found = cheapest_shown(plays, singles, 0, 1.0, floor, confidence, rng)
        if found is None:
            continue
        shown += 1
        fresh, truth = _sample(rng, FRESH, thrift, gain)
        violated += bool(fresh[found.play].score.mean() < floor * truth.mean(axis=0).max() - 0.002)
    return Found(seeds, shown, violated)


def _sample(rng: np.random.Generator, prompts: int, thrift: np.ndarray, gain: float) -> tuple[list[Play], np.ndarray]:
    """The best has 0.8, a rival 0.79; a play errs where it saves and mends some of the best one's errors."""
    lot = rng.random((prompts, 3))
    best = lot[:, 0] < 0.8
    rival = np.where(lot[:, 2] < 0.7, best, rng.random(prompts) < 0.79)
    plays = [
        Play(
            np.where(best, lot[:, 1] >= loss, lot[:, 1] < gain * 0.8 / 0.2).astype(float),
            np.full(prompts, 0.9 - 0.05 * place),
        )
        for place, loss in enumerate(thrift)
    ]
    return plays, np.stack((best, rival), axis=1).astype(float)


def main() -> None:
    asked = [int(word) for word in sys.argv[1:]]
    seeds, prompts = (*asked, *(1_000, 1_000)[len(asked) :])
    found = violations(seeds, prompts)
    print(
        f"{found.seeds} seeds of {prompts} prompts: the floor of 99 % at 95 % confidence was shown in {found.shown}, "
        f"violated in truth in {found.violated} ({found.violated / found.seeds:.1%} of all seeds)"
    )


if __name__ == "__main__":
    main()
