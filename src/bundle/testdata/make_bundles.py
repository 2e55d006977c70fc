"""Writes a bundle of each kind of model, with rows and their answers, that every later program must open.

A bundle that was ever written stays readable. When `state_file_version`, or a saved form that it contains, changes, the
files that are here stay as they are and a new set is added beside them: build the program, then

    python3 src/bundle/testdata/make_bundles.py build/release/bin/gristmill 2

writes 2_*.bundle, 2_rows.jsonl and 2_*.jsonl; with `visits` behind it, bundles of the project VISITS, which has the encoders
and models that ORDERS has not. Name the set in src/bundle/kept_test.cc. An existing set is never
written again: answers that differ are a break of old bundles, to be mended in the code that reads them."""
import csv
import datetime
import json
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ORDERS = """\
project: orders
sources:
  shop: data/*.csv
tables:
  orders: SELECT * FROM shop.orders
clean:
  orders:
    - missing: {values: ["", N/A, -1]}
    - map: {city: {Pohjola: north, P.: north}}
    - lookup: {table: shop.customers, by: customer, take: [level, member, joined]}
    - derive:
        - amount: CAST(amount AS DOUBLE)
        - per_item: amount / greatest(items, 1)
        - dear: CASE WHEN member THEN per_item > 20 ELSE per_item > 35 END
    - range: {amount: [0, 900]}
    - impute: {amount: {with: median, indicator: true}, level: mode}
predict:
  late:
    from: orders
    key: id
    time: placed
    target: delay > 30
    exclude: [delay, channel]
    features: {placed: {datetime: {zone: Europe/Berlin, parts: [hour, weekday]}}}
    model: {boosted-trees: {trees: 6}}
  minutes:
    from: orders
    key: id
    time: placed
    target: delay
    exclude: [channel]
    model: linear
  channel_of:
    from: orders
    key: id
    time: placed
    target: channel
    exclude: [delay]
    model: linear
"""
VISITS = """\
project: visits
sources:
  ward: data/*.csv
predict:
  calls:
    from: ward.visits
    key: id
    time: day
    target: calls
    exclude: [stays, place]
    features:
      day: {datetime: {holidays: [2024-01-01, 2024-05-01, 2024-12-25]}}
      note: text
      lat: {geo: {longitude: lon, to: {depot: [52.5, 13.4]}, cell: 200}}
      readings: list
      doctor: target
      city: {hash: 8}
      size: frequency
      tags: {set: ";"}
      age: {number: {transform: power}}
    model: {linear: {loss: poisson}}
  stays:
    from: ward.visits
    key: id
    time: day
    target: stays
    exclude: [calls, place, readings]
    features:
      note: {text: {components: 3}}
      lat: {geo: lon}
      city: minhash
      size: {ordinal: [small, medium, large]}
      doctor: target
      age: {bins: 5}
    model: {boosted-trees: {trees: 6}}
    calibrate: true
    refit: true
  place:
    from: ward.visits
    key: id
    time: day
    target: place
    exclude: [calls, stays, note, readings, tags]
    model: nearest
"""


