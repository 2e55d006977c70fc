"""What the end-to-end tests share: the programs, a small project with known rows, and a server."""
import contextlib
import csv
import datetime
import http.client
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pyarrow
import pyarrow.parquet
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("GRISTMILL_BIN", ROOT / "build/release/bin"))
GRISTMILL = BIN / "gristmill"
GRISTMILL_SERVE = BIN / "gristmill-serve"
ROWS = 3000
FIRST_DAY = datetime.datetime(2024, 1, 1)
STORES = ["north", "south", "east", "west"]

PROJECT = """\
project: orders
params: {since: 2024-01-01}

sources:
  shop: sqlite:data/shop.db
  weather: {files: data/weather.parquet, as: daily}
  reference: data/reference/*.csv

tables:
  orders: |
    SELECT o.*, w.temp, w.rain
    FROM shop.orders o LEFT JOIN weather.daily w ON w.store = o.store AND w.day = CAST(o.placed AS DATE)
    WHERE o.placed >= $since

clean:
  orders:
    - missing: {values: ["", N/A, -999]}
    - range: {temp: [-40, 60]}
    - lookup: {table: reference.customers, by: customer, take: [city, joined]}
    - derive:
        - amount: CAST(amount AS DOUBLE)
        - per_item: amount / greatest(items, 1)
    - impute: {rain: mean}
    - drop: items < 1
    - expect: {unique: [id], nulls: {customer: 0}}

predict:
  late:
    from: orders
    key: id
    time: placed
    target: delay > 30
    exclude: [courier]
    split: {time: placed, validate: 20%, test: 20%}
    metric: auc
    model: [linear, {boosted-trees: {trees: 20}}]
"""

THREE_KINDS = PROJECT + """\
  minutes:
    from: orders
    key: id
    time: placed
    target: delay
    exclude: [courier]
    model: linear
  channel_of:
    from: orders
    key: [id, store]
    target: channel
    exclude: [delay, courier]
    split: {random: true, stratify: true, validate: 20%, test: 20%}
    model: {boosted-trees: {trees: 5}}
"""


def random_text(chance, letters, length):
    return "".join(chance.choice(letters) for _ in range(length))


def raw_tables(rows=ROWS):
    """(orders, weather, customers): lists of dicts, the same on every machine. Orders are as their table
    `orders` gives them before its rules: joined with the weather, dirt and all."""
    chance = random.Random(7)
    customers = [{"customer": f"c{i:03}", "city": f"city{i % 9}", "joined": 2000 + i % 20} for i in range(150)]
    days = rows // 20 + 2
    weather = [{"store": store, "day": (FIRST_DAY + datetime.timedelta(days=d)).date(),
                "temp": chance.choice([-999.0, 200.0]) if chance.random() < 0.02 else round(chance.gauss(12, 8), 1),
                "rain": None if chance.random() < 0.05 else round(chance.expovariate(0.5), 1)}
               for d in range(days) for store in STORES[:3]]
    by_day = {(w["store"], w["day"]): w for w in weather}
    orders = []
    for i in range(rows):
        placed = FIRST_DAY + datetime.timedelta(minutes=72 * i + chance.randrange(60))
        store, items = chance.choice(STORES), chance.randrange(0 if i % 50 == 0 else 1, 9)
        channel = chance.choice(["web", "web", "phone", "desk"])
        amount = round(items * chance.uniform(5, 60))
        day = by_day.get((store, placed.date()), {"temp": None, "rain": None})
        delay = (20 + 3 * items + (15 if channel == "phone" else 0) + 4 * (day["rain"] or 0) + chance.gauss(0, 8)
                 + (10 if placed.hour in (12, 13, 18) else 0))
        # A tail of customers that the reference does not know.
        orders.append({"id": i, "placed": placed, "customer": f"c{chance.randrange(160):03}", "channel": channel,
                       "items": items, "amount": "N/A" if chance.random() < 0.03 else str(amount), "store": store,
                       "express": int(chance.random() < 0.3), "courier": random_text(chance, "abc", 4),
                       "delay": None if chance.random() < 0.04 else round(delay), "temp": day["temp"],
                       "rain": day["rain"]})
    return orders, weather, customers


ORDERS, WEATHER, CUSTOMERS = raw_tables()


def write_data(folder, orders=ORDERS, weather=WEATHER, customers=CUSTOMERS):
    data = folder / "data"
    (data / "reference").mkdir(parents=True, exist_ok=True)
    names = [n for n in orders[0] if n not in ("temp", "rain")]
    (data / "shop.db").unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(data / "shop.db")) as database:
        database.execute("CREATE TABLE orders (id INTEGER, placed TIMESTAMP, customer TEXT, channel TEXT, "
                         "items INTEGER, amount INTEGER, store TEXT, express INTEGER, courier TEXT, delay INTEGER)")
        database.executemany(f"INSERT INTO orders VALUES ({','.join('?' * len(names))})",
                             [[str(o[n]) if n == "placed" else o[n] for n in names] for o in orders])
        database.commit()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(weather), data / "weather.parquet")
    with open(data / "reference/customers.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(customers[0]))
        writer.writeheader()
        writer.writerows(customers)


def write_project(folder, text=PROJECT):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "gristmill.yaml").write_text(text, encoding="utf-8")


