"""Joins of small local tables with a table of a database server: only what joins is fetched, and nothing is missed."""
import random
import re

import pytest

from conftest import gristmill, gristmill_json, write_project
from servers import Mariadb, Postgres, serving_database

PROJECT = """\
project: keys
sources:
  ops: {{url: "{url}"}}
  local: "*.parquet"
tables:
  joined: SELECT b.n, b.g, s.kind FROM local.s s LEFT JOIN ops.big b USING (id) WHERE s.id < 4000
predict:
  kind: {{from: joined, target: kind > 0, split: {{random: true}}, model: linear}}
"""

ROWS = 60_000
# The types that can be looked up, beside text that collations and padding take for equal where SQL here does not.
BIG = {
    Postgres: """
CREATE TABLE big AS SELECT i AS n, CASE WHEN i % 11 > 0 THEN (i % 5000)::int END AS id, (i % 5000)::bigint AS wide,
  (i % 5000)::smallint AS short, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN 'K' || i % 5000 WHEN 2 THEN 'k' || i % 5000 || ' '
  WHEN 3 THEN 'ü''" ' || i % 5000 ELSE 'k' || i % 5000 END AS name, ('k' || i % 500)::char(9) AS padded,
  DATE '2024-01-01' + (i % 5000)::int AS day, TIMESTAMP '2024-01-01' + (i % 5000) * INTERVAL '1.000001 second' AS began,
  TIMESTAMPTZ '2024-01-01 00:00+00' + (i % 5000) * INTERVAL '1 second' AS zoned, (i % 5000 / 4.0)::numeric(10, 2) AS price,
  md5((i % 5000)::text)::uuid AS token, (i % 5000)::float8 AS x, i % 5 AS g FROM generate_series(0, 59999) i;
ALTER TABLE big ADD PRIMARY KEY (n); CREATE INDEX ON big (id); ANALYZE big""",
    Mariadb: """
SET NAMES utf8mb4; CREATE TABLE big CHARACTER SET utf8mb4 AS SELECT seq AS n, IF(seq % 11 > 0, CAST(seq % 5000 AS INT), NULL) AS id,
  CAST(seq % 5000 AS UNSIGNED) AS wide, CAST(seq % 5000 AS INT) AS short, CASE seq % 7 WHEN 0 THEN NULL
  WHEN 1 THEN concat('K', seq % 5000) WHEN 2 THEN concat('k', seq % 5000, ' ') WHEN 3 THEN concat('ü''" ', seq % 5000)
  ELSE concat('k', seq % 5000) END AS name, CAST(concat('k', seq % 500) AS CHAR(9)) AS padded,
  DATE '2024-01-01' + INTERVAL seq % 5000 DAY AS day,
  CAST(TIMESTAMP '2024-01-01 00:00:00' + INTERVAL (seq % 5000) * 1000001 MICROSECOND AS DATETIME(6)) AS began,
  TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq % 5000 SECOND AS zoned, CAST(seq % 5000 / 4 AS DECIMAL(10, 2)) AS price,
  CONVERT(concat('k', seq % 5000) USING latin1) AS token, seq % 5000 + 0e0 AS x, seq % 5 AS g FROM seq_0_to_59999;
ALTER TABLE big ADD PRIMARY KEY (n); CREATE INDEX big_id ON big (id); ALTER TABLE big MODIFY padded CHAR(9); ANALYZE TABLE big""",
}
SMALL = """\
SELECT CASE WHEN i % 9 > 0 THEN (i * 37 % 6000)::{integer} END AS id, (i * 41 % 6000)::BIGINT AS wide,
  (i * 43 % 6000)::SMALLINT AS short, CASE i % 4 WHEN 0 THEN 'ü''" ' || i * 37 % 6000 ELSE 'k' || i * 37 % 6000 END AS name,
  'k' || i AS padded, DATE '2024-01-01' + (i * 37 % 6000)::INT AS day,
  TIMESTAMP '2024-01-01' + to_microseconds(i * 37 % 6000 * {step}) AS began,
  {zoned} '2024-01-01 00:00:00' + to_seconds(i * 37) AS zoned, (i / 4.0)::DECIMAL(10, 2) AS price,
  {token} AS token, i::DOUBLE AS x, i % 3 AS kind, i AS n FROM range({rows}) r(i)"""
COLUMNS = ["id", "wide", "short", "name", "padded", "day", "began", "zoned", "price", "token", "x", "g"]


def small(name, database):
    """A small table with the types that files do not keep."""
    token = "token::UUID" if isinstance(database, Postgres) else "token"
    return f"(SELECT * REPLACE (price::DECIMAL(10, 2) AS price, {token} AS token) FROM local.{name})"


