"""Bad input: one clear error, exit code not 0, nothing lost, nothing half-written."""
import contextlib
import os
import random
import re
import resource
import shutil
import signal
import sqlite3
import subprocess

import pyarrow
import pyarrow.parquet
import pytest

from conftest import PROJECT, bundle_bytes, fails, gristmill, gristmill_json, make_project, refused, whole, write_project

SMALL = """\
project: small
sources: {here: data.csv}
tables:
  rows: SELECT * FROM here.data
predict:
  answer:
    from: rows
    key: id
    target: y
    split: {random: true, validate: 20%, test: 20%}
    model: linear
"""


def small(folder, lines=None, text=SMALL):
    """A project over one CSV of 400 rows: id, a, b, y."""
    chance = random.Random(1)
    if lines is None:
        lines = ["id,a,b,y", *(f"{i},{chance.gauss(0, 1):.3f},{chance.choice('xyz')},{chance.gauss(5, 2):.3f}"
                               for i in range(400))]
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_project(folder, text)
    return folder


def lines_of(folder):
    return (folder / "data.csv").read_text().splitlines()


def test_the_small_project_is_good(tmp_path):
    gristmill("run", "-C", small(tmp_path))


# --- names ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("old, new, needles", [
    ("here.data", "here.dta", ["dta", 'did you mean "here.data"', r"gristmill\.yaml:4"]),
    ("FROM here.data", "FROM hree.data", ["hree.data", "here.data"]),
    ("from: rows", "from: rosw", ["rosw", 'did you mean "rows"', r"gristmill\.yaml:7"]),
    ("target: y", "target: yy", ["yy", r"gristmill\.yaml:9"]),
    ("target: y", "target: a + bb", ["bb", r"gristmill\.yaml:9"]),
    ("key: id", "key: idd", ["idd", "did you mean|known are", r"gristmill\.yaml:"]),
    ("target: y", "target: y\n    exclude: [aa]", ["aa", r"gristmill\.yaml:1?\d"]),
    ("target: y", "target: y\n    time: when", ["when", r"gristmill\.yaml:1?\d"]),
    ("SELECT *", "SELECT id, aa, b, y", ["aa", r"gristmill\.yaml:4"]),
    ("SELECT *", "SELEC *", ["SELEC", r"gristmill\.yaml:4"]),
    ("SELECT * FROM here.data", "SELECT * FROM here.data WHERE a > $least", ["least", r"gristmill\.yaml:4"]),
    ("model: linear", "model: liner", ["liner", 'did you mean "linear"', r"gristmill\.yaml:11:"]),
    ("model: linear", "model: {boosted-trees: {tres: 5}}", ["tres", "trees", r"gristmill\.yaml:11:"]),
    ("model: linear", "model: {boosted-trees: {trees: -5}}", ["trees", r"gristmill\.yaml:11:"]),
    ("model: linear", "metric: acu", ["acu", 'did you mean "auc"', r"gristmill\.yaml:11:"]),
    ("model: linear", "metric: auc", ["auc", "rmse", r"gristmill\.yaml:11:"]),
    ("random: true", "randm: true", ["randm", "random", r"gristmill\.yaml:10:"]),
    ("project: small", "projcet: small", ["projcet", 'did you mean "project"', r"gristmill\.yaml:1:1"]),
    ("    target", "    targett", ["targett", 'did you mean "target"', r"gristmill\.yaml:9:5"]),
    ("predict:", "clean:\n  rows:\n    - rnge: {a: [0, 1]}\npredict:", ["rnge", 'did you mean "range"', r"yaml:7:"]),
    ("predict:", "clean:\n  rows:\n    - range: {aa: [0, 1]}\npredict:", ["aa", r"yaml:7:"]),
    ("predict:", "clean:\n  rosw:\n    - range: {a: [0, 1]}\npredict:", ["rosw", 'did you mean "rows"', r"yaml:6:"]),
    ("predict:", "clean:\n  rows:\n    - derive: {c: a + sqrtt(b)}\npredict:", ["sqrtt", r"yaml:7:"]),
    ("predict:", "clean:\n  rows:\n    - derive: {c: random()}\npredict:", ["random", r"yaml:7:"]),
    ("predict:", "clean:\n  rows:\n    - lookup: {table: here.dtaa, by: id, take: [a]}\npredict:", ["here.dtaa", r"yaml:7:"]),
    ("predict:", "clean:\n  rows:\n    - expect: {nulls: {aa: 0}}\npredict:", ["aa", r"yaml:7:"]),
    ("predict:", "clean:\n  here.data:\n    - range: {aa: [0, 1]}\npredict:", ["aa", r"yaml:7:"]),
    ("predict:", "clean:\n  rows:\n    - lookup: {table: here.data, by: id, take: [aa]}\npredict:", ["aa", r"yaml:7:"]),
    ("SELECT * FROM here.data", "SELECT id, b, a, bb FROM more\n  more: SELECT id, b, a, y FROM here.data",
     ["bb", r"gristmill\.yaml:4"]),
    ("SELECT * FROM here.data", "{sql: SELECT * FROM here.data, key: idd}", ["idd", r"gristmill\.yaml:4"]),
    ("split: {random: true,", "split: {group: grop,", ["grop", r"gristmill\.yaml:10:"]),
    ("model: linear", "features: {aa: number}", ["aa", r"gristmill\.yaml:11:"]),
    ("model: linear", "features: {a: nmber}", ["nmber", 'did you mean "number"', r"gristmill\.yaml:11:5, column a"]),
    ("model: linear", "features: {b: number}", ["b", r"gristmill\.yaml:11:5, column b"]),
    ("model: linear", "weight: b", ["not a number", r"gristmill\.yaml:11:"]),
    ("random: true", "time: a", ["goes by time, but a is float64", r"gristmill\.yaml:10:"]),
    ("here: data.csv", "here: dta.csv", ["dta.csv", r"gristmill\.yaml:2:"]),
    ("here: data.csv", "here: oracle://db/x", ["oracle", r"gristmill\.yaml:2:"]),
    ("here: data.csv", "here: '${GRISTMILL_NO_SUCH_VARIABLE}'", ["GRISTMILL_NO_SUCH_VARIABLE", r"gristmill\.yaml:2:"]),
])
def test_names_that_are_not_there(tmp_path, old, new, needles):
    assert old in SMALL
    small(tmp_path, text=SMALL.replace(old, new, 1))
    planned = gristmill("plan", "-C", tmp_path, code=None).stderr
    error = refused(tmp_path, *needles)
    # `plan` finds it already, in the same words; but whether there are classes or numbers is known by the rows alone.
    told_by_rows = new == "metric: auc"
    assert planned == ("" if told_by_rows else error)
    stored = list((tmp_path / ".gristmill/store/blobs").rglob("*/*"))
    assert bool(stored) == told_by_rows  # told before a row is read
    small(tmp_path)
    gristmill("run", "-C", tmp_path)


