"""Rules and names that cannot be right: one clear error with its place, or the right answer."""
import decimal
import json
import sqlite3

import pyarrow
import pyarrow.parquet
import pytest

from conftest import fails, gristmill, gristmill_json, refused, write_project

PROJECT = """\
project: small
sources: {here: "*.csv"}
tables:
  rows: SELECT * FROM here.data
clean:
  rows:
    RULES
predict:
  answer:
    from: rows
    key: id
    target: y
    split: {random: true, validate: 20%, test: 20%}
    model: linear
"""


def project(folder, *rules):
    """Over 200 rows: id, a (0 … 19), b (x, y or z), day (written both ways), at (local time), y."""
    rows = [f"{i},{i % 20},{'xyz'[i % 3]},{1 + i % 28:02}/{1 + i % 12:02}/2020,25.10.2020 02:30,{i % 7 + i % 20}"
            for i in range(200)]
    (folder / "data.csv").write_text("id,a,b,day,at,y\n" + "\n".join(rows) + "\n")
    (folder / "ref.csv").write_text("code,name\nx,one\nx,two\ny,three\n")
    write_project(folder, PROJECT.replace("RULES", "\n    ".join(f"- {rule}" for rule in rules)))
    return folder


@pytest.mark.parametrize("rules, needles", [
    (["range: {a: [5, 1]}"], ["range .5,1. is empty", "lower end comes first", r"yaml:7:"]),
    (["clip: {a: [5, 1]}"], ["range .5,1. is empty", r"yaml:7:"]),
    (["range: {a: [0, 9]}", "expect: {range: {a: [10, 12]}}"], ["every value", r"yaml:8:"]),
    (["map: {b: {x: y, x: z}}"], ["`x` occurs twice", r"yaml:7:"]),
    (["rename: {a: b}"], ["two columns would be called b", r"yaml:7:"]),
    (["drop: a < 100"], ["200 dropped", "rule 1 drop leaves out 200 of 200 rows", r"yaml:7:"]),
    (["derive: {c: CAST(b AS INTEGER)}"], ["200 broken", 'rule 1 derive.* breaks 200 of 200 rows.*"x"', r"yaml:7:"]),
    (["parse: {day: {date: [\"%d/%m/%Y\", \"%m/%d/%Y\"]}}"], ["different days", "05/04/2003", r"yaml:7:"]),
    (["parse: {day: date}"], ["how the column is written", r"yaml:7:"]),
    (["parse: {at: {timestamp: \"%d.%m.%Y %H:%M\", zone: Europe/Berln}}"],
     ["unknown time zone", 'did you mean "Europe/Berlin"', r"yaml:7:"]),
    (["lookup: {table: here.ref, by: {b: code}, take: [name]}"], ["code is not unique in here.ref", '"x"', r"yaml:7:"]),
    (["lookup: {table: here.reff, by: {b: code}, take: [name]}"], ["here.reff", 'did you mean "here.ref"', r"yaml:7:"]),
    (["lookup: {table: rows, by: {b: b}, take: [a]}"], ["circle|looks itself up", r"yaml:\d"]),
    (["regex: {b: {extract: '('}}"], [r"yaml:7:"]),
    (["expect: {sql: \"a < 0) AND (false\"}"], ["syntax error", r"yaml:7:"]),
])
def test_rules_that_cannot_be_right(tmp_path, rules, needles):
    refused(project(tmp_path, *rules), *needles)
    gristmill("run", "-C", project(tmp_path, "range: {a: [0, 30]}"))


def test_a_date_is_text_until_a_format_is_given(tmp_path):
    project(tmp_path, "range: {a: [0, 30]}")
    assert "day is read as text" in gristmill("sql", "SELECT day FROM here.data LIMIT 1", "-C", tmp_path).stderr
    project(tmp_path, 'parse: {day: {date: "%d/%m/%Y"}}')
    preview = gristmill_json("preview", "rows", "-C", tmp_path)
    assert "2020-02-02" in json.dumps(preview)