def make_project(folder, text=PROJECT):
    write_project(folder, text)
    write_data(folder)
    return folder


def gristmill(*args, code=0, program=GRISTMILL, timeout=120, **kwargs):
    """Runs the program; the exit code must be `code` (None: any). Text in and out."""
    kwargs.setdefault("text", True)
    done = subprocess.run([str(program), *map(str, args)], capture_output=True, timeout=timeout, **kwargs)
    assert code is None or done.returncode == code, f"exit {done.returncode}, not {code}\n{done.stdout}\n{done.stderr}"
    return done


def gristmill_json(*args, **kwargs):
    """The one document that a verb prints with --json."""
    return json.loads(gristmill(*args, "--json", **kwargs).stdout)


def fails(*args, code=1, **kwargs):
    """Runs what must fail: one `error:` on stderr, nothing that looks like a result. Returns the error's text."""
    done = gristmill(*args, code=code, **kwargs)
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert len(lines) == 1, f"not one error:\n{done.stderr}"
    assert "this is a bug" not in done.stderr and "unexpected:" not in done.stderr, done.stderr
    return done.stderr[done.stderr.index("error:"):]


def refused(folder, *needles, **kwargs):
    """`run` fails with one error that holds each of `needles` and publishes nothing; with what was fixed, it works."""
    error = fails("run", "-C", folder, **kwargs)
    for needle in needles:
        assert re.search(needle, error), f"no {needle!r} in\n{error}"
    assert not list((folder / ".gristmill/bundles").glob("*")) if (folder / ".gristmill/bundles").exists() else True
    return error


def bundle_bytes(folder, name="late"):
    return (pathlib.Path(folder) / ".gristmill/bundles" / f"{name}.bundle").read_bytes()


def whole(folder):
    """Every published bundle of a project opens, and no file aside lies among them."""
    published = pathlib.Path(folder) / ".gristmill/bundles"
    for path in sorted(published.iterdir()) if published.exists() else []:
        assert path.suffix == ".bundle", f"{path} lies among the bundles"
        gristmill("inspect", path)


class Server:
    def __init__(self, process, url):
        self.process, self.url = process, url
        self.host, port = re.fullmatch(r"http://(.+):(\d+)", url).groups()
        self.port = int(port)

    def request(self, method, path, body=None, headers={}):
        """(status, headers, body as bytes)"""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=10)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def get(self, path):
        status, _, body = self.request("GET", path)
        assert status == 200, (path, status, body)
        return body.decode()

    def post(self, document, path="/predict"):
        """(status, answer)"""
        body = document if isinstance(document, (bytes, str)) else json.dumps(document)
        status, _, answer = self.request("POST", path, body, {"Content-Type": "application/json"})
        return status, json.loads(answer)

    def predict(self, rows, path="/predict"):
        status, answer = self.post({"instances": rows}, path)
        assert status == 200, answer
        return answer

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(15) == 0, self.process.stderr.read()


@contextlib.contextmanager
def serving(*bundles, program=(GRISTMILL, "serve"), args=("--port", "0"), env={}):
    process = subprocess.Popen([*map(str, program), *map(str, bundles), *map(str, args)], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, env={**os.environ, **env})
    try:
        line = process.stdout.readline()  # ends with the process if it never listens
        found = re.fullmatch(r"listening on (http://\S+:\d+)\n", line)
        assert found, line + (process.stderr.read() if process.poll() is not None else "")
        yield Server(process, found.group(1))
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


def plain_row(order, *names):
    """A row as a request carries it."""
    return {n: v.isoformat() if isinstance(v, (datetime.datetime, datetime.date)) else v
            for n, v in order.items() if not names or n in names}


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


@pytest.fixture(scope="session", autouse=True)
def programs_are_there():
    for program in (GRISTMILL, GRISTMILL_SERVE):
        if not program.exists():
            pytest.exit(f"{program} is not built: scripts/build.sh release", 1)


@pytest.fixture
def project(tmp_path):
    """The small project, never run."""
    return make_project(tmp_path / "orders")


@pytest.fixture(scope="session")
def template(tmp_path_factory):
    """The small project after one run, kept twice: (where it ran, a copy, the run's document)."""
    folder = make_project(tmp_path_factory.mktemp("once") / "orders")
    document = gristmill_json("run", "-C", folder)
    kept = folder.parent / "kept"
    shutil.copytree(folder, kept)
    return folder, kept, document


@pytest.fixture(scope="session")
def finished(template):
    """The small project after one run: (folder, the run's document). Not to be changed."""
    _, kept, document = template
    document = json.loads(json.dumps(document))
    document["predictions"]["late"]["bundle"] = str(kept / ".gristmill/bundles/late.bundle")
    return kept, document


@pytest.fixture
def run_once(template):
    """The project where it ran once, to be changed at will."""
    folder, kept, _ = template
    shutil.rmtree(folder)
    shutil.copytree(kept, folder)
    return folder


@pytest.fixture(scope="session")
def kinds(tmp_path_factory):
    """A project that predicts a yes or no, a number and one of three classes, after one run."""
    folder = make_project(tmp_path_factory.mktemp("kinds") / "orders", THREE_KINDS)
    return folder, gristmill_json("run", "-C", folder)