def test_plan_binds_what_is_known_and_lets_the_rest_be(tmp_path):
    """Tables over tables that are not there yet; columns that are made after a fitted rule."""
    wide = "\n      SELECT * FROM here.data PIVOT (first(y) AS y FOR b IN ('x', 'y', 'z') GROUP BY id, a)"
    small(tmp_path, text=SMALL.replace("SELECT * FROM here.data", "SELECT id, a, coalesce(x_y, y_y, z_y) AS y FROM wide\n"
                                       f"  wide: |{wide}"))
    gristmill("plan", "-C", tmp_path)
    gristmill("run", "-C", tmp_path)
    small(tmp_path, text=SMALL.replace("predict:", "clean:\n  rows:\n    - impute: {a: mean}\n"
                                       "    - derive: {twice: 2 * a}\npredict:")
          .replace("target: y", "target: y\n    inputs: [twice, b]"))
    gristmill("plan", "-C", tmp_path)
    gristmill("run", "-C", tmp_path)


def test_near_column_is_named(tmp_path):
    small(tmp_path, text=SMALL.replace("target: y", "target: why_late")
          .replace("SELECT *", "SELECT id, a, b, y AS why_lates"))
    refused(tmp_path, "why_lates")
    small(tmp_path, text=SMALL.replace("SELECT *", "SELECT id, a, b, y AS minutes").replace("target: y", "target: minuts"))
    refused(tmp_path, "minutes")


