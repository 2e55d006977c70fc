"""What is expected of tables: every kind of check, over files and databases, in `run` and in `check`."""
import contextlib
import datetime
import json
import sqlite3
import time
import xml.etree.ElementTree

import pytest

from conftest import PROJECT, fails, gristmill, gristmill_json, make_project, write_project
from servers import Postgres, serving_database

ORDERS = """\
id,customer,store,items,amount,code,placed,day
1,c1,north,1,10.5,A-1,2024-05-01 10:00:00,2024-05-01
2,c2,south,2,20,A-2,2024-05-02 10:00:00,2024-05-02
3,c9,north,3,30,a-3,2024-05-03 10:00:00,2024-05-03
4,,west,3,,A-4,2024-05-03 09:00:00,2024-05-03
"""
CUSTOMERS = """\
customer,city,boss
c1,Bonn,
c2,Mainz,c1
c3,Trier,c1
"""


def write_csv(folder, orders=ORDERS, customers=CUSTOMERS):
    (folder / "data").mkdir(parents=True, exist_ok=True)
    (folder / "data/orders.csv").write_text(orders)
    (folder / "data/customers.csv").write_text(customers)
    return folder


def write_sqlite(folder):
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as database:
        for name, text, types in (
                ("orders", ORDERS, "id INTEGER, customer TEXT, store TEXT, items INTEGER, amount REAL, code TEXT, "
                                   "placed TIMESTAMP, day DATE"),
                ("customers", CUSTOMERS, "customer TEXT, city TEXT, boss TEXT")):
            rows = [[cell or None for cell in line.split(",")] for line in text.splitlines()[1:]]
            database.execute(f"CREATE TABLE {name} ({types})")
            database.executemany(f"INSERT INTO {name} VALUES ({','.join('?' * len(rows[0]))})", rows)
        database.commit()
    return folder


def expecting(folder, *expect, source="data/*.csv", table="orders", key="[id]", clean="", more=""):
    """A project whose table `orders` has a key and is read from the source `shop`."""
    lines = "".join(f"    - expect: {one}\n" for one in expect)
    write_project(folder, f"""\
project: checks
params: {{least: 1}}
sources: {{shop: "{source}"}}
tables:
  orders: {{sql: SELECT * FROM shop.orders, key: {key}}}
clean:
  {table}:
{clean}{lines}{more}""")
    return folder


def check(folder, *args, code=0):
    """The document of `check --json`."""
    return json.loads(gristmill("check", "-C", folder, "--json", *args, code=code).stdout)


def only(folder, code=0):
    """The one outcome of a project with one check."""
    document = check(folder, code=code)
    assert len(document["checks"]) == 1 and len(document["checks"][0]["checks"]) == 1, document
    return document["checks"][0]["checks"][0]


