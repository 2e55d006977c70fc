"""One suite for every kind of source. Each kind writes the same rows in its own way, and declares in one table what it
cannot hold or reads as another type; all else must come out alike."""
import contextlib
import csv
import datetime
import decimal
import gzip
import hashlib
import http.server
import io
import json
import sqlite3
import threading
import time

import duckdb
import numpy
import openpyxl
import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pytest

from conftest import gristmill_json, write_project
from servers import Mariadb, Postgres, serving_database, serving_s3

UTC = datetime.timezone.utc
# Our type, and three cells that are odd each in its way; None stands for a missing one in the fourth row.
COLUMNS = {
    "id": ("int64", [1, 2, 3, 4]),
    "whole": ("int64", [2**53 + 1, -(2**63) + 1, 2**63 - 1, None]),
    "real": ("float64", [0.1, -1e300, 5e-324, None]),
    "text": ("string", ["a", "ünï 'quoted' \"twice\"; --", "line\nbreak, comma", None]),
    "flag": ("boolean", [True, False, True, None]),
    "day": ("date", [datetime.date(1970, 1, 1), datetime.date(2024, 2, 29), datetime.date(1899, 12, 31), None]),
    "at": ("timestamp", [datetime.datetime(2024, 2, 29, 23, 59, 59, 123456), datetime.datetime(1969, 12, 31, 23, 0),
                         datetime.datetime(2024, 1, 1), None]),
    "instant": ("timestamptz", [datetime.datetime(2024, 3, 31, 1, 30, tzinfo=UTC),
                                datetime.datetime(2024, 7, 1, 0, 0, 0, 5, tzinfo=UTC),
                                datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None]),
    "money": ("float64", [decimal.Decimal("1.10"), decimal.Decimal("-99999999.99"), decimal.Decimal("0.01"), None]),
    "bytes": ("string", [b"\x00\xff", b"", b"abc", None]),
}
ARROW = {"id": pyarrow.int64(), "whole": pyarrow.int64(), "real": pyarrow.float64(), "text": pyarrow.string(),
         "flag": pyarrow.bool_(), "day": pyarrow.date32(), "at": pyarrow.timestamp("us"),
         "instant": pyarrow.timestamp("us", "Europe/Berlin"), "money": pyarrow.decimal128(12, 2), "bytes": pyarrow.binary()}
SQL = {"id": "BIGINT", "whole": "BIGINT", "real": "DOUBLE PRECISION", "text": "VARCHAR(100)", "flag": "BOOLEAN", "day": "DATE",
       "at": "TIMESTAMP", "instant": "TIMESTAMPTZ", "money": "DECIMAL(12, 2)", "bytes": "BYTEA"}
ODD_NAMES = ["Two Words", "dot.ted", "qu\"ote", "ap'os", "ünï", "select", "a;DROP TABLE x;--", "semi;colon", "back\\slash", "back`tick"]


def shown(value):
    """A cell as gristmill prints it in JSON."""
    if isinstance(value, datetime.datetime):
        text = value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z" if value.tzinfo else value.isoformat()
        return text
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        return "".join(chr(b) if 32 <= b < 127 and chr(b) not in "\\'\"" else f"\\x{b:02X}" for b in value)
    return float(value) if isinstance(value, decimal.Decimal) else value


def arrow_table(columns, zero=False):
    return pyarrow.table({name: pyarrow.array([] if zero else values, ARROW.get(name, pyarrow.int64()))
                          for name, values in columns.items()})


def text_cell(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


class Kind:
    """`lacks`: columns that it cannot hold. `holds`: cells of a column that it can hold, where it cannot hold ours.
    `types`: those that it reads as another type, and `cells` what is then in them. `empty`: types of a table without rows,
    when they are others. `lacks_names`: names it cannot hold. `names`: how it names columns, when not as we do.
    `options`: what stands beside the place in the project file."""
    lacks, holds, types, cells, empty, lacks_names, zero_rows, names, options = set(), {}, {}, {}, None, set(), True, None, ""

    def __init__(self, folder):
        self.folder = folder


class Csv(Kind):
    """An empty cell is a missing one, so empty text is not told apart; there are no bytes."""
    lacks, empty, name, delimiter = {"bytes"}, "string", "rows.csv", ","

    def text(self, columns, zero):
        out = io.StringIO(newline="")
        writer = csv.writer(out, delimiter=self.delimiter)
        writer.writerow(columns)
        for row in [] if zero else zip(*columns.values()):
            writer.writerow(["" if v is None else text_cell(v) for v in row])
        return out.getvalue().encode()

    def write(self, columns, zero=False):
        (self.folder / self.name).write_bytes(self.pack(self.text(columns, zero)))
        return self.name

    def pack(self, data):
        return data


class GzipCsv(Csv):
    name, pack = "rows.csv.gz", staticmethod(gzip.compress)


class ZstdCsv(Csv):
    name, pack = "rows.csv.zst", staticmethod(lambda data: pyarrow.compress(data, "zstd", asbytes=True))


class Tsv(Csv):
    name, delimiter = "rows.tsv", "\t"


class Utf16Csv(Csv):
    """With the mark of its order of bytes."""
    pack = staticmethod(lambda data: data.decode().encode("utf-16"))


class Http(Csv):
    """A file behind a URL; the server's date is of seconds, its tag of the content."""
    def __init__(self, folder, server):
        super().__init__(folder)
        self.server = server

    def write(self, columns, zero=False):
        self.server.body = self.pack(self.text(columns, zero))
        return f"http://127.0.0.1:{self.server.server_address[1]}/rows.csv"

    @staticmethod
    @contextlib.contextmanager
    def serving():
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), TaggedBody) as server:
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever).start()
            try:
                yield server
            finally:
                server.shutdown()


