"""Files behind URLs: a real HTTP server of Python's, with and without TLS, and a real server of S3's protocol."""
import contextlib
import hashlib
import http.server
import os
import re
import ssl
import subprocess
import threading

import pytest

from conftest import fails, gristmill, gristmill_json, write_project
from servers import serving_s3

ROWS = b"id,name\n1,a\n2,b\n"
COUNT = "SELECT count(*), max(name) FROM far.rows"
SECRET = "s3cret-Pa55"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers, body=b"", claimed=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if claimed is None else claimed))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        self.server.seen.append((path, self.headers))
        if path == "/rows.csv":
            tag = f'"{hashlib.md5(self.server.rows).hexdigest()}"'
            if self.headers.get("If-None-Match") == tag:
                return self.answer(304, {"ETag": tag})
            return self.answer(200, {"ETag": tag}, self.server.rows)
        if path == "/dated/rows.csv":
            if self.headers.get("If-Modified-Since"):
                return self.answer(304, {})
            return self.answer(200, {"Last-Modified": "Sat, 28 Nov 2026 02:00:00 GMT"}, self.server.rows)
        if path == "/cut/rows.csv":
            self.answer(200, {}, ROWS, claimed=len(ROWS) + 100)
        elif path == "/cut-chunks/rows.csv":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"10\r\n" + ROWS[:10])
        elif path == "/endless/rows.csv":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"10000\r\n" + b"1" * 65536 + b"\r\n")
        elif path == "/moved/rows.csv":
            return self.answer(302, {"Location": "/rows.csv"}, b"moved")
        elif path == "/circle/rows.csv":
            return self.answer(302, {"Location": "/circle/rows.csv"})
        elif path == "/private/rows.csv":
            known = self.headers.get("Authorization") == "Basic dXNlcjpzM2NyZXQtUGE1NQ=="
            return self.answer(200, {}, ROWS) if known else self.answer(401, {"WWW-Authenticate": "Basic"}, b"no")
        elif path == "/broken/rows.csv":
            return self.answer(500, {}, b"oops")
        else:
            return self.answer(404, {}, b"no such page")
        self.close_connection = True


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.rows, server.seen = ROWS, []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = f"http://127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()
        thread.join()


def project(folder, source, extra=""):
    write_project(folder, f"sources:\n  far: {source}\ntables: {{t: SELECT * FROM far.rows}}\n{extra}")
    return folder


def count(folder, *args, **kwargs):
    return gristmill_json("sql", COUNT, "-C", folder, *args, **kwargs)["rows"]


def kept(folder):
    """Files of the downloads, but for what is noted of them."""
    return [p for p in (folder / ".gristmill/downloads").rglob("*") if p.is_file() and p.name != ".about.json"]


def test_a_file_is_fetched_once_and_asked_after(server, tmp_path):
    project(tmp_path, f"{server.url}/rows.csv")
    assert count(tmp_path) == [[2, "b"]] and count(tmp_path) == [[2, "b"]]
    assert [headers.get("If-None-Match") is None for _, headers in server.seen] == [True, False]
    assert [p.name for p in kept(tmp_path)] == ["rows.csv"] and kept(tmp_path)[0].read_bytes() == ROWS
    server.rows = ROWS + b"3,c\n"
    assert count(tmp_path) == [[3, "c"]]
    # What was changed here is not what was fetched.
    kept(tmp_path)[0].write_bytes(b"id,name\n")
    assert count(tmp_path) == [[3, "c"]]


def test_what_has_a_date_alone_is_asked_after_by_it(server, tmp_path):
    project(tmp_path, f"{server.url}/dated/rows.csv")
    assert count(tmp_path) == [[2, "b"]] and count(tmp_path) == [[2, "b"]]
    assert server.seen[1][1]["If-Modified-Since"] == "Sat, 28 Nov 2026 02:00:00 GMT"


def test_redirects_are_followed_but_not_for_ever(server, tmp_path):
    assert count(project(tmp_path / "moved", f"{server.url}/moved/rows.csv")) == [[2, "b"]]
    error = fails("sql", COUNT, "-C", project(tmp_path / "circle", f"{server.url}/circle/rows.csv"))
    assert "redirects" in error and "gristmill.yaml:2" in error


@pytest.mark.parametrize("path,message", [
    ("cut/rows.csv", "the connection broke off after 16 bytes"),
    ("cut-chunks/rows.csv", "the connection broke off after 10 bytes"),
    ("nowhere/rows.csv", "is not there: the server answers 404"),
    ("broken/rows.csv", "the server answers 500"),
    ("private/rows.csv", "the server answers 401"),
])
def test_what_does_not_come_whole_is_one_error(server, tmp_path, path, message):
    project(tmp_path, f"{server.url}/{path}?token={SECRET}")
    error = fails("sql", COUNT, "-C", tmp_path)
    assert message in error and f"`{server.url}/{path}`" in error and "gristmill.yaml:2" in error
    assert SECRET not in error and not kept(tmp_path)


def test_a_failure_leaves_what_was_kept(server, tmp_path):
    project(tmp_path, f"{server.url}/rows.csv")
    gristmill("run", "-C", tmp_path, code=None)
    count(tmp_path)
    before = kept(tmp_path)[0].read_bytes()
    port = server.server_address[1]
    server.shutdown()
    server.server_close()
    error = fails("sql", COUNT, "-C", tmp_path)
    assert f"http://127.0.0.1:{port}/rows.csv" in error and "--frozen" in error
    assert kept(tmp_path)[0].read_bytes() == before