KINDS = [
    # (expected, untrue, its message, its first example)
    ("{unique: [id]}", "{unique: [items]}", "items should be unique, but 1 row has the key of an earlier one",
     "rows 3, 4: 3"),
    ("{nulls: {customer: 1, amount: 25%}}", "{nulls: {amount: 0}}", "column amount has 1 null in 4 rows, 0 allowed",
     "row 4 (id 4): amount = null"),
    ("{range: {amount: [10, 30]}}", "{range: {amount: [15, null]}}", "column amount has 1 value outside of [15,null]",
     "row 1 (id 1): amount = 10.5"),
    ('{regex: {code: "[aA]-[0-9]"}}', '{regex: {code: "A-[0-9]"}}', 'column code has 1 value not of the form "A-[0-9]"',
     'row 3 (id 3): code = "a-3"'),
    ("{values: {store: [north, south, west]}}", "{values: {store: [north, south]}}",
     'column store has 1 value not among ["north","south"]', 'row 4 (id 4): store = "west"'),
    ("{values: {items: [1, 2, 3]}}", "{values: {items: [4]}}",
     "column items has 4 values not among [4], which is every value it has", "row 1 (id 1): items = 1"),
    ("{rows: {min: 1}}", "{rows: [5, 9]}", "it has 4 rows, 5 to 9 expected", None),
    ("{monotone: {items: increasing}}", "{monotone: {placed: increasing}}",
     "column placed is not increasing: 1 row is out of order",
     "row 4 (id 4): placed = 2024-05-03T09:00:00 after row 3 (id 3): placed = 2024-05-03T10:00:00"),
    ("{monotone: {items: {is: strictly increasing, by: store}}}",
     "{monotone: {items: strictly increasing}}", "column items is not strictly increasing: 1 row is out of order",
     "row 4 (id 4): items = 3 after row 3 (id 3): items = 3"),
    ("{freshness: {placed: 100000d}}", "{freshness: {day: 2d}}", "the newest value of day is 2024-05-03, ", None),
    ("{foreign_key: {customer: orders.customer}}", "{foreign_key: {customer: shop.customers.customer}}",
     "customer not in shop.customers.customer: 1 row", 'row 3 (id 3): customer = "c9"'),
    ("{foreign_key: {columns: [store, items], table: orders}}",
     "{foreign_key: [{columns: [items, store], table: orders, key: [id, store]}]}",
     "items, store not in orders.id, store: 1 row", 'row 4 (id 4): items = 3, store = "west"'),
    ('{sql: "amount >= 10"}', '{sql: "amount >= 15 * $least"}', "`amount >= 15 * $least` is untrue: 1 row",
     "row 1 (id 1): customer = \"c1\", store = \"north\", items = 1, amount = 10.5, code = \"A-1\", "
     "placed = 2024-05-01T10:00:00"),
    ('{sql: "SELECT 1 FROM orders HAVING count(*) > 10"}',
     '{sql: "SELECT store, count(*) AS n FROM orders GROUP BY store HAVING count(*) > 1"}', "`SELECT store, count(*) AS n FROM",
     'store = "north", n = 2'),
]


@pytest.mark.parametrize("source", ["csv", "sqlite"])
@pytest.mark.parametrize("held, untrue, message, example", KINDS, ids=[f"{i}-{k[1][1:7]}" for i, k in enumerate(KINDS)])
def test_each_kind(tmp_path, source, held, untrue, message, example):
    if source == "csv":
        given = "data/*.csv"
        write_csv(tmp_path)
    else:
        given = "sqlite:shop.db"
        write_sqlite(tmp_path)
    expecting(tmp_path, held, source=given)
    document = check(tmp_path)
    assert document["passed"] and document["counts"]["failed"] == 0 and document["checks"][0]["rows"] == 4
    expecting(tmp_path, untrue, source=given)
    outcome = only(tmp_path, code=1)
    assert outcome["status"] == "failed" and outcome["level"] == "fail" and outcome["line"] == 8
    assert outcome["message"].startswith(message), outcome
    assert outcome["examples"][:1] == ([example] if example else []), outcome


def test_on_a_server(tmp_path):
    with serving_database(Postgres) as server:
        server.sql("""
            CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(20));
            CREATE TABLE visits (id INT PRIMARY KEY, person INT, began TIMESTAMPTZ, minutes DOUBLE PRECISION);
            INSERT INTO people VALUES (1, 'a'), (2, 'b');
            INSERT INTO visits VALUES (1, 1, now(), 5), (2, 3, now() - INTERVAL '3 days', -1), (3, NULL, NULL, NULL);
        """)
        write_project(tmp_path, f"""\
sources: {{ops: "{server.url}"}}
clean:
  ops.visits:
    - expect: {{foreign_key: {{person: ops.people.id}}, freshness: {{began: 1d}}, unique: [id]}}
    - expect: {{sql: "minutes >= 0", level: warn}}
  ops.people:
    - expect: {{nulls: {{name: 0}}, rows: [2, 2]}}
""")
        document = check(tmp_path, code=1)
        assert document["counts"] == {"passed": 4, "warned": 1, "failed": 1, "error": 0}
        visits = next(t for t in document["checks"] if t["table"] == "ops.visits")
        by_name = {c["check"]: c for c in visits["checks"]}
        assert by_name["foreign_key person"]["examples"] == ["row 2: person = 3"]
        server.sql("INSERT INTO people VALUES (3, 'c'), (4, 'd')")
        document = check(tmp_path, code=1)  # the other table is looked at again
        assert [c["check"] for t in document["checks"] for c in t["checks"] if c["status"] == "failed"] == ["rows"]


