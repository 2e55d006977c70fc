"""Tables on real database servers, read like files: the same rows, the same types, nothing secret kept."""
import os
import pathlib
import signal
import subprocess
import time

import pytest

from conftest import GRISTMILL, fails, gristmill, gristmill_json, write_project
from servers import PASSWORD, Mariadb, Postgres, serving_database

PROJECT = """\
project: servers
sources:
  ops: {{url: "{url}"{more}}}
tables:
  visits: SELECT v.*, p.name FROM ops.visits v LEFT JOIN ops.people p ON p.id = v.person WHERE v.id < 900
predict:
  long:
    from: visits
    key: id
    target: minutes > 30
    split: {{random: true}}
    model: linear
"""

TABLES = """\
CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE visits (id INT PRIMARY KEY, person INT, began TIMESTAMP, minutes DOUBLE PRECISION, note VARCHAR(40));
"""


def rows_sql():
    people = ", ".join(f"({i}, 'name{i % 7}')" for i in range(50))
    visits = ", ".join(f"({i}, {i % 60}, '2024-01-{i % 28 + 1:02} 10:{i % 60:02}:00', {i % 61 + i % 7}, "
                       + ("NULL" if i % 10 == 0 else f"'n{i % 5}'") + ")" for i in range(1000))
    return f"INSERT INTO people VALUES {people}; INSERT INTO visits VALUES {visits};"


@pytest.fixture(scope="module", params=[Postgres, Mariadb], ids=["postgresql", "mariadb"])
def database(request):
    with serving_database(request.param) as server:
        server.sql(TABLES)
        server.sql(rows_sql())
        yield server


def project(tmp_path, database, more=""):
    write_project(tmp_path, PROJECT.format(url=database.url, more=more))
    return tmp_path


def test_a_run_over_a_server(tmp_path, database):
    folder = project(tmp_path, database)
    listed = gristmill_json("sources", "-C", folder)
    names = {t["table"]: t for t in listed["tables"]}
    assert {"ops.people", "ops.visits"} <= set(names)
    report = gristmill_json("run", "-C", folder)
    assert report["predictions"]["long"]["rows"]["read"] == 900
    shown = gristmill("sql", "SELECT count(*) AS n, sum(minutes) AS m, min(began) AS first FROM ops.visits", "-C", folder).stdout
    assert "1000" in shown.replace(",", "") and "2024-01-01" in shown


def test_a_changed_table_is_read_again_and_an_unchanged_one_changes_nothing(tmp_path, database):
    folder = project(tmp_path, database)
    gristmill_json("run", "-C", folder)
    again = gristmill_json("run", "-C", folder)
    assert again["tasks"]["ran"] == 1  # the table; its content is the same
    database.sql("UPDATE visits SET minutes = minutes + 1 WHERE id = 7")
    assert gristmill_json("run", "-C", folder)["tasks"]["ran"] > 1
    frozen = gristmill_json("run", "--frozen", "-C", folder)
    assert frozen["tasks"]["ran"] == 0


def test_a_young_reading_is_kept(tmp_path, database):
    folder = project(tmp_path, database, ", max_age: 1h")
    gristmill_json("run", "-C", folder)
    database.sql("UPDATE visits SET minutes = minutes + 1 WHERE id = 8")
    assert gristmill_json("run", "-C", folder)["tasks"]["ran"] == 0
    assert gristmill_json("run", "--refresh", "ops", "-C", folder)["tasks"]["ran"] > 1
    assert gristmill_json("run", "-C", folder)["tasks"]["ran"] == 0
    assert gristmill_json("run", "-C", folder, "--refresh")["tasks"]["ran"] == 1  # the table, which is the same
    assert 'did you mean "ops"' in fails("run", "--refresh", "op", "-C", folder, code=2)
    fails("run", "--refresh", "--frozen", "-C", folder, code=2)


