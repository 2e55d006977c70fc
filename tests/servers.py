"""Real database servers for the tests: on loopback, in a folder of their own, as their own users."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

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


@contextlib.contextmanager
def serving_s3():
    """A server of S3's protocol that checks signatures, with a bucket `grain`: its URL, a user's key, and a client of
    Amazon's own."""
    import boto3  # heavy, and for few tests

    port = free_port()
    with tempfile.TemporaryDirectory(prefix="gm-s3-", dir="/tmp") as folder, open(pathlib.Path(folder) / "log", "w") as log:
        process = subprocess.Popen([pathlib.Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
                                   stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        client = lambda kind, name="first", key="first": boto3.client(
            kind, endpoint_url=url, region_name="us-east-1", aws_access_key_id=name, aws_secret_access_key=key)
        try:
            end = time.monotonic() + 60
            while True:
                try:
                    urllib.request.urlopen(url + "/moto-api/", timeout=5).close()
                    break
                except OSError:
                    assert process.poll() is None and time.monotonic() < end
                    time.sleep(0.2)
            client("s3").create_bucket(Bucket="grain")
            iam = client("iam")
            iam.create_user(UserName="miller")
            iam.put_user_policy(UserName="miller", PolicyName="all", PolicyDocument=(
                '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}'))
            key = iam.create_access_key(UserName="miller")["AccessKey"]
            request = urllib.request.Request(url + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
            urllib.request.urlopen(request, timeout=5).close()
            name, key = key["AccessKeyId"], key["SecretAccessKey"]
            yield url, name, key, client("s3", name, key)
        finally:
            process.kill()
            process.wait()