# --- what `check` says and leaves -----------------------------------------------------------------------------------

def mixed(folder):
    """One of everything: passed, warned, failed, and a table that cannot be made."""
    write_csv(folder)
    return expecting(folder, "{nulls: {store: 0}, range: {amount: [15, 90]}}", "{rows: [9, 10], level: warn}", more="""\
  shop.customers:
    - expect: {unique: [customer]}
  broken:
    - expect: {rows: {min: 1}}
""".replace("broken", "shop.nowhere"))


def test_all_are_run_whatever_fails(tmp_path):
    mixed(tmp_path)
    report = tmp_path / "out/checks.xml"
    report.parent.mkdir()
    done = gristmill("check", "-C", tmp_path, "--junit", report, code=1)
    assert [line for line in done.stdout.splitlines() if line.startswith("  failed")] == [
        "  failed  range amount: column amount has 1 value outside of [15,90]"]
    assert "row 1 (id 1): amount = 10.5" in done.stdout and "shop.nowhere: not checked: " in done.stdout
    assert done.stdout.splitlines()[-1] == "2 passed, 1 warned, 1 failed, 1 not checked"
    assert done.stderr.count("error:") == 1
    document = check(tmp_path, code=1)
    assert document["counts"] == {"passed": 2, "warned": 1, "failed": 1, "error": 1} and not document["passed"]
    assert {t["table"]: t["error"] and t["error"]["code"] for t in document["checks"]} == {
        "orders": None, "shop.customers": None, "shop.nowhere": "not_found"}

    suites = xml.etree.ElementTree.parse(report).getroot()
    assert suites.tag == "testsuites" and suites.attrib["tests"] == "5"
    by_name = {s.attrib["name"]: s for s in suites}
    assert {n: (s.attrib["tests"], s.attrib["failures"], s.attrib["errors"]) for n, s in by_name.items()} == {
        "orders": ("3", "1", "0"), "shop.customers": ("1", "0", "0"), "shop.nowhere": ("1", "0", "1")}
    cases = {c.attrib["name"]: c for c in by_name["orders"]}
    assert cases["nulls store"].attrib["classname"] == "orders" and len(cases["nulls store"]) == 0
    assert cases["range amount"].find("failure").text.splitlines()[1] == "row 1 (id 1): amount = 10.5"
    assert "it has 4 rows, 9 to 10 expected" in cases["rows"].find("system-out").text
    assert [p.name for p in report.parent.iterdir()] == ["checks.xml"]


def test_named_tables_alone(tmp_path):
    mixed(tmp_path)
    document = check(tmp_path, "shop.customers")
    assert [t["table"] for t in document["checks"]] == ["shop.customers"] and document["passed"]
    fails("check", "-C", tmp_path, "shop.customer", code=2)
    assert "shop.customers" in fails("check", "-C", tmp_path, "shop.customer", code=2)
    fails("check", "-C", tmp_path, "--junt", "x.xml", code=2)
    assert "cannot" in fails("check", "-C", tmp_path, "shop.customers", "--junit", tmp_path / "no/such/x.xml")
    write_project(tmp_path, "sources: {shop: data/*.csv}\n")
    assert "expects nothing" in fails("check", "-C", tmp_path)