# --- the project file -----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("text, needles", [
    ("project: a\nsources: {here: x.csv\n", [r"gristmill\.yaml:[23]:\d+"]),
    ("project: a\n\tsources: x\n", [r"gristmill\.yaml:2:\d+"]),
    ("project: a\nproject: b\n", ["twice", r"gristmill\.yaml:2:1"]),
    ("- a\n- b\n", ["mapping"]),
    ("", ["."]),
    ("project: a\n---\nproject: b\n", ["several"]),
    ("project: \"a\n", [r"gristmill\.yaml:\d+"]),
    ("predict:\n  p:\n    from: t\n    target:   # nothing\n", ["target", r"gristmill\.yaml:4:"]),
    ("predict:\n  p: {from: t, target: greatest(a, b) > 3}\n", ["cut", r"gristmill\.yaml:2:"]),
    ("tables:\n  t: SELECT 'a #b' AS x\n", ["cut", r"gristmill\.yaml:2:"]),
    ("tables: [a, b]\n", ["mapping", r"gristmill\.yaml:1:"]),
    ("tables:\n  t: 5\n", ["text", r"gristmill\.yaml:2:"]),
    ("clean:\n  t: {range: {a: [0, 1]}}\n", ["list", r"gristmill\.yaml:2:"]),
    ("project: &a [*a]\n", ["."]),
    ("project: " + "[" * 100000, ["."]),
    ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefgh", "bcdefghi")),
     ["."]),
])
def test_yaml_that_is_wrong(tmp_path, text, needles):
    write_project(tmp_path, text)
    refused(tmp_path, *needles, timeout=20)


@pytest.mark.parametrize("content", [b"project: a\0b\n", b"\xff\xfe\x00\x01", b"project: \xff\xff\n", os.urandom(4096)])
def test_bytes_that_are_no_yaml(tmp_path, content):
    (tmp_path / "gristmill.yaml").write_bytes(content)
    refused(tmp_path)


def test_text_that_is_not_utf8_is_told_by_its_line(tmp_path):
    small(tmp_path, text=SMALL + "params: {word: x}\n")
    file = tmp_path / "gristmill.yaml"
    lines = file.read_bytes().splitlines(keepends=True)
    for at, line in enumerate(lines):
        file.write_bytes(b"".join([*lines[:at], line[:-1] + b" # \xe4\n", *lines[at + 1:]]))
        refused(tmp_path, "is not UTF-8", rf"gristmill\.yaml:{at + 1}:")
    file.write_bytes(b"".join(lines).replace(b"SELECT * FROM here.data", b"rows.sql"))
    (tmp_path / "rows.sql").write_bytes(b"SELECT *,\n'\xe4' AS umlaut FROM here.data")
    refused(tmp_path, "is not UTF-8", r"rows\.sql:2:2")
    file.write_bytes(b"".join(lines))
    assert "is not UTF-8: \"word=" in fails("run", "-p", "word=\udce4", "-C", tmp_path, code=2)


def test_names_that_are_not_utf8(tmp_path):
    small(tmp_path)
    folder = tmp_path / "d\udcff"
    folder.mkdir()
    small(folder)
    for args in (["run", "-C", folder], ["run", "\udcff", "-C", tmp_path], ["build", "answer", "-o", "o\udcff.npy"]):
        assert "is not UTF-8" in fails(*args, code=2, cwd=tmp_path)


@pytest.mark.parametrize("declared, sql", [("TEXT", "SELECT id, s FROM here.t"),
                                           ("TEXT", "SELECT id, strip_accents(s) AS s FROM here.t"),
                                           ("TEXT", "SELECT id, s COLLATE NOACCENT AS s FROM here.t ORDER BY s"),
                                           ("REAL", "SELECT id, s FROM here.t")])
def test_sqlite_text_that_is_not_utf8(tmp_path, declared, sql):
    with contextlib.closing(sqlite3.connect(tmp_path / "x.db")) as database:
        database.execute(f"CREATE TABLE t (id INTEGER, s {declared})")
        database.executemany("INSERT INTO t VALUES (?, CAST(? AS TEXT))",
                             [(i, b"caf\xff\x81 and more than twelve bytes" if i == 77 else b"plain") for i in range(100)])
        database.commit()
    write_project(tmp_path, "sources: {here: x.db}\ntables:\n  rows: " + sql + "\n")
    gristmill("sources", "-C", tmp_path)
    error = refused(tmp_path, r"column s of here\.t: .*is not UTF-8", "UTF-8")
    assert "\\xff" in error
    fails("sql", sql, "--json", "-C", tmp_path)
    assert gristmill_json("sql", "SELECT sum(id) AS n FROM here.t", "-C", tmp_path)["rows"] == [[4950]]


def test_a_ledger_with_damaged_records(tmp_path):
    gristmill("run", "-C", small(tmp_path))
    for statement in ("UPDATE tasks SET facts = substr(facts, 2)", "UPDATE runs SET report = '{'"):
        with contextlib.closing(sqlite3.connect(tmp_path / ".gristmill/gristmill.db")) as database:
            database.execute(statement)
            database.commit()
        for verb in ("runs", "why") if "UPDATE runs" in statement else ("run", "gc"):
            assert "what is recorded of earlier runs is damaged" in fails(verb, "-C", tmp_path)
        (tmp_path / ".gristmill/gristmill.db").unlink()
        gristmill("run", "-C", tmp_path)


