"""Files as sources, through the whole program: each kind, whole, empty, cut short and of another kind."""
import datetime
import decimal
import gzip
import json
import random
import resource
import zipfile

import numpy
import openpyxl
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from conftest import fails, gristmill, gristmill_json, write_project

CHANCE = random.Random(5)
ROWS = [{"id": i, "price": round(CHANCE.uniform(0, 2000), 2), "size": CHANCE.choice(["s", "m", "l"]),
         "day": f"2024-0{1 + i % 9}-11"} for i in range(600)]
PROJECT = """\
sources:
  shop: {files: rows.csv, decimal: ","}
tables:
  rows: SELECT * FROM shop.rows
predict:
  dear:
    from: rows
    key: id
    target: price * (1 + length(size)) > 900
    exclude: []
    inputs: [size, day, weight]
    split: {random: true, validate: 20%, test: 20%}
    model: [linear]
"""


def european(rows):
    """Cells between semicolons, numbers with a comma."""
    rows = [row | {"weight": row["price"] / 7} for row in rows]
    lines = [";".join(rows[0])] + [";".join(str(v).replace(".", ",") if isinstance(v, float) else str(v)
                                            for v in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def test_what_trains_with_a_decimal_comma_is_predicted_with_one(tmp_path):
    (tmp_path / "rows.csv").write_text(european(ROWS))
    write_project(tmp_path, PROJECT)
    gristmill("run", "-C", tmp_path)
    gristmill("sql", "SELECT * FROM rows", "-o", tmp_path / "stored.csv", "-C", tmp_path)
    expected = gristmill("predict", "dear", tmp_path / "stored.csv", "-C", tmp_path).stdout
    assert expected.count("\n") == len(ROWS) + 1
    given = gristmill("predict", "dear", tmp_path / "rows.csv", "--decimal", ",", "-C", tmp_path).stdout
    assert sorted(given.splitlines()) == sorted(expected.splitlines())
    error = fails("predict", "dear", tmp_path / "rows.csv", "-C", tmp_path)
    assert 'column "weight" takes a number, not' in error
    error = fails("predict", "dear", tmp_path / "stored.csv", "--decimal", ",", "-C", tmp_path)
    assert 'column "weight" takes a number, not' in error
    fails("predict", "dear", tmp_path / "rows.csv", "--decimal", ";", "-C", tmp_path, code=2)


@pytest.mark.parametrize("suffix,pack", [("gz", gzip.compress),
                                         ("zst", lambda data: pyarrow.compress(data, "zstd", asbytes=True))])
def test_packed_files_are_sources(tmp_path, suffix, pack):
    write_project(tmp_path, f"sources: {{here: ['*.csv.{suffix}']}}\n".replace("['", "'").replace("']", "'")
                  + f"tables: {{t: SELECT count(*) AS n FROM here.rows}}\n")
    (tmp_path / f"rows.csv.{suffix}").write_bytes(pack(european(ROWS).encode()))
    assert gristmill_json("sql", "SELECT n FROM t", "-C", tmp_path)["rows"] == [[len(ROWS)]]
    whole = (tmp_path / f"rows.csv.{suffix}").read_bytes()
    (tmp_path / f"rows.csv.{suffix}").write_bytes(whole[:-3])
    error = fails("sql", "SELECT n FROM t", "-C", tmp_path)
    assert "is damaged or cut short" in error and f"rows.csv.{suffix}" in error


def test_an_environment_is_laid_over_the_project(tmp_path):
    (tmp_path / "small.csv").write_text("a\n1\n2\n")
    (tmp_path / "large.csv").write_text("a\n1\n2\n3\n")
    write_project(tmp_path, "params: {least: 0}\nsources: {here: {files: small.csv, as: rows}}\n"
                            "tables: {t: 'SELECT count(*) AS n FROM here.rows WHERE a > $least'}\n")
    (tmp_path / "gristmill.prod.yaml").write_text("sources: {here: {files: large.csv}}\n")
    counted = "SELECT n FROM t"
    assert gristmill_json("sql", counted, "-C", tmp_path)["rows"] == [[2]]
    assert gristmill_json("sql", counted, "--env", "prod", "-C", tmp_path)["rows"] == [[3]]
    assert gristmill_json("sql", counted, "--env", "prod", "-p", "least=1", "-C", tmp_path)["rows"] == [[2]]
    assert "3" in gristmill("show", "t", "--env", "prod", "-C", tmp_path).stdout
    assert 'did you mean "prod"?' in fails("sources", "--env", "prodd", "-C", tmp_path, code=2)
    fails("sources", "--env", "", "-C", tmp_path, code=2)
    (tmp_path / "gristmill.prod.yaml").write_text("sources:\n  here: {fils: large.csv}\n")
    assert "gristmill.prod.yaml:2" in fails("sources", "--env", "prod", "-C", tmp_path)


TABLE = pyarrow.table({"id": [1, 2, 3], "name": ["a", None, "ü"], "at": pyarrow.array([0, 10**15, None], pyarrow.timestamp("us")),
                       "price": pyarrow.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")],
                                              pyarrow.decimal128(9, 2))})


def arrow_file(path, table=TABLE, form=pyarrow.ipc.new_file, **options):
    with form(path, table.schema, options=pyarrow.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table)


def here(folder, source="'*.*'", sql="SELECT 1 AS one"):
    write_project(folder, f"sources: {{here: {source}}}\ntables: {{t: {sql}}}\n")
    return folder


def rows(folder, sql):
    return gristmill_json("sql", sql, "-C", folder)["rows"]


@pytest.mark.parametrize("form", [pyarrow.ipc.new_file, pyarrow.ipc.new_stream], ids=["file", "stream"])
@pytest.mark.parametrize("codec", [None, "lz4", "zstd"])
def test_arrow_files_are_tables(tmp_path, form, codec):
    arrow_file(tmp_path / "rows.arrow", form=form, compression=codec)
    here(tmp_path, "rows.arrow")
    assert rows(tmp_path, "SELECT id, name, price FROM here.rows") == [[1, "a", 1.5], [2, None, None], [3, "ü", -2.25]]
    assert rows(tmp_path, "SELECT count(*) FROM here.rows") == [[3]]
    whole = (tmp_path / "rows.arrow").read_bytes()
    for size in (len(whole) - 20, len(whole) // 2, 6, 0):
        (tmp_path / "rows.arrow").write_bytes(whole[:size])
        if form == pyarrow.ipc.new_stream and size > len(whole) // 2:
            continue  # the mark at its end may be left out
        error = fails("sql", "SELECT count(id), max(name) FROM here.rows", "-C", tmp_path)
        assert "rows.arrow" in error, (size, error)
    (tmp_path / "rows.arrow").write_text("id,name\n1,a\n")
    assert "the Arrow data cannot be read" in fails("sources", "-C", tmp_path)


def test_arrow_files_are_many_or_refused(tmp_path):
    for i in range(3):
        arrow_file(tmp_path / f"part{i}.feather", TABLE)
    here(tmp_path, "{files: '*.feather', as: all}")
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT filename), max(filename) FROM here.all") == [[9, 3, "part2.feather"]]
    arrow_file(tmp_path / "part1.feather", TABLE.drop(["name"]))
    assert "its columns are not those of" in fails("sources", "-C", tmp_path)
    arrow_file(tmp_path / "part1.feather", pyarrow.table({"id": [1], "tags": [["a", "b"]]}))
    here(tmp_path, "part1.feather")
    error = fails("sources", "-C", tmp_path)
    assert 'column "tags" is list' in error and "leave the column out" in error
    (tmp_path / "part1.feather").write_bytes(b"FEA1....FEA1")
    assert "Feather version 1" in fails("sources", "-C", tmp_path)


def book(path, **sheets):
    """A workbook; each sheet a list of rows, or a function that fills it."""
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for name, content in sheets.items():
        sheet = workbook.create_sheet(name)
        if callable(content):
            content(sheet)
        else:
            for row in content:
                sheet.append(row)
    workbook.save(path)


DAY = datetime.datetime(2024, 2, 29)


def test_sheets_are_tables(tmp_path):
    book(tmp_path / "report.xlsx", Sales=[["id", "price", "sold", "at", "open", "note"],
                                          [1, 1.5, DAY, DAY.replace(hour=13, minute=5), True, "a"],
                                          [2, 2, None, None, False, None],
                                          [None] * 6,
                                          [3, None, DAY, DAY, None, "<&ü>"]],
         People=[["name"], ["x"]])
    here(tmp_path, "report.xlsx")
    listed = {t["table"]: t["columns"] for t in gristmill_json("sources", "-C", tmp_path)["tables"]}
    assert [c["type"] for c in listed["here.Sales"]] == ["int64", "float64", "date", "timestamp", "boolean", "string"]
    assert rows(tmp_path, "SELECT * FROM here.Sales ORDER BY id") == [
        [1, 1.5, "2024-02-29", "2024-02-29T13:05:00", True, "a"], [2, 2.0, None, None, False, None],
        [3, None, "2024-02-29", "2024-02-29T00:00:00", None, "<&ü>"]]
    assert rows(tmp_path, "SELECT name FROM here.People") == [["x"]]
    assert rows(tmp_path, "SELECT count(*) FROM here.Sales") == [[3]]


def test_mixed_cells_are_text_and_said_so(tmp_path):
    book(tmp_path / "report.xlsx", s=[["a", "b", "c"], [1, 1, "#N/A"], ["n/a", "NA", 2], [2.5, 3, 4]])
    here(tmp_path, "report.xlsx")
    done = gristmill("sql", "SELECT * FROM here.s", "--json", "-C", tmp_path)
    assert json.loads(done.stdout)["rows"] == [["1", 1, None], ["n/a", None, 2], ["2.5", 3, 4]]
    assert 'column a is read as text: it holds numbers and text (A3 holds "n/a")' in done.stderr
    assert "column c: 1 cells are errors of formulas (#N/A in C2), read as missing" in done.stderr
    here(tmp_path, "{files: report.xlsx, nulls: [n/a]}")
    assert rows(tmp_path, "SELECT a FROM here.s") == [[1.0], [None], [2.5]]


def test_a_title_above_the_names_is_no_table(tmp_path):
    titled = [["Sales 2024"], [None], ["id", "price"], [1, 2.5], [2, 3.5], ["total", 6]]
    book(tmp_path / "report.xlsx", s=titled)
    here(tmp_path, "report.xlsx")
    error = fails("sql", "SELECT * FROM here.s", "-C", tmp_path)
    assert "cell B1 names no column, but B3 below it holds a value" in error and "range: A3:F100" in error
    here(tmp_path, "{files: report.xlsx, range: 'A3:B5'}")
    assert rows(tmp_path, "SELECT * FROM here.s") == [[1, 2.5], [2, 3.5]]
    here(tmp_path, "{files: report.xlsx, range: 'A4:B5', header: false}")
    assert rows(tmp_path, "SELECT column0, column1 FROM here.s") == [[1, 2.5], [2, 3.5]]
    here(tmp_path, "{files: report.xlsx, range: 'A4:B'}")
    assert "cell A4 holds \"1\": the first row does not name the columns" in fails("sources", "-C", tmp_path)
    for wrong in ("3A", "A3:", "B3:A9", "A0:B2", "ZZZZ1"):
        here(tmp_path, f"{{files: report.xlsx, range: '{wrong}'}}")
        assert "is no range of cells" in fails("sources", "-C", tmp_path)


def test_sheets_that_are_no_tables_spoil_no_others(tmp_path):
    def merged(sheet):
        for row in [["a", "b"], [1, 2], [3, 4]]:
            sheet.append(row)
        sheet.merge_cells("A2:B2")
    book(tmp_path / "report.xlsx", good=[["a"], [1]], merged=merged, empty=[], twice=[["a", "A"], [1, 2]])
    here(tmp_path, "report.xlsx")
    done = gristmill("sql", "SELECT a FROM here.good", "-C", tmp_path)
    assert "here.empty is left out: this sheet is empty" in done.stderr
    assert "cells A2:B2 are merged" in fails("sql", "SELECT * FROM here.merged", "-C", tmp_path)
    assert "cells A1 and B1 name one column" in fails("sql", "SELECT * FROM here.twice", "-C", tmp_path)
    here(tmp_path, "{files: report.xlsx, sheet: god}")
    assert 'did you mean "good"?' in fails("sources", "-C", tmp_path)
    here(tmp_path, "{files: report.xlsx, sheet: good}")
    assert len(gristmill_json("sources", "-C", tmp_path)["tables"]) == 1


def test_broken_workbooks_are_one_error(tmp_path):
    book(tmp_path / "x.xlsx", s=[["a"], *[[i] for i in range(2000)]])
    whole = (tmp_path / "x.xlsx").read_bytes()
    here(tmp_path, "x.xlsx")
    for bytes_, message in [(whole[:-30], "damaged or cut short"), (whole[:3000], "damaged or cut short"),
                            (b"", "the file is empty"), (b"a,b\n1,2\n", "this is not an Excel workbook"),
                            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + b"\0" * 600, "this is an older workbook (.xls)")]:
        (tmp_path / "x.xlsx").write_bytes(bytes_)
        error = fails("sources", "-C", tmp_path)
        assert message in error and "x.xlsx" in error
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    assert "this is not an Excel workbook" in fails("sources", "-C", tmp_path)


