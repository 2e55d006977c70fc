"""Tables of database servers: a small join against the whole table read, and a table to a stored snapshot.

Servers are started here, on loopback, with a table of 3,000,000 rows and 20 columns (ROWS sets another number).
"""
import os
import pathlib
import shutil
import subprocess
import sys

from measure import GRISTMILL, PYTHON, ROOT, ROUNDS, WORK, interleave, median, run, say

sys.path.insert(0, str(ROOT / "tests"))
from servers import PASSWORD, Mariadb, Postgres, serving_database  # noqa: E402

HERE = pathlib.Path(__file__).parent / "servers"
FOLDER = WORK / "servers"
ROWS = int(os.environ.get("ROWS", "3000000"))
KEYS = 100
JOIN = "SELECT count(*) AS n, sum(b.a) AS a, sum(s.kind) AS k FROM {small} s JOIN {wide} b ON b.id = s.id"

COLUMNS = """id INT PRIMARY KEY, g INT, name VARCHAR(20), began {timestamp}, a {float}, b {float}, c {float}, d INT, e INT, f INT,
  note VARCHAR(20), city VARCHAR(20), h BIGINT, day DATE, p {float}, q {float}, r {float}, s INT, t INT, u INT"""
VALUES = """i, i * 7 % 1000, concat('k', i % 50000), {began}, i % 97 * 1.5, i % 89 * 0.25, i % 1009, i % 31, i % 7, i % 2,
  concat('note ', i % 1000), concat('city', i % 40), i * 3, {day}, i % 13 * 0.1, i % 17 * 0.1, i % 19 * 0.1, i % 23, i % 29,
  CASE WHEN i % 10 > 0 THEN i % 37 END"""
MADE = {
    Postgres: "CREATE TABLE wide (" + COLUMNS.format(timestamp="TIMESTAMP", float="FLOAT8") + "); INSERT INTO wide SELECT "
    + VALUES.format(began="TIMESTAMP '2024-01-01' + i * INTERVAL '1 second'", day="DATE '2024-01-01' + i % 365")
    + f" FROM generate_series(1, {ROWS}) made(i); ANALYZE wide",
    Mariadb: "CREATE TABLE wide (" + COLUMNS.format(timestamp="DATETIME", float="DOUBLE") + "); INSERT INTO wide SELECT "
    + VALUES.format(began="TIMESTAMP '2024-01-01 00:00:00' + INTERVAL i SECOND", day="DATE '2024-01-01' + INTERVAL i % 365 DAY")
    + f" FROM (SELECT seq AS i FROM seq_1_to_{ROWS}) made; ANALYZE TABLE wide",
}


def prepare(server):
    """Fills the server and writes a project over it, with a small table beside it."""
    client = {"PGPASSWORD": PASSWORD}
    command = (["psql", "-X", "-q", "-h", "127.0.0.1", "-p", str(server.port), "-U", "root", "-d", "ops", "-c"]
               if isinstance(server, Postgres) else
               ["mariadb", "--no-defaults", f"--socket={server.folder / 'socket'}", "-u", "root", "ops", "-e"])
    subprocess.run([*command, MADE[type(server)]], check=True, capture_output=True, env={**os.environ, **client})
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "made").mkdir(parents=True)
    (FOLDER / "made/gristmill.yaml").write_text("project: made\n")
    subprocess.run([GRISTMILL, "sql", f"SELECT (1 + i * {ROWS // KEYS})::INTEGER AS id, i % 3 AS kind FROM range({KEYS}) r(i)",
                    "-o", FOLDER / "small.parquet", "-C", FOLDER / "made"], check=True, capture_output=True)
    (FOLDER / "gristmill.yaml").write_text(f"project: servers\nsources:\n  ops: {{url: \"{server.url}\"}}\n  local: small.parquet\n")
    (FOLDER / "plain.sql").write_text(JOIN.format(small="small", wide="wide"))


def peer(server, job):
    return lambda: run([PYTHON, HERE / "peers.py", job, ROOT / "build/deps/duckdb_extensions", server.url, FOLDER])


def joins(name, server):
    """Figures: 100 keys against the large table, in one warm process each, and as whole processes."""
    sql = JOIN.format(small="local.small", wide="ops.wide")
    results = interleave({
        "warm": lambda: run([ROOT / "build/release/bench/bench_server_join", FOLDER, sql]),
        "warm_duckdb": peer(server, "duckdb-join"),
        "once": lambda: run([GRISTMILL, "sql", sql, "--json", "-C", FOLDER]),
        "once_duckdb": peer(server, "duckdb-once"),
    }, rounds=min(ROUNDS, 3))
    if results["warm"][0]["row"][0] != str(KEYS) or results["warm_duckdb"][0]["row"][0] != str(KEYS):
        raise SystemExit(f"not {KEYS} rows: {results}")
    warm, plain = median(results["warm"], "seconds"), median(results["warm_duckdb"], "seconds")
    once, plain_once = median(results["once"], "wall"), median(results["once_duckdb"], "wall")
    say(f"{name}-join", rows=ROWS, keys=KEYS, gristmill_s=warm, duckdb_s=plain, times_faster=plain / warm,
        gristmill_sql_wall_s=once, duckdb_wall_s=plain_once, times_faster_wall=plain_once / once)


SNAPSHOT = """\
project: snapshot
sources:
  ops: {{url: "{url}"}}
tables:
  wide: {{sql: SELECT * FROM ops.wide, key: id}}
"""


def snapshot(server):
    """Figure: the large table to a stored version, beside COPY to one Parquet file and pandas."""
    folder = FOLDER / "snapshot"

    def stored():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "gristmill.yaml").write_text(SNAPSHOT.format(url=server.url))
        return run([GRISTMILL, "sql", "SELECT count(*) AS n FROM wide", "--json", "-C", folder])
    results = interleave({"gristmill": stored, "duckdb": peer(server, "duckdb-copy")}, rounds=min(ROUNDS, 3))
    pandas = run([PYTHON, HERE / "peers.py", "pandas-copy", "-", server.url, FOLDER])
    ours, theirs = median(results["gristmill"], "wall"), median(results["duckdb"], "wall")
    say("postgresql-snapshot", rows=ROWS, columns=20, gristmill_s=ours, duckdb_s=theirs, pandas_s=pandas["wall"],
        ratio_duckdb=ours / theirs, times_faster_pandas=pandas["wall"] / ours,
        gristmill_cpu_s=median(results["gristmill"], "cpu"), duckdb_cpu_s=median(results["duckdb"], "cpu"))


for name, kind in (("postgresql", Postgres), ("mariadb", Mariadb)):
    with serving_database(kind) as server:
        prepare(server)
        joins(name, server)
        if kind is Postgres:
            snapshot(server)
shutil.rmtree(FOLDER, ignore_errors=True)
