"""Real database servers for the tests: on loopback, in a folder of their own, as their own users."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

POSTGRES_BIN = next(iter(sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PASSWORD = "s3cret-Pa55"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def as_user(name):
    """Arguments of subprocess for a program that refuses to run as root."""
    if os.getuid() != 0:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": [], "cwd": "/"}


def run(command, **kwargs):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=120, **kwargs)
    assert done.returncode == 0, f"{command}: {done.stdout}\n{done.stderr}"
    return done.stdout


class Database:
    """A running server: `url` for a project file, `sql()` to prepare what tests read."""

    def __init__(self, kind, folder, port):
        self.kind, self.folder, self.port = kind, folder, port
        self.process = None

    @property
    def url(self):
        return f"{self.kind}://gristmill:{PASSWORD}@127.0.0.1:{self.port}/ops"

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "server.log", "a"), **as_user(self.user))
        end = time.monotonic() + 60
        while True:
            try:
                self.sql("SELECT 1", database=self.first_database)
                return
            except AssertionError:
                assert self.process.poll() is None and time.monotonic() < end, (self.folder / "server.log").read_text()
                time.sleep(0.1)

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        self.process.wait(60)


class Postgres(Database):
    user, first_database = "postgres", "postgres"

    def __init__(self, folder):
        super().__init__("postgresql", folder, free_port())
        run([POSTGRES_BIN / "initdb", "-D", folder / "data", "-A", "scram-sha-256", "-U", "root",
             "--pwfile", self.password_file()], **as_user(self.user))

    def password_file(self):
        file = self.folder / "password"
        file.write_text(PASSWORD)
        shutil.chown(file, self.user)
        return file

    def command(self):
        return [POSTGRES_BIN / "postgres", "-D", self.folder / "data", "-h", "127.0.0.1", "-p", str(self.port),
                "-k", self.folder, "-c", "fsync=off"]

    def sql(self, text, database="ops"):
        return run([POSTGRES_BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", self.port,
                    "-U", "root", "-d", database, "-c", text], env={**os.environ, "PGPASSWORD": PASSWORD})

    def prepare(self):
        self.sql("CREATE DATABASE ops", database="postgres")
        self.sql(f"CREATE ROLE gristmill LOGIN PASSWORD '{PASSWORD}'; GRANT pg_read_all_data TO gristmill")


class Mariadb(Database):
    user, first_database = "mysql", "mysql"

    def __init__(self, folder):
        super().__init__("mysql", folder, free_port())
        run(["mariadb-install-db", "--no-defaults", f"--datadir={folder / 'data'}", "--auth-root-authentication-method=normal",
             "--skip-test-db"], **as_user(self.user))

    def command(self):
        return ["mariadbd", "--no-defaults", f"--datadir={self.folder / 'data'}", "--bind-address=127.0.0.1",
                f"--port={self.port}", f"--socket={self.folder / 'socket'}", f"--pid-file={self.folder / 'pid'}",
                f"--tmpdir={self.folder / 'data'}"]  # of one tmpdir for two, each removes the other's

    def sql(self, text, database="ops"):
        return run(["mariadb", "--no-defaults", "-N", "-B", f"--socket={self.folder / 'socket'}", "-u", "root", database,
                    "-e", text])

    def prepare(self):
        self.sql("CREATE DATABASE ops CHARACTER SET utf8mb4", database="mysql")
        self.sql(f"CREATE USER gristmill@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'; GRANT SELECT ON ops.* TO gristmill@'127.0.0.1'")


@contextlib.contextmanager
def serving_database(kind):
    """Starts `kind` (Postgres or Mariadb) with an empty database `ops` and a user who may only read."""
    with tempfile.TemporaryDirectory(prefix="gm-db-", dir="/tmp") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        if os.getuid() == 0:
            shutil.chown(folder, kind.user)
        server = kind(folder)
        server.start()
        try:
            server.prepare()
            yield server
        finally:
            if server.process.poll() is None:
                server.stop(signal.SIGINT if kind is Postgres else signal.SIGTERM)