def test_arrays_of_numpy_are_tables(tmp_path):
    numbers = numpy.arange(12, dtype="<i4").reshape(4, 3)
    numpy.save(tmp_path / "wide.npy", numbers)
    numpy.save(tmp_path / "by_column.npy", numpy.asfortranarray(numbers / 4))
    numpy.save(tmp_path / "one.npy", numpy.array([True, False, True]))
    numpy.save(tmp_path / "swapped.npy", numpy.array([1.5, -2.25], dtype=">f2"))
    numpy.save(tmp_path / "none.npy", numpy.zeros((0, 2), dtype="f4"))
    here(tmp_path, "'*.npy'")
    assert rows(tmp_path, "SELECT * FROM here.wide") == numbers.tolist()
    assert rows(tmp_path, "SELECT * FROM here.by_column") == (numbers / 4).tolist()
    assert rows(tmp_path, "SELECT x0 FROM here.one") == [[True], [False], [True]]
    assert rows(tmp_path, "SELECT x0 FROM here.swapped") == [[1.5], [-2.25]]
    assert rows(tmp_path, "SELECT x1 FROM here.none") == []
    assert rows(tmp_path, "SELECT count(*), sum(x2) FROM here.wide") == [[4, 26]]


@pytest.mark.parametrize("save", [numpy.savez, numpy.savez_compressed])
def test_archives_of_numpy_hold_tables(tmp_path, save):
    save(tmp_path / "many.npz", a=numpy.arange(6).reshape(3, 2), b=numpy.array([0.5]), words=numpy.array(["x"]),
         cube=numpy.zeros((2, 2, 2)))
    here(tmp_path, "many.npz")
    done = gristmill("sql", "SELECT * FROM here.a", "--json", "-C", tmp_path)
    assert json.loads(done.stdout)["rows"] == [[0, 1], [2, 3], [4, 5]]
    assert "here.words is left out" in done.stderr and "here.cube is left out" in done.stderr
    assert rows(tmp_path, "SELECT x0 FROM here.b") == [[0.5]]
    assert "3 dimensions" in fails("sql", "SELECT * FROM here.cube", "-C", tmp_path)