def test_a_time_that_occurs_twice_is_no_time(tmp_path):
    """02:30 on the night when clocks go back is 00:30 or 01:30 UTC: missing and counted, or an error by `strict`."""
    how = 'timestamp: "%d.%m.%Y %H:%M", zone: Europe/Berlin'
    preview = gristmill_json("preview", "rows", "-C", project(tmp_path, f"parse: {{at: {{{how}}}}}"))
    assert preview["rules"][0]["cells"] == 200 and preview["shown"][0]["cells"][0]["after"] is None
    assert "25.10.2020 02:30" in fails("run", "-C", project(tmp_path, f"parse: {{at: {{{how}, strict: true}}}}"))


NAMES = ['two words', 'a"b', "it's", "dot.dot", "größe", "名前", "select", "a;DROP TABLE x;--", "a\\b", "%s", "${HOME"]


def test_names_of_every_kind(tmp_path):
    """As columns and as tables: read, cleaned, learned from, and asked by a request."""
    with sqlite3.connect(tmp_path / "odd.db") as database:
        quoted = ['"' + name.replace('"', '""') + '"' for name in NAMES]
        for table in quoted:
            database.execute(f"CREATE TABLE {table} (id INTEGER, {', '.join(name + ' REAL' for name in quoted)})")
            database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * (len(NAMES) + 1))})",
                                 [[i, *(i * (c + 3) % 11 for c in range(len(NAMES)))] for i in range(120)])
    table = quoted[1].replace('"', '\\"')
    rules = "\n".join(f"    - range: {{{json.dumps(name, ensure_ascii=False)}: [0, 9]}}" for name in NAMES if "$" not in name)
    write_project(tmp_path, f"""\
project: odd
sources: {{odd: sqlite:odd.db}}
tables:
  rows: "SELECT * FROM odd.{table}"
clean:
  rows:
{rules}
predict:
  answer:
    from: rows
    key: id
    target: '"two words" + 1'
    split: {{random: true, validate: 20%, test: 20%}}
    model: linear
""")
    for name in NAMES:
        other = '"' + name.replace('"', '""') + '"'
        assert gristmill("sql", f"SELECT count(*) FROM odd.{other}", "-C", tmp_path).stdout.split()[-1] == "120"
    report = gristmill_json("run", "-C", tmp_path)
    assert report["predictions"]["answer"]["rows"]["read"] == 120
    gristmill("sql", "SELECT * FROM rows", "-o", tmp_path / "rows.parquet", "-C", tmp_path)
    answers = gristmill("predict", "answer", tmp_path / "rows.parquet", "-C", tmp_path).stdout.splitlines()
    assert len(answers) == 121


def test_numbers_that_no_double_holds(tmp_path):
    """Integers beyond 2^53 stay whole; that decimals of 38 digits are rounded is said, with the way out."""
    (tmp_path / "big.jsonl").write_text("".join(f'{{"id": {2**53 + i}, "money": 1.5}}\n' for i in range(3)))
    wide = decimal.Decimal("12345678901234567890123456789012345678")
    pyarrow.parquet.write_table(pyarrow.table({"money": pyarrow.array([wide], pyarrow.decimal128(38, 0)),
                                               "price": pyarrow.array([decimal.Decimal("9.99")], pyarrow.decimal128(12, 2))}),
                                tmp_path / "wide.parquet")
    write_project(tmp_path, "project: big\nsources: {big: big.jsonl, wide: wide.parquet}\n")
    ids = gristmill_json("sql", "SELECT id FROM big.big ORDER BY 1", "-C", tmp_path)["rows"]
    assert ids == [[2**53], [2**53 + 1], [2**53 + 2]]
    told = gristmill("sql", "SELECT CAST(money AS VARCHAR) AS money, price FROM wide.wide", "-C", tmp_path)
    assert str(wide) in told.stdout
    assert "column money is declared DECIMAL(38,0) and read as float64" in told.stderr
    assert "price" not in told.stderr


def test_five_thousand_columns_with_rules(tmp_path):
    names = [f"c{i}" for i in range(5000)]
    lines = [",".join(["id", "y", *names])]
    lines += [",".join([str(i), str(i % 9), *(str((i * 7 + c) % 13) for c in range(5000))]) for i in range(60)]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    rules = "\n".join(f"    - range: {{{name}: [0, 11]}}" for name in names[:50])
    write_project(tmp_path, f"""\
project: wide
sources: {{here: data.csv}}
tables:
  rows: SELECT * FROM here.data
clean:
  rows:
    - missing: {{values: [12]}}
{rules}
predict:
  answer: {{from: rows, key: id, target: y, split: {{random: true}}, model: linear}}
""")
    report = gristmill_json("run", "-C", tmp_path, timeout=300)
    assert report["predictions"]["answer"]["rows"]["read"] == 60