def write_visits(data):
    chance = random.Random(5)
    words = ["pain", "fever", "cough", "night", "walk", "cold", "heat", "sleep", "fall", "check"]
    visits = []
    for i in range(1500):
        day = datetime.date(2024, 1, 1) + datetime.timedelta(days=i // 4)
        note = " ".join(chance.choices(words, k=chance.randrange(1, 6)))
        age, size = round(chance.gauss(55, 18), 1), chance.choice(["small", "medium", "large", ""])
        lat, lon = round(chance.uniform(47, 55), 3), round(chance.uniform(6, 15), 3)
        readings = "[" + ", ".join(f"{chance.gauss(5, 1):.2f}" for _ in range(4)) + "]"
        tags = ";".join(sorted(chance.sample(["new", "old", "urgent"], chance.randrange(3))))
        sick = (age - 55) / 20 + ("fever" in note) + 0.5 * ("pain" in note)
        visits.append([i, day, note, lat, lon, readings, f"d{chance.randrange(60)}", chance.choice("ABCDEFGHIJ"), size, tags,
                       age, int(2.718 ** (0.7 * sick) + chance.random()), sick + chance.gauss(0, 1) > 0.6,
                       "north" if lat > 52 else "east" if lon > 11 else "west"])
    for row in visits:
        for column in range(2, 11):
            row[column] = "" if chance.random() < 0.03 else row[column]
    with open(data / "visits.csv", "w", newline="", encoding="utf-8") as file:
        head = "id day note lat lon readings doctor city size tags age calls stays place"
        csv.writer(file).writerows([head.split(), *visits])


# As above: clean, dirty, unknown, absent.
VISIT_ROWS = [
    {"id": 1, "day": "2024-03-05", "note": "fever at night", "lat": 52.1, "lon": 13.2, "readings": "[5.1, 4.2, 5, 6]",
     "doctor": "d7", "city": "A", "size": "small", "tags": "new;urgent", "age": 71.5},
    {"id": 2, "day": "2024-12-24", "note": "", "lat": 95, "lon": 13.2, "readings": [1, 2], "doctor": "d999", "city": "Z",
     "size": "huge", "tags": "", "age": -3},
    {"id": 3, "day": "1999-01-01", "note": "walk walk Wälder", "lat": 48.0, "lon": 500, "readings": "[1, 2, 3, 4, 5]",
     "doctor": "", "city": "B", "size": "large", "tags": "old;strange", "age": 120},
    {"id": 4, "day": "2024-05-01", "note": None, "lat": None, "lon": None, "readings": None, "doctor": None, "city": "J",
     "size": None, "tags": None, "age": 55},
]


def write_orders(data):
    chance = random.Random(11)
    customers = [[f"c{i}", chance.choice(["gold", "plain", ""]), chance.choice(["true", "false"]),
                  datetime.date(2019, 1, 1) + datetime.timedelta(days=chance.randrange(1500))] for i in range(12)]
    orders = []
    for i in range(900):
        placed = datetime.datetime(2024, 1, 1) + datetime.timedelta(minutes=487 * i + chance.randrange(60))
        customer = f"c{chance.randrange(14)}"  # two that nobody knows
        items, city = chance.randrange(1, 7), chance.choice(["north", "P.", "Pohjola", "south", "west"])
        amount = chance.choice(["N/A", "", "5000", *[f"{items * chance.uniform(5, 60):.2f}"] * 20])
        express, channel = chance.choice(["true", "false", ""]), {"north": "web", "south": "desk"}.get(city, "phone")
        channel = channel if chance.random() < .7 else "web"
        delay = 14 + 4 * items + 9 * (channel == "phone") - 7 * (express == "true") + 6 * (placed.hour in (12, 18))
        orders.append([i, f"{placed.isoformat()}Z", customer, city, -1 if chance.random() < .04 else items, amount, express, channel,
                       round(delay + chance.gauss(0, 6))])
    for name, head, rows in [("customers", "customer level member joined", customers),
                             ("orders", "id placed customer city items amount express channel delay", orders)]:
        with open(data / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head.split(), *rows])


# What a request may look like: clean, dirty, unknown, absent.
ROWS = [
    {"id": 1, "placed": "2024-03-05T12:15:00Z", "customer": "c3", "city": "north", "items": 3, "amount": "80.5",
     "express": True},
    {"id": 2, "placed": "2024-12-31T23:59:59.999999Z", "customer": "c11", "city": "P.", "items": 1, "amount": "N/A",
     "express": False},
    {"id": 3, "placed": "2024-02-29T00:00:00Z", "customer": "c12", "city": "Pohjola", "items": -1, "amount": "",
     "express": None},
    {"id": 4, "placed": "1969-07-20T20:17:40Z", "customer": "nobody", "city": "Mars", "items": 6, "amount": "5000",
     "express": True},
    {"placed": "2024-06-15T18:00:00Z", "customer": "c0", "city": "", "items": 1000000, "amount": "0", "express": False},
    {"id": 6, "placed": "2024-06-16T18:30:00Z", "customer": "", "city": "N/A"},
    {"id": 7, "placed": "2024-10-27T02:45:00+02:00", "customer": "c7", "city": "west", "items": 2, "amount": "1e2",
     "express": False},
    {"id": 8, "placed": "2024-03-31T00:59:59Z", "customer": "c5", "city": "south", "items": 5, "amount": "211.25",
     "express": True},
]


def main(program, name, which="orders"):
    project, write, requests = (VISITS, write_visits, VISIT_ROWS) if which == "visits" else (ORDERS, write_orders, ROWS)
    if any(HERE.glob(f"{name}_*")):
        sys.exit(f"set {name} exists, and must stay as it is")
    rows = HERE / f"{name}_rows.jsonl"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "data").mkdir()
        write(folder / "data")
        (folder / "gristmill.yaml").write_text(project, encoding="utf-8")
        done = json.loads(subprocess.run([program, "run", "-C", folder, "--json"], check=True, capture_output=True).stdout)
        rows.write_text("".join(json.dumps(row) + "\n" for row in requests), encoding="utf-8")
        for model, prediction in done["predictions"].items():
            kept = HERE / f"{name}_{model}.bundle"
            kept.write_bytes(pathlib.Path(prediction["bundle"]).read_bytes())
            explained = [] if model == "place" else ["--explain"]  # neighbours explain nothing
            subprocess.run([program, "predict", kept, rows, *explained, "-o", HERE / f"{name}_{model}.jsonl"], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
