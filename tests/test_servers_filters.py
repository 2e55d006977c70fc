"""What WHERE leaves of a server's table is what it leaves of a copy of it, whatever the server takes for equal."""
import random

import pytest

from conftest import gristmill_json, write_project
from servers import Mariadb, Postgres, serving_database

ROWS = 24_000  # so many that conditions are sent
VALUES = {
    "i": ["0", "1", "-5", "2.5"],
    "u": ["0", "7", "18446744073709551615"],
    "note": ["'a'", "'A'", "'ä'", "'a '", "'b'", "''", "'ss'", "'ß'", "'a\\b'", "'zz'"],
    "latin": ["'a'", "'ä'", "'A '", "'ł'"],
    "padded": ["'a'", "'a '", "'b'"],
    "kind": ["'b'", "'a'", "'B'"],
    "f": ["1.1", "0.1", "1.5", "1.1::FLOAT", "1.1e0"],
    "x": ["0.1", "0.30000000000000004", "1e300", "0", "-0.0", "1.1e0"],
    "m": ["1.1", "1.10", "0.1", "-5", "1.125"],
    "long": ["0.1", "0.1000000000000000000001", "1e0"],
    "d": ["'2024-02-29'", "DATE '1999-12-31'", "TIMESTAMP '2024-02-29 00:00:00'", "DATE '1000-01-01'"],
    "dt": ["'2024-02-29 10:00:00.5'", "DATE '2024-02-29'", "TIMESTAMP '1999-12-31 23:59:59'"],
    "ts": ["'2024-06-01 01:30:00'", "TIMESTAMP '2024-06-01 01:30:00'", "DATE '2000-01-01'"],
    "t": ["true", "false"],
}
CELLS = {
    "i": [0, 1, -5, None], "u": [0, 7, 2**64 - 1, None], "note": ["a", "A", "ä", "a ", "b", "", "ss", "ß", "a\\b", None],
    "latin": ["a", "ä", "A", "A ", None], "padded": ["a", "a ", "b", None], "kind": ["b", "a", None],
    "f": [1.1, 0.1, 1.5, None], "x": [0.1, 0.30000000000000004, 1e300, -0.0, 1.1, None],
    "m": ["1.10", "0.10", "-5", None], "long": ["0.1", "0.1000000000000000000001", "1", None],
    "d": ["2024-02-29", "1999-12-31", "0000-00-00", None],
    "dt": ["2024-02-29 10:00:00.5", "2024-02-29", "0000-00-00", "1999-12-31 23:59:59", None],
    "ts": ["2024-06-01 01:30:00", "0000-00-00", "1999-12-31 00:00:00", None], "t": [0, 1, 2, -1, None],
}
TYPES = {
    Mariadb: "i INT, u BIGINT UNSIGNED, note VARCHAR(9), latin VARCHAR(9) CHARACTER SET latin1, padded CHAR(5), "
             "kind ENUM('b', 'a'), f FLOAT, x DOUBLE, m DECIMAL(10, 2), `long` DECIMAL(50, 30), d DATE, dt DATETIME(3), "
             "ts TIMESTAMP NULL, t BOOLEAN",
    Postgres: "i INT, u NUMERIC(20), note VARCHAR(9), latin TEXT, padded CHAR(5), kind TEXT COLLATE \"und-x-icu\", f REAL, "
              "x FLOAT8, m NUMERIC(10, 2), \"long\" NUMERIC(50, 30), d DATE, dt TIMESTAMP(3), ts TIMESTAMP, t BOOLEAN",
}


def cell(database, column, value):
    if value is None or (value == "0000-00-00" and isinstance(database, Postgres)):
        return "NULL"
    if column == "t" and isinstance(database, Postgres):
        return str(value != 0)
    if isinstance(value, str):
        return "'" + (value.replace("\\", "\\\\") if isinstance(database, Mariadb) else value) + "'"
    return repr(value)


@pytest.fixture(scope="module", params=[Postgres, Mariadb], ids=["postgresql", "mariadb"])
def database(request):
    chance = random.Random(3)
    with serving_database(request.param) as server:
        first = "SET NAMES utf8mb4; SET time_zone = '+00:00'; SET sql_mode = ''; " if request.param is Mariadb else ""
        rows = ["(" + ", ".join([str(i)] + [cell(server, c, chance.choice(values)) for c, values in CELLS.items()]) + ")"
                for i in range(600)]
        serial = "seq FROM seq_0_to_" if request.param is Mariadb else "seq FROM generate_series(0, "
        serial += f"{ROWS // 600 - 1}" + ("" if request.param is Mariadb else ") AS s(seq)")
        listed = ", ".join("`long`" if c == "long" and request.param is Mariadb else f'"{c}"' if c == "long" else c
                           for c in CELLS)
        server.sql(f"{first}CREATE TABLE few (id INT PRIMARY KEY, {TYPES[request.param]}); INSERT INTO few VALUES "
                   + ", ".join(rows) + f"; CREATE TABLE odd (id INT PRIMARY KEY, {TYPES[request.param]}); "
                   f"INSERT INTO odd SELECT seq * 600 + id, {listed} FROM few CROSS JOIN (SELECT {serial}) AS s2; "
                   "CREATE VIEW seen AS SELECT * FROM few")
        server.sql("ANALYZE TABLE odd" if request.param is Mariadb else "ANALYZE odd")
        yield server


