"""Encoders of places, of holidays and of lists of numbers over the whole way: run, predict and serve answer alike."""
import datetime
import json
import math
import os
import random
import shutil

import pyarrow
import pyarrow.parquet
import pytest

from conftest import fails, gristmill, gristmill_json, refused, serving, write_project

COUNT = 3000
NAMES = ["id", "lat", "lon", "to_lat", "to_lon", "day", "readings", "vector"]
PROJECT = """\
project: trips
sources: {d: data/*.parquet}
predict:
  slow:
    from: d.rows
    key: id
    inputs: [INPUTS]
    target: TARGET
    split: {random: true}
    features: FEATURES
    model: MODEL
"""
MODELS = ["linear", "{boosted-trees: {trees: 20}}"]


def km(a, b):
    """By the haversine formula."""
    (lat1, lon1), (lat2, lon2) = [[math.radians(x) for x in p] for p in (a, b)]
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


@pytest.fixture(scope="module")
def rows():
    chance = random.Random(5)
    out = []
    for i in range(COUNT):
        lat, lon = chance.uniform(30, 48), chance.uniform(-120, -70)
        to = (chance.uniform(30, 48), chance.uniform(-120, -70))
        day = datetime.date(2023, 1, 1) + datetime.timedelta(days=chance.randrange(365))
        readings = [round(chance.gauss(i % 5, 1), 2) for _ in range(chance.randrange(1, 9))]
        out.append({"id": i, "lat": 95.0 if i % 50 == 0 else lat, "lon": lon, "to_lat": to[0], "to_lon": to[1], "day": day,
                    "readings": readings if i % 40 else None, "vector": [chance.gauss(0, 1) for _ in range(4)],
                    "distance": km((lat, lon), to), "mean": sum(readings) / len(readings),
                    "holiday": min(abs((day - h).days) for h in HOLIDAYS) < 3})
    return out


HOLIDAYS = [datetime.date(2023, month, day) for month, day in [(1, 16), (2, 20), (4, 7), (5, 29), (7, 4), (9, 4), (10, 9), (11, 23), (12, 25)]]


@pytest.fixture
def project(tmp_path, rows):
    def make(inputs, features, target, model="linear"):
        (tmp_path / "data").mkdir(exist_ok=True)
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "data/rows.parquet")
        write_project(tmp_path, PROJECT.replace("INPUTS", inputs).replace("FEATURES", features).replace("TARGET", target).replace("MODEL", model))
        return tmp_path
    return make


def ask(row, *names):
    """A row as a request carries it: lists as JSON text."""
    def plain(value):
        return str(value) if isinstance(value, datetime.date) else json.dumps(value) if isinstance(value, list) else value
    return {name: plain(row[name]) for name in ("id", *names)}


def answers(folder, sent):
    """Of `predict` and of `serve`, which must be the same."""
    bundle = folder / ".gristmill/bundles/slow.bundle"
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in sent), encoding="utf-8")
    gristmill("predict", bundle, folder / "in.jsonl", "-o", folder / "answers.jsonl")
    batch = [json.loads(line)["probability"] for line in open(folder / "answers.jsonl", encoding="utf-8")]
    with serving(bundle) as server:
        assert batch == [one["probability"] for one in server.predict(sent)["predictions"]]
        assert batch[:3] == [server.predict([row])["predictions"][0]["probability"] for row in sent[:3]]
    return batch


def columns(folder):
    return gristmill_json("build", "slow", "-C", folder, "-o", folder / "out.parquet")["columns"]