class TaggedBody(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        tag = f'"{hashlib.md5(self.server.body).hexdigest()}"'
        same = self.headers.get("If-None-Match") == tag
        body = b"" if same else self.server.body
        self.send_response(304 if same else 200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class S3(Csv):
    """An object, by a key that may read it."""
    serving = staticmethod(serving_s3)

    def __init__(self, folder, server):
        super().__init__(folder)
        endpoint, name, key, self.client = server
        self.options = f", endpoint: '{endpoint}', access_key: '{name}', secret_key: '{key}'"

    def write(self, columns, zero=False):
        time.sleep(1.1)  # this server takes an object of the same second for the same, whatever its tag
        self.client.put_object(Bucket="grain", Key="rows.csv", Body=self.pack(self.text(columns, zero)))
        return "s3://grain/rows.csv"


class Numpy(Kind):
    """One array of doubles: columns are numbered, and a missing cell is NaN."""
    lacks = {"whole", "text", "flag", "day", "at", "instant", "bytes"}
    types = {"id": "float64", "more": "float64"}

    def write(self, columns, zero=False):
        self.names = {name: f"x{i}" for i, name in enumerate(columns)}
        rows = [[float("nan") if v is None else float(v) for v in row] for row in zip(*columns.values())]
        numpy.save(self.folder / "rows.npy", numpy.array([] if zero else rows, float).reshape(-1, len(columns)))
        return "rows.npy"


class Svmlight(Kind):
    """A label and numbers; what is missing is 0. Without a line nobody knows how many features there are."""
    lacks, zero_rows = {"whole", "text", "flag", "day", "at", "instant", "bytes"}, False
    types, cells = {"more": "float64"}, {"real": [0.1, -1e300, 5e-324, 0.0], "money": [1.1, -99999999.99, 0.01, 0.0]}

    def write(self, columns, zero=False):
        self.names = {name: f"x{i}" if i > 0 else "label" for i, name in enumerate(columns)}
        lines = [" ".join([str(row[0])] + [f"{i}:{float(v)!r}" for i, v in enumerate(row) if i > 0 and v is not None])
                 for row in zip(*columns.values())]
        (self.folder / "rows.svmlight").write_text("\n".join(lines) + "\n")
        return "rows.svmlight"


class Json(Kind):
    """No bytes; a file without a line is no table."""
    lacks, zero_rows = {"bytes"}, False

    def write(self, columns, zero=False):
        cell = lambda v: v.isoformat() if isinstance(v, datetime.date) else float(v) if isinstance(v, decimal.Decimal) else v
        lines = [json.dumps({n: cell(v) for n, v in zip(columns, row)}) for row in zip(*columns.values())]
        (self.folder / "rows.jsonl").write_text("\n".join(lines) + "\n")
        return "rows.jsonl"


class Parquet(Kind):
    def write(self, columns, zero=False):
        pyarrow.parquet.write_table(arrow_table(columns, zero), self.folder / "rows.parquet")
        return "rows.parquet"


class Arrow(Kind):
    """Bytes are refused."""
    lacks = {"bytes"}
    form = staticmethod(pyarrow.ipc.new_file)

    def write(self, columns, zero=False):
        table = arrow_table(columns, zero)
        with self.form(self.folder / "rows.arrow", table.schema) as out:
            out.write_table(table)
        return "rows.arrow"


class ArrowStream(Arrow):
    form = staticmethod(pyarrow.ipc.new_stream)


class Sqlite(Kind):
    """Has no booleans and no zones; decimals are doubles."""
    lacks = {"instant"}
    types, cells = {"flag": "int64"}, {"flag": [1, 0, 1, None]}
    sql = {"flag": "INTEGER", "bytes": "BLOB", "real": "REAL", "money": "REAL", "at": "TIMESTAMP"}

    def write(self, columns, zero=False):
        with contextlib.closing(sqlite3.connect(self.folder / "rows.db")) as database:
            quoted = lambda name: '"' + name.replace('"', '""') + '"'
            database.execute("CREATE TABLE rows (" + ", ".join(
                f"{quoted(n)} {self.sql.get(n, SQL.get(n, 'BIGINT'))}" for n in columns) + ")")
            cell = lambda v: str(v) if isinstance(v, datetime.date) else float(v) if isinstance(v, decimal.Decimal) else v
            for row in [] if zero else zip(*columns.values()):
                database.execute(f"INSERT INTO rows VALUES ({','.join('?' * len(columns))})", [cell(v) for v in row])
            database.commit()
        return "rows.db"


class Duckdb(Kind):
    def write(self, columns, zero=False):
        data = arrow_table(columns, zero)
        pyarrow.parquet.write_table(data, self.folder / "in.parquet")
        with duckdb.connect(str(self.folder / "rows.duckdb")) as database:
            database.execute(f"CREATE TABLE rows AS SELECT * FROM read_parquet('{self.folder / 'in.parquet'}')")
        (self.folder / "in.parquet").unlink()
        return "rows.duckdb"


def literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float, decimal.Decimal)):
        return repr(value) if isinstance(value, float) else str(value)
    if literal.escapes and getattr(value, "tzinfo", None):
        value = value.replace(tzinfo=None)  # of the session's zone
    return "'" + str(value).replace("\\", "\\\\" if literal.escapes else "\\").replace("'", "''") + "'"


