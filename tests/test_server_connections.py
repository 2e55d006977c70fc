"""The ways into a database server: TLS, sockets, odd names and passwords."""
import shutil
import subprocess
import urllib.parse

import pytest

from conftest import fails, gristmill, write_project
from servers import PASSWORD, Mariadb, Postgres, serving_database

ODD_USER, ODD_PASSWORD = "o dd", "p@s/s:w\"ö=rd"


def make_certificates(folder, owner):
    """An authority's and a server's, for the name `localhost`."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test authority",
            "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", folder / "server.key",
            "-out", folder / "server.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost\n")
    openssl("x509", "-req", "-days", "2", "-in", folder / "server.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-out", folder / "server.pem", "-extfile", folder / "names")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=another authority",
            "-keyout", folder / "other.key", "-out", folder / "other.pem")
    (folder / "server.key").chmod(0o600)
    for name in ("server.key", "server.pem", "ca.pem"):
        shutil.chown(folder / name, owner)


class TlsPostgres(Postgres):
    def __init__(self, folder):
        super().__init__(folder)
        make_certificates(folder, self.user)
        (folder / "data/pg_hba.conf").write_text("local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n")

    def command(self):
        return super().command() + ["-c", "ssl=on", "-c", f"ssl_cert_file={self.folder}/server.pem",
                                    "-c", f"ssl_key_file={self.folder}/server.key"]

    def prepare(self):
        super().prepare()
        self.sql(f"CREATE ROLE \"{ODD_USER}\" LOGIN PASSWORD '{ODD_PASSWORD}'; GRANT pg_read_all_data TO \"{ODD_USER}\"")


class TlsMariadb(Mariadb):
    def __init__(self, folder):
        super().__init__(folder)
        make_certificates(folder, self.user)

    def command(self):
        return super().command() + [f"--ssl-cert={self.folder}/server.pem", f"--ssl-key={self.folder}/server.key",
                                    f"--ssl-ca={self.folder}/ca.pem", "--require-secure-transport=ON"]

    def prepare(self):
        super().prepare()
        for user, password, host in (("gristmill", PASSWORD, "localhost"), (ODD_USER, ODD_PASSWORD, "127.0.0.1")):
            self.sql(f"CREATE USER `{user}`@'{host}' IDENTIFIED BY '{password}'; GRANT SELECT ON ops.* TO `{user}`@'{host}'")


@pytest.fixture(scope="module")
def postgres():
    with serving_database(TlsPostgres) as server:
        server.sql("CREATE TABLE t (a INT); INSERT INTO t VALUES (7)")
        yield server


@pytest.fixture(scope="module")
def mariadb():
    with serving_database(TlsMariadb) as server:
        server.sql("CREATE TABLE t (a INT); INSERT INTO t VALUES (7)")
        yield server


def connect(folder, url):
    write_project(folder, f"project: p\nsources:\n  ops: '{url}'\n")
    return ["sql", "SELECT a FROM ops.t", "-C", folder]


def gets_in(folder, url):
    assert gristmill(*connect(folder, url)).stdout.split() == ["a", "─", "7"]


def refused(folder, url):
    error = fails(*connect(folder, url))
    assert "does not let us in" in error and PASSWORD not in error and ODD_PASSWORD not in error
    return error


def test_postgresql_by_tls(tmp_path, postgres):
    place = f"gristmill:{PASSWORD}@localhost:{postgres.port}/ops"
    gets_in(tmp_path, f"postgresql://{place}")
    gets_in(tmp_path, f"postgres://{place}?sslmode=verify-full&sslrootcert={postgres.folder}/ca.pem")
    assert "certificate verify failed" in refused(
        tmp_path, f"postgresql://{place}?sslmode=verify-full&sslrootcert={postgres.folder}/other.pem")
    assert "no encryption" in refused(tmp_path, f"postgresql://{place}?sslmode=disable")
    by_number = place.replace("localhost", "127.0.0.1")
    assert "does not match host name" in refused(
        tmp_path, f"postgresql://{by_number}?sslmode=verify-full&sslrootcert={postgres.folder}/ca.pem")


def test_mariadb_by_tls(tmp_path, mariadb):
    place = f"gristmill:{PASSWORD}@127.0.0.1:{mariadb.port}/ops"
    gets_in(tmp_path, f"mariadb://{place}?ssl_mode=required")
    gets_in(tmp_path, f"mysql://{place}?ssl_mode=verify_ca&ssl_ca={mariadb.folder}/ca.pem")
    gets_in(tmp_path, f"mysql://{place}?ssl-mode=verify_ca&ssl-ca={mariadb.folder}/ca.pem")
    refused(tmp_path, f"mysql://{place}?ssl_mode=verify_ca&ssl_ca={mariadb.folder}/other.pem")
    refused(tmp_path, f"mysql://{place}?ssl_mode=disabled")
    assert "unsupported attribute" in refused(tmp_path, f"mysql://{place}?sslmode=required")


def test_by_socket(tmp_path, postgres, mariadb):
    gets_in(tmp_path, f"postgresql://gristmill:{PASSWORD}@/ops?host={postgres.folder}&port={postgres.port}")
    gets_in(tmp_path, f"mysql://gristmill:{PASSWORD}@localhost/ops?socket={mariadb.folder}/socket")


@pytest.mark.parametrize("escape", [urllib.parse.quote, lambda text: text], ids=["encoded", "as it is"])
def test_odd_users_and_passwords(tmp_path, postgres, mariadb, escape):
    for kind, server in (("postgresql", postgres), ("mysql", mariadb)):
        login = f"{urllib.parse.quote(ODD_USER)}:{escape(ODD_PASSWORD)}"
        gets_in(tmp_path, f"{kind}://{login}@127.0.0.1:{server.port}/ops")
        error = refused(tmp_path, f"{kind}://{login}x@127.0.0.1:{server.port}/ops")
        assert urllib.parse.quote(ODD_PASSWORD) not in error and "s:w" not in error
