"""Almost equal tables as one: from files and databases to a model, and what is said of their differences."""
import csv
import json
import random
import sqlite3

import pytest

from conftest import fails, gristmill, gristmill_json, write_project

PROJECT = """\
project: union
sources:
  jan: data/jan.csv
  feb: sqlite:data/feb.db
  later: data/later/*.csv
tables:
  sales:
    union: [jan.jan, feb.sales, "later.*"]
    origin: month
    key: [month, id]
clean:
  sales:
    - range: {{price: [0, 1000]}}
predict:
  returned:
    from: sales
    key: [month, id]
    target: returned
    exclude: [month]
    split: {{random: true}}
    model: linear
{more}"""


def rows(seed):
    chance = random.Random(seed)
    return [(i, round(chance.uniform(1, 90), 2), chance.choice(["web", "desk"]), chance.random() < 0.4) for i in range(200)]


def write_csv(path, head, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([head, *rows])


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    write_csv(data / "jan.csv", ["id", "price", "channel", "returned"], rows(1))
    database = sqlite3.connect(data / "feb.db")
    database.execute('CREATE TABLE sales ("ID" INTEGER, "Price" INTEGER, "Returned" BOOLEAN, fee REAL)')
    database.executemany("INSERT INTO sales VALUES (?, ?, ?, 1.5)", [(i, int(price), r) for i, price, _, r in rows(2)])
    database.commit()
    database.close()
    write_csv(data / "later/mar.csv", ["id", "price", "chanel", "returned"], rows(3))
    write_csv(data / "later/apr.csv", ["id", "price", "channel", "returned", "note"], [(*row, "") for row in rows(4)])
    write_project(tmp_path, PROJECT.format(more=""))
    return tmp_path


def test_a_run_over_a_union(folder):
    done = gristmill("run", "-C", folder)
    for line in ["note: column price becomes float64: it is int64 in feb.sales",
                 "note: column id is written `ID` in feb.sales",
                 "note: column fee is only in feb.sales: null in the rows of the others",
                 "warning: column chanel is in later.mar alone, which has no channel: misspelled?"]:
        assert line in done.stdout, done.stdout
    report = gristmill_json("run", "-C", folder)
    assert report["tasks"]["ran"] == 0
    facts = report["tables"]["sales"]
    assert facts["rows"] == 800
    assert facts["rows_in"] == [["jan.jan", 200], ["feb.sales", 200], ["later.apr", 200], ["later.mar", 200]]
    columns = {column["name"]: column for column in facts["union"]}
    assert columns["price"]["types"] == {"feb.sales": "int64"} and columns["price"]["written"] == {"feb.sales": "Price"}
    assert columns["chanel"]["maybe"] == "channel"
    counted = gristmill_json("sql", "SELECT month, count(*) AS n, count(channel) AS c FROM sales GROUP BY 1 ORDER BY 1", "-C", folder)
    assert [list(row.values()) if isinstance(row, dict) else row for row in counted["rows"]] == [
        ["feb.sales", 200, 0], ["jan.jan", 200, 200], ["later.apr", 200, 200], ["later.mar", 200, 0]]


def test_a_new_table_of_the_pattern_makes_it_anew(folder):
    assert "never run" in gristmill("plan", "-C", folder).stdout
    gristmill("run", "-C", folder)
    assert gristmill_json("plan", "-C", folder)["tasks"][0]["fate"] == "reused"
    write_csv(folder / "data/later/may.csv", ["id", "price", "channel", "returned"], rows(5))
    assert gristmill_json("plan", "-C", folder)["tasks"][0]["fate"] == "would run"
    assert gristmill_json("run", "-C", folder)["tables"]["sales"]["rows"] == 1000
    (folder / "data/later/may.csv").unlink()
    assert gristmill_json("run", "--frozen", "-C", folder)["tables"]["sales"]["rows"] == 1000


@pytest.mark.parametrize("change, said", [
    (("feb.sales", "feb.sale"), ['there is no table "feb.sale"', 'did you mean "feb.sales"', "gristmill.yaml:8"]),
    (('"later.*"', '"latter.*"'), ["no table is like `latter.*`", "gristmill.yaml:8"]),
    (("origin: month", "origin: price"), ["`origin` names the column `price`"]),
    (("union:", "unoin:"), ["did you mean \"union\""]),
])
def test_what_is_wrong_is_told(folder, change, said):
    write_project(folder, PROJECT.format(more="").replace(*change))
    error = fails("run", "-C", folder)
    assert all(text in error for text in said), error


def test_a_table_that_cannot_be_read_is_not_left_out(folder):
    database = sqlite3.connect(folder / "data/feb.db")
    database.executescript("CREATE TABLE gone (id INTEGER); CREATE VIEW sales_too AS SELECT * FROM gone; DROP TABLE gone")
    database.close()
    write_project(folder, PROJECT.format(more="").replace("feb.sales", '"feb.sales*"'))
    assert "gone" in fails("run", "-C", folder)


def test_the_schema_knows_unions(folder):
    table = json.loads(gristmill("schema").stdout)["properties"]["tables"]["additionalProperties"]
    assert {"sql", "union", "origin", "key"} == set(table["anyOf"][1]["properties"])