def test_broken_arrays_are_one_error(tmp_path):
    here(tmp_path, "x.npy")
    numpy.save(tmp_path / "x.npy", numpy.arange(1000))
    whole = (tmp_path / "x.npy").read_bytes()
    for bytes_, message in [(b"", "the file is empty"), (whole[:-8], "this array is cut short"),
                            (whole[:40], "this array is cut short"), (b"1,2\n3,4\n", "this is no array of NumPy"),
                            (whole.replace(b"(1000,)", b"(-10,) "), "the shape of this array is damaged")]:
        (tmp_path / "x.npy").write_bytes(bytes_)
        error = fails("sql", "SELECT sum(x0) FROM here.x", "-C", tmp_path)
        assert message in error and "x.npy" in error
    numpy.save(tmp_path / "x.npy", numpy.array([{"a": 1}], dtype=object), allow_pickle=True)
    assert "of which only numbers are read" in fails("sources", "-C", tmp_path)
    numpy.save(tmp_path / "x.npy", numpy.array([1, 2**63], dtype="u8"))
    assert "beyond int64" in fails("sql", "SELECT sum(x0) FROM here.x", "-C", tmp_path)


def test_svmlight_files_are_tables(tmp_path):
    (tmp_path / "train.svmlight").write_text("# made by hand\n+1 qid:3 1:0.5 4:2 # first\n\n-1 2:1e-3\r\n0\n")
    (tmp_path / "zero.libsvm.gz").write_bytes(gzip.compress(b"0.5 0:1\n"))
    here(tmp_path, "'*.*svm*'")
    listed = {t["table"]: [(c["name"], c["type"]) for c in t["columns"]] for t in gristmill_json("sources", "-C", tmp_path)["tables"]}
    assert listed["here.train"][:2] == [("label", "int64"), ("qid", "int64")] and len(listed["here.train"]) == 6
    assert [name for name, _ in listed["here.zero"]] == ["label", "x0"]
    assert rows(tmp_path, "SELECT * FROM here.train") == [[1, 3, 0.5, 0, 0, 2], [-1, None, 0, 0.001, 0, 0], [0, None, 0, 0, 0, 0]]
    assert rows(tmp_path, "SELECT x4, label FROM here.train") == [[2, 1], [0, -1], [0, 0]]


