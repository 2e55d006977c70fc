"""The Python peers of the serving figure: fastapi_app.py (pipeline | by-hand) DATA PORT

pipeline   pandas + ColumnTransformer (one-hot, impute, scale) + LGBMClassifier, as most teams write it
by-hand    an encoder written for this one schema + the native booster
Both answer the requests that Gristmill answers; one worker; uvloop and httptools.
"""
import json
import pathlib
import sys

import fastapi
import lightgbm
import numpy as np
import pandas as pd
import uvicorn

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from prepare import CATEGORIES, NUMBERS  # noqa: E402


def pipeline(data):
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    rows = pd.read_csv(data / "rows.csv")
    train = rows[rows.arr_delay.notna() & (rows.month <= 9)]
    model = make_pipeline(
        ColumnTransformer([("numbers", make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
                           ("categories", OneHotEncoder(handle_unknown="ignore"), CATEGORIES)]),
        lightgbm.LGBMClassifier(n_estimators=100, num_leaves=31, verbose=-1))
    model.fit(train[NUMBERS + CATEGORIES], train.arr_delay > 15)
    return lambda instances: model.predict_proba(pd.DataFrame(instances)[NUMBERS + CATEGORIES])[:, 1]


def by_hand(data):
    booster = lightgbm.Booster(model_file=data / "peer/model.txt")
    levels = json.loads((data / "peer/levels.json").read_text())
    codes = [{level: float(i) for i, level in enumerate(levels[name])} for name in CATEGORIES]
    missing = float("nan")

    def predict(instances):
        rows = [[missing if row[name] is None else row[name] for name in NUMBERS] +
                [code.get(row[name], missing) for name, code in zip(CATEGORIES, codes)] for row in instances]
        return booster.predict(np.array(rows, dtype=float), num_threads=1)

    return predict


def main():
    kind, data, port = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
    predict = {"pipeline": pipeline, "by-hand": by_hand}[kind](data)
    app = fastapi.FastAPI()

    @app.post("/predict")
    async def answer(request: fastapi.Request):
        probabilities = predict((await request.json())["instances"])
        return {"predictions": [{"prediction": bool(p >= 0.5), "probability": float(p)} for p in probabilities]}

    print(f"listening on http://127.0.0.1:{port}", flush=True)
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


main()