def same_by_one_thread(folder):
    bundle = folder / ".gristmill/bundles/slow.bundle"
    fitted, one = bundle.read_bytes(), min(os.sched_getaffinity(0))
    shutil.rmtree(folder / ".gristmill")
    gristmill("run", "-C", folder, preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    assert bundle.read_bytes() == fitted


@pytest.mark.parametrize("model", MODELS)
def test_a_place_is_told_by_two_columns(project, rows, model):
    folder = project("lat, lon, to_lat, to_lon", "{lat: {geo: {longitude: lon, to: {goal: [to_lat, to_lon], NYC: [40.7, -74]}, cell: 500}}}",
                     "distance > 2000", model)
    outcome = gristmill_json("run", "-C", folder)["predictions"]["slow"]
    assert outcome["models"][0]["test"]["auc"] > 0.99
    assert [(f["column"], f["encoder"]) for f in outcome["features"]] == [("lat", "geo"), ("to_lat", "number"), ("to_lon", "number")]
    assert {"column": "lon", "reason": "encoded with lat, by `geo`"} in outcome["left_out"]
    names = columns(folder)
    made = ["lat_x", "lat_y", "lat_z", *(["lat_missing"] if model == "linear" else []), "lat_km_NYC", "lat_km_goal"]
    assert [name for name in names if name.startswith("lat_") and "=" not in name] == made
    assert any(name.startswith("lat_cell=") for name in names)
    if model != "linear":
        table = pyarrow.parquet.read_table(folder / "out.parquet").to_pylist()
        assert sum(row["lat_km_goal"] is None or math.isnan(row["lat_km_goal"]) for row in table) == COUNT / 50  # 95° N
        distances = sorted(row["distance"] for row in rows if row["lat"] < 90)
        made = sorted(row["lat_km_goal"] for row in table if row["lat_km_goal"] is not None and not math.isnan(row["lat_km_goal"]))
        assert all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(made, distances, strict=True))
    place = ["lat", "lon", "to_lat", "to_lon"]
    odd = [dict(zip(["id", *place], values)) for values in [(-1, 40.0, 181.0, 40.0, -74.0), (-2, 40.0, -74.0, -91.0, 0.0), (-3, -90.0, 180.0, 90.0, -180.0)]]
    answers(folder, [ask(row, *place) for row in rows[:40]] + odd)
    explained = gristmill("predict", folder / ".gristmill/bundles/slow.bundle", folder / "in.jsonl", "--explain").stdout
    assert "contribution_lat," in explained and "contribution_lon" not in explained
    same_by_one_thread(folder)


def test_the_longitude_is_a_feature_of_its_own_where_it_is_named(project):
    folder = project("lat, lon", "{lat: {geo: lon}, lon: number}", "distance > 2000")
    outcome = gristmill_json("run", "-C", folder)["predictions"]["slow"]
    assert [(f["column"], f["encoder"]) for f in outcome["features"]] == [("lat", "geo"), ("lon", "number")]


@pytest.mark.parametrize("inputs, features, needles", [
    ("lat, lon", "{lat: geo}", ["`longitude` names no column", "hint: for example"]),
    ("lat, lon", "{lat: {geo: lno}}", ["lno", "lon"]),
    ("lat, to_lat", "{lat: {geo: lon}}", ["lat cannot be encoded with lon: not among `inputs`"]),
    ("lat, lon", "{lat: {geo: id}}", ["lat cannot be encoded with id: "]),
    ("lat, lon", "{lat: {geo: {longitude: lon, to: {d: [distance, lon]}}}}", ["lat cannot be encoded with distance: "]),
    ("lat, lon", "{lat: {geo: {longitude: lon, to: {NYC: [40.7, -274]}}}}", [r"NYC at \[40.7,-274\] is no place on earth", "hint: a latitude"]),
    ("lat, lon", "{lat: {geo: {longitude: lon, to: {NYC: 40.7}}}}", ["neither two numbers nor two columns"]),
    ("lat, lon", "{lat: {geo: {longitude: lon, cell: 0}}}", ["cell"]),
    ("lat, readings", "{lat: {geo: readings}}", ["the column `readings` is string, but the encoder `geo` takes float64, int64"]),
    ("readings, vector", "{readings: {list: {width: 0}}}", ["width"]),
    ("lat, day", "{lat: list}", ["the column `lat` is float64, but the encoder `list` takes string"]),
    ("day", "{day: {datetime: {holidays: none.csv}}}", ["none.csv"]),
    ("day", "{day: {datetime: {holidays: 3}}}", ["neither a file nor a list of dates"]),
    ("day", "{day: {datetime: {holidays: [2023-02-30]}}}", ["2023-02-30", "no date"]),
])
def test_what_is_wrong_is_told(project, inputs, features, needles):
    refused(project(inputs, features, "distance > 2000"), "gristmill.yaml:", *needles)