@pytest.fixture(scope="module", params=[Postgres, Mariadb], ids=["postgresql", "mariadb"])
def database(request):
    with serving_database(request.param) as server:
        server.sql(BIG[request.param])
        yield server


@pytest.fixture(scope="module")
def folder(tmp_path_factory, database):
    """A project with small local tables beside a table of the server."""
    folder = tmp_path_factory.mktemp("keys")
    write_project(folder / "made", "project: made\n")
    postgres = isinstance(database, Postgres)
    for name, rows, integer in (("s", 60, "INTEGER"), ("t", 90, "BIGINT"), ("many", 30_000, "INTEGER")):
        sql = SMALL.format(integer=integer, rows=rows, step=1_000_001, zoned="TIMESTAMPTZ" if postgres else "TIMESTAMP",
                           token="md5((i * 37)::VARCHAR)::UUID" if postgres else "'k' || i")
        if name == "many":
            sql = "SELECT i AS id FROM range(30000) r(i)"
        gristmill("sql", sql, "-o", folder / f"{name}.parquet", "-C", folder / "made")
    write_project(folder, PROJECT.format(url=database.url))
    return folder


def query(folder, sql):
    return gristmill("sql", sql, "--json", "-C", folder).stdout


def log(database):
    """What DuckDB has asked for of `big`, but for the look for NaN."""
    if isinstance(database, Mariadb):
        text = database.sql("SELECT argument FROM mysql.general_log WHERE command_type = 'Execute'", database="mysql")
    else:
        text = (database.folder / "server.log").read_text(errors="replace")
    return [line for line in text.splitlines() if re.search("FROM [\"`](public|ops)[\"`].[\"`]big[\"`]", line) and "FILTER (WHERE" not in line]


@pytest.fixture
def asked(database):
    """Calls what it is given; returns what the server was asked for of `big` meanwhile."""
    if isinstance(database, Mariadb):
        database.sql("SET GLOBAL log_output = 'TABLE'; SET GLOBAL general_log = 1", database="mysql")
    else:
        database.sql("ALTER SYSTEM SET log_statement = 'all'")
        database.sql("SELECT pg_reload_conf()")

    def call(what):
        before = len(log(database))
        what()
        return log(database)[before:]
    yield call
    if isinstance(database, Mariadb):
        database.sql("SET GLOBAL general_log = 0", database="mysql")
    else:
        database.sql("ALTER SYSTEM RESET log_statement")
        database.sql("SELECT pg_reload_conf()")


def rows_sent(database, call):
    """Rows that MariaDB gave to clients during `call`."""
    def sent():
        return int(database.sql("SHOW GLOBAL STATUS LIKE 'Rows_sent'").split()[1])
    before = sent()
    call()
    return sent() - before


@pytest.mark.parametrize("column", [c for c in COLUMNS if c not in ("x", "g")])
def test_the_keys_are_sent(folder, database, asked, column):
    sql = f"SELECT count(*) AS c FROM {small('s', database)} s JOIN ops.big b USING ({column})"
    lines = asked(lambda: query(folder, sql))
    assert lines and all(re.search(f"[\"`]{column}[\"`] IN \\(", line) for line in lines)


def test_a_large_side_of_which_where_leaves_few_rows_sends_its_keys(folder, database, asked):
    sql = "SELECT count(*) AS c, sum(b.n) AS s FROM {0} l JOIN {0} b ON b.id = l.short WHERE l.n < 100"
    answers = []
    lines = asked(lambda: answers.append(query(folder, sql.format("ops.big"))))
    assert any(re.search("[\"`]id[\"`] >= '?0", line) for line in lines), lines  # 100 keys without a gap
    assert answers[0] == query(folder, "WITH whole AS MATERIALIZED (FROM ops.big) " + sql.format("whole"))


def test_what_cannot_be_looked_up_is_read_whole(folder, database, asked):
    for sql in ("SELECT count(*) AS c FROM local.s s JOIN ops.big b USING (x)",
                "SELECT count(*) AS c FROM local.many s JOIN ops.big b USING (id)",
                "SELECT count(*) AS c FROM local.s s FULL JOIN ops.big b USING (id)"):
        lines = asked(lambda sql=sql: query(folder, sql))
        assert lines and not any(" IN (" in line for line in lines)


def test_the_server_gives_no_other_rows(folder, database):
    if not isinstance(database, Mariadb):
        pytest.skip("PostgreSQL does not count the rows it gives to COPY")
    sql = "SELECT count(*) AS c FROM local.s s JOIN ops.big b ON s.id = b.id"
    assert rows_sent(database, lambda: query(folder, sql)) < 2000
    assert rows_sent(database, lambda: query(folder, sql.replace("JOIN ops.big", "FULL JOIN ops.big"))) > ROWS