def files_with(folder, secret):
    return [path for path in pathlib.Path(folder).rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_the_password_is_never_written(tmp_path, database):
    write_project(tmp_path, PROJECT.format(url=database.url.replace(PASSWORD, "${OPS_PASSWORD}"), more=""))
    environment = {**os.environ, "OPS_PASSWORD": PASSWORD}
    done = gristmill("run", "-C", tmp_path, env=environment)
    outputs = [done.stdout, done.stderr]
    for command in (["sources", "--json"], ["plan"], ["why"], ["runs"], ["inspect", "long"], ["schema"],
                    ["sql", "SELECT * FROM ops.people LIMIT 1"]):
        done = gristmill(*command, "-C", tmp_path, env=environment, code=None)
        outputs += [done.stdout, done.stderr]
    done = gristmill("run", "-C", tmp_path, env={**environment, "OPS_PASSWORD": "wr0ng-One"}, code=1)
    assert "wr0ng-One" not in done.stderr and "does not let us in" in done.stderr
    assert not any(PASSWORD in text for text in outputs)
    assert files_with(tmp_path, PASSWORD) == []


@pytest.mark.parametrize("change, said", [
    (lambda url: url.replace("gristmill:", "nobody:"), "does not let us in"),
    (lambda url: url.replace("/ops", "/nodb"), "does not let us in"),
    (lambda url: url.replace("/ops", ""), "names no database"),
    (lambda url: url.rsplit(":", 1)[0] + ":1/ops", "cannot be reached"),
])
def test_what_is_wrong_with_the_url(tmp_path, database, change, said):
    write_project(tmp_path, PROJECT.format(url=change(database.url), more=""))
    done = gristmill("run", "-C", tmp_path, code=1)
    assert done.stderr.count("error:") == 1 and said in done.stderr and PASSWORD not in done.stderr
    assert "gristmill.yaml:3" in done.stderr


def fails_and_recovers(folder, database, said, mend):
    """A run ends in one clear error and publishes nothing; once the cause is gone, the same command works."""
    error = fails("run", "-C", folder)
    assert said in error and PASSWORD not in error, error
    assert not list((folder / ".gristmill").rglob("*.part")) and "bundle:" not in error
    mend()
    assert gristmill_json("run", "-C", folder)["predictions"]["long"]["rows"]["read"] == 900


def test_a_table_that_is_gone_or_altered_since_the_plan(tmp_path, database):
    folder = project(tmp_path, database)
    gristmill("plan", "-C", folder)
    database.sql("ALTER TABLE people RENAME TO persons")
    fails_and_recovers(folder, database, 'there is no table "ops.people"',
                       lambda: database.sql("ALTER TABLE persons RENAME TO people"))
    gristmill("plan", "-C", folder)
    database.sql("ALTER TABLE people RENAME COLUMN name TO label")
    fails_and_recovers(folder, database, "name", lambda: database.sql("ALTER TABLE people RENAME COLUMN label TO name"))


def test_a_table_that_may_not_be_read(tmp_path, database):
    folder = project(tmp_path, database)
    everything = "pg_read_all_data" if isinstance(database, Postgres) else None
    if everything:
        database.sql(f"REVOKE {everything} FROM gristmill; GRANT SELECT ON visits TO gristmill")
    else:
        database.sql("REVOKE SELECT ON ops.* FROM gristmill@'127.0.0.1'; GRANT SELECT ON ops.visits TO gristmill@'127.0.0.1'")

    def mend():
        database.sql(f"GRANT {everything} TO gristmill" if everything else "GRANT SELECT ON ops.* TO gristmill@'127.0.0.1'")
    # PostgreSQL lists what may not be read; MariaDB hides it.
    fails_and_recovers(folder, database, "permission denied for table people" if everything else 'no table "ops.people"', mend)


def test_a_server_that_is_stopped_between_runs(tmp_path, database):
    folder = project(tmp_path, database)
    gristmill_json("run", "-C", folder)
    database.stop(signal.SIGINT if isinstance(database, Postgres) else signal.SIGTERM)
    fails_and_recovers(folder, database, "cannot be reached", database.start)
    assert gristmill_json("run", "-C", folder)["tasks"]["ran"] == 1  # the table; its content is the same


SLOW = {
    Postgres: "CREATE VIEW slow AS SELECT v.*, pg_sleep(0.02)::text AS slept FROM visits v",
    Mariadb: "CREATE VIEW slow AS SELECT v.*, sleep(0.02) AS slept FROM visits v",
}
CUT = {
    Postgres: "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gristmill' AND query LIKE '%slow%'",
    Mariadb: "KILL USER gristmill",
}


def test_a_connection_that_is_cut_while_rows_are_read(tmp_path, database):
    database.sql(SLOW[type(database)])
    try:
        folder = project(tmp_path, database)
        text = (folder / "gristmill.yaml").read_text()
        write_project(folder, text.replace("FROM ops.visits v", "FROM (SELECT * FROM ops.slow WHERE slept IS NOT NULL) v"))
        running = subprocess.Popen([GRISTMILL, "run", "-C", folder], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(2)
        assert running.poll() is None
        while running.poll() is None:  # what only counts joins for the report may fail
            database.sql(CUT[type(database)])
            time.sleep(0.3)
        output, error = running.communicate(timeout=60)
        assert running.returncode == 1 and error.count("error:") == 1 and PASSWORD not in error, error
        assert "bundle:" not in output
        write_project(folder, text)
        assert gristmill_json("run", "-C", folder)["predictions"]["long"]["rows"]["read"] == 900
    finally:
        database.sql("DROP VIEW slow")


def test_nothing_is_written_to_the_server(tmp_path, database):
    folder = project(tmp_path, database)
    for statement in ("DELETE FROM ops.visits", "SELECT 1; DROP TABLE ops.visits"):
        assert gristmill("sql", statement, "-C", folder, code=1).stderr.count("error:") == 1
    assert database.sql("SELECT count(*) FROM visits").strip() == "1000"


def test_what_a_server_keeps_in_its_own_way_reads_the_same(tmp_path, database):
    """An instant whatever the server's zone is; the first rows by a text as they are sorted here."""
    mariadb = isinstance(database, Mariadb)
    zone = "SET GLOBAL time_zone = '{}'" if mariadb else "ALTER DATABASE ops SET timezone = '{}'"
    write_project(tmp_path, PROJECT.format(url=database.url, more=""))
    ask = lambda sql: gristmill_json("sql", sql, "-C", tmp_path)["rows"]
    try:
        database.sql(f"CREATE TABLE kept (id INT, t {'TIMESTAMP NULL' if mariadb else 'TIMESTAMPTZ'}, s VARCHAR(9)); "
                     f"SET {'time_zone' if mariadb else 'timezone'} = '+00:00'; "
                     "INSERT INTO kept VALUES (1, '2024-06-01 01:30:00', 'b'), (2, NULL, 'B'), (3, NULL, 'a')")
        for offset in ("+05:00", "+00:00"):
            database.sql(zone.format(offset))
            assert ask("SELECT epoch(t) FROM ops.kept WHERE id = 1") == [[1717205400.0]]
            assert ask("SELECT s FROM ops.kept ORDER BY s LIMIT 2") == [["B"], ["a"]]
    finally:
        database.sql("DROP TABLE kept")
        database.sql(zone.format("+00:00"))