def test_nothing_is_measured_twice(tmp_path):
    expecting(write_csv(tmp_path), "{unique: [id], range: {amount: [15, 90]}}")
    first = check(tmp_path, code=1)
    steps = lambda: gristmill("show", "last", "-C", tmp_path).stdout
    assert "ran" in steps()
    second = check(tmp_path, code=1)
    assert first["checks"] == second["checks"] and "ran " not in steps()
    # Its level decides nothing of what is measured.
    expecting(tmp_path, "{unique: [id], range: {amount: [15, 90]}, level: warn}")
    assert check(tmp_path)["counts"]["warned"] == 1 and "ran " not in steps()
    runs = gristmill_json("runs", "-C", tmp_path)["runs"]
    assert [r["status"] for r in runs] == ["done", "failed", "failed"]


def test_a_parameter_of_the_project_is_part_of_what_was_asked(tmp_path):
    expecting(write_csv(tmp_path), '{sql: "items >= $least"}')
    assert check(tmp_path)["passed"]
    assert not check(tmp_path, "-p", "least=2", code=1)["passed"]


# --- in a run -------------------------------------------------------------------------------------------------------

def test_a_warning_goes_on_and_is_told(project):
    write_project(project, PROJECT.replace(
        "expect: {unique: [id], nulls: {customer: 0}}",
        "expect: {unique: [id], nulls: {customer: 0}}\n    - expect: {range: {items: [1, 5]}, level: warn}"))
    done = gristmill("run", "-C", project)
    assert "checks of orders: 2 passed, 1 warned" in done.stdout and "warning: column items has" in done.stdout
    document = gristmill_json("run", "-C", project)
    statuses = {c["check"]: c["status"] for c in document["checks"][0]["checks"]}
    assert statuses == {"nulls customer": "passed", "range items": "warned", "unique id": "passed"}
    assert document["tasks"]["ran"] == 0  # what was measured is kept; it is told again
    write_project(project, PROJECT.replace("nulls: {customer: 0}}", "range: {items: [1, 5]}}"))
    error = fails("run", "-C", project)
    assert "table orders is not as expected: column items has" in error and "gristmill.yaml:" in error
    # Without the expectation all is as it was.
    write_project(project, PROJECT.replace(", nulls: {customer: 0}", ""))
    assert gristmill_json("run", "-C", project)["tasks"]["ran"] == 1  # the check


def test_a_row_is_numbered_as_it_is_shown(project):
    """Rules and `drop` move nothing: row 51 of the report is row 51 of the table."""
    write_project(project, PROJECT.replace("unique: [id], nulls: {customer: 0}", "sql: id <> 1234"))
    error = fails("run", "-C", project)
    shown = json.loads(gristmill("show", "orders", "-C", project, "-n", "3000", "--json").stdout)
    rows = shown["rows"] if isinstance(shown, dict) else shown
    at = next(i for i, row in enumerate(rows) if (row["id"] if isinstance(row, dict) else row[0]) == 1234)
    assert f"row {at + 1} (id 1234)" in error


def test_a_table_upstream(tmp_path):
    write_csv(tmp_path)
    text = """\
sources: {shop: data/*.csv}
tables:
  big: SELECT * FROM shop.orders WHERE amount > 1
clean:
  shop.orders:
    - expect: {nulls: {amount: 0}LEVEL}
  shop.customers:
    - expect: {rows: {min: 100}}
"""
    write_project(tmp_path, text.replace("LEVEL", ""))
    assert "table shop.orders is not as expected: column amount has 1 null" in fails("run", "-C", tmp_path)
    gristmill("show", "shop.orders", "-C", tmp_path)  # one may look at it all the same
    write_project(tmp_path, text.replace("LEVEL", ", level: warn"))
    document = gristmill_json("run", "-C", tmp_path)
    assert [t["table"] for t in document["checks"]] == ["shop.orders"]  # nobody reads the customers
    assert [t["table"] for t in check(tmp_path, code=1)["checks"]] == ["shop.customers", "shop.orders"]


# --- what depends on more than the table ----------------------------------------------------------------------------

