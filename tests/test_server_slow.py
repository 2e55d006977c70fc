"""Database servers that take their time, and one that falls silent."""
import os
import pty
import signal
import subprocess
import threading
import time

import pytest

from conftest import GRISTMILL, gristmill_json, write_project
from servers import Mariadb, Postgres, serving_database
from slow_proxy import slow_proxy

PROJECT = """\
project: slow
sources:
  ops: {{url: "{url}"}}
tables:
  kept: {{sql: SELECT * FROM ops.visits, key: id}}
  small: {{sql: SELECT * FROM ops.people, key: id}}
"""
ROWS = 40_000
MADE = {
    Postgres: f"CREATE TABLE visits AS SELECT i AS id, 'note ' || i AS note FROM generate_series(1, {ROWS}) i",
    Mariadb: f"CREATE TABLE visits AS SELECT seq AS id, concat('note ', seq) AS note FROM seq_1_to_{ROWS}",
}


@pytest.fixture(scope="module", params=[Postgres, Mariadb], ids=["postgresql", "mariadb"])
def database(request):
    with serving_database(request.param) as server:
        server.sql(MADE[request.param])
        server.sql("CREATE TABLE people (id INT); INSERT INTO people VALUES (1), (2)")
        yield server


def project(folder, database, proxy):
    write_project(folder, PROJECT.format(url=database.url.replace(str(database.port), str(proxy.port))))
    return folder


def start(folder, table, stderr=subprocess.PIPE):
    return subprocess.Popen([GRISTMILL, "sql", f"SELECT count(*) AS n FROM {table}", "-C", folder], stdout=subprocess.PIPE,
                            stderr=stderr, text=True)


def read_all(terminal):
    shown = b""
    try:
        while data := os.read(terminal, 1 << 16):
            shown += data
    except OSError:  # the other end is closed
        pass
    return shown.decode()


def test_a_slow_server_is_waited_for(tmp_path, database):
    with slow_proxy(database.port, piece=1 << 13, delay=0.05) as proxy:
        folder = project(tmp_path, database, proxy)
        terminal, stderr = pty.openpty()
        begun = time.monotonic()
        running = start(folder, "kept", stderr)
        os.close(stderr)
        shown = []
        reader = threading.Thread(target=lambda: shown.append(read_all(terminal)))
        reader.start()
        output, _ = running.communicate(timeout=100)
        reader.join()
        os.close(terminal)
        assert running.returncode == 0, shown
        assert output.split()[-1].replace(",", "") == str(ROWS)
        assert time.monotonic() - begun > 2
        assert "table kept" in shown[0]


@pytest.mark.parametrize("silent_after", [0, 100_000], ids=["at once", "while rows are read"])
def test_a_silent_server_is_left_on_ctrl_c(tmp_path, database, silent_after):
    with slow_proxy(database.port, silent_after=silent_after) as proxy:
        folder = project(tmp_path, database, proxy)
        running = start(folder, "kept")
        assert proxy.silent.wait(30)
        time.sleep(0.5)
        assert running.poll() is None
        begun = time.monotonic()
        running.send_signal(signal.SIGINT)
        _, error = running.communicate(timeout=30)
        assert running.returncode != 0 and time.monotonic() - begun < 10
        assert error.count("error:") == 1 and "interrupted" in error, error
    with slow_proxy(database.port) as proxy:  # what was begun is in nobody's way
        folder = project(tmp_path, database, proxy)
        assert gristmill_json("sql", "SELECT count(*) AS n FROM small", "-C", folder)["rows"]