def test_sql_file_that_is_missing(tmp_path):
    small(tmp_path, text=SMALL.replace("SELECT * FROM here.data", "rows.sql"))
    refused(tmp_path, "rows.sql", r"gristmill\.yaml:4:")
    (tmp_path / "rows.sql").write_text("-- all of them\nSELECT * FROM here.data;\n")
    gristmill("run", "-C", tmp_path)


@pytest.mark.parametrize("tables", ["a: SELECT * FROM a", "a: SELECT * FROM b\n  b: SELECT * FROM a",
                                    "a: SELECT * FROM b\n  b: SELECT * FROM c\n  c: SELECT * FROM a"])
def test_tables_in_a_circle(tmp_path, tables):
    write_project(tmp_path, f"project: p\ntables:\n  {tables}\n")
    refused(tmp_path, "circle", r"gristmill\.yaml:\d")


def test_fitted_rule_upstream_of_sql(tmp_path):
    small(tmp_path, text=SMALL.replace("predict:", "clean:\n  here.data:\n    - impute: {a: mean}\npredict:"))
    refused(tmp_path, "impute", r"gristmill\.yaml:7:")


# --- tables ---------------------------------------------------------------------------------------------------------

def test_empty_table(tmp_path):
    refused(small(tmp_path, ["id,a,b,y"]), "no rows|has no|empty")
    small(tmp_path, text=SMALL.replace("FROM here.data", "FROM here.data WHERE a > 1000"))
    refused(tmp_path, "rows has no rows")


def test_empty_file(tmp_path):
    small(tmp_path)
    (tmp_path / "data.csv").write_bytes(b"")
    refused(tmp_path, "empty", r"data\.csv")


def test_a_key_may_tell_the_rows_only_after_dedupe(tmp_path):
    rows = [f"{i},{i % 7},{i % 5},{i % 11}.5" for i in range(400)]
    lines = ["id,a,b,y", *rows, *rows[100:130]]
    for name in ("good", "bad", "by", "none"):
        (tmp_path / name).mkdir()
    project = small(tmp_path / "good", lines, SMALL + "clean:\n  rows:\n    - dedupe: all\n")
    counts = gristmill_json("run", "-C", project)["predictions"]["answer"]["rows"]
    assert counts["read"] == 430 and counts["dropped"] == 30
    lines[405] = "101,0,0,77.5"  # the same key with another row
    error = refused(small(tmp_path / "bad", lines, SMALL + "clean:\n  rows:\n    - dedupe: all\n"),
                    r"the key \[id\] is not unique after the rules: rows \d+ and \d+ of rows", r"yaml:8:")
    assert "dedupe" in error
    text = SMALL + "clean:\n  rows:\n    - dedupe: {by: [id]}\n"
    run = gristmill_json("run", "-C", small(tmp_path / "by", lines, text))
    assert run["predictions"]["answer"]["rows"]["dropped"] == 30
    refused(small(tmp_path / "none", lines, SMALL), "is not unique", "with the rule `dedupe`")


def test_what_is_odd_about_a_target_is_told(tmp_path):
    rows = [f"{i},{i % 7},{'late' if i >= 390 else 'xy'[i % 2]},{i % 2}" for i in range(400)]
    lines = ["id,a,b,y", *rows]
    warnings = gristmill_json("run", "-C", small(tmp_path, lines))["predictions"]["answer"]["warnings"]
    assert len(warnings) == 1 and "write `target: y = 1`" in warnings[0]
    text = SMALL.replace("target: y", "target: b").replace("random: true", "time: day").replace(
        "SELECT *", "SELECT id, a, b, DATE '2020-01-01' + id::INTEGER AS day")
    warnings = gristmill_json("run", "-C", small(tmp_path, lines, text))["predictions"]["answer"]["warnings"]
    assert len(warnings) == 1 and 'is "late", but 0 to validate and 10 to test are' in warnings[0]


def test_a_rule_that_empties_a_column_is_told(tmp_path):
    for rules in ("    - range: {a: [0, 0.0001]}\n    - range: {a: [90, 100]}\n", "    - range: {a: [1000, 2000]}\n"):
        run = gristmill_json("run", "-C", small(tmp_path, text=SMALL + "clean:\n  rows:\n" + rules))
        warnings = run["predictions"]["answer"]["warnings"]
        assert len(warnings) == 1 and "leave no value of a, which had some (by range" in warnings[0], warnings


