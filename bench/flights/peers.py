"""The peers of the flights figures. Each prints one JSON line; seconds are without Python's imports.

peers.py JOB DATA     DATA: the folder of the five CSVs
  polars-matrix       five CSVs -> joined -> to_dummies -> dense float32 (cannot serve unseen levels)
  sklearn-matrix      pandas -> ColumnTransformer (one-hot, impute, scale) -> dense float32
  sklearn-run         pandas -> the same as CSR -> LightGBM 100 x 31, months 1-9; test months 10-12
  native-auc          LightGBM 100 x 31 with native categories, with and without `month`, five seeds
"""
import json
import pathlib
import resource
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))
from columns import NUMBERS  # noqa: E402

CATEGORIES = ["airline", "origin", "dest", "manufacturer", "engine"]
LATE = 15


def read_pandas(data):
    import pandas as pd
    flights = pd.read_csv(data / "flights.csv")
    weather = pd.read_csv(data / "weather.csv").drop(columns=["year", "month", "day", "hour"])
    planes = pd.read_csv(data / "planes.csv").rename(columns={"year": "built"})
    airports = pd.read_csv(data / "airports.csv")[["faa", "lat", "lon"]].rename(columns={"faa": "dest"})
    airlines = pd.read_csv(data / "airlines.csv").rename(columns={"name": "airline"})
    rows = flights.merge(weather, on=["origin", "time_hour"], how="left")
    rows = rows.merge(planes[["tailnum", "built", "manufacturer", "engine", "seats"]], on="tailnum", how="left")
    return rows.merge(airports, on="dest", how="left").merge(airlines, on="carrier", how="left")


def encoder(sparse):
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    kind = np.float64 if sparse else np.float32
    return ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        ("categories", OneHotEncoder(handle_unknown="ignore", sparse_output=sparse, dtype=kind), CATEGORIES),
    ], sparse_threshold=1.0 if sparse else 0.0)


def polars_matrix(data):
    import numpy as np
    import polars as pl
    start = time.perf_counter()
    flights = pl.scan_csv(data / "flights.csv", null_values=["NA", ""])
    weather = pl.scan_csv(data / "weather.csv", null_values=["NA", ""], infer_schema_length=10000).drop("year", "month", "day", "hour")
    planes = pl.scan_csv(data / "planes.csv", null_values=["NA", ""]).rename({"year": "built"})
    airports = pl.scan_csv(data / "airports.csv", null_values=["NA", ""]).select("faa", "lat", "lon")
    airlines = pl.scan_csv(data / "airlines.csv").rename({"name": "airline"})
    rows = (flights.join(weather, on=["origin", "time_hour"], how="left")
            .join(planes.select("tailnum", "built", "manufacturer", "engine", "seats"), on="tailnum", how="left")
            .join(airports, left_on="dest", right_on="faa", how="left")
            .join(airlines, on="carrier", how="left")
            .select(CATEGORIES + NUMBERS).collect())
    joined = time.perf_counter()
    numbers = rows.select(pl.col(NUMBERS).cast(pl.Float32).fill_null(strategy="mean"))
    matrix = pl.concat([rows.select(CATEGORIES).to_dummies().cast(pl.Float32), numbers], how="horizontal").to_numpy()
    end = time.perf_counter()
    assert matrix.dtype == np.float32
    return {"read": joined - start, "encode": end - joined, "total": end - start,
            "rows": matrix.shape[0], "columns": matrix.shape[1]}


def sklearn_matrix(data):
    import lightgbm  # noqa: F401  so that all imports come before the clock
    import numpy as np
    import pandas  # noqa: F401
    make = encoder(sparse=False)
    start = time.perf_counter()
    rows = read_pandas(data)
    joined = time.perf_counter()
    matrix = make.fit_transform(rows[CATEGORIES + NUMBERS]).astype(np.float32, copy=False)
    end = time.perf_counter()
    return {"read": joined - start, "encode": end - joined, "total": end - start,
            "rows": matrix.shape[0], "columns": matrix.shape[1]}


def sklearn_run(data):
    import lightgbm
    import pandas  # noqa: F401
    from sklearn.metrics import roc_auc_score
    make = encoder(sparse=True)
    start = time.perf_counter()
    rows = read_pandas(data)
    rows = rows[rows.arr_delay.notna()]
    train, test = rows[rows.month <= 9], rows[rows.month >= 10]
    matrix = make.fit_transform(train[CATEGORIES + NUMBERS])
    model = lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1)
    model.fit(matrix, train.arr_delay > LATE)
    score = model.predict_proba(make.transform(test[CATEGORIES + NUMBERS]))[:, 1]
    auc = roc_auc_score(test.arr_delay > LATE, score)
    return {"total": time.perf_counter() - start, "auc": auc}


def native_auc(data):
    import lightgbm
    import pandas as pd
    from sklearn.metrics import roc_auc_score
    rows = read_pandas(data)
    rows = rows[rows.arr_delay.notna()]
    for name in CATEGORIES:
        rows[name] = pd.Categorical(rows[name])
    train, test = rows[rows.month <= 9], rows[rows.month >= 10]
    out = {}
    for title, numbers in (("with month", NUMBERS), ("without month", [n for n in NUMBERS if n != "month"])):
        scores = []
        for seed in range(5):
            model = lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1, random_state=seed)
            model.fit(train[CATEGORIES + numbers], train.arr_delay > LATE)
            scores.append(roc_auc_score(test.arr_delay > LATE,
                                        model.predict_proba(test[CATEGORIES + numbers])[:, 1]))
        out[title] = sum(scores) / len(scores)
    return out


def main():
    jobs = {"polars-matrix": polars_matrix, "sklearn-matrix": sklearn_matrix, "sklearn-run": sklearn_run,
            "native-auc": native_auc}
    out = jobs[sys.argv[1]](pathlib.Path(sys.argv[2]))
    out["rss_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps(out))


main()