@pytest.mark.parametrize("text,message", [
    ("", "the file is empty"), ("1 1:2\n1 x\n", '"x" is no feature'), ("a 1:2\n", '"a" is no label'),
    ("1 2:1 1:1\n", "feature 1 does not come after 2"), ("1 1:1\n1 10001:1\n", "beyond the 10000 that a table may have"),
    ("1,2 1:1\n", "is no label"), ("1 1:\n", "is no feature"), ("1 qid:x 1:1\n", "is no number of a query")])
def test_broken_svmlight_files_are_one_error(tmp_path, text, message):
    (tmp_path / "x.svmlight").write_text(text)
    error = fails("sources", "-C", here(tmp_path, "x.svmlight"))
    assert message in error and "x.svmlight" in error


def raw_book(path, shared="<sst/>", sheet="<worksheet/>"):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", '<workbook xmlns:r="r"><sheets><sheet name="s" r:id="r1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels",
                         '<R><Relationship Id="r1" Type="x/worksheet" Target="worksheets/s.xml"/></R>')
        archive.writestr("xl/sharedStrings.xml", shared)
        archive.writestr("xl/worksheets/s.xml", sheet)


@pytest.mark.parametrize("parts,message", [
    (("<sst>" + ("<si><t>" + "x" * 100000 + "</t></si>") * 2800 + "</sst>",), "the texts of this workbook are beyond 256 MiB"),
    (("<sst><si><t>" + "x" * (64 << 20) + "</t></si></sst>",), "is longer than the 32767 characters of a cell"),
    (("<sst><si><t>" + "x" * 100000 + "</t></si></sst>",
      "<w>" + ("<row>" + '<c t="s"><v>0</v></c>' * 16000 + "</row>") * 20 + "</w>"), "row 1 of it is beyond 64 MiB"),
    (('<!DOCTYPE x [<!ENTITY a "b">]><sst/>',), "its XML declares a document type"),
    (("<sst/>", "<w><row><c><v>1</v>"), "its XML is damaged"),
    (("<sst/>", '<w><row><c t="s"><v>7</v></c></row></w>'), "cell A1 holds a text that is not in the workbook"),
    (("<sst/>", "<w><row><c><v>x</v></c></row></w>"), "which is no number"),
    (("<sst/>", '<w><row r="2"/><row r="1"/></w>'), "its rows are not in order"),
], ids=["many", "long", "wide", "doctype", "cut", "text", "number", "order"])
def test_workbooks_made_to_hurt_are_one_error(tmp_path, parts, message):
    raw_book(tmp_path / "x.xlsx", *parts)
    here(tmp_path, "x.xlsx")
    # A bound on memory far below what they would unfold to.
    done = fails("sources", "-C", tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)))
    assert message in done and "x.xlsx" in done


