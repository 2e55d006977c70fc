"""What servers hold and files do not: NaN in decimals, dates without an end, names in their own quotes, cut connections."""
import os
import subprocess
import time

import pytest

from conftest import GRISTMILL, fails, gristmill, gristmill_json, write_project
from servers import PASSWORD, Mariadb, Postgres, serving_database


@pytest.fixture(scope="module")
def postgres():
    with serving_database(Postgres) as server:
        server.sql("""CREATE TABLE odd (id INT, n NUMERIC, m NUMERIC(10, 2), x FLOAT8, d DATE, t TIMESTAMP, z TIMESTAMPTZ);
INSERT INTO odd VALUES (1, 'NaN', 'NaN', 'NaN', 'infinity', '-infinity', 'infinity'), (2, 1.5, 2.25, 0, '2024-02-29', NULL, NULL),
  (3, 0, 0, 0, '-infinity', 'infinity', '-infinity'), (5, 'Infinity', 1, 0, NULL, NULL, NULL), (4, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE plain (id INT, n NUMERIC, m NUMERIC(10, 2)); INSERT INTO plain VALUES (1, 1.5, 2.5);
CREATE TABLE long_ids (id NUMERIC(30)); CREATE VIEW seen AS SELECT * FROM odd""")
        yield server


@pytest.fixture(scope="module")
def mariadb():
    with serving_database(Mariadb) as server:
        yield server


def project(folder, database, text=""):
    write_project(folder, f'project: odd\nsources: {{ops: {{url: "{database.url}"}}}}\n{text}')
    return folder


def rows(folder, sql):
    return gristmill_json("sql", sql, "-C", folder)["rows"]


def test_nan_in_a_decimal_is_not_0(tmp_path, postgres):
    project(tmp_path, postgres, "tables: {kept: {sql: SELECT * FROM ops.odd, key: id}}\n")
    for table in ("ops.odd", "kept"):
        assert rows(tmp_path, f"SELECT id, isnan(n), m IS NULL, isnan(x) FROM {table} ORDER BY id") == [
            [1, True, True, True], [2, False, False, False], [3, False, False, False], [4, None, True, None],
            [5, False, False, False]]
        assert rows(tmp_path, f"SELECT id FROM {table} WHERE isinf(n)") == [[5]]
        assert rows(tmp_path, f"SELECT id FROM {table} WHERE n = 0 OR m = 0 ORDER BY id") == [[3]]
    done = gristmill("sql", "SELECT m FROM ops.odd WHERE id = 2", "-C", tmp_path)
    assert "ops.odd: column m holds NaN in 1 rows, where it is missing here" in done.stderr and "2.25" in done.stdout


def test_only_of_a_view_nobody_looks(tmp_path, postgres):
    project(tmp_path, postgres)
    assert "nobody looked whether m, n holds NaN, as this is a view" in gristmill("sql", "FROM ops.seen", "-C", tmp_path).stderr
    assert gristmill("sql", "FROM ops.plain", "-C", tmp_path).stderr.count("NaN") == 0


def test_times_without_an_end_say_so(tmp_path, postgres):
    project(tmp_path, postgres)
    assert rows(tmp_path, "SELECT d, t, z FROM ops.odd WHERE id IN (1, 3) ORDER BY id") == [
        ["infinity", "-infinity", "infinity"], ["-infinity", "infinity", "-infinity"]]
    assert rows(tmp_path, "SELECT id FROM ops.odd WHERE d > DATE '2030-01-01'") == [[1]]


def test_notes_are_of_the_tables_that_are_read(tmp_path, postgres):
    project(tmp_path, postgres)
    assert "long_ids" not in gristmill("sql", "FROM ops.plain", "-C", tmp_path).stderr
    assert "ops.long_ids: column id is declared" in gristmill("sql", "FROM ops.long_ids", "-C", tmp_path).stderr
    assert "ops.long_ids: column id is declared" in gristmill("sources", "-C", tmp_path).stderr


def test_frozen_needs_no_password(tmp_path, postgres):
    write_project(tmp_path, 'project: odd\nsources: {ops: {url: "%s"}}\ntables: {kept: {sql: SELECT * FROM ops.plain, key: id}}\n'
                  % postgres.url.replace(PASSWORD, "${OPS_PASSWORD}"))
    assert "the environment variable OPS_PASSWORD is not set" in fails("run", "-C", tmp_path)
    gristmill("run", "-C", tmp_path, env={**os.environ, "OPS_PASSWORD": PASSWORD})
    assert gristmill_json("run", "--frozen", "-C", tmp_path)["tasks"]["ran"] == 0


def test_an_error_of_several_lines_is_one_in_runs(tmp_path, postgres):
    postgres.sql("CREATE VIEW slow AS SELECT id, pg_sleep(0.3)::text AS slept FROM generate_series(1, 50) AS id")
    project(tmp_path, postgres, "tables: {kept: SELECT id FROM ops.slow WHERE slept IS NOT NULL}\n")
    running = subprocess.Popen([GRISTMILL, "run", "-C", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    while running.poll() is None:
        postgres.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gristmill'")
        time.sleep(0.3)
    assert "hint:" in running.stderr.read()
    assert len(gristmill("runs", "-C", tmp_path).stdout.strip().splitlines()) == 3  # head, rule and the run


def test_names_in_mariadbs_own_quotes(tmp_path, mariadb):
    mariadb.sql("SET NAMES utf8mb4; CREATE TABLE `ba``ck` (`co``l` INT, `b\\s` VARCHAR(9) COLLATE utf8mb4_bin, j JSON, d DATE, "
                "f FLOAT); INSERT INTO `ba``ck` VALUES (1, 'ä', '{\"a\": \"ü\"}', '2024-02-29', 1.5), (2, NULL, NULL, NULL, NULL); "
                "CREATE TABLE `slash\\` (id INT); INSERT INTO `slash\\` VALUES (7)")
    project(tmp_path, mariadb, "tables: {kept: 'SELECT * FROM ops.\"ba`ck\"'}\n")
    for table in ('ops."ba`ck"', "kept"):
        assert rows(tmp_path, f'SELECT * FROM {table} ORDER BY "co`l"') == [
            [1, "ä", '{"a": "ü"}', "2024-02-29", 1.5], [2, None, None, None, None]]
        assert rows(tmp_path, f'SELECT "co`l" FROM {table} WHERE "b\\s" = \'ä\'') == [[1]]
    assert rows(tmp_path, 'FROM ops."slash\\"') == [[7]]


def test_a_cut_connection_to_mariadb_says_so(tmp_path, mariadb):
    mariadb.sql("CREATE TABLE many AS SELECT seq AS id FROM seq_1_to_400; "
                "CREATE VIEW slow AS SELECT id, sleep(0.02) AS slept FROM many")
    project(tmp_path, mariadb)
    running = subprocess.Popen([GRISTMILL, "sql", "SELECT count(slept) AS n FROM ops.slow", "-C", tmp_path],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(2)
    mariadb.sql("KILL USER gristmill")
    _, error = running.communicate(timeout=60)
    assert running.returncode == 1 and error.count("error:") == 1 and "hint:" in error and ': \n' not in error, error
