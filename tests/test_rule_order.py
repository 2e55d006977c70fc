"""Rules run in the order written, whichever of them must be fitted; and columns may be called anything."""
import math
import sqlite3

import pyarrow.parquet
import pytest

from conftest import fails, gristmill, gristmill_json, write_project

HEAD = "project: order\nsources: {s: data.csv}\ntables: {t: SELECT * FROM s.data}\n"
PREDICT = "predict:\n  p: {from: t, key: id, target: y = 1, split: {random: true}, model: linear}\n"


def write_rows(folder, names="id,a,b,c,y"):
    """a: 1 to 50, every tenth missing; b: -1; c: its row."""
    lines = [f"{i},{'' if i % 10 == 0 else i % 50 + 1},-1,{i},{i % 2}" for i in range(600)]
    (folder / "data.csv").write_text(names + "\n" + "\n".join(lines) + "\n")


def run(folder, rules):
    write_project(folder, HEAD + "clean:\n  t:\n" + "".join(f"    - {rule}\n" for rule in rules) + PREDICT)
    gristmill("run", "-C", folder)


def encoded(folder, column):
    """A feature as trees take it: a number as it is."""
    gristmill("build", "p", "--for", "boosted-trees", "-o", folder / "x.parquet", "-C", folder)
    return pyarrow.parquet.read_table(folder / "x.parquet")[column].to_pylist()


def test_a_rule_waits_for_what_a_waiting_rule_writes(tmp_path):
    write_rows(tmp_path)
    run(tmp_path, ["impute: {a: median}", "derive: [{b: a * 2}]", "range: {b: [0, 50]}"])
    b = encoded(tmp_path, "b")
    present = [value for value in b if not math.isnan(value)]
    assert min(present) == 4 and max(present) == 50 and len(present) < 400
    # One that reads nothing that waits, but writes it.
    run(tmp_path, ["impute: {a: median}", "derive: [{a: c % 7 * 2}]"])
    assert max(encoded(tmp_path, "a")) == 12


def test_two_fitted_rules_with_a_derived_column_between(tmp_path):
    write_rows(tmp_path)
    run(tmp_path, ["impute: {a: median}", "derive: [{b: a / 2}]", "impute: {b: median}"])


def test_a_constant_is_not_learned(tmp_path):
    """It fills before SQL, and before the target is computed; with one that is learned beside it, neither."""
    write_rows(tmp_path)
    write_project(tmp_path, HEAD.replace("FROM s.data", "FROM s.data WHERE a < 9") + "clean:\n  s.data:\n"
                  "    - impute: {a: {with: {constant: -7}, indicator: true}}\n" + PREDICT)
    gristmill("run", "-C", tmp_path)
    assert encoded(tmp_path, "a").count(-7) == 60
    write_project(tmp_path, HEAD + "clean:\n  t:\n    - impute: {a: {constant: -7}}\n" +
                  PREDICT.replace("y = 1", "a = -7"))
    assert gristmill_json("run", "-C", tmp_path)["predictions"]["p"]["rows"]["no_target"] == 0
    write_project(tmp_path, HEAD + "clean:\n  s.data:\n    - impute: {a: {constant: -7}, b: mean}\n" + PREDICT)
    assert "must see training rows" in fails("run", "-C", tmp_path)


@pytest.mark.parametrize("rule", ["impute: {table: median}", "range: {table: [0, 40]}", "rename: {table: board}"])
def test_a_column_may_be_called_table(tmp_path, rule):
    write_rows(tmp_path, "id,table,b,c,y")
    run(tmp_path, [rule])


def test_the_texts_of_missing_values_are_of_csv_alone(tmp_path):
    database = sqlite3.connect(tmp_path / "data.db")
    database.execute("CREATE TABLE data (id INTEGER, country TEXT, y INTEGER)")
    database.executemany("INSERT INTO data VALUES (?, ?, ?)",
                         [(i, ("NA", "DE", "FR")[i % 3], int(i % 3 == 0)) for i in range(600)])
    database.commit()
    database.close()
    write_project(tmp_path, HEAD.replace("data.csv", "sqlite:data.db") + PREDICT)
    gristmill("run", "-C", tmp_path)
    (tmp_path / "rows.csv").write_text("id,country\n1,NA\n")
    (tmp_path / "rows.jsonl").write_text('{"id": 1, "country": "NA"}\n')
    answers = [gristmill("predict", "p", tmp_path / name, "-C", tmp_path).stdout for name in ("rows.csv", "rows.jsonl")]
    assert answers[0] == answers[1] and "true" in answers[0]


def test_an_empty_list_of_missing_texts(tmp_path):
    write_rows(tmp_path)
    write_project(tmp_path, HEAD.replace("data.csv", "{files: data.csv, nulls: }") + PREDICT)
    gristmill("run", "-C", tmp_path)


def test_offsets_in_json_after_many_rows_without_a_time(tmp_path):
    rows = [f'{{"id": {i}, "at": {"null" if i < 1500 else chr(34) + "2013-01-01T10:00:00+05:00" + chr(34)}}}' for i in range(1600)]
    (tmp_path / "data.jsonl").write_text("\n".join(rows) + "\n")
    write_project(tmp_path, "project: late\nsources: {s: data.jsonl}\n")
    shown = gristmill("sql", "SELECT max(\"at\")::VARCHAR AS latest FROM s.data", "-C", tmp_path).stdout
    assert "05:00:00" in shown, shown


def test_what_drop_leaves_out_of_training_may_be_asked_for(tmp_path):
    write_rows(tmp_path)
    run(tmp_path, ["drop: a IS NULL"])
    rows = tmp_path / "rows.csv"
    gristmill("sql", "SELECT * FROM t", "-o", rows, "-C", tmp_path)
    assert gristmill("predict", "p", rows, "-C", tmp_path).stdout.count("\n") == 601