def random_join(chance, s, t):
    """A join of ops.big b with small tables; `@` stands for the large one."""
    def column():
        return chance.choice(COLUMNS)

    kind = chance.choice(["JOIN", "LEFT JOIN", "RIGHT JOIN", "SEMI JOIN", "ANTI JOIN", "IN", "EXISTS", "FOR EACH", "WITH", "CHAIN", ","])
    small = chance.choice([s, t, f"(SELECT * FROM {s} WHERE kind = 1)", f"(SELECT * FROM {s} UNION ALL SELECT * FROM {t} WHERE kind = 2)"])
    on = " AND ".join(f"b.{c} = s.{c}" for c in chance.sample(COLUMNS[:-1], chance.choice([1, 1, 2])))
    where = chance.choice(["", " WHERE b.g < 3", " WHERE s.kind = 1", " WHERE s.id IS NULL OR s.kind = 0"])
    if kind == "IN":
        c = column()
        c = "id" if c == "g" else c
        return f"SELECT b.n FROM @ b WHERE b.{c} IN (SELECT {c} FROM {small} s WHERE kind < 2) AND b.g < 4"
    if kind in ("EXISTS", "FOR EACH"):
        c = column()
        if kind == "EXISTS":
            return f"SELECT b.n FROM @ b WHERE EXISTS (SELECT 1 FROM {small} s WHERE s.{'kind' if c == 'g' else c} = b.{c} AND s.kind < 2)"
        return (f"SELECT s.n FROM {small} s WHERE {chance.choice(['', 'NOT '])}EXISTS "
                f"(SELECT 1 FROM @ b WHERE b.{c} = s.{'kind' if c == 'g' else c} AND b.g < 3)")
    if kind == "WITH":
        return f"WITH c AS (SELECT * FROM {small} q) SELECT b.n, s.n AS m FROM c s LEFT JOIN @ b ON {on}"
    if kind == "CHAIN":
        return (f"SELECT b.n, s.n AS m, t.n AS o FROM {small} s JOIN @ b USING ({chance.choice(COLUMNS[:-2])}) "
                f"LEFT JOIN local.t t ON t.id = b.id{where}")
    if kind == ",":
        return f"SELECT b.n, s.n AS m FROM @ b, {small} s WHERE {on}" + where.replace(" WHERE", " AND").replace("OR", "AND")
    if kind in ("SEMI JOIN", "ANTI JOIN"):
        if chance.random() < 0.5:
            return f"SELECT s.n FROM {small} s {kind} @ b ON {on}"
        return f"SELECT b.n FROM @ b {kind} {small} s ON {on}"
    sides = ["@ b", f"{small} s"]
    chance.shuffle(sides)
    return f"SELECT b.n, s.n AS m FROM {sides[0]} {kind} {sides[1]} ON {on}{where}"


def test_random_joins_give_the_plain_joins_rows(folder, database, asked):
    """Each beside the same join over WITH … AS MATERIALIZED, which is read whole."""
    chance = random.Random(7)
    for _ in range(5):
        joins = [random_join(chance, small("s", database), small("t", database)) for _ in range(8)]
        parts = [f"SELECT {i} AS i, '{side}' AS side, count(*) AS c FROM (({a}) EXCEPT ALL ({b}))"
                 for i, join in enumerate(joins)
                 for ours, plain in [(join.replace("@", "ops.big"), join.replace("@", "whole"))]
                 for side, a, b in (("ours", ours, plain), ("plain", plain, ours))]
        sql = "WITH whole AS MATERIALIZED (SELECT * FROM ops.big) SELECT * FROM (" + " UNION ALL ".join(parts) + ") WHERE c > 0"
        answers = []
        lines = asked(lambda: answers.append(gristmill_json("sql", sql, "-C", folder)))
        assert answers[0]["rows"] == [], f"{joins}\n{answers[0]}"
        assert sum(" IN (" in line for line in lines) >= 2


def test_a_run_says_so_and_fetches_as_little(folder, database, asked):
    planned = gristmill("plan", "-C", folder).stdout
    assert f"of about {ROWS:,} rows of ops.big only those are fetched whose id is in the join's other side" in planned.replace(
        *estimate(planned))
    reports = []
    lines = asked(lambda: reports.append(gristmill("run", "-C", folder).stdout))
    assert lines and all(" IN (" in line for line in lines)
    assert "of ops.big only those were fetched whose id is one of " in reports[0]
    assert "left join ops.big:" in reports[0]


def estimate(text):
    """The server's estimate of the rows in a sentence, and the rows."""
    words = text.split("of about ")[1].split(" ")
    assert ROWS * 0.8 < int(words[0].replace(",", "")) < ROWS * 1.2
    return words[0], f"{ROWS:,}"