def test_expect_sees_rows_after_dedupe_and_the_drops_after_it(tmp_path):
    """Of a table that is predicted from, too: what is expected holds of the rows as the rules leave them."""
    folder = project(tmp_path, "dedupe: {by: [a, b]}", "drop: a > 15", "expect: {unique: [a, b], range: {a: [0, 15]}}")
    report = gristmill_json("run", "-C", folder)
    assert report["predictions"]["answer"]["rows"]["dropped"] == 140 + 12
    gristmill("check", "-C", folder)


def test_a_table_that_cannot_be_cleaned_is_told_once_and_as_it_is(tmp_path):
    """What reads it is not blamed for what it left behind."""
    (tmp_path / "a.csv").write_text("id,v\n1,2\n1,3\n")
    write_project(tmp_path, """\
project: two
sources: {here: "*.csv"}
tables:
  a: {sql: SELECT * FROM here.a, key: id}
  b: SELECT * FROM a
  c: SELECT * FROM a
clean:
  a: [{range: {v: [0, 9]}}]
  b: [{expect: {unique: [id]}}]
  c: [{expect: {unique: [id]}}]
""")
    done = gristmill("check", "-C", tmp_path, code=1)
    assert "already exists" not in done.stdout + done.stderr
    assert (done.stdout + done.stderr).count("id is not unique") + (done.stdout + done.stderr).count("not unique") >= 2


@pytest.mark.parametrize("text, needles", [
    ("- derive: {c: coalesce(b, 'none')}", ["comma inside braces", "block form or in quotes", r"yaml:\d+:"]),
    ("- drop: 'x' = b", ["begins with a quote", r"yaml:\d+:"]),
])
def test_yaml_that_ends_a_value_too_early_says_how_to_write_it(tmp_path, text, needles):
    folder = project(tmp_path, "range: {a: [0, 30]}")
    (folder / "gristmill.yaml").write_text((folder / "gristmill.yaml").read_text().replace("- range: {a: [0, 30]}", text))
    refused(folder, *needles)


def test_choices_that_choose_nothing_are_refused(tmp_path):
    folder = project(tmp_path, "range: {a: [0, 30]}")
    written = (folder / "gristmill.yaml").read_text()
    for before, after, needles in [
        ("{random: true, validate: 20%, test: 20%}", "{random: false}", ["chooses no way", r"yaml:\d+:"]),
        ("    target: y", "    target: y\n    inputs: []", ["names no column", r"yaml:\d+:"]),
    ]:
        (folder / "gristmill.yaml").write_text(written.replace(before, after))
        refused(folder, *needles)


def test_the_key_of_a_table_is_the_key_of_its_predictions(tmp_path):
    folder = project(tmp_path, "range: {a: [0, 30]}")
    written = (folder / "gristmill.yaml").read_text().replace("    key: id\n", "")
    written = written.replace("rows: SELECT * FROM here.data", "rows: {sql: SELECT * FROM here.data, key: id}")
    (folder / "gristmill.yaml").write_text(written)
    bundle = gristmill_json("run", "-C", folder)["predictions"]["answer"]["bundle"]
    answers = gristmill("predict", bundle, folder / "data.csv").stdout.splitlines()
    assert answers[0] == "id,prediction" and answers[1].startswith("0,")


def test_a_parameter_that_is_a_date_takes_dates(tmp_path):
    write_project(tmp_path, "params: {day: 2024-01-01}\ntables: {t: SELECT $day AS d}\n")
    for given in ("2024-02-30", "5", "later"):
        error = fails("sql", "SELECT typeof(d) FROM t", "-p", f"day={given}", "-C", tmp_path, code=2)
        assert "-p day: a date or a time is due" in error and given in error
    rows = gristmill_json("sql", "SELECT typeof(d) FROM t", "-p", "day=2024-02-29", "-C", tmp_path)["rows"]
    assert rows == [["DATE"]]
