"""What the rules of a table do, as one looks at it: preview, quarantine, dedupe."""
import json

import pytest

from conftest import fails, gristmill, gristmill_json, serving, write_project

ROWS = 4000
LEARNED_FROM = {"": "d.rows", "tables:\n  all_rows: SELECT * FROM d.rows\n": "all_rows"}


def bad(i):
    return i % 40 == 7


def twin(i):
    return i % 10 == 3


def write_rows(folder):
    (folder / "data").mkdir()
    with open(folder / "data/rows.csv", "w") as file:
        file.write("id,size,when,y\n")
        for i in range(ROWS):
            size = "12 kg" if bad(i) else f" {i % 90} "
            when = "soon" if i % 100 == 50 else f"{1 + i % 28:02}/03/2024"
            line = f"{i - 1 if twin(i) else i},{size},{when},{i % 90 * 3 + i % 5}\n"
            file.write(line)


RULES = """\
project: rules
sources: {d: data/*.csv}
TABLES
clean:
  d.rows:
    - text: {size: [trim]}
    - parse: {when: {date: "%d/%m/%Y", strict: true}}
    - derive: {size: "CAST(size AS DOUBLE)"}
    - dedupe: {by: id, keep: last}
    - drop: size > 80
"""
PREDICT = """\
predict:
  y_of: {from: FROM, inputs: [size], target: y, split: {random: true}, model: linear}
"""


def project(folder, tables, table):
    write_rows(folder)
    write_project(folder, RULES.replace("TABLES", tables) + PREDICT.replace("FROM", table))


@pytest.mark.parametrize("tables, table", LEARNED_FROM.items())
def test_rejected_rows_are_kept_with_the_reason(tmp_path, tables, table):
    """On the table that is learned from, and upstream of SQL: the same rows, rules and numbers."""
    project(tmp_path, tables, table)
    run = gristmill_json("run", "-C", tmp_path)
    broken = [i for i in range(ROWS) if bad(i) or i % 100 == 50]
    assert not any(bad(i) and i % 100 == 50 for i in range(ROWS))
    document = gristmill_json("quarantine", "d.rows", "-C", tmp_path, "-n", "1000")
    (kept,) = document["quarantine"]
    assert kept["prediction"] == (None if tables else "y_of")
    assert kept["rows"] == kept["kept"] == len(broken)
    assert [by["rule"] for by in kept["by"]] == [3, 2]
    assert kept["by"][0] == {"rule": 3, "kind": "derive", "column": "size", "rows": 100, "row": 8,
                             "message": 'cannot cast "12 kg" to DOUBLE'}
    assert [row["row"] for row in kept["shown"]] == [i + 1 for i in broken]
    first = kept["shown"][0]
    assert (first["rule"], first["kind"], first["column"]) == (3, "derive", "size")
    assert first["cells"] == {"id": 7, "size": "12 kg", "when": "08/03/2024", "y": 23}  # as it was
    assert "12 kg" in first["reason"]
    facts = run["tables"]["d.rows (cleaned)"] if tables else run["predictions"]["y_of"]
    assert facts["quarantine"]["rows"] == len(broken)
    # A twin is left out unless the row before it is broken; of 13 and 12 the second one stays.
    out = {i - 1 for i in range(ROWS) if twin(i) and i not in broken and i - 1 not in broken}
    dropped = out | {i for i in range(ROWS) if i not in broken and i % 90 > 80}
    if tables:
        assert (facts["broken"], facts["dropped"]) == (len(broken), len(dropped - set(broken)))
    else:
        assert facts["rows"]["broken"] == len(broken)
        assert facts["rows"]["dropped"] == len(dropped - set(broken))
    text = gristmill("quarantine", "-C", tmp_path, "-n", "2").stdout
    assert "140 rows rejected" in text and "rule 3 derive, column size: 100 rows; row 8:" in text
    assert "2 of 140 rows" in text
    # Whoever reads them again finds them, after nothing ran.
    assert gristmill_json("run", "-C", tmp_path)["tasks"]["ran"] == 0
    gristmill("gc", "-C", tmp_path)
    assert gristmill_json("quarantine", "d.rows", "-C", tmp_path, "-n", "1000") == document


def test_nothing_was_cleaned_yet(tmp_path):
    project(tmp_path, "", "d.rows")
    assert "table d.rows was not cleaned yet" in fails("quarantine", "d.rows", "-C", tmp_path)


@pytest.mark.parametrize("tables, table", LEARNED_FROM.items())
def test_a_run_in_which_all_rows_break_names_the_rule(tmp_path, tables, table):
    write_rows(tmp_path)
    rules = RULES.replace("TABLES", tables).replace('"CAST(size AS DOUBLE)"', '"CAST(\'x\' || size AS DOUBLE)"')
    write_project(tmp_path, rules + PREDICT.replace("FROM", table))
    error = fails("run", "-C", tmp_path)
    line = rules.splitlines().index(next(r for r in rules.splitlines() if "- derive" in r)) + 1
    assert f"gristmill.yaml:{line}:" in error
    assert f"rule 3 derive, column size breaks {ROWS - 40} of {ROWS} rows, for example row 1:" in error


