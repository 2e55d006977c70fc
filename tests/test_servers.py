"""Tables on real database servers, read like files: the same rows, the same types, nothing secret kept."""
import os
import pathlib

import pytest

from conftest import fails, gristmill, gristmill_json, write_project
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
    (lambda url: url.rsplit(":", 1)[0] + ":1/ops", "does not let us in"),
])
def test_what_is_wrong_with_the_url(tmp_path, database, change, said):
    write_project(tmp_path, PROJECT.format(url=change(database.url), more=""))
    done = gristmill("run", "-C", tmp_path, code=1)
    assert done.stderr.count("error:") == 1 and said in done.stderr and PASSWORD not in done.stderr
    assert "gristmill.yaml:3" in done.stderr


def test_nothing_is_written_to_the_server(tmp_path, database):
    folder = project(tmp_path, database)
    for statement in ("DELETE FROM ops.visits", "SELECT 1; DROP TABLE ops.visits"):
        assert gristmill("sql", statement, "-C", folder, code=1).stderr.count("error:") == 1
    assert database.sql("SELECT count(*) FROM visits").strip() == "1000"