def test_rows_without_a_group_are_split_one_by_one(tmp_path):
    lines = ["id,a,b,y", *(f"{i},{i % 7},{'' if i % 2 else i % 40},{i % 11}" for i in range(400))]
    text = SMALL.replace("random: true", "group: b")
    rows = gristmill_json("run", "-C", small(tmp_path, lines, text))["predictions"]["answer"]["rows"]
    assert rows["validate"] >= 15 and rows["test"] >= 15 and rows["train"] < 370


def test_one_class_only(tmp_path):
    small(tmp_path, text=SMALL.replace("target: y", "target: y > -1000"))
    refused(tmp_path, "one value only", r"gristmill\.yaml:9:")


def test_target_all_missing(tmp_path):
    small(tmp_path, text=SMALL.replace("SELECT *", "SELECT id, a, b, CAST(NULL AS DOUBLE) AS y"))
    refused(tmp_path, "target")


def test_column_that_is_all_null_is_left_out(tmp_path):
    small(tmp_path)
    small(tmp_path, [line + (",empty" if i == 0 else ",") for i, line in enumerate(lines_of(tmp_path))])
    document = gristmill_json("run", "-C", tmp_path)
    assert any(c["column"] == "empty" for c in document["predictions"]["answer"]["left_out"])


def test_no_column_is_left(tmp_path):
    small(tmp_path, text=SMALL.replace("SELECT *", "SELECT id, y, 1 AS same"))
    error = fails("run", "-C", tmp_path)
    assert "feature" in error or "column" in error


def test_key_that_is_not_unique(tmp_path):
    small(tmp_path)
    lines = lines_of(tmp_path)
    small(tmp_path, lines + [lines[7]])
    refused(tmp_path, "unique|twice|more than once", "id")
    small(tmp_path, lines + [",1,x,2"])
    refused(tmp_path, "null|missing", "id")


@pytest.mark.parametrize("key, needle", [("b", r"\[b\] is not unique: b = x"), ("[id, y]", ""), ("c", "missing")])
def test_key_of_a_second_prediction(tmp_path, key, needle):
    """Each prediction's own key names its rows, whatever the table is stored by."""
    second = SMALL[SMALL.index("  answer:"):].replace("answer", "again").replace("key: id", f"key: {key}")
    text = SMALL.replace("SELECT *", "SELECT *, nullif(id, 7) AS c") + second
    small(tmp_path, text=text)
    if needle:
        error = fails("run", "-C", tmp_path)
        assert re.search(needle, error) and re.search(r"gristmill.yaml:\d+", error), error
    else:
        gristmill("run", "-C", tmp_path)


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "-n", "two words", "a%2fb", '""'])
def test_prediction_names_that_fit_no_url(tmp_path, name):
    small(tmp_path, text=SMALL.replace("answer:", f"{name}:"))
    refused(tmp_path, "cannot be named", "begins with a letter")


@pytest.mark.parametrize("old, new, names", [
    ("  rows: SELECT * FROM here.data\n", "  rows: SELECT * FROM here.data\n  Rows: SELECT 1 AS one\n", "Rows` and `rows"),
    ("  rows: SELECT", "  Here: SELECT 1 AS one\n  rows: SELECT", "here` and `Here"),
    ("predict:\n", "predict:\n  Answer: {from: rows, target: y}\n", "Answer` and `answer"),
])
def test_names_that_differ_only_in_case(tmp_path, old, new, names):
    assert old in SMALL
    small(tmp_path, text=SMALL.replace(old, new))
    refused(tmp_path, f"`{names}` differ only in case")


def test_a_metric_that_does_not_fit_is_told_before_training(tmp_path):
    small(tmp_path, text=SMALL.replace("    model:", "    metric: auc\n    model:"))
    refused(tmp_path, "metric auc does not fit", r"gristmill.yaml:11", "rmse")
    assert not [t for t in gristmill_json("show", "last", "-C", tmp_path)["tasks"] if t["kind"] == "model"]


def test_expectation_that_is_untrue(tmp_path):
    small(tmp_path, text=SMALL.replace("predict:", "clean:\n  rows:\n    - expect: {range: {a: [0, 1]}}\npredict:"))
    refused(tmp_path, "not as expected", "a", r"gristmill\.yaml:7:")


def test_ten_thousand_columns(tmp_path):
    chance = random.Random(2)
    head = ["id", "y", *(f"c{i}" for i in range(10_000))]
    lines = [",".join(head)]
    for i in range(60):
        lines.append(f"{i},{chance.random():.3f}," + ",".join(str(chance.randrange(100)) for _ in range(10_000)))
    document = gristmill_json("run", "-C", small(tmp_path, lines), timeout=300)
    assert document["predictions"]["answer"]["rows"]["train"] > 20


