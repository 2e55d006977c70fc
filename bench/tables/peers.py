"""The peers: peers.py PEER FOLDER reads the folder's rows.csv and spec.json, trains on the rows of train and validate (none
of them looks at validate by itself) and writes the answers on those of test to PEER.npy: a number or a probability each,
or a probability for each class in their order. Prints {"fit"}: seconds from the file to the answers, without imports."""
import json
import pathlib
import sys
import time

import lightgbm
import numpy
import pandas
import skrub
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

FEW = 40  # values up to which a text is a category


def is_text(column):
    return pandas.api.types.is_string_dtype(column) or column.dtype == object


def date_parts(rows, dates):
    """As its users do: a time as numbers."""
    for name in dates:
        time_of = rows.pop(name)
        for part in ("year", "month", "day", "dayofweek", "hour"):
            rows[f"{name}_{part}"] = getattr(time_of.dt, part)
        rows[f"{name}_total"] = time_of.astype("int64")
    return rows


def sklearn_linear(rows, spec):
    """What its guide says: TF-IDF of texts, one-hot of categories, scaled numbers, and a linear model."""
    rows = date_parts(rows, spec["dates"])
    texts = [name for name in rows if is_text(rows[name])]
    rows[texts] = rows[texts].fillna("")
    steps = [(name, TfidfVectorizer(min_df=2), name) for name in texts if rows[name].nunique() > FEW]
    steps.append(("few", OneHotEncoder(handle_unknown="ignore"), [name for name in texts if rows[name].nunique() <= FEW]))
    steps.append(("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                  [name for name in rows if name not in texts]))
    model = Ridge() if spec["problem"] == "number" else LogisticRegression(max_iter=1000)
    return rows, make_pipeline(ColumnTransformer(steps), model)


def lightgbm_categories(rows, spec):
    rows = date_parts(rows, spec["dates"])
    texts = [name for name in rows if is_text(rows[name])]
    rows[texts] = rows[texts].astype("category")
    model = lightgbm.LGBMRegressor if spec["problem"] == "number" else lightgbm.LGBMClassifier
    return rows, model(verbose=-1)


def skrub_pipeline(rows, spec):
    return rows, skrub.tabular_pipeline("regressor" if spec["problem"] == "number" else "classifier")


def main(peer, folder):
    started = time.perf_counter()
    folder = pathlib.Path(folder)
    spec = json.loads((folder / "spec.json").read_text(encoding="utf-8"))
    rows = pandas.read_csv(folder / "rows.csv", parse_dates=spec["dates"])
    truth, test = rows.pop(spec["target"]), rows.pop("part") >= spec["test"]
    rows, model = globals()[peer](rows.drop(columns="id"), spec)
    model.fit(rows[~test], truth[~test])
    if spec["problem"] == "number":
        answers = model.predict(rows[test])
    else:
        answers = model.predict_proba(rows[test])
        assert list(model.classes_) == sorted(model.classes_)
        answers = answers[:, 1] if spec["problem"] == "binary" else answers
    numpy.save(folder / f"{peer}.npy", answers)
    print(json.dumps({"fit": time.perf_counter() - started}))


if __name__ == "__main__":
    main(*sys.argv[1:])
