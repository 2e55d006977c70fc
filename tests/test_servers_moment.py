"""All that one command reads of a PostgreSQL server is of one moment."""
import subprocess
import threading
import time

import pytest

from conftest import GRISTMILL, gristmill, gristmill_json, write_project
from servers import Postgres, serving_database

PROJECT = """\
project: moment
sources:
  ops: {{url: "{url}"}}
tables:
  first: {{sql: SELECT id FROM ops.accounts, key: id}}
  second: {{sql: SELECT id FROM ops.movements WHERE slept IS NOT NULL, key: id}}
"""


@pytest.fixture(scope="module")
def database():
    with serving_database(Postgres) as server:
        server.sql("CREATE TABLE accounts (id INT PRIMARY KEY); INSERT INTO accounts VALUES (0); "
                   "CREATE TABLE moved (id INT PRIMARY KEY); INSERT INTO moved VALUES (0); "
                   "CREATE VIEW movements AS SELECT id, pg_sleep(0.001)::text AS slept FROM moved")
        yield server


@pytest.fixture
def folder(tmp_path, database):
    write_project(tmp_path, PROJECT.format(url=database.url))
    return tmp_path


class Writing:
    """Adds a row to both tables in one transaction, again and again."""

    def __init__(self, database):
        self.database, self.stop = database, threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        while not self.stop.is_set():
            self.database.sql("BEGIN; INSERT INTO accounts SELECT max(id) + 1 FROM accounts; "
                              "INSERT INTO moved SELECT max(id) + 1 FROM moved; COMMIT")

    def __enter__(self):
        self.thread.start()

    def __exit__(self, *_):
        self.stop.set()
        self.thread.join()


def open_transactions(database):
    return int(database.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'gristmill' AND state LIKE 'idle in%'"))


def test_tables_of_one_run_are_of_one_moment(folder, database):
    with Writing(database):
        time.sleep(0.3)
        for _ in range(3):
            tables = gristmill_json("run", "-C", folder)["tables"]
            assert tables["first"]["rows"] == tables["second"]["rows"]
    assert open_transactions(database) == 0


def test_the_counts_of_the_report_are_of_that_moment(folder, database):
    """The joins are counted over copies, beside the query itself."""
    write_project(folder, PROJECT.format(url=database.url) + "  joined: SELECT a.id, m.slept FROM ops.accounts a "
                  "LEFT JOIN ops.movements m USING (id)\n")
    with Writing(database):
        for _ in range(2):
            report = gristmill_json("run", "-C", folder)["tables"]["joined"]
            assert report["rows"] == report["joins"][0]["matched"] == report["joins"][0]["left_rows"]


def test_one_query_over_both(folder, database):
    with Writing(database):
        for _ in range(3):
            assert gristmill_json("sql", "SELECT (SELECT count(*) FROM ops.accounts) - (SELECT count(*) FROM ops.movements) AS n",
                                  "-C", folder)["rows"] == [[0]]


def test_a_moment_that_the_server_ends_is_an_error(folder, database):
    database.sql("CREATE VIEW slow AS SELECT id, pg_sleep(0.3)::text AS slept FROM generate_series(1, 20) AS id")
    try:
        write_project(folder, PROJECT.format(url=database.url).replace("ops.accounts", "ops.slow WHERE slept IS NOT NULL"))
        running = subprocess.Popen([GRISTMILL, "run", "-C", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gristmill' AND state LIKE 'idle in%'")
        _, error = running.communicate(timeout=60)
        assert running.returncode == 1 and error.count("error:") == 1, error
        assert "of one moment" in error and "hint: run it again" in error
    finally:
        database.sql("DROP VIEW slow")
    write_project(folder, PROJECT.format(url=database.url))
    gristmill("run", "-C", folder)


def test_nothing_is_kept_open_while_models_are_trained(folder, database):
    write_project(folder, PROJECT.format(url=database.url) + """\
  rows: SELECT r.id, r.id % 7 AS x, r.id % 2 AS y FROM range(4000) r(id) JOIN (SELECT min(id) AS low FROM ops.accounts) ON true
predict:
  odd: {from: rows, key: id, target: y, split: {random: true}, model: {boosted-trees: {trees: 2000, patience: 0}}}
""")
    running = subprocess.Popen([GRISTMILL, "run", "-C", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    idle = []
    while running.poll() is None:
        idle.append(open_transactions(database))
        time.sleep(0.02)
    assert running.returncode == 0, running.stderr.read()
    assert 1 in idle and idle[-5:] == [0] * 5
