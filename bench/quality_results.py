"""``python -m bench.quality_results --data DIR --write``: what estimates of quality are worth.

Refuses to ask a judge: published verdicts are replayed through our own rules.
"""

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from bench.falls import falls, grade
from bench.weigh import ROOT
from trunkline.quality.agreement import Agreement, Compared, agreement, longer_wins, wilson
from trunkline.quality.anytime import BETS, Comparison
from trunkline.quality.pairwise import Choice, majority, settled
from trunkline.quality.prediction_powered import corrected

DOCUMENT = ROOT / "docs/quality-results.md"
MARK = "<!-- figures: written by python -m bench.quality_results --data DIR --write -->\n"
FALLS = "## A fall of ten points"
SAID: dict[str, Choice] = {"1": "a", "2": "b", "0": "tie"}
Rows = dict[str, dict[str, Compared]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.quality_results", description=__doc__)
    parser.add_argument(
        "--data", type=Path, help="directory with judge_pairs.parquet and the others; left out: --falls"
    )
    parser.add_argument("--falls", action="store_true", help="only the last section; the others stand as they were")
    parser.add_argument("--write", action="store_true", help=f"put the figures into {DOCUMENT.name}")
    options = parser.parse_args()
    if options.data is None and not options.falls:
        parser.error("say where the data are with --data, or --falls for what needs none")
    head, _, after = DOCUMENT.read_text("utf-8").partition(MARK)
    written, mark, rest = after.partition("\n<!--")
    if options.falls:
        text = "\n".join([written[: written.index(FALLS)].strip("\n"), "", *falls()])
    else:
        text = "\n".join([*replayed(options.data), *real_corrections(options.data), *simulated()])
    print(text)
    if options.write:
        DOCUMENT.write_text(head.rstrip("\n") + "\n\n" + MARK + "\n" + text + "\n" + mark + rest, "utf-8")


# published verdicts


def replayed(data: Path) -> Iterable[str]:
    by_judge = verdicts(data)
    for source, name in (("llmbar", "LLMBar"), ("pandalm", "PandaLM")):
        judges = {judge: list(rows.values()) for judge, rows in by_judge.items() if judge.startswith(source)}
        pairs = {pair: row for judge in judges for pair, row in by_judge[judge].items()}
        yield f"## Published judges on {name}\n"
        longer = longer_wins(list(pairs.values()))
        yield f"{len(pairs)} pairs; the longer answer wins: {longer} of those that people decided.\n"
        yield "| judge | one order agrees | orders alike | of those agree | gain | first place | longer, less people |"
        yield "| --- | --- | --- | --- | --- | --- | --- |"
        found = {judge: agreement(rows) for judge, rows in judges.items()}
        shown = best(found) if source == "llmbar" else list(found)
        for judge in shown:
            yield line(judge.partition(":")[2], found[judge])
        yield ""
        if source == "llmbar":
            yield from panels({judge: by_judge[judge] for judge in judges})


def line(name: str, one: Agreement) -> str:
    two = one.decided if one.first_place.n else None
    cells = [one.one_order, two or "-", one.two_orders if two else "-", f"{one.gain.value:+.1%}" if two else "-"]
    cells += [
        one.first_place if two else "-",
        f"{one.longer.value:+.1%} ({one.longer.low:+.1%} to {one.longer.high:+.1%})",
    ]
    return f"| {name} | " + " | ".join(map(str, cells)) + " |"


def best(found: dict[str, Agreement]) -> list[str]:
    """Of each model the plain prompt, and the prompt that agrees best."""
    models: dict[str, list[str]] = defaultdict(list)
    for judge in found:
        models[judge.partition("/")[0]].append(judge)
    shown = []
    for judges in models.values():
        plain = [judge for judge in judges if judge.endswith("/Vanilla_NoRules")]
        top = max(judges, key=lambda judge: found[judge].one_order.value)
        shown += [*plain, *({top} - set(plain))]
    return shown


def panels(judges: Rows) -> Iterable[str]:
    """All judges with the plain prompt together: the mean of single verdicts, and the majority of settled ones."""
    plain = [rows for judge, rows in judges.items() if judge.endswith("/Vanilla_NoRules")]
    pairs = [pair for pair in plain[0] if all(pair in rows for rows in plain)]
    labels = [plain[0][pair].label for pair in pairs]
    mean = [majority([rows[pair].first for rows in plain]) for pair in pairs]
    panel = [majority([settled(rows[pair].first, rows[pair].swapped) for rows in plain]) for pair in pairs]
    yield f"All {len(plain)} judges with the plain prompt on the same {len(pairs)} pairs:\n"
    for name, choices in (("plain mean of one order each", mean), ("majority of two-order verdicts", panel)):
        decided = [(said, label) for said, label in zip(choices, labels, strict=True) if said in {"a", "b"}]
        right = wilson(sum(said == label for said, label in decided), len(decided))
        yield f"* {name}: decides {len(decided) / len(pairs):.0%} of the pairs, right in {right}"
    yield ""


def verdicts(data: Path) -> Rows:
    pairs = {row["pair_id"]: row for row in table(data, "judge_pairs")}
    found: Rows = defaultdict(dict)
    for row in table(data, "judge_verdicts"):
        pair = pairs[row["pair_id"]]
        said = [SAID.get(str(one)) for one in json.loads(row["verdicts"])][
            -2:
        ]  # a judge that was shown both: its last word
        if not said:
            continue
        label: Choice = "tie" if pair["label"] == "tie" else "a" if pair["label"] == "A" else "b"
        lengths = len(pair["response_a"]), len(pair["response_b"])
        found[row["judge"]][row["pair_id"]] = Compared(label, said[0], said[-1], *lengths, one_order=len(said) == 1)
    return found


def table(data: Path, name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(data / f"{name}.parquet").to_pylist()
    return rows


# a real cheap judge, corrected


def real_corrections(data: Path, labels: int = 100, draws: int = 200) -> Iterable[str]:
    """The judge: does the answer equal what most other models said? Cheap, and biased for every model differently."""
    said = {(row["query_id"], row["model"]): row["answer"] for row in table(data, "zeroeval_answers")}
    truth = {(row["query_id"], row["model"]): row["score"] for row in table(data, "zeroeval_outcomes")}
    counted: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (query, _), answer in said.items():
        counted[query][answer] += 1
    covered = raw_covered = runs = 0
    widths, alone, biases = [], [], []
    for model in sorted({model for _, model in said}):
        queries = [query for query, name in said if name == model and (query, model) in truth]
        votes = [float(agrees(counted[query], said[query, model])) for query in queries]
        scores = [float(truth[query, model]) for query in queries]
        rng, quality = random.Random(model), fmean(scores)
        biases.append(fmean(votes) - quality)
        for _ in range(draws // 8):
            drawn = rng.sample(range(len(queries)), labels)
            rest = sorted(set(range(len(queries))) - set(drawn))
            one = corrected([scores[n] for n in drawn], [votes[n] for n in drawn], [votes[n] for n in rest])
            widths.append(one.high - one.low)
            labelled = wilson(sum(scores[n] for n in drawn), labels)
            alone.append(labelled.high - labelled.low)
            runs += 1
            covered += one.low <= quality <= one.high
            raw = wilson(sum(votes[n] for n in rest), len(rest))
            raw_covered += raw.low <= quality <= raw.high
    yield "## A real biased judge, corrected\n"
    yield (
        f"The judge says whether an answer of ZeroEval equals what most other models said: {min(biases):+.1%} to "
        f"{max(biases):+.1%} off, model by model. With {labels} labels drawn at random, {runs} draws over "
        f"{len(biases)} models:\n"
    )
    yield f"* the corrected 95 % interval covers the model's true share of right answers in {wilson(covered, runs)}"
    yield f"* the judge's own mean with its interval does in {wilson(raw_covered, runs)}"
    yield f"* width: {fmean(widths):.3f} corrected, {fmean(alone):.3f} from the labels alone\n"


def agrees(counts: dict[str, int], answer: str) -> bool:
    others = dict(counts)
    others[answer] -= 1
    return others[answer] == max(others.values()) > 0


# worlds whose truth is known


JUDGES: dict[str, Callable[[random.Random, float], float]] = {
    "lenient by 0.15, noisy": lambda rng, truth: grade(truth + 0.15 + rng.gauss(0, 0.15)),
    "harsh, compresses the scale": lambda rng, truth: grade(0.7 * truth + rng.gauss(0, 0.1)),
    "prefers the first place": lambda rng, truth: grade(truth + 0.25 * (rng.random() < 0.5) + rng.gauss(0, 0.1)),
    "pure noise": lambda rng, _: grade(rng.random()),
    "exact": lambda _, truth: truth,
}


def simulated() -> Iterable[str]:
    yield "## Simulated judges\n"
    yield "500 runs (seeds 0 to 499): 120 answers labelled by people, 1,200 judged, graded 1 to 5; 95 % intervals.\n"
    yield "| judge | corrected covers | raw mean covers | width corrected | trust |"
    yield "| --- | --- | --- | --- | --- |"
    truth = fmean(grade(random.Random(n).betavariate(4, 2)) for n in range(200_000))
    for name, judge in JUDGES.items():
        yield _covering(name, judge, truth)
    yield ""
    yield from _promotions()
    yield from falls()


def _covering(name: str, judge: Callable[[random.Random, float], float], truth: float) -> str:
    hits = raw = 0
    widths, trusts = [], []
    for seed in range(500):
        rng = random.Random(seed)
        truths = [grade(rng.betavariate(4, 2)) for _ in range(1_320)]
        said = [judge(rng, one) for one in truths]
        found = corrected(truths[:120], said[:120], said[120:])
        hits += found.low <= truth <= found.high
        half = 1.96 * float(np.std(said[120:])) / 1_200**0.5
        raw += abs(found.raw - truth) <= half
        widths.append(found.high - found.low)
        trusts.append(found.trust)
    return f"| {name} | {wilson(hits, 500)} | {raw / 500:.1%} | {fmean(widths):.3f} | {fmean(trusts):.2f} |"


def _promotions() -> Iterable[str]:
    comparison = Comparison()
    yield "## Promotion with continuous peeking\n"
    yield (
        f"1,000 seeds, up to 3,000 compared answers each, looked at after every one; margin {comparison.margin:g}, "
        f"error {comparison.error:g}.\n"
    )
    yield "| the candidate is | promoted | median answers until then |"
    yield "| --- | --- | --- |"
    for better in (-0.1, -0.05, -0.03, 0.0, 0.03, 0.05):
        rng = np.random.default_rng(7)
        scores = np.clip(np.round((0.7 + rng.normal(0, 0.25, (2, 1_000, 3_000))) * 4) / 4, 0, 1)
        ahead = np.clip(scores[0] - scores[1] - (scores[0].mean() - scores[1].mean()) + better, -1, 1)
        steps = (ahead + comparison.margin) / (1 - comparison.margin)
        stakes = np.mean([np.exp(np.cumsum(np.log1p(bet * steps), axis=1)) for bet in BETS], axis=0)
        shown = stakes >= 1 / comparison.error
        when = [int(row.argmax()) + 1 for row in shown if row.any()]
        told = f"{median(when):.0f}" if len(when) > 500 else "-"
        yield f"| {better:+.2f} | {wilson(len(when), 1_000)} | {told} |"
    yield ""


if __name__ == "__main__":
    main()
