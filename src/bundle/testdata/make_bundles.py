"""Writes a bundle of each kind of model, with rows and their answers, that every later program must open.

A bundle that was ever written stays readable. When `state_file_version`, or a saved form that it contains, changes, the
files that are here stay as they are and a new set is added beside them: build the program, then

    python3 src/bundle/testdata/make_bundles.py build/release/bin/gristmill 2

writes 2_*.bundle, 2_rows.jsonl and 2_*.jsonl; name the set in src/bundle/kept_test.cc. An existing set is never
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
PROJECT = """\
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


def write_tables(data):
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


def main(program, name):
    if any(HERE.glob(f"{name}_*")):
        sys.exit(f"set {name} exists, and must stay as it is")
    rows = HERE / f"{name}_rows.jsonl"
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "data").mkdir()
        write_tables(folder / "data")
        (folder / "gristmill.yaml").write_text(PROJECT, encoding="utf-8")
        done = json.loads(subprocess.run([program, "run", "-C", folder, "--json"], check=True, capture_output=True).stdout)
        rows.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
        for model, prediction in done["predictions"].items():
            kept = HERE / f"{name}_{model}.bundle"
            kept.write_bytes(pathlib.Path(prediction["bundle"]).read_bytes())
            subprocess.run([program, "predict", kept, rows, "--explain", "-o", HERE / f"{name}_{model}.jsonl"], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