def write_holidays(folder, days):
    (folder / "data/holidays.csv").write_text("date,name\n" + "".join(f"{day},\"a day, off\"\n" for day in days), encoding="utf-8")


@pytest.mark.parametrize("model", MODELS)
def test_holidays_of_a_file(project, rows, model):
    folder = project("day", "{day: {datetime: {parts: [weekday], holidays: data/holidays.csv}}}", "holiday", model)
    write_holidays(folder, reversed(HOLIDAYS))
    outcome = gristmill_json("run", "-C", folder)["predictions"]["slow"]
    assert outcome["models"][0]["test"]["auc"] > (0.6 if model == "linear" else 0.99)
    assert columns(folder)[-3:] == ["day_holiday", "day_days_to_holiday", "day_days_since_holiday"]
    (folder / "data/holidays.csv").unlink()  # the bundle knows them
    sent = [ask(row, "day") for row in rows[:40]] + [{"id": -1, "day": day} for day in ("2023-07-04", "1969-01-01", "9999-12-31")]
    answers(folder, sent)
    assert "holidays.csv" in fails("run", "-C", folder)
    write_holidays(folder, HOLIDAYS)
    same_by_one_thread(folder)


def test_other_holidays_make_another_data_set(project):
    folder = project("day", "{day: {datetime: {holidays: data/holidays.csv}}}", "holiday")

    def ran():
        plan = {t["kind"] for t in gristmill_json("plan", "-C", folder)["tasks"] if t["fate"] != "reused"}
        gristmill("run", "-C", folder)
        return plan

    write_holidays(folder, HOLIDAYS)
    assert "dataset" in ran()
    write_holidays(folder, reversed(HOLIDAYS))  # the same days
    assert "dataset" not in ran()
    write_holidays(folder, HOLIDAYS[1:])
    assert "dataset" in ran()


def test_a_wrong_row_of_holidays_is_told_by_its_line(project):
    folder = project("day", "{day: {datetime: {holidays: data/holidays.csv}}}", "holiday")
    write_holidays(folder, [*HOLIDAYS[:2], "25.12.2023"])
    error = refused(folder, r'"25.12.2023" is no date', r"data/holidays.csv:4", "hint: a row of holidays begins with its date")
    assert error.count("error:") == 1


@pytest.mark.parametrize("model", MODELS)
def test_lists_of_numbers(project, rows, model):
    folder = project("readings, vector", "{readings: list, vector: list}", "mean > 2", model)
    outcome = gristmill_json("run", "-C", folder)["predictions"]["slow"]
    assert outcome["models"][0]["test"]["auc"] > 0.95
    names = columns(folder)
    for name in ("readings_length", "readings_mean", "readings_min", "readings_max", "readings_std", "vector_1", "vector_4"):
        assert name in names
    sent = [ask(row, "readings", "vector") for row in rows[:40]]
    sent += [{"id": -1, "readings": "[]", "vector": "1, 2"}, {"id": -2, "readings": "no list", "vector": "[1, 2, 3, 4, 5]"},
             {"id": -3, "readings": None, "vector": "[1, null, NaN, 4]"}]
    told = answers(folder, sent)
    # Parquet's own lists are the same text that training read.
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([{n: row[n] for n in ("id", "readings", "vector")} for row in rows[:40]]), folder / "in.parquet")
    gristmill("predict", folder / ".gristmill/bundles/slow.bundle", folder / "in.parquet", "-o", folder / "lists.jsonl")
    assert [json.loads(line)["probability"] for line in open(folder / "lists.jsonl", encoding="utf-8")] == told[:40]
    same_by_one_thread(folder)


def test_what_is_no_list_is_an_error_in_training(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/rows.csv").write_text("id,readings,y\n" + "".join(f'{i},"{"[1, x]" if i == 7 else f"[{i}, 2]"}",{i % 2}\n' for i in range(200)), encoding="utf-8")
    write_project(tmp_path, PROJECT.replace("parquet", "csv").replace("INPUTS", "readings").replace("FEATURES", "{readings: list}").replace("TARGET", "y > 0").replace("MODEL", "linear").replace("{random: true}", "{random: true, validate: 1%, test: 1%}"))
    refused(tmp_path, r'the column `readings` has "\[1, x\]", which is no list of numbers', "hint: a list is written as")