def test_frozen_asks_nobody(server, tmp_path):
    rows = "id,x,y\n" + "".join(f"{i},{i % 7},{i % 7 + i % 3}\n" for i in range(300))
    server.rows = rows.encode()
    project(tmp_path, f"{server.url}/rows.csv",
            "predict: {y: {from: t, key: id, target: y, split: {random: true}, model: linear}}\n")
    gristmill("run", "-C", tmp_path)
    asked = len(server.seen)
    assert gristmill_json("run", "--frozen", "-C", tmp_path)["tasks"]["ran"] == 0
    assert len(server.seen) == asked
    assert gristmill_json("run", "-C", tmp_path)["tasks"]["ran"] == 0
    assert len(server.seen) > asked


def test_a_sum_pins_the_file(server, tmp_path):
    right, wrong = hashlib.sha256(ROWS).hexdigest(), "0" * 64
    project(tmp_path, f"{{url: '{server.url}/rows.csv', sha256: {right}}}")
    assert count(tmp_path) == [[2, "b"]] and count(tmp_path) == [[2, "b"]]
    assert len(server.seen) == 1  # it is there: nobody need be asked
    (tmp_path / ".gristmill").rename(tmp_path / "away")
    project(tmp_path, f"{{url: '{server.url}/rows.csv', sha256: '{wrong}'}}")
    error = fails("sql", COUNT, "-C", tmp_path)
    assert "has not the `sha256`" in error and right in error and not kept(tmp_path)
    project(tmp_path, f"{{url: '{server.url}/rows.csv', sha256: abc}}")
    assert "`sha256` of source far is no such sum" in fails("sql", COUNT, "-C", tmp_path)
    (tmp_path / "rows.csv").write_bytes(ROWS)
    project(tmp_path, f"{{files: rows.csv, sha256: {right}}}")
    assert "is for a file behind a URL" in fails("sql", COUNT, "-C", tmp_path)


def test_what_never_ends_is_bounded(server, tmp_path):
    project(tmp_path, f"{{url: '{server.url}/endless/rows.csv', max_bytes: 5000000}}")
    error = fails("sql", COUNT, "-C", tmp_path)
    assert "is larger than 5000000 bytes" in error and not kept(tmp_path)


def test_who_asks_stays_secret(server, tmp_path):
    host = server.url.removeprefix("http://")
    project(tmp_path, "http://user:${PASS}@" + f"{host}/private/rows.csv")
    environment = {**os.environ, "PASS": SECRET}
    assert count(tmp_path, env=environment) == [[2, "b"]]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or SECRET.encode() not in path.read_bytes(), path
    error = fails("sql", COUNT, "-C", tmp_path, env={**environment, "PASS": "another-Pa55"})
    assert "401" in error and "another-Pa55" not in error


def test_https_is_checked(server, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key.pem", "-out",
                    tmp_path / "cert.pem", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    project(tmp_path, server.url.replace("http:", "https:") + "/rows.csv")
    assert "certificate" in fails("sql", COUNT, "-C", tmp_path)
    trusting = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "cert.pem")}
    assert count(tmp_path, env=trusting) == [[2, "b"]]


def test_every_kind_of_file_may_lie_there(server, tmp_path):
    gristmill("init", f"{server.url}/rows.csv", "-C", tmp_path)
    assert count_of_first_source(tmp_path) == 2
    error = fails("sql", COUNT, "-C", project(tmp_path / "odd", "ftp://127.0.0.1/rows.csv"))
    assert "`ftp://` is not a kind of source known here" in error


def count_of_first_source(folder):
    return gristmill_json("sources", "-C", folder)["tables"][0]["rows"]


@pytest.fixture(scope="module")
def s3():
    with serving_s3() as (url, name, key, client):
        client.put_object(Bucket="grain", Key="rows.csv", Body=ROWS)
        client.put_object(Bucket="grain", Key="odd name+é/rows.csv", Body=ROWS + b"3,z\n")
        yield url, name, key


S3_SOURCE = "{url: 's3://grain/%s', endpoint: '${S3}', access_key: '${ID}', secret_key: '${KEY}'}"


def test_objects_of_s3_are_files(s3, tmp_path):
    url, name, key = s3
    environment = {**os.environ, "S3": url, "ID": name, "KEY": key}
    assert count(project(tmp_path / "a", S3_SOURCE % "rows.csv"), env=environment) == [[2, "b"]]
    assert count(tmp_path / "a", env=environment) == [[2, "b"]]
    assert count(project(tmp_path / "b", S3_SOURCE % "odd name+é/rows.csv"), env=environment) == [[3, "z"]]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or key.encode() not in path.read_bytes(), path


def test_s3_knows_who_asks(s3, tmp_path):
    url, name, key = s3
    environment = {**os.environ, "S3": url, "ID": name, "KEY": key[:-1] + ("a" if key[-1] != "a" else "b")}
    project(tmp_path, S3_SOURCE % "rows.csv")
    error = fails("sql", COUNT, "-C", tmp_path, env=environment)
    assert "`s3://grain/rows.csv` cannot be fetched: the server answers 403" in error
    assert environment["KEY"] not in error
    project(tmp_path, S3_SOURCE % "none.csv")
    error = fails("sql", COUNT, "-C", tmp_path, env={**environment, "KEY": key})
    assert "is not there: the server answers 404" in error
    project(tmp_path, f"{{url: 's3://grain/rows.csv', endpoint: '{url}', access_key: x}}")
    assert "but not both" in fails("sql", COUNT, "-C", tmp_path)
    project(tmp_path, "s3://grain")
    assert re.search("`s3://grain` names no object of S3", fails("sql", COUNT, "-C", tmp_path))
