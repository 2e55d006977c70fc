"""`impute` with knn and iterative beside scikit-learn's KNNImputer and IterativeImputer: the error on cells that were
known and hidden (root mean square, each column by its deviation), and the seconds to fit and fill. Both get the same
rows: three quarters to fit on, a quarter to fill, a fifth of the cells of both hidden at random."""
import csv
import json
import subprocess
import sys
import time

import numpy
import sklearn.datasets
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, KNNImputer

from measure import PUBLISHED, ROOT, WORK, interleave, median, say

FILL = ROOT / "build/release/bench/bench_impute"
WEATHER = ["temp", "dewp", "humid", "wind_speed", "precip", "pressure", "visib", "hour", "month"]


def weather():
    with open(PUBLISHED / "weather.csv", encoding="utf-8") as file:
        rows = [[float(row[name]) if row[name] not in ("", "NA") else numpy.nan for name in WEATHER]
                for row in csv.DictReader(file)]
    rows = numpy.array(rows)
    return rows[~numpy.isnan(rows).any(axis=1)]


TABLES = {
    "diabetes": lambda: sklearn.datasets.load_diabetes(scaled=False).data,
    "wine": lambda: sklearn.datasets.load_wine().data,
    "breast_cancer": lambda: sklearn.datasets.load_breast_cancer().data,
    "weather": weather,
}
PEERS = {"knn": lambda: KNNImputer(n_neighbors=5), "iterative": lambda: IterativeImputer(random_state=0)}


def hidden(cells, chance):
    out = cells.copy()
    out[chance.random(cells.shape) < 0.2] = numpy.nan
    return out


def peer(make, train, test):
    start = time.perf_counter()
    filled = make().fit(train).transform(test)
    return {"seconds": time.perf_counter() - start, "filled": filled}


def ours(method, train, test):
    folder = WORK / "impute"
    folder.mkdir(parents=True, exist_ok=True)
    train.tofile(folder / "train")
    test.tofile(folder / "test")
    command = [FILL, method, folder / "train", folder / "test", folder / "out", str(train.shape[1])]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return out | {"filled": numpy.fromfile(folder / "out").reshape(test.shape)}


def main():
    for name in sys.argv[1:] or TABLES:
        chance = numpy.random.default_rng(1)
        cells = TABLES[name]().astype(float)
        chance.shuffle(cells)
        part = len(cells) * 3 // 4
        scale = cells[:part].std(axis=0)
        train, test = hidden(cells[:part], chance), hidden(cells[part:], chance)
        asked = numpy.isnan(test)

        def error(results):
            return float(numpy.sqrt((((results[0]["filled"] - cells[part:]) / scale)[asked] ** 2).mean()))

        for method, make in PEERS.items():
            results = interleave({"gristmill": lambda: ours(method, train, test),
                                  "scikit-learn": lambda: peer(make, train, test)}, 3)
            mine, theirs = results["gristmill"], results["scikit-learn"]
            say(f"impute {method} {name}", rows=len(cells), columns=cells.shape[1], error=error(mine),
                error_peer=error(theirs), seconds=median(mine, "seconds"), seconds_peer=median(theirs, "seconds"),
                times_faster=median(theirs, "seconds") / median(mine, "seconds"))


if __name__ == "__main__":
    main()
