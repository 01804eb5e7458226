"""``trunkline explain`` as a person meets it."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

from trunkline.routing import complexity
from trunkline.routing.clusters import cluster_of
from trunkline.routing.learner import Asked, Learner
from trunkline.stores.opening import StoreSettings, open_store, wall_millis

HOUSE = """
providers: {openai: , groq: {tags: [us]}}
models:
  smart: {strategy: balanced, targets: [openai/gpt-5.4, openai/gpt-5-nano, groq/openai/gpt-oss-20b]}
  plain: [openai/gpt-5.4, openai/gpt-5-nano]
keys: [{name: ci, key: 'sk-0123456789abcdef0123', requires: [us]}]
"""
REQUEST = {"model": "smart", "messages": [{"role": "user", "content": "What is the capital of France?"}]}


def explain(
    folder: Path, *arguments: str, request: dict[str, object] | None = None, house: str = HOUSE
) -> subprocess.CompletedProcess[str]:
    (folder / "house.yaml").write_text(house)
    (folder / "request.json").write_text(json.dumps(request or REQUEST))
    return subprocess.run(
        [sys.executable, "-m", "trunkline", "explain", "-c", "house.yaml", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "OPENAI_API_KEY": "k" * 20, "GROQ_API_KEY": "k" * 20, **_source()},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        input=json.dumps(request or REQUEST),
    )


def _source() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}


def test_a_decision_is_shown_as_a_table_of_candidates(tmp_path: Path) -> None:
    done = explain(tmp_path, "request.json")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].endswith("by balanced for the model smart")
    assert lines[2].split() == [
        "target", "quality", "95", "%", "from", "cost", "instead", "latency", "score", "propensity",
    ]  # fmt: skip
    assert [line.split()[0] for line in lines[3:6]] == ["1", "2", "3"]


def test_json_from_standard_input_is_the_same_each_time(tmp_path: Path) -> None:
    first, second = (explain(tmp_path, "-", "--json", "--seed", "5") for _ in range(2))

    told = json.loads(first.stdout)
    assert first.stdout == second.stdout
    assert (told["seed"], told["strategy"], len(told["candidates"])) == (5, "balanced", 3)


def test_the_callers_key_and_demands_hold(tmp_path: Path) -> None:
    by_key = json.loads(explain(tmp_path, "request.json", "--json", "--key", "ci").stdout)
    demanded = json.loads(explain(tmp_path, "request.json", "--json", "--require", "us").stdout)

    assert by_key["target"] == demanded["target"] == "groq/openai/gpt-oss-20b"
    assert {one["reason"] for one in by_key["excluded"]} == {"lacks the tag us"}


def test_an_ordered_route_is_explained_too(tmp_path: Path) -> None:
    told = json.loads(explain(tmp_path, "-", "--json", request={**REQUEST, "model": "plain"}).stdout)

    assert (told["strategy"], told["target"]) == ("ordered", "openai/gpt-5.4")


def test_a_mistake_says_what_to_change(tmp_path: Path) -> None:
    unknown = explain(tmp_path, "-", request={**REQUEST, "model": "smrt"})
    strategy = explain(tmp_path, "request.json", "--strategy", "cascade")
    key = explain(tmp_path, "request.json", "--key", "nobody")
    missing = explain(tmp_path, "nothing.json")

    assert [done.returncode for done in (unknown, strategy, key, missing)] == [1, 1, 1, 1]
    assert "smart" in unknown.stderr
    assert "It takes: balanced, ordered" in strategy.stderr
    assert "its keys are: ci" in key.stderr
    assert "nothing.json cannot be read" in missing.stderr


def test_what_the_ledger_has_learned_is_known_and_no_ledger_is_made(tmp_path: Path) -> None:
    scored = HOUSE + "\nquality: {}\nledger: made.db\n"
    before = json.loads(explain(tmp_path, "request.json", "--json", house=scored).stdout)
    left_behind = (tmp_path / "made.db").exists()
    asyncio.run(taught(tmp_path / "made.db", "openai/gpt-5.4"))

    after = json.loads(explain(tmp_path, "request.json", "--json", house=scored).stdout)

    by_target = {one["target"]: one for one in after["candidates"]}
    assert not left_behind
    assert {one["quality_from"] for one in before["candidates"]} == {"benchmark"}
    assert by_target["openai/gpt-5.4"]["quality_from"].startswith("30 scores of ")
    assert by_target["openai/gpt-5.4"]["quality"]["mean"] < 0.3


async def taught(ledger: Path, target: str) -> None:
    """Thirty bad scores of one target for what the request is."""
    seen = complexity.analyse("What is the capital of France?")
    asked = Asked(cluster_of(seen), seen.vector())
    learner = Learner(len(complexity.NAMES))
    for _ in range(30):
        learner.learn(target, asked, 0.0, 1.0, wall_millis())
    store = open_store(StoreSettings(path=str(ledger)))
    await learner.save(store.quality)
    await store.aclose()
