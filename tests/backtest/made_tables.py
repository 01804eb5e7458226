"""Tables of outcomes with a known truth: easy and hard prompts, and cheap models that fail on the hard ones."""

from pathlib import Path

import msgspec
import numpy as np

from trunkline.backtest.suite import Suite
from trunkline.routing.learned.prompt_layer import Seen

MODELS = ("ant/small", "bee/small", "cat/large", "dog/dear")
CHANCE = {"easy": (0.97, 0.96, 0.97, 0.98), "hard": (0.35, 0.30, 0.60, 0.85)}
PRICE = (0.0001, 0.00012, 0.002, 0.01)
EASY = ("add the two numbers {n} and {m}", "what is {n} plus {m} ?", "sum of {n} and {m} please")
HARD = ("prove that every ring of order {n} commutes", "derive the integral of x^{n} over the torus {m}")


def made_suite(prompts=400, seed=0, hard=0.5, name="made", *, hidden=False):
    """As arrays; wrong answers differ from one another as in life. ``hidden``: no prompt shows that it is hard."""
    rng = np.random.default_rng(seed)
    is_hard = rng.random(prompts) < hard
    texts = [_text(rng, bool(one) and not hidden) for one in is_hard]
    chance = np.where(is_hard[:, None], CHANCE["hard"], CHANCE["easy"])
    right = rng.random(chance.shape) < chance
    wrong = rng.integers(1, 6, chance.shape)
    return Suite(
        name=name,
        models=MODELS,
        seen=Seen.of(texts),
        kind=("",) * prompts,
        benchmark=("",) * prompts,
        score=right.astype(float),
        cost=np.tile(PRICE, (prompts, 1)) * (1 + is_hard[:, None]),
        tokens=np.where(is_hard[:, None], 400.0, 50.0) * np.ones(len(MODELS)),
        latency=np.full(chance.shape, np.nan),
        group=np.where(right, 0, wrong),
        length=np.log1p(np.where(is_hard[:, None], 1500.0, 200.0) * rng.uniform(0.7, 1.3, chance.shape)),
    )


def _text(rng, hard):
    forms = HARD if hard else EASY
    return forms[rng.integers(len(forms))].format(n=rng.integers(2, 999), m=rng.integers(2, 999))


def rows(prompts=60, seed=0):
    """The same kind of truth as rows of tables: queries, outcomes, answers."""
    suite = made_suite(prompts, seed)
    rng = np.random.default_rng(seed)
    queries = [
        {"query_id": f"q{i}", "prompt": _text(rng, False), "category": "sums", "benchmark": "made"}
        for i in range(prompts)
    ]
    outcomes, answers = [], []
    for i in range(prompts):
        for place, model in enumerate(MODELS):
            outcomes.append(
                {"query_id": f"q{i}", "model": model, "score": float(suite.score[i, place]), "cost_usd": PRICE[place]}
            )
            answers.append({"query_id": f"q{i}", "model": model, "answer": str(suite.group[i, place])})
    return queries, outcomes, answers


def write(directory: Path, queries, outcomes, answers=None, name="made"):
    """As JSON lines."""
    encoder = msgspec.json.Encoder()
    tables = {"queries": queries, "outcomes": outcomes} | ({} if answers is None else {"answers": answers})
    for table, content in tables.items():
        (directory / f"{name}_{table}.jsonl").write_bytes(encoder.encode_lines(content))
    return directory