def test_one_huge_cell(tmp_path):
    small(tmp_path)
    lines = lines_of(tmp_path)
    lines[5] = '4,0.5,"' + "x" * (30 << 20) + '",3'
    done = gristmill("run", "-C", small(tmp_path, lines), code=None)
    if done.returncode:  # refused is good too, when it says where
        assert done.returncode == 1 and done.stderr.count("error:") == 1 and "data.csv" in done.stderr
        assert len(done.stderr) < 10_000


def test_nul_bytes(tmp_path):
    small(tmp_path)
    lines = lines_of(tmp_path)
    lines[9] = "8,0.5,x\0y,3"
    done = gristmill("run", "-C", small(tmp_path, lines), code=None)
    assert done.returncode in (0, 1)
    if done.returncode:
        assert done.stderr.count("error:") == 1 and "data.csv" in done.stderr
    lines[0] = "id,a\0,b,y"
    fails("run", "-C", small(tmp_path, lines))


@pytest.mark.parametrize("bad", ["4,0.5,x", "4,0.5,x,3,9,9", '4,0.5,"x,3'])
def test_ragged_csv(tmp_path, bad):
    small(tmp_path)
    lines = lines_of(tmp_path)
    lines[205] = bad
    refused(small(tmp_path, lines), r"data\.csv", r"206|line")


def test_csv_that_is_binary(tmp_path):
    small(tmp_path)
    (tmp_path / "data.csv").write_bytes(os.urandom(100_000))
    fails("run", "-C", tmp_path)


def parquet_project(folder):
    small(folder, text=SMALL.replace("data.csv", "data.parquet"))
    chance = random.Random(4)
    rows = [{"id": i, "a": chance.gauss(0, 1), "b": chance.choice("xyz"), "y": chance.gauss(5, 2)} for i in range(2000)]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "data.parquet")
    return folder / "data.parquet"


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.9, 0.999])
def test_parquet_cut_short(tmp_path, share):
    path = parquet_project(tmp_path)
    whole_file = path.read_bytes()
    path.write_bytes(whole_file[:int(len(whole_file) * share)])
    refused(tmp_path, r"data\.parquet")
    path.write_bytes(whole_file)
    gristmill("run", "-C", tmp_path)


def test_parquet_with_damaged_bytes(tmp_path):
    path = parquet_project(tmp_path)
    good = path.read_bytes()
    chance = random.Random(9)
    for _ in range(15):
        damaged = bytearray(good)
        for _ in range(20):
            damaged[chance.randrange(4, len(damaged) - 8)] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        done = gristmill("run", "-C", tmp_path, code=None)
        assert done.returncode in (0, 1), (done.returncode, done.stderr)
        assert done.stderr.count("error:") == done.returncode
        shutil.rmtree(tmp_path / ".gristmill")


def test_database_that_is_none(tmp_path):
    small(tmp_path, text=SMALL.replace("data.csv", "sqlite:data.db").replace("here.data", "here.rows"))
    (tmp_path / "data.db").write_text("this is no database, though it is long enough to look like one " * 50)
    refused(tmp_path, r"data\.db", "not a SQLite database")


# --- the machine ----------------------------------------------------------------------------------------------------

def without_override(*command):
    """Root may write anywhere; without that power it is as everybody."""
    return ["setpriv", "--bounding-set", "-dac_override", *command] if os.getuid() == 0 else list(command)


def test_read_only_folder(run_once, finished):
    before = {p: p.read_bytes() for p in (run_once / ".gristmill/bundles").iterdir()}
    folders = [run_once, *(p for p in run_once.rglob("*") if p.is_dir())]
    files = [p for p in run_once.rglob("*") if p.is_file()]
    for path in files + folders:
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        from conftest import GRISTMILL
        done = subprocess.run(without_override(str(GRISTMILL), "run", "-C", str(run_once)), capture_output=True, text=True,
                              timeout=60)
        assert done.returncode == 1, done.stderr
        assert done.stderr.count("error:") == 1 and "bug" not in done.stderr
        bundle = run_once / ".gristmill/bundles/late.bundle"
        shown = subprocess.run(without_override(str(GRISTMILL), "inspect", str(bundle)), capture_output=True, timeout=60)
        assert shown.returncode == 0, "a bundle can be read where nothing can be written"
    finally:
        for path in folders + files:
            path.chmod(path.stat().st_mode | 0o200)
    assert {p: p.read_bytes() for p in (run_once / ".gristmill/bundles").iterdir()} == before
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0


