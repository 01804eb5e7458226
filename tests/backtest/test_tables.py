import csv

import msgspec
import pytest

from tests.backtest import made_tables
from trunkline.backtest import suite, tables
from trunkline.backtest.tables import TablesError


def built(directory, queries, outcomes, answers=None):
    return suite.build(tables.read(made_tables.write(directory, queries, outcomes, answers), "made"))


def test_three_tables_become_one_suite_with_answers_grouped(tmp_path):
    queries, outcomes, answers = made_tables.rows()

    found = built(tmp_path, queries, outcomes, answers)

    assert found.models == made_tables.MODELS
    assert len(found) == 60
    assert found.answered
    right = found.score == 1
    assert (found.group[right] == found.group[right.any(axis=1)][0, right[right.any(axis=1)][0].argmax()]).any()
    assert not found.left_out


def test_csv_and_parquet_say_the_same_as_json_lines(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    queries, outcomes, _ = made_tables.rows()
    lines, mixed = tmp_path / "lines", tmp_path / "mixed"
    lines.mkdir()
    mixed.mkdir()
    parquet.write_table(pyarrow.Table.from_pylist(queries), mixed / "made_queries.parquet")
    with (mixed / "made_outcomes.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, outcomes[0])
        writer.writeheader()
        writer.writerows(outcomes)

    assert tables.read(mixed, "made") == tables.read(made_tables.write(lines, queries, outcomes), "made")


def without(rows, column):
    return [{name: value for name, value in row.items() if name != column} for row in rows]


def changed(rows, **fields):
    return [rows[0] | fields, *rows[1:]]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda q, o: (q, without(o, "cost_usd")), 'no column "cost_usd"'),
        (lambda q, o: (without(q, "prompt"), o), 'no column "prompt"'),
        (lambda q, o: (q, changed(o, cost_usd=-1.0)), "row 1: cost_usd is -1.0"),
        (lambda q, o: (q, changed(o, score=7)), "row 1: score is 7.0"),
        (lambda q, o: (q, changed(o, score=None)), "leave the row out"),
        (lambda q, o: (q, changed(o, model=" ")), "model is empty"),
        (lambda q, o: (q, changed(o, cost_usd="cheap")), "row 1"),
        (lambda q, o: (q, [*o, o[0]]), "twice"),
        (lambda q, o: ([*q, q[0]], o), "2 times"),
        (lambda q, o: (q, changed(o, query_id="stranger")), '"stranger", which is not in made_queries'),
        (lambda q, o: (q, [row for row in o if row["model"] == "ant/small"]), "at least two"),
        (lambda q, o: (q[:10], [row for row in o if row["query_id"] in {f"q{i}" for i in range(10)}]), "10 prompts"),
        (lambda q, _: (q, []), "has no rows"),
    ],
)
def test_a_table_that_cannot_be_used_says_which_row_and_why(tmp_path, spoil, says):
    queries, outcomes, _ = made_tables.rows()

    with pytest.raises(TablesError, match=says):
        built(tmp_path, *spoil(queries, outcomes))


def test_a_directory_without_tables_says_what_it_needs(tmp_path):
    with pytest.raises(TablesError, match="no data"):
        tables.suites(tmp_path)
    with pytest.raises(TablesError, match="no directory"):
        tables.suites(tmp_path / "missing")


def test_queries_without_outcomes_and_the_same_table_twice_are_told(tmp_path):
    queries, outcomes, _ = made_tables.rows()
    made_tables.write(tmp_path, queries, outcomes)
    (tmp_path / "made_queries.csv").write_text("query_id,prompt\n")
    with pytest.raises(TablesError, match="same table twice"):
        tables.read(tmp_path, "made")
    (tmp_path / "made_queries.csv").unlink()
    (tmp_path / "made_outcomes.jsonl").unlink()
    with pytest.raises(TablesError, match="no made_outcomes"):
        tables.read(tmp_path, "made")


def test_broken_files_are_no_traceback(tmp_path):
    queries, outcomes, _ = made_tables.rows()
    made_tables.write(tmp_path, queries, outcomes)
    (tmp_path / "made_outcomes.jsonl").write_text('{"query_id": ')
    with pytest.raises(TablesError, match=r"cannot read made_outcomes\.jsonl"):
        tables.read(tmp_path, "made")
    (tmp_path / "made_outcomes.jsonl").unlink()
    (tmp_path / "made_outcomes.parquet").write_bytes(b"PAR1 no")
    pytest.importorskip("pyarrow")
    with pytest.raises(TablesError, match=r"cannot read made_outcomes\.parquet"):
        tables.read(tmp_path, "made")


def test_a_model_with_few_outcomes_is_left_out_and_named(tmp_path):
    queries, outcomes, _ = made_tables.rows()
    rare = [*outcomes, *({**outcomes[0], "query_id": f"q{i}", "model": "rare"} for i in range(3))]

    found = built(tmp_path, queries, rare)

    assert found.left_out == ("rare",)
    assert found.models == made_tables.MODELS


def test_a_gap_is_no_answer_and_answers_may_be_json(tmp_path):
    queries, outcomes, answers = made_tables.rows()
    for row in answers:
        row["answer"] = {"name": "f", "arguments": {"x": row["answer"]}}
    answers[0]["answer"] = None

    found = built(tmp_path, queries, outcomes[1:], answers)

    assert not found.present[0, 0]
    assert found.group[0, 0] == -1
    assert found.present[1:].all()


def test_the_best_is_known_nearly_everywhere():
    made = made_tables.made_suite(100)
    made.score[:50, 0] = float("nan")
    made.score[50:, 0] = 1.0

    assert made.models[made.best] == "dog/dear"
    assert msgspec.json.encode(made.models)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"cost_usd": 0.0}, "costs nothing: there is nothing to save"),
        ({"score": 0.0}, "no model of made has a score above 0"),
    ],
)
def test_tables_without_anything_to_save_or_to_keep_are_refused(tmp_path, change, why):
    queries, outcomes, answers = made_tables.rows(60)

    with pytest.raises(TablesError, match=why):
        built(tmp_path, queries, [{**row, **change} for row in outcomes], answers)


@pytest.mark.parametrize(
    ("change", "why"),
    [({"cost_usd": 1e300}, "more than a million dollars"), ({"model": ["ant/small"]}, "model is a list")],
)
def test_values_that_cannot_be_are_refused_by_row(tmp_path, change, why):
    queries, outcomes, answers = made_tables.rows(60)

    with pytest.raises(TablesError, match=f"made_outcomes.jsonl, row 1: .*{why}"):
        built(tmp_path, queries, [{**outcomes[0], **change}, *outcomes[1:]], answers)