def test_freshness_is_asked_of_the_clock_each_time(tmp_path):
    end = time.time() + 15
    newest = datetime.datetime.fromtimestamp(end, datetime.timezone.utc)
    write_csv(tmp_path, orders=f"id,placed\n1,2024-05-01 10:00:00\n2,{newest:%Y-%m-%d %H:%M:%S}\n")
    expecting(tmp_path, "{freshness: {placed: 1s}}")
    assert check(tmp_path)["passed"]
    time.sleep(max(0, end + 2 - time.time()))
    outcome = only(tmp_path, code=1)
    assert outcome["message"].startswith("the newest value of placed is ")
    assert "ran " not in gristmill("show", "last", "-C", tmp_path).stdout


def numbered(folder, first, count=1000):
    return write_csv(folder, orders="id,amount\n" + "".join(f"{i},{i % 1000 + first}\n" for i in range(count)))


@pytest.mark.parametrize("statistic", ["psi: 0.2", "ks: 0.1"])
def test_distribution_goes_by_the_last_version_that_was_as_expected(tmp_path, statistic):
    moves = f"{{distribution: {{amount: {{{statistic}}}}}"
    expecting(numbered(tmp_path, 0), moves + "}")
    assert only(tmp_path)["message"] == "no earlier version to compare with"
    assert only(tmp_path)["message"] == "no earlier version to compare with"  # the same version again
    numbered(tmp_path, 20)
    small = only(tmp_path)
    assert small["message"].startswith(statistic.split(":")[0] + " 0.0") and small == only(tmp_path)
    numbered(tmp_path, 400)
    for _ in range(2):  # it is not the next one's measure
        assert "has moved since the version before: " + statistic[:2] in only(tmp_path, code=1)["message"]
    numbered(tmp_path, 21)
    assert only(tmp_path)["status"] == "passed"
    # What was warned of is taken.
    numbered(tmp_path, 400)
    expecting(tmp_path, moves + ", level: warn}")
    assert only(tmp_path)["status"] == "warned"
    gristmill("gc", "-C", tmp_path, "--keep", "1")
    expecting(numbered(tmp_path, 401), moves + "}")
    assert only(tmp_path)["status"] == "passed"


def test_tables_that_refer_to_each_other_and_to_themselves(tmp_path):
    write_csv(tmp_path)
    write_project(tmp_path, """\
sources: {shop: data/*.csv}
tables:
  staff: {sql: SELECT * FROM shop.customers, key: customer}
  made: {sql: SELECT o.* FROM shop.orders o JOIN staff USING (customer), key: id}
clean:
  staff:
    - expect: {foreign_key: {boss: staff.customer, customer: made.customer}}
  made:
    - expect: {foreign_key: {customer: staff.customer}}
""")
    document = check(tmp_path, code=1)
    assert document["counts"] == {"passed": 2, "warned": 0, "failed": 1, "error": 0}
    failed = [c for t in document["checks"] for c in t["checks"] if c["status"] == "failed"][0]
    assert failed["check"] == "foreign_key customer" and failed["examples"] == ['row 3 (customer "c3")']
    assert "table staff is not as expected" in fails("run", "-C", tmp_path)


def test_a_table_without_rows(tmp_path):
    write_csv(tmp_path, orders="id,customer,amount,placed\n")
    expecting(tmp_path, "{unique: [id], rows: [0, 0], foreign_key: {customer: shop.customers.customer}, "
                        'sql: "amount IS NULL", distribution: {id: {psi: 0.1}}}')
    document = check(tmp_path)
    assert document["passed"] and document["checks"][0]["rows"] == 0
    expecting(tmp_path, "{rows: {min: 1}}")
    assert only(tmp_path, code=1)["message"] == "it has 0 rows, at least 1 expected"