@pytest.mark.parametrize("limit", [0, 1 << 10, 16 << 10, 64 << 10, 200 << 10])
def test_disk_full(finished, tmp_path, limit):
    """No file may grow beyond `limit` bytes: writes fail as on a full disk. Afterwards all goes on."""
    folder = make_project(tmp_path / "orders")

    def full():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    done = gristmill("run", "-C", folder, code=None, preexec_fn=full, restore_signals=False)
    assert done.returncode in (0, 1), (done.returncode, done.stderr)
    if done.returncode:
        assert done.stderr.count("error:") == 1 and "bug" not in done.stderr, done.stderr
    else:
        assert limit >= 64 << 10
    whole(folder)
    gristmill("run", "-C", folder)
    assert bundle_bytes(folder) == bundle_bytes(finished[0])


def test_predict_on_a_full_disk_leaves_no_file(finished, tmp_path):
    bundle = finished[1]["predictions"]["late"]["bundle"]
    import conftest
    import test_contract
    source = test_contract.write_rows(tmp_path / "in.csv", rows=conftest.ORDERS)
    for suffix in (".csv", ".jsonl", ".arrow", ".parquet"):
        out = tmp_path / f"out{suffix}"
        gristmill("predict", bundle, source, "-o", out)
        whole_size = out.stat().st_size
        out.unlink()
        for limit in (8192, whole_size - 1):  # the second: only the last write fails
            def full():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            fails("predict", bundle, source, "-o", out, preexec_fn=full, restore_signals=False)
            assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


def test_standard_output_that_is_full(finished, tmp_path):
    bundle = finished[1]["predictions"]["late"]["bundle"]
    import conftest
    import test_contract
    source = test_contract.write_rows(tmp_path / "in.csv")
    with open("/dev/full", "wb") as full:
        done = subprocess.run([conftest.GRISTMILL, "predict", bundle, source], stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=60)
    assert done.returncode == 1 and done.stderr.count("error:") == 1


# --- bundles --------------------------------------------------------------------------------------------------------

def test_bundle_with_a_flipped_byte(tmp_path):
    """A sample here; every byte of a small bundle is flipped in the unit tests of `bundle`."""
    gristmill("run", "-C", small(tmp_path))
    good = bundle_bytes(tmp_path, "answer")
    chance = random.Random(6)
    places = sorted({*range(24), len(good) - 1, *(chance.randrange(len(good)) for _ in range(150))})
    for at in places:
        damaged = bytearray(good)
        damaged[at] ^= 1 << chance.randrange(8)
        (tmp_path / "damaged.bundle").write_bytes(damaged)
        error = fails("inspect", tmp_path / "damaged.bundle", timeout=10)
        assert "damaged.bundle" in error, at


