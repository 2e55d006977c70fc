"""Files that people hand to `predict`: written by other programs than those that were trained on."""
import csv
import io

import pyarrow
import pyarrow.parquet
import pytest

from conftest import fails, gristmill, gristmill_json, write_project

ROWS = [{"id": f"{i:03}", "clinic": f"{i % 40:03}", "visits": i % 6, "share": i % 7 / 4, "y": i % 6 + 0.25 * (i % 5)}
        for i in range(600)]
PROJECT = """\
sources: {here: data.csv}
tables: {rows: SELECT * FROM here.data}
predict:
  answer: {from: rows, key: id, target: y, split: {random: true}, model: linear}
"""


def csv_text(rows, delimiter=","):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


@pytest.fixture(scope="module")
def answer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("answer")
    (folder / "data.csv").write_text(csv_text(ROWS))
    write_project(folder, PROJECT)
    gristmill("run", "-C", folder)
    bundle = folder / ".gristmill/bundles/answer.bundle"
    return bundle, gristmill("predict", bundle, folder / "data.csv").stdout


def parquet(path, **changed):
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]} | changed
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def test_cells_that_parse_cannot_read_are_told(tmp_path):
    lines = ["id,p,y", *(f"{i},{i % 90} kg,{i % 90 * 2 + i % 3}.5" for i in range(400))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    write_project(tmp_path, """\
project: small
sources: {here: data.csv}
tables: {rows: SELECT * FROM here.data}
clean:
  rows:
    - parse: {p: {unit: kg}}
predict:
  answer: {from: rows, key: id, target: y, split: {random: true}, model: linear}
""")
    gristmill("run", "-C", tmp_path)
    (tmp_path / "new.csv").write_text("id,p\n1,12 kg\n2,a stone\n3,7 kg\n4,two stones\n")
    done = gristmill("predict", "answer", "new.csv", "-C", tmp_path, cwd=tmp_path)
    assert '2 cells are of no form that `parse` reads and count as missing, for example p: "a stone"' in done.stderr
    assert len(done.stdout.splitlines()) == 5
    (tmp_path / "good.csv").write_text("id,p\n1,12 kg\n3,7 kg\n")
    assert "warning" not in gristmill("predict", "answer", "good.csv", "-C", tmp_path, cwd=tmp_path).stderr


def test_parquet_is_taken_as_strictly_as_json(answer, tmp_path):
    bundle, expected = answer
    whole = parquet(tmp_path / "whole.parquet", visits=[float(row["visits"]) for row in ROWS])
    assert gristmill("predict", bundle, whole).stdout == expected
    halves = parquet(tmp_path / "halves.parquet", visits=[row["visits"] + (i == 7) / 2 for i, row in enumerate(ROWS)])
    error = fails("predict", bundle, halves)
    assert 'column "visits" takes an integer, not 1.5' in error and "row 8" in error
    numbers = parquet(tmp_path / "numbers.parquet", clinic=[int(row["clinic"]) for row in ROWS])
    assert 'column "clinic" takes text; in this file it is int64: "0"' in fails("predict", bundle, numbers)
    texts = parquet(tmp_path / "texts.parquet", visits=["zero"] * len(ROWS))
    assert 'column "visits" takes an integer; in this file it is string: "zero"' in fails("predict", bundle, texts)


def test_parquet_without_a_value_in_a_column_says_nothing_by_its_type(answer, tmp_path):
    nothing = parquet(tmp_path / "nothing.parquet", clinic=pyarrow.array([None] * len(ROWS), pyarrow.int32()))
    assert 'column "clinic" is empty, but it must have text' in fails("predict", answer[0], nothing)


def test_csv_of_other_programs(answer, tmp_path):
    """Integers with a point where some are missing, an index without a name, another delimiter."""
    bundle, expected = answer
    (tmp_path / "points.csv").write_text(csv_text([row | {"visits": f"{row['visits']}.0"} for row in ROWS]))
    assert gristmill("predict", bundle, tmp_path / "points.csv").stdout == expected
    (tmp_path / "semicolons.csv").write_text(csv_text(ROWS, ";"))
    assert gristmill("predict", bundle, tmp_path / "semicolons.csv").stdout == expected
    (tmp_path / "index.csv").write_text(csv_text([{"": i} | row for i, row in enumerate(ROWS)]))
    done = gristmill("predict", bundle, tmp_path / "index.csv")
    assert done.stdout == expected and "column0" in done.stderr
    (tmp_path / "halves.csv").write_text(csv_text([row | {"visits": "0.5"} for row in ROWS]))
    assert 'takes an integer, not "0.5"' in fails("predict", bundle, tmp_path / "halves.csv")


def test_columns_without_a_name_are_named_alike_in_training_and_after(tmp_path):
    (tmp_path / "data.csv").write_text(csv_text([{"": i % 50 / 7} | row for i, row in enumerate(ROWS)]))
    write_project(tmp_path, PROJECT)
    gristmill("run", "-C", tmp_path)
    gristmill("predict", "answer", tmp_path / "data.csv", "-o", tmp_path / "out.csv", "-C", tmp_path)


def test_frozen_takes_a_source_table_that_only_a_lookup_reads(tmp_path):
    (tmp_path / "data.csv").write_text(csv_text(ROWS))
    (tmp_path / "clinics.csv").write_text("clinic,region\n" + "".join(f"{i:03},R{i % 3}\n" for i in range(40)))
    write_project(tmp_path, PROJECT.replace("{here: data.csv}", "{here: data.csv, c: clinics.csv}") + """\
clean:
  c.clinics:
    - map: {region: {R1: RR}}
  rows:
    - lookup: {table: c.clinics, by: clinic, take: [region]}
""")
    gristmill("run", "-C", tmp_path)
    (tmp_path / "clinics.csv").unlink()
    assert gristmill_json("run", "--frozen", "-C", tmp_path)["tasks"]["ran"] == 0
    text = (tmp_path / "gristmill.yaml").read_text()
    (tmp_path / "gristmill.yaml").write_text(text.replace("RR", "R2"))
    assert "has never been stored" in fails("run", "--frozen", "-C", tmp_path)


def test_the_folder_may_be_named_before_the_command(tmp_path):
    (tmp_path / "data.csv").write_text(csv_text(ROWS))
    (tmp_path / "empty.csv").write_text("")
    done = gristmill("-C", tmp_path, "init")
    assert "empty.csv is left out: the file is empty" in done.stderr
    assert "1 tables in 1 sources" in done.stdout
    assert "the file is empty" in fails("init", "-C", tmp_path / "..", tmp_path / "empty.csv")
    assert gristmill_json("-C", tmp_path, "sources")


def test_many_kept_columns_do_not_shift_what_is_missing(tmp_path):
    """So many columns are written that a batch of rows is answered in parts."""
    rows = [row | {"share": None if i % 3 == 0 else row["share"]} for i, row in enumerate(ROWS)]
    (tmp_path / "data.csv").write_text(csv_text(rows))
    write_project(tmp_path, PROJECT)
    gristmill("run", "-C", tmp_path)
    bundle = tmp_path / ".gristmill/bundles/answer.bundle"
    count = 65536
    narrow = {"id": [f"{i:05}" for i in range(count)], "clinic": [f"{i % 40:03}" for i in range(count)], "visits": [i % 6 for i in range(count)],
              "share": [None if i % 3 == 0 else i % 7 / 4 for i in range(count)]}
    wide = narrow | {f"more{i}": [0] * count for i in range(70)}
    answers = []
    for name, columns in (("narrow", narrow), ("wide", wide)):
        file, out = tmp_path / f"{name}.parquet", tmp_path / f"{name}-answers.parquet"
        pyarrow.parquet.write_table(pyarrow.table(columns), file)
        gristmill("predict", bundle, file, "--keep", "all", "-o", out)
        answers.append(pyarrow.parquet.read_table(out))
    assert answers[1].num_columns > 64
    assert answers[0]["prediction"].equals(answers[1]["prediction"])