class Server(Kind):
    quote, bytes_of = '"', staticmethod(lambda value: f"'\\x{value.hex()}'")
    sql, escapes, first = {}, False, ""

    def __init__(self, folder, server):
        super().__init__(folder)
        self.server = server

    def write(self, columns, zero=False):
        quoted = lambda name: self.quote + name.replace(self.quote, 2 * self.quote) + self.quote
        literal.escapes = self.escapes
        cell = lambda v: self.bytes_of(v) if isinstance(v, bytes) else literal(v)
        types = [f"{quoted(n)} {self.sql.get(n, SQL.get(n, 'BIGINT'))}" for n in columns]
        self.server.sql(f"DROP TABLE IF EXISTS {quoted('rows')}")
        self.server.sql(f"CREATE TABLE {quoted('rows')} ({', '.join(types)})")
        if not zero:
            rows = ", ".join("(" + ", ".join(map(cell, row)) + ")" for row in zip(*columns.values()))
            self.server.sql(f"{self.first}INSERT INTO {quoted('rows')} VALUES {rows}")
        return self.server.url


class Postgresql(Server):
    serving = staticmethod(lambda: serving_database(Postgres))


class Mysql(Server):
    """An instant, TIMESTAMP, begins in 1970 and comes as a timestamp of UTC."""
    serving = staticmethod(lambda: serving_database(Mariadb))
    holds = {"instant": COLUMNS["instant"][1][:2] + [datetime.datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), None]}
    types = {"instant": "timestamp"}
    cells = {"instant": ["2024-03-31T01:30:00", "2024-07-01T00:00:00.000005", "1970-01-01T00:00:01", None]}
    first = "SET time_zone = '+00:00'; "
    quote, escapes, bytes_of = "`", True, staticmethod(lambda value: f"x'{value.hex()}'")
    sql = {"at": "DATETIME(6)", "bytes": "VARBINARY(20)", "real": "DOUBLE", "instant": "TIMESTAMP(6) NULL"}


class Xlsx(Kind):
    """A number is a double, a time has milliseconds and begins in 1900, and there are no zones, no bytes."""
    lacks, empty = {"bytes", "instant"}, "string"
    holds = {"whole": [2**53 - 1, -(2**53) + 1, 7, None],
             "day": [datetime.date(1900, 3, 1), datetime.date(2024, 2, 29), datetime.date(9999, 12, 31), None],
             "at": [datetime.datetime(2024, 2, 29, 23, 59, 59, 123000), datetime.datetime(1969, 12, 31, 23, 0),
                    datetime.datetime(2024, 1, 1, 0, 0, 1), None]}

    def write(self, columns, zero=False):
        workbook = openpyxl.Workbook()
        workbook.active.title = "rows"
        workbook.active.append(list(columns))
        for row in [] if zero else zip(*columns.values()):
            workbook.active.append(list(row))
        workbook.save(self.folder / "rows.xlsx")
        return "rows.xlsx"


