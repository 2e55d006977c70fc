"""Models that LightGBM and XGBoost trained: a bundle of each answers as they do, in files and over HTTP."""
import csv
import json
import math

import lightgbm
import numpy
import pandas
import pytest
import xgboost

from conftest import GRISTMILL_SERVE, fails, gristmill, serving

TRAINED, ASKED = 1200, 300
CLASSES = ["low", "middle", "high"]
MANY = [f"v{i}" for i in range(60)]


def features(count, seed):
    """Numbers where float32 is too coarse, too small or too large, zeros, categories; all may be missing."""
    chance = numpy.random.default_rng(seed)
    rows = pandas.DataFrame({
        "plain": chance.normal(size=count),
        "seconds": 1.7e9 + chance.random(count) * 1000,
        "ids": chance.integers(0, 10**15, count).astype(float),
        "large": chance.normal(size=count) * 1e20,
        "small": chance.normal(size=count) * 1e-30,
        "few": chance.integers(0, 9, count).astype(float),
        "town": pandas.Categorical(chance.choice(["a b", "x", 'y"', "z,"], count), ["x", "z,", "a b", 'y"']),
        "code": pandas.Categorical(chance.choice([3, 5, 7, 1000], count), [3, 5, 7, 1000]),
        "many": pandas.Categorical(chance.choice(MANY, count), MANY)})
    rows["close"] = rows.plain.round(1) + 1e-9 * chance.integers(0, 3, count)
    for name in rows.columns:
        rows.loc[chance.random(count) < 0.08, name] = numpy.nan
    return rows


def score_of(rows):
    number = numpy.nan_to_num
    return (number(rows.plain) * 2 + number(rows.seconds - 1.7e9) / 300 + number(rows.few) % 3
            + numpy.sign(number(rows.large)) + (rows.town == "x") * 2 + (rows.many.cat.codes % 7) * 0.4).to_numpy()


TRAINING, ROWS = features(TRAINED, 1), features(ASKED, 2)
SCORE = score_of(TRAINING)
TARGETS = {"value": numpy.exp(SCORE / 4), "share": 1 / (1 + numpy.exp(SCORE.mean() - SCORE)),
           "two": (SCORE > numpy.median(SCORE)) * 1, "three": numpy.digitize(SCORE, numpy.quantile(SCORE, [0.3, 0.6]))}

LIGHTGBM = [
    *[(name, "value", {}) for name in ["regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape",
                                       "gamma", "tweedie"]],
    ("cross_entropy", "share", {}), ("binary", "two", {}), ("multiclass", "three", {"num_class": 3}),
    ("multiclassova", "three", {"num_class": 3, "sigmoid": 0.7}), ("lambdarank", "three", {}),
    ("regression", "value", {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}),
    ("binary", "two", {"boosting": "dart", "zero_as_missing": True, "sigmoid": 1.5}),
    ("poisson", "value", {"use_missing": False, "max_cat_to_onehot": 1}),
]
XGBOOST = [
    *[(name, "value", {}) for name in ["reg:squarederror", "reg:squaredlogerror", "reg:pseudohubererror",
                                       "reg:absoluteerror", "count:poisson", "reg:gamma", "reg:tweedie"]],
    ("reg:quantileerror", "value", {"quantile_alpha": 0.7}), ("reg:logistic", "share", {}),
    ("binary:logistic", "two", {}), ("binary:logitraw", "two", {}), ("multi:softprob", "three", {"num_class": 3}),
    ("multi:softmax", "three", {"num_class": 3}), ("rank:ndcg", "three", {}),
    ("binary:logistic", "two", {"booster": "dart", "rate_drop": 0.3, "num_parallel_tree": 2}),
    ("multi:softprob", "three", {"booster": "dart", "rate_drop": 0.5, "num_class": 3, "num_parallel_tree": 2}),
    ("count:poisson", "value", {"max_cat_to_onehot": 100, "subsample": 0.5, "base_score": 3.5}),
]


def ids(cases):
    return ["-".join([name, *map(str, more.values())]) for name, _, more in cases]