# --- wrong input ----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("expect, parts", [
    ("{nulls: {stores: 0}}", ["stores", "store"]),
    ("{uniqe: [id]}", ["uniqe", "unique"]),
    ("{unique: [id], level: loud}", ["level", "warn"]),
    ('{regex: {items: "1+"}}', ["regex of items", "patterns are for text"]),
    ('{regex: {code: "("}}', ["regex of code"]),
    ("{values: {store: []}}", ["values of store", "an empty list"]),
    ("{values: {items: [one]}}", ["values of items", "one"]),
    ("{range: {amount: [9, 1]}}", ["amount", "is empty"]),
    ("{rows: {min: 5, max: 1}}", ["rows", "is empty"]),
    ("{freshness: {store: 2d}}", ["freshness of store", "not a date or a time"]),
    ("{freshness: {placed: soon}}", ["freshness of placed", "no span"]),
    ("{distribution: {store: {ks: 0.1}}}", ["distribution of store", "order"]),
    ("{foreign_key: {customer: customers}}", ["foreign_key of customer"]),
    ("{foreign_key: {customer: shop.clients.customer}}", ["shop.clients"]),
    ("{foreign_key: {customer: shop.customers.custmer}}", ["custmer", "customer"]),
    ("{foreign_key: {items: shop.customers.customer}}", ["foreign_key of items", "one type"]),
    ('{sql: "amout > 1"}', ["amout"]),
    ('{sql: "placed > now()"}', ["now"]),
    ("{sql: \"SELECT * FROM read_csv('x.csv')\"}", ["read_csv"]),
    ('{sql: "DELETE FROM orders"}', ["gristmill.yaml:8"]),
    ("{sql: [\"amount > 1\", \"\"]}", ["neither"]),
])
def test_an_expectation_that_fits_nothing(tmp_path, expect, parts):
    expecting(write_csv(tmp_path), expect)
    document = check(tmp_path, code=1)
    error = document["checks"][0]["error"]
    text = json.dumps(error)
    assert all(part in text or part in "gristmill.yaml:8" and error["where"]["line"] == 8 for part in parts), error
    assert error["where"]["line"] == 8, error
    assert all(part in fails("run", "-C", tmp_path) for part in parts)


@pytest.mark.parametrize("one, other", [
    ("{range: {amount: [0, 10]}}", "{range: {amount: [20, 30]}}"),
    ("{values: {store: [north]}}", "{values: {store: [south]}, level: warn}"),
    ("{values: {items: [1, 2]}}", "{range: {items: [3, null]}}"),
    ('{regex: {store: "[a-z]+"}}', "{values: {store: [North]}}"),
    ("{rows: {min: 10}}", "{rows: {max: 5}}"),
    ("{monotone: {items: strictly increasing}}", "{monotone: {items: decreasing}}"),
])
def test_two_that_cannot_both_hold(tmp_path, one, other):
    expecting(write_csv(tmp_path), one, other)
    error = fails("run", "-C", tmp_path)
    assert "cannot both hold" in error and "gristmill.yaml:9" in error


def test_an_order_that_means_nothing(tmp_path):
    write_csv(tmp_path)
    write_project(tmp_path, """\
sources: {shop: data/*.csv}
tables: {orders: SELECT * FROM shop.orders}
clean:
  orders:
    - expect: {monotone: {items: increasing}}
  shop.orders:
    - expect: {monotone: {items: increasing}}
""")
    document = check(tmp_path, code=1)
    by_name = {t["table"]: t for t in document["checks"]}
    assert "has no key" in by_name["orders"]["error"]["message"]
    assert by_name["shop.orders"]["checks"][0]["status"] == "passed"  # in the order of its file


def test_a_rule_that_leaves_no_row(tmp_path):
    expecting(write_csv(tmp_path), "{rows: {min: 1}}", clean="    - drop: id > 0\n")
    error = check(tmp_path, code=1)["checks"][0]["error"]
    assert "leave no row" in error["message"]


def test_a_plan_names_what_is_misspelt(tmp_path):
    expecting(write_csv(tmp_path), "{nulls: {stores: 0}}")
    assert "stores" in fails("plan", "-C", tmp_path)
    expecting(tmp_path, "{nulls: {store: 0}}")
    fates = {t["kind"]: t["fate"] for t in gristmill_json("plan", "-C", tmp_path)["tasks"]}
    assert fates["check"] == "may run"
    gristmill("run", "-C", tmp_path)
    assert {t["fate"] for t in gristmill_json("plan", "-C", tmp_path)["tasks"]} == {"reused"}