KINDS = [Csv, GzipCsv, ZstdCsv, Tsv, Utf16Csv, Http, S3, Numpy, Svmlight, Json, Parquet, Arrow, ArrowStream, Sqlite, Duckdb, Postgresql, Mysql, Xlsx]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.__name__.lower())
def started(request):
    """A kind, and its server when it has one."""
    if not hasattr(request.param, "serving"):
        yield request.param, ()
        return
    with request.param.serving() as server:
        yield request.param, (server,)


@pytest.fixture
def kind(started, tmp_path):
    kind, server = started
    return kind(tmp_path, *server)


def project(kind, place):
    write_project(kind.folder, f"sources:\n  here: {{{'url' if '://' in place else 'files'}: '{place}'{kind.options}}}\n")


def columns_of(kind):
    project_columns = gristmill_json("sources", "-C", kind.folder)["tables"]
    table = next(t for t in project_columns if t["table"] == "here.rows")
    ours = {theirs: name for name, theirs in (kind.names or {}).items()}
    return {ours.get(c["name"], c["name"]): c["type"] for c in table["columns"]}, table["rows"]


def read(kind, sql):
    if kind.names:
        renamed = ", ".join(f"{theirs} AS {name}" for name, theirs in kind.names.items())
        sql = sql.replace("here.rows", f"(SELECT {renamed} FROM here.rows)")
    return gristmill_json("sql", sql, "-C", kind.folder)["rows"]


def of_kind(kind):
    return {name: kind.holds.get(name, values) for name, (_, values) in COLUMNS.items() if name not in kind.lacks}


def test_types_and_cells(kind):
    columns = of_kind(kind)
    project(kind, kind.write(columns))
    types, rows = columns_of(kind)
    assert types == {name: kind.types.get(name, COLUMNS[name][0]) for name in columns}
    assert rows == 4
    got = read(kind, "SELECT * FROM here.rows ORDER BY id")
    for i, (name, values) in enumerate(columns.items()):
        expected = kind.cells.get(name) or [shown(v) for v in values]
        assert [row[i] for row in got] == expected, name


def test_cells_are_what_sql_takes_them_for(kind):
    columns = of_kind(kind)
    project(kind, kind.write(columns))
    assert read(kind, "SELECT count(*), min(id), max(id) FROM here.rows") == [[4, 1, 4]]
    if "text" in columns:
        assert read(kind, "SELECT count(text) FROM here.rows") == [[3]]
        assert read(kind, "SELECT id FROM here.rows WHERE text LIKE '%break%'") == [[3]]
    assert read(kind, "SELECT id FROM here.rows WHERE money < 0") == [[2]]
    if "whole" in columns:
        assert read(kind, f"SELECT id FROM here.rows WHERE whole = {columns['whole'][0]}") == [[1]]
    if "instant" in columns:
        assert read(kind, "SELECT id FROM here.rows WHERE instant = TIMESTAMPTZ '2024-03-31 03:30:00+02:00'") == [[1]]


def test_no_rows(kind):
    if not kind.zero_rows:
        pytest.skip("such a file is no table")
    columns = of_kind(kind)
    project(kind, kind.write(columns, zero=True))
    types, rows = columns_of(kind)
    assert rows == 0 and list(types) == list(columns)
    assert types == {name: kind.empty or kind.types.get(name, COLUMNS[name][0]) for name in columns}
    assert read(kind, "SELECT count(*), max(id) FROM here.rows") == [[0, None]]


def test_odd_names(kind):
    if isinstance(kind, (Numpy, Svmlight)):
        pytest.skip("its columns have no names")
    names = [name for name in ODD_NAMES if name not in kind.lacks_names]
    project(kind, kind.write({name: [i, i + 10] for i, name in enumerate(names)}))
    types, rows = columns_of(kind)
    assert list(types) == names and rows == 2
    quoted = ", ".join('"' + name.replace('"', '""') + '"' for name in names)
    assert sorted(read(kind, f"SELECT {quoted} FROM here.rows")) == [list(range(len(names))), list(range(10, 10 + len(names)))]


def test_it_is_read_once_and_again_when_it_changes(kind):
    """What was found out about it is remembered with its content, not with its name."""
    project(kind, kind.write({"id": [1, 2]}))
    assert read(kind, "SELECT sum(id) FROM here.rows") == [[3]]
    if isinstance(kind, (Sqlite, Duckdb)):
        next(kind.folder.glob("rows.*")).unlink()
    kind.write({"id": [1, 2], "more": [5, 6]})
    assert read(kind, "SELECT sum(id + more) FROM here.rows") == [[14]]