# --- what only looks like a small file ---------------------------------------------------------------------------------

@pytest.mark.parametrize("begin, end, times", [('{"b":', "}", 20000), ("[", "]", 200000)])
def test_json_nested_too_deep(tmp_path, begin, end, times):
    (tmp_path / "deep.jsonl").write_text('{"a":' + begin * times + "1" + end * times + "}\n")
    write_project(tmp_path, "project: deep\nsources: {here: deep.jsonl}\n")
    error = fails("sources", "-C", tmp_path)
    assert "nested deeper than 512" in error and "deep.jsonl" in error and len(error) < 1000


def test_a_workbook_of_one_endless_tag(tmp_path):
    """Deflated a thousandfold; an XML reader that begins anew with each part would take hours."""
    book(tmp_path / "report.xlsx", sheet=[["a"], [1]])
    with zipfile.ZipFile(tmp_path / "report.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(tmp_path / "report.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, bytes_ in parts.items():
            if name.endswith("sheet1.xml"):
                bytes_ = bytes_.replace(b"<sheetData", b"<!--" + b"A" * (40 << 20) + b"--><sheetData", 1)
            archive.writestr(name, bytes_)
    write_project(tmp_path, "project: endless\nsources: {here: report.xlsx}\n")
    error = fails("sql", "SELECT * FROM here.sheet", "-C", tmp_path, timeout=20)
    assert "one tag or comment of more than 2 MB" in error


def test_formulas_that_nobody_computed_are_told_of(tmp_path):
    book(tmp_path / "report.xlsx", sheet=[["a", "twice"], [1, "=A2*2"], [2, "=A3*2"]])
    write_project(tmp_path, "project: formulas\nsources: {here: report.xlsx}\n")
    told = gristmill("sources", "-C", tmp_path).stdout
    assert "column twice: 2 cells are errors of formulas (not computed in B2), read as missing" in told


def test_decimals_wider_than_duckdb_reads(tmp_path):
    wide = pyarrow.array([decimal.Decimal(1000)], pyarrow.decimal256(60, 0))
    pyarrow.parquet.write_table(pyarrow.table({"wide": wide}), tmp_path / "wide.parquet")
    write_project(tmp_path, "project: wide\nsources: {here: wide.parquet}\n")
    assert "column wide is a decimal of more than 38 digits" in fails("sources", "-C", tmp_path)


def test_a_bit_flipped_in_an_array_that_is_not_packed_is_told(tmp_path):
    numpy.savez(tmp_path / "x.npz", a=numpy.arange(5000.0))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "x.npz").write_bytes(bytes(data))
    write_project(tmp_path, "project: p\nsources: {here: x.npz}\n")
    assert "damaged" in fails("sql", "SELECT * FROM here.a", "-C", tmp_path, code=None)


@pytest.mark.parametrize("kind", ["sqlite", "xlsx", "csv"])
def test_a_server_is_no_file(tmp_path, kind):
    write_project(tmp_path, f'project: p\nsources: {{here: {{url: "postgresql://127.0.0.1:1/d", kind: {kind}}}}}\n')
    assert "names a server" in fails("sources", "-C", tmp_path)
