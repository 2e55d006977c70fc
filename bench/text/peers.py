"""The peers: peers.py PEER TABLE prints {"score"} on the test rows, trained on those of train."""
import json
import sys

import lightgbm
import pandas
import skrub
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from tables import tables

FEW = 40  # values up to which a text is a category


def is_text(column):
    return not pandas.api.types.is_numeric_dtype(column)


def sklearn_linear(rows, classes):
    """What its guide says: TF-IDF of texts, one-hot of categories, scaled numbers, and a linear model."""
    texts = [name for name in rows if is_text(rows[name])]
    steps = [(name, TfidfVectorizer(min_df=2), name) for name in texts if rows[name].nunique() > FEW]
    steps.append(("few", OneHotEncoder(handle_unknown="ignore"), [name for name in texts if rows[name].nunique() <= FEW]))
    steps.append(("numbers", make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
                  [name for name in rows if name not in texts]))
    model = LogisticRegression(max_iter=1000) if classes else Ridge()
    return make_pipeline(ColumnTransformer(steps), model)


def skrub_pipeline(rows, classes):
    return skrub.tabular_pipeline("classifier" if classes else "regressor")


def lightgbm_categories(rows, classes):
    return lightgbm.LGBMClassifier(verbose=-1) if classes else lightgbm.LGBMRegressor(verbose=-1)


def main(peer, table):
    rows, target = tables()[table]
    classes = " = " in target
    column = target.split(" = ")[0]
    truth = rows[column] == 1 if classes else rows[column]
    part = rows["part"]
    rows = rows.drop(columns=[column, "part", "id"])
    texts = [name for name in rows if is_text(rows[name])]
    if peer == "lightgbm_categories":
        rows[texts] = rows[texts].astype("category")
    elif peer == "sklearn_linear":
        rows[texts] = rows[texts].fillna("")
    train, test = part < "2020-01-07", part >= "2020-01-09"
    model = globals()[peer](rows[train], classes).fit(rows[train], truth[train])
    score = roc_auc_score(truth[test], model.predict_proba(rows[test])[:, 1]) if classes else \
        r2_score(truth[test], model.predict(rows[test]))
    print(json.dumps({"score": float(score)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