@pytest.mark.parametrize("tables, table", LEARNED_FROM.items())
def test_many_broken_rows_are_a_warning(tmp_path, tables, table):
    write_rows(tmp_path)
    lines = (tmp_path / "data/rows.csv").read_text().splitlines()
    lines[1:401] = [line.replace("/03/", "/13/") for line in lines[1:401]]
    (tmp_path / "data/rows.csv").write_text("\n".join(lines) + "\n")
    write_project(tmp_path, RULES.replace("TABLES", tables) + PREDICT.replace("FROM", table))
    report = gristmill("run", "-C", tmp_path).stdout
    assert "warning: " in report
    assert "% of the rows of d.rows are rejected, most of them (436 of " in report
    assert "by rule 2 parse, column when; row 1: " in report and "`gristmill quarantine d.rows` shows them" in report


def test_rows_that_a_rule_after_the_fitting_breaks_are_rejected(tmp_path):
    """As in a request, where they are errors: what is trained on has none of them."""
    (tmp_path / "data").mkdir()
    with open(tmp_path / "data/rows.csv", "w") as file:
        file.write("id,x,s,y\n")
        for i in range(1000):
            file.write(f"{i},{'' if i % 7 == 0 else i % 50},{'bad' if i % 20 == 9 else 1},{i % 50 * 2 + i % 3}\n")
    write_project(tmp_path, """\
project: late
sources: {d: data/*.csv}
clean:
  d.rows:
    - impute: {x: mean}
    - derive: {both: "x + CAST(s AS DOUBLE)"}
predict:
  y_of: {from: d.rows, key: id, inputs: [x, both], target: y, split: {random: true}, model: linear}
""")
    rows = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["rows"]
    assert (rows["read"], rows["broken"], rows["in_gap"]) == (1000, 50, 0)
    assert rows["train"] + rows["validate"] + rows["test"] == 950
    (kept,) = gristmill_json("quarantine", "-C", tmp_path, "-n", "100")["quarantine"]
    assert [row["cells"]["id"] for row in kept["shown"]] == [i for i in range(1000) if i % 20 == 9]
    assert kept["by"][0]["rule"] == 2
    with serving(tmp_path / ".gristmill/bundles/y_of.bundle") as server:
        status, answer = server.post({"instances": [{"id": 1, "x": 1, "s": "1"}, {"id": 2, "x": None, "s": "bad"}]})
        assert status == 422 and answer["error"]["where"] == {"field": "s", "row": 2}


def test_preview(tmp_path):
    project(tmp_path, "", "d.rows")
    preview = gristmill_json("preview", "d.rows", "-C", tmp_path, "-n", "3")
    assert preview["rows"] == ROWS and preview["fitted_on"] is None
    assert preview["broken"] == 140
    assert [row["row"] for row in preview["shown"]] == [1, 2, 3]
    assert preview["shown"][0]["cells"][0] == {"rule": 1, "kind": "text", "column": "size", "before": " 0 ",
                                               "after": "0"}
    text = gristmill("preview", "d.rows", "dedupe", "-C", tmp_path).stdout
    assert 'dropped: the same "id"' in text and f"rule 4 dedupe: {preview['rules'][3]['dropped']} rows dropped" in text
    assert "its rules are 1 text, 2 parse, 3 derive, 4 dedupe, 5 drop" in fails("preview", "d.rows", "6", "-C", tmp_path)
    assert 'there is no table "d.row"' in fails("preview", "d.row", "-C", tmp_path)
    assert "table all_rows has no rules" in fails("preview", "all_rows", "-C", upstream(tmp_path))
    assert json.loads(gristmill("preview", "d.rows", "-C", tmp_path, "--json").stdout)["dropped"] == preview["dropped"]


def upstream(folder):
    write_project(folder, RULES.replace("TABLES", "tables:\n  all_rows: SELECT * FROM d.rows\n"))
    return folder


def test_what_is_filled_from_others_is_filled_so_in_a_request(tmp_path):
    """A row alone, rows together and a file: the same answers to the last bit."""
    (tmp_path / "data").mkdir()
    rows = [{"id": i, "day": f"2024-{1 + i // 28:02}-{1 + i % 28:02}", "site": "ab"[i % 2],
             "level": None if i % 3 else float(i // 6), "a": None if i % 7 == 0 else i % 50 * 2.0,
             "b": None if i % 5 == 0 else i % 50 * 3.0 + i % 2, "y": i % 50 * 4 + i // 6} for i in range(336)]
    with open(tmp_path / "data/rows.csv", "w") as file:
        file.write(",".join(rows[0]) + "\n")
        for row in rows:
            file.write(",".join("" if cell is None else str(cell) for cell in row.values()) + "\n")
    for with_ in ("knn", "iterative"):
        write_project(tmp_path, f"""\
project: filled
sources: {{d: data/*.csv}}
clean:
  d.rows:
    - impute: {{level: {{with: forward, time: day, by: site, indicator: true}}}}
    - impute: {{columns: [a, b, level], with: {with_}}}
predict:
  y_of: {{from: d.rows, key: id, time: day, inputs: [level, a, b], target: y, model: linear}}
""")
        gristmill("run", "-C", tmp_path)
        asked = [{k: v for k, v in row.items() if k != "y"} for row in rows[::5]]
        asked += [{"id": 1000, "day": "2031-01-01", "site": "z", "level": None, "a": None, "b": None}]
        (tmp_path / "asked.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
        gristmill("predict", "y_of", tmp_path / "asked.jsonl", "-C", tmp_path, "-o", tmp_path / "out.jsonl")
        file = [json.loads(line)["prediction"] for line in (tmp_path / "out.jsonl").read_text().splitlines()]
        with serving(tmp_path / ".gristmill/bundles/y_of.bundle") as server:
            together = [answer["prediction"] for answer in server.predict(asked)["predictions"]]
            alone = [server.predict([row])["predictions"][0]["prediction"] for row in asked]
        assert file == together == alone