@pytest.fixture
def folder(tmp_path, database):
    write_project(tmp_path, f'sources: {{ops: {{url: "{database.url}"}}}}\n')
    return tmp_path


def random_filter(chance):
    column = chance.choice(list(VALUES))
    value = lambda: chance.choice(VALUES[column])
    name = chance.choice([f'"{column}"', f't."{column}"'])
    kind = chance.choice(["=", "=", "<>", "<", "<=", ">", ">=", "BETWEEN", "IN", "IN", "NOT IN", "NULL", "LIKE", "flipped"])
    if kind == "BETWEEN":
        return f"{name} BETWEEN {value()} AND {value()}"
    if kind.endswith("IN"):
        return f"{name} {kind} ({', '.join(value() for _ in range(chance.choice([1, 2, 3])))})"
    if kind == "NULL":
        return f"{name} IS {chance.choice(['', 'NOT '])}NULL"
    if kind == "LIKE":
        return chance.choice(["note LIKE 'a%'", "latin LIKE '%a'", "note NOT LIKE 'A%'", "starts_with(note, 'a')", "NOT t", "t"])
    if kind == "flipped":
        return f"{value()} {chance.choice(['=', '<', '>='])} {name}"
    return f"{name} {kind} {value()}"


def random_where(chance):
    parts = [random_filter(chance) for _ in range(chance.choice([1, 1, 2, 2, 3]))]
    return parts[0] if len(parts) == 1 else f" {chance.choice(['AND', 'AND', 'OR'])} ".join(parts)


@pytest.mark.parametrize("table", ["odd", "few", "seen"])
def test_random_filters_leave_the_rows_that_they_leave_of_a_copy(folder, database, table):
    chance = random.Random(table)
    for _ in range(3 if table == "odd" else 6):
        filters = [random_where(chance) for _ in range(16)]
        parts = [f"SELECT {i} AS i, '{side}' AS side, count(*) AS c FROM (({a}) EXCEPT ({b}))"
                 for i, where in enumerate(filters)
                 for there, here in [(f"SELECT id FROM ops.{table} t WHERE {where}", f"SELECT id FROM whole t WHERE {where}")]
                 for side, a, b in (("too many", there, here), ("missing", here, there))]
        sql = f"WITH whole AS MATERIALIZED (SELECT * FROM ops.{table}) SELECT * FROM ({' UNION ALL '.join(parts)}) WHERE c > 0"
        wrong = gristmill_json("sql", sql, "-C", folder)["rows"]
        assert wrong == [], [(filters[i], side, count) for i, side, count in wrong]


@pytest.mark.parametrize("where, asked", [
    ("id < 100", "`id` < 100"),
    ("m >= 1.1", "`m` >= 1.10"),
    ("note = 'a'", "`note` = 'a'"),
    ("note IN ('a', 'zz')", "`note` IN ('a', 'zz')"),
    ("d >= DATE '2024-01-01'", "`d` >= '2024-01-01'"),
    ("dt BETWEEN '2024-01-01' AND '2024-12-31 10:00:00'", "`dt` >= '2024-01-01 00:00:00' AND `dt` <= '2024-12-31 10:00:00'"),
    ("x > 1.5", "`x` > 1.5"),
    ("note < 'b'", None), ("note LIKE 'a%'", None), ("note = 'a\\b'", None), ("f = 1.1", None), ("t = true", None),
    ("d < 'infinity'::DATE", None), ("d IS NULL", None), ("x < 'inf'::DOUBLE", None),
])
def test_what_is_left_to_mariadb(folder, database, where, asked):
    if not isinstance(database, Mariadb):
        pytest.skip("PostgreSQL compares as we do")
    database.sql("TRUNCATE mysql.general_log; SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1", database="mysql")
    try:
        for table in ("odd", "seen"):
            gristmill_json("sql", f"SELECT count(*) AS n FROM ops.{table} WHERE {where}", "-C", folder)
        lines = [line for line in database.sql("SELECT argument FROM mysql.general_log WHERE command_type = 'Execute'",
                                               database="mysql").splitlines()
                 if "FROM `ops`.`odd`" in line or "FROM `ops`.`seen`" in line]
    finally:
        database.sql("SET GLOBAL general_log = 0", database="mysql")
    assert len(lines) == 2
    for line in lines:
        assert (asked in line) if asked else ("WHERE" not in line), line