def train_lightgbm(objective, target, more, path, rounds=20):
    group = {"group": [30] * (TRAINED // 30)} if objective == "lambdarank" else {}
    model = lightgbm.train({"objective": objective, "verbose": -1, "num_threads": 1, "min_data_in_leaf": 5, **more},
                           lightgbm.Dataset(TRAINING, TARGETS[target], **group), rounds)
    model.save_model(path)
    return model


def train_xgboost(objective, target, more, path, rounds=15):
    data = xgboost.DMatrix(TRAINING, TARGETS[target], enable_categorical=True)
    if objective.startswith("rank"):
        data.set_group([30] * (TRAINED // 30))
    model = xgboost.train({"objective": objective, "nthread": 1, **more}, data, rounds)
    model.save_model(path)
    return model


def plain(rows):
    """As a request carries them."""
    def cell(value):
        value = value.item() if isinstance(value, numpy.generic) else value
        return None if isinstance(value, float) and math.isnan(value) else value
    return [{name: cell(value) for name, value in row.items()} for row in rows.to_dict("records")]


def predicted(bundle, rows, *options):
    source, answers = bundle.with_suffix(".in.jsonl"), bundle.with_suffix(".out.jsonl")
    source.write_text("".join(json.dumps(row) + "\n" for row in plain(rows)), encoding="utf-8")
    gristmill("predict", bundle, source, "-o", answers, *options)
    return [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]


def numbers(answers):
    """The number of each answer, or the probabilities."""
    if "probability" in answers[0]:
        return numpy.array([a["probability"] for a in answers])
    shares = [name for name in answers[0] if name.startswith("probability_")]
    return numpy.array([[a[name] for name in shares] if shares else a["prediction"] for a in answers])


def contributions(answers, columns, classes):
    """As pred_contrib has them: of each class, of each column, then the base."""
    return numpy.array([[answer.get(name, 0.0) for of in classes
                         for name in [*(f"contribution_{c}{of}" for c in columns), f"base{of}"]] for answer in answers])


@pytest.mark.parametrize("objective, target, more", LIGHTGBM, ids=ids(LIGHTGBM))
def test_lightgbm_is_answered_to_the_last_bits(objective, target, more, tmp_path):
    model = train_lightgbm(objective, target, more, tmp_path / "m.txt")
    bundle = tmp_path / "m.bundle"
    gristmill("wrap", tmp_path / "m.txt", "-o", bundle)
    answers = predicted(bundle, ROWS, "--explain")
    numpy.testing.assert_allclose(numbers(answers), model.predict(ROWS), rtol=1e-12)
    wanted = model.predict(ROWS, pred_contrib=True)
    if "sigmoid" in more:
        wanted = wanted * more["sigmoid"]  # log-odds
    if more.get("boosting") == "rf":
        wanted = wanted / 20  # the mean of the trees
    classes = ["_0", "_1", "_2"] if "num_class" in more else [""]
    numpy.testing.assert_allclose(contributions(answers, ROWS.columns, classes), wanted, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("objective, target, more", XGBOOST, ids=ids(XGBOOST))
def test_xgboost_is_answered_within_its_float32(objective, target, more, tmp_path):
    model = train_xgboost(objective, target, more, tmp_path / "m.json")
    bundle = tmp_path / "m.bundle"
    gristmill("wrap", tmp_path / "m.json", "-o", bundle)
    data = xgboost.DMatrix(ROWS, enable_categorical=True)
    answers = predicted(bundle, ROWS, "--explain")
    wanted = model.predict(data)
    if objective == "multi:softmax":
        assert [float(a["prediction"]) for a in answers] == list(wanted)
        return
    numpy.testing.assert_allclose(numbers(answers), wanted, rtol=1e-6)
    # The scores are XGBoost's to the bit: what differs is its float32 after them.
    if objective in ("reg:squarederror", "binary:logitraw", "rank:ndcg"):
        assert numbers(answers).tolist() == wanted.astype(float).tolist()
    by_feature = model.predict(data, pred_contribs=True).reshape(ASKED, -1)
    classes = ["_0", "_1", "_2"] if "num_class" in more else [""]
    numpy.testing.assert_allclose(contributions(answers, ROWS.columns, classes), by_feature, rtol=1e-4,
                                  atol=1e-5 * numpy.abs(by_feature).max())


def test_numbers_alone_without_names(tmp_path):
    """Trees that were pruned keep their dead nodes; features that nobody named are called by their numbers."""
    known = TRAINING[["plain", "few", "close"]].to_numpy()
    model = xgboost.train({"objective": "reg:squarederror", "tree_method": "exact", "gamma": 5, "nthread": 1},
                          xgboost.DMatrix(known, SCORE), 10)
    model.save_model(tmp_path / "m.json")
    bundle = tmp_path / "m.bundle"
    gristmill("wrap", tmp_path / "m.json", "-o", bundle)
    asked = ROWS[["plain", "few", "close"]].set_axis(["f0", "f1", "f2"], axis=1)
    wanted = model.predict(xgboost.DMatrix(asked.to_numpy())).astype(float).tolist()
    assert numbers(predicted(bundle, asked)).tolist() == wanted
    (tmp_path / "s.yaml").write_text("columns: [plain, {few: number}, close]\n")
    gristmill("wrap", tmp_path / "m.json", "-o", bundle, "--schema", tmp_path / "s.yaml")
    assert numbers(predicted(bundle, ROWS)).tolist() == wanted


def test_served_as_in_a_file(tmp_path):
    bundles = []
    for name, (train, suffix, objective) in {"one": (train_lightgbm, ".txt", "multiclass"),
                                             "other": (train_xgboost, ".json", "multi:softprob")}.items():
        train(objective, "three", {"num_class": 3}, tmp_path / (name + suffix), 5)
        (tmp_path / "s.yaml").write_text(f"name: {name}\nclasses: {json.dumps(CLASSES)}\n")
        bundles.append(tmp_path / f"{name}.bundle")
        gristmill("wrap", tmp_path / (name + suffix), "-o", bundles[-1], "--schema", tmp_path / "s.yaml")
    with serving(*bundles, program=(GRISTMILL_SERVE,)) as server:
        for bundle in bundles:
            answered = server.predict(plain(ROWS), f"/models/{bundle.stem}/predict")["predictions"]
            filed = predicted(bundle, ROWS)
            assert [a["prediction"] for a in answered] == [a["prediction"] for a in filed]
            assert [[a["probabilities"][c] for c in CLASSES] for a in answered] == [
                [a[f"probability_{c}"] for c in CLASSES] for a in filed]


def test_example_rows_give_the_types(tmp_path):
    rows = TRAINING[["plain", "few"]].assign(flag=SCORE > 2, row=range(TRAINED))
    model = lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1},
                           lightgbm.Dataset(rows[["plain", "few", "flag"]], SCORE), 5)
    model.save_model(tmp_path / "m.txt")
    rows.to_csv(tmp_path / "rows.csv", index=False)
    bundle = tmp_path / "m.bundle"
    gristmill("wrap", tmp_path / "m.txt", "-o", bundle, "--schema", tmp_path / "rows.csv")
    signature = json.loads(gristmill("inspect", bundle, "--json").stdout)["signature"]
    assert [f["type"] for f in signature["fields"]] == ["float64", "float64", "boolean"]
    assert signature["ignored"] == ["row"] and all(f["nullable"] for f in signature["fields"])
    gristmill("predict", bundle, tmp_path / "rows.csv", "-o", tmp_path / "out.csv")
    with open(tmp_path / "out.csv", newline="") as file:
        answers = [float(row["prediction"]) for row in csv.DictReader(file)]
    numpy.testing.assert_allclose(answers, model.predict(rows[["plain", "few", "flag"]]), rtol=1e-12)


def test_whole_numbers_as_categories(tmp_path):
    """Without pandas' categories a column of LightGBM's is known by its numbers."""
    rows = pandas.DataFrame({"shop": TRAINING.ids.fillna(0).astype(int) % 5000 * 7, "plain": TRAINING.plain})
    model = lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2,
                            "min_data_per_group": 2, "cat_smooth": 1},
                           lightgbm.Dataset(rows, SCORE + rows["shop"] % 3, categorical_feature=["shop"]), 10)
    model.save_model(tmp_path / "m.txt")
    bundle = tmp_path / "m.bundle"
    assert "categories as their numbers" in gristmill("wrap", tmp_path / "m.txt", "-o", bundle).stderr
    asked = pandas.concat([rows[:200], pandas.DataFrame({"shop": [-1, 3, 10**9], "plain": [0.0, 1, 2]})])
    numpy.testing.assert_allclose(numbers(predicted(bundle, asked)), model.predict(asked), rtol=1e-12)


def test_an_ordered_category_is_its_place(tmp_path):
    sizes = pandas.Categorical(TRAINING.few.fillna(0) % 3, [2, 0, 1], ordered=True).rename_categories(["s", "m", "l"])
    rows = TRAINING[["town"]].assign(size=sizes)
    model = lightgbm.train({"objective": "regression", "verbose": -1, "num_threads": 1},
                           lightgbm.Dataset(rows, SCORE), 5)
    model.save_model(tmp_path / "m.txt")
    bundle = tmp_path / "m.bundle"
    (tmp_path / "s.json").write_text(json.dumps({"columns": {"town": ["x", "z,", "a b", 'y"'],
                                                             "size": ["s", "m", "l"]}}))
    gristmill("wrap", tmp_path / "m.txt", "-o", bundle, "--schema", tmp_path / "s.json")
    numpy.testing.assert_allclose(numbers(predicted(bundle, rows)), model.predict(rows), rtol=1e-12)


def test_what_is_not_supported_is_named(tmp_path):
    known = TRAINING[["plain", "few"]].fillna(0).to_numpy()
    bundle = tmp_path / "m.bundle"

    def refused(path, part):
        assert part in fails("wrap", path, "-o", bundle) and not bundle.exists()

    for objective, more, part in [
            ("reg:squarederror", {"booster": "gblinear"}, 'booster "gblinear"'), ("binary:hinge", {}, '"binary:hinge"'),
            ("reg:squarederror", {"multi_strategy": "multi_output_tree"}, "several targets"),
            ("reg:squarederror", {"multi_strategy": "one_output_per_tree"}, "several targets")]:
        target = numpy.column_stack([SCORE, SCORE]) if "multi_strategy" in more else TARGETS["two"]
        xgboost.train({"objective": objective, "nthread": 1, **more}, xgboost.DMatrix(known, target), 2).save_model(
            tmp_path / "m.json")
        refused(tmp_path / "m.json", part)
    model = xgboost.train({"nthread": 1}, xgboost.DMatrix(known, SCORE), 2)
    model.save_model(tmp_path / "m.ubj")
    refused(tmp_path / "m.ubj", 'save_model("model.json")')
    model.dump_model(tmp_path / "dump.json", dump_format="json")
    refused(tmp_path / "dump.json", 'save_model("model.json")')
    for more, part in [({"linear_tree": True}, "linear trees"), ({"objective": "cross_entropy_lambda"}, "lambda")]:
        lightgbm.train({"verbose": -1, "num_threads": 1, **more}, lightgbm.Dataset(known, TARGETS["share"]), 2).save_model(
            tmp_path / "m.txt")
        refused(tmp_path / "m.txt", part)
    whole = (tmp_path / "m.txt").read_bytes()
    (tmp_path / "cut.txt").write_bytes(whole[:len(whole) // 3])
    refused(tmp_path / "cut.txt", "error:")
    refused(tmp_path / "absent.txt", "there is no file")


def test_a_schema_that_does_not_fit(tmp_path):
    train_lightgbm("binary", "two", {}, tmp_path / "m.txt", 2)
    schema = tmp_path / "s.yaml"
    for text, part in [("columns:\n  plian: number\n", 'did you mean "plain"?'),
                       ("columns:\n  town: number\n", "as a category, the schema as a number"),
                       ("columns:\n  many: [x]\n", "are 60 in the model, but 1 in the schema"), ("classes: [a, b, c]\n", "has 2 classes")]:
        schema.write_text(text)
        message = fails("wrap", tmp_path / "m.txt", "-o", tmp_path / "m.bundle", "--schema", schema)
        assert part in message and ("s.yaml:" in message or "many" in message)
    fails("wrap", tmp_path / "m.txt", "-o", tmp_path / "m.txt", code=2)
    assert (tmp_path / "m.txt").read_text().startswith("tree")
