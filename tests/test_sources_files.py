"""Files as sources, through the whole program: packed, with a decimal comma, of another environment."""
import gzip
import random

import pyarrow
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