def test_bundle_cut_short_or_longer(finished, tmp_path):
    good = bundle_bytes(finished[0])
    for content in (b"", good[:10], good[:24], good[:len(good) // 2], good[:-1], good + b"\0", good + good, b"\0" * 4096):
        (tmp_path / "damaged.bundle").write_bytes(content)
        fails("inspect", tmp_path / "damaged.bundle")
        fails("serve", tmp_path / "damaged.bundle", "--port", "0")


@pytest.mark.parametrize("name, content", [
    ("a.csv", b""), ("a.csv", b"id\n"), ("a.csv", b"id,placed\n1,x,y\n"), ("a.csv", b"\xff\xfe\0\0"), ("a.jsonl", b"{"),
    ("a.jsonl", b"[1, 2]\n"), ("a.jsonl", b'{"id": 1}\n'), ("a.arrow", b"ARROW1\0\0"), ("a.arrow", b"\xff" * 64),
    ("a.arrow", b""), ("a.parquet", b"PAR1"), ("a.parquet", b"")])
def test_predict_refuses_broken_files(finished, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    fails("predict", finished[1]["predictions"]["late"]["bundle"], tmp_path / name, "-o", tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_nothing_is_lost_by_a_failing_run(run_once, finished):
    """A good bundle stays served while a broken project is mended."""
    write_project(run_once, PROJECT.replace("delay > 30", "delay > 100000"))
    fails("run", "-C", run_once)
    assert bundle_bytes(run_once) == bundle_bytes(finished[0])
    write_project(run_once)
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0


@pytest.mark.parametrize("tables, table", [("", "d.rows"),
                                           ("tables:\n  doubled: SELECT id, a, twice, y FROM d.rows\n", "doubled")])
def test_rows_that_a_filter_cannot_judge_are_broken(tmp_path, tables, table):
    """On the table that is learned from, and upstream of SQL."""
    rows = 70_000
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data/rows.csv", "w") as file:
        file.write("id,a,b,y\n")
        for i in range(rows):
            file.write(f"{i},{i % 17},{'bad' if i % 1000 == 7 else i % 100},{i % 17 * 3 + i % 5}\n")
    write_project(tmp_path, f"""\
project: broken
sources: {{d: data/*.csv}}
{tables}
clean:
  d.rows:
    - drop: CAST(b AS DOUBLE) > 90
    - derive:
        twice: a * 2
predict:
  y_of: {{from: {table}, key: id, inputs: [a, twice], target: y, split: {{random: true}}, model: linear}}
""")
    counts = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["rows"]
    broken, dropped = rows // 1000, rows // 100 * 9
    if tables:
        assert counts["read"] == rows - broken - dropped
    else:
        assert (counts["read"], counts["broken"], counts["dropped"]) == (rows, broken, dropped)


@pytest.mark.parametrize("tables, table", [("", "d.rows"),
                                           ("tables:\n  doubled: SELECT id, a, y FROM d.rows\n", "doubled")])
def test_what_is_expected_is_expected_of_what_the_rules_leave(tmp_path, tables, table):
    """On the table that is learned from, and upstream of SQL: wherever `expect` stands."""
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data/rows.csv", "w") as file:
        file.write("id,a,y\n")
        for i in range(300):
            file.write(f"{i},{'' if i % 10 == 3 else i % 17},{i % 17 * 3}\n")
    text = f"""\
project: expected
sources: {{d: data/*.csv}}
{tables}
clean:
  d.rows:
    - expect: {{nulls: {{a: ALLOWED}}}}
    - range: {{a: [0, 15]}}
    - drop: id % 10 = 3
predict:
  y_of: {{from: {table}, key: id, inputs: [a], target: y, split: {{random: true}}, model: linear}}
"""
    nulls = sum(1 for i in range(300) if i % 17 > 15 and i % 10 != 3)  # what `range` makes of the rows that stay
    write_project(tmp_path, text.replace("ALLOWED", str(nulls - 1)))
    refused(tmp_path, f"column a has {nulls} nulls in 270 rows, {nulls - 1} allowed")
    write_project(tmp_path, text.replace("ALLOWED", str(nulls)))
    gristmill("run", "-C", tmp_path)


# --- SQLite's views -------------------------------------------------------------------------------------------------

def test_views_that_are_broken_or_never_end_spoil_nothing_else(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        database.executescript("""
            CREATE TABLE rows (id INTEGER, a REAL);
            INSERT INTO rows VALUES (1, 0.5), (2, 1.5);
            CREATE TABLE gone (i);
            CREATE VIEW broken AS SELECT * FROM gone;
            DROP TABLE gone;
            CREATE VIEW endless AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x FROM c;
            CREATE VIEW totals AS SELECT id, count(*) AS n FROM rows GROUP BY id;
        """)
    write_project(tmp_path, "project: views\nsources: {shop: shop.db}\n")
    done = gristmill("sources", "-C", tmp_path)
    assert "shop.broken is left out" in done.stderr and "gone" in done.stderr
    listed = {t["table"]: t for t in gristmill_json("sources", "-C", tmp_path)["tables"]}
    assert sorted(listed) == ["shop.endless", "shop.rows", "shop.totals"]
    assert listed["shop.rows"]["rows"] == 2 and listed["shop.totals"]["rows"] == 2
    assert listed["shop.endless"]["rows"] is None and listed["shop.endless"]["notes"]
    assert "gone" in fails("sql", "SELECT * FROM shop.broken", "-C", tmp_path)
    gristmill("sql", "SELECT sum(n) FROM shop.totals", "-C", tmp_path)


def test_a_pipe_is_no_source(tmp_path):
    small(tmp_path)
    (tmp_path / "data.csv").unlink()
    os.mkfifo(tmp_path / "data.csv")
    refused(tmp_path, "no regular file", timeout=20)


@pytest.mark.parametrize("megabytes", range(250, 1250, 125))
def test_too_little_memory_is_an_error(run_once, megabytes):
    """However little of it there is: never an abort."""
    def limited():
        resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    done = gristmill("sources", "-C", run_once, code=None, preexec_fn=limited)
    assert done.returncode in (0, 1, 127), (done.returncode, done.stderr)  # 127: not even its libraries


def test_a_project_file_that_is_none(tmp_path):
    os.mkfifo(tmp_path / "gristmill.yaml")
    assert "is not a file" in fails("run", "-C", tmp_path)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/gristmill.yaml").mkdir()
    assert "is not a file" in fails("run", "-C", tmp_path / "folder")
