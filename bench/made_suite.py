"""``python -m bench.made_suite DIRECTORY``: simulated models answer 1,200 questions: a suite of known truth.

Refuses to be evidence: it shows what a backtest says when one knows what it should say. Real data is the user's.
"""

import argparse
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from trunkline.simulator import questions, tokens
from trunkline.simulator.answering import judge_and_word
from trunkline.simulator.ask import Ask
from trunkline.simulator.capitals import CAPITALS
from trunkline.simulator.config import Model

NAME = "made"
QUESTIONS = 1_200
LETTERS = "bcdfghklmnprstvz", "aeiou"
# provider/model: dollars per million tokens in and out, and the chance of a right answer by kind of question
MODELS: dict[str, tuple[float, float, dict[str, float]]] = {
    "ant/mini": (0.10, 0.40, {"arithmetic": 0.70, "trivia": 0.93, "spelling": 0.35}),
    "bee/small": (0.15, 0.60, {"arithmetic": 0.75, "trivia": 0.85, "spelling": 0.60}),
    "cat/medium": (1.00, 4.00, {"arithmetic": 0.88, "trivia": 0.95, "spelling": 0.80}),
    "dog/large": (3.00, 15.00, {"arithmetic": 0.97, "trivia": 0.98, "spelling": 0.93}),
}


def prompts(rng: random.Random) -> Iterator[str]:
    """Sums without end, every capital once, and words to be spelled backwards; in this order of frequency."""
    capitals = rng.sample(sorted(CAPITALS), len(CAPITALS))
    for country in capitals[: QUESTIONS // 4]:
        yield f"What is the capital of {country.title()}?"
    for _ in range(QUESTIONS // 4):
        word = "".join(rng.choice(LETTERS[place % 2]) for place in range(rng.randint(5, 9)))
        yield f"Reverse the word {word}"
    while True:
        yield f"What is {rng.randint(11, 999)} {rng.choice('+-*')} {rng.randint(11, 99)}?"


def rows(seed: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Queries, outcomes and answers, as a backtest reads them."""
    asked = list(dict.fromkeys(islice(prompts(random.Random(seed)), 2 * QUESTIONS)))
    random.Random(seed).shuffle(asked)
    queries: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    for number, prompt in enumerate(asked[:QUESTIONS]):
        question = questions.recognise(prompt)
        kind = question.kind if question else "default"
        here = {"query_id": f"q{number}"}
        queries.append({**here, "prompt": prompt, "category": kind, "benchmark": NAME})
        for name, (dear_in, dear_out, quality) in MODELS.items():
            truth = judge_and_word(Ask(model=name, prompt=prompt), Model(quality=quality), seed)
            said = tokens.count(truth.text)
            cost = (tokens.count(prompt) * dear_in + said * dear_out) / 1e6
            made = {**here, "model": name}
            outcomes.append({**made, "score": float(truth.right), "cost_usd": cost, "output_tokens": said})
            answers.append({**made, "answer": truth.core, "response_chars": len(truth.text)})
    return queries, outcomes, answers


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.made_suite", description="A suite of known truth.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    for table, content in zip(("queries", "outcomes", "answers"), rows(options.seed), strict=True):
        (options.directory / f"{NAME}_{table}.jsonl").write_bytes(msgspec.json.Encoder().encode_lines(content))
    print(
        f"no DIR was given, and no data set comes with trunkline: {len(MODELS)} simulated models answer {QUESTIONS:,} "
        f"questions\nwhose right answers are known (seed {options.seed}), in {options.directory}. What is true of them:"
    )
    for name, (_, dear_out, quality) in MODELS.items():
        right = ", ".join(f"{kind} {share:.0%}" for kind, share in quality.items())
        print(f"  {name:12} ${dear_out:5.2f} a million tokens; right: {right}")
    print("Your own: make backtest DIR=path/to/tables (the form: docs/backtest.md)\n")


if __name__ == "__main__":
    main()
