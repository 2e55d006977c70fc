"""Encoders of categories and texts over the whole way: run, predict and serve answer alike, and what is learned from the target
does not leak."""
import json
import os
import random
import shutil

import pyarrow.parquet
import pytest

from conftest import gristmill, gristmill_json, refused, serving, write_project

PROJECT = """\
project: shops
sources: {d: data/*.csv}
predict:
  sold:
    from: d.rows
    key: id
    inputs: [shop, noise]
    target: y > 0
    split: {random: true}
    features: {shop: target, noise: target}
    model: linear
"""
COUNT, SHOPS, NOISES = 6000, 300, 2000


@pytest.fixture(scope="module")
def rows():
    chance = random.Random(3)
    mean = [chance.gauss(0, 1.5) for _ in range(SHOPS)]
    out = []
    for i in range(COUNT):
        shop = chance.randrange(SHOPS)
        y = mean[shop] + chance.gauss(0, 1)
        out.append({"id": i, "shop": "" if chance.random() < 0.05 else f"shop {shop}",
                    "noise": f"n{chance.randrange(NOISES)}", "y": round(y, 3),
                    "tags": ";".join(["hot"] * (y > 1) + ["cold"] * (y < -1)), "class": "low" if y < -1 else "high" if y > 1 else "middle", "owner": i // 3, "same": f"o{i // 3}"})
    return out


def write_rows(folder, rows):
    (folder / "data").mkdir(exist_ok=True)
    with open(folder / "data/rows.csv", "w", encoding="utf-8") as file:
        for row in [list(rows[0])] + [list(row.values()) for row in rows]:
            file.write(",".join(map(str, row)) + "\n")


@pytest.fixture
def project(tmp_path, rows):
    def make(text=PROJECT):
        write_rows(tmp_path, rows)
        write_project(tmp_path, text)
        return tmp_path
    return make


def encoded(folder, *names):
    """Columns of the encoded data set by fold, each a list; with the target, `__target`."""
    gristmill("build", "sold", "-C", folder, "-o", folder / "out.parquet")
    table = pyarrow.parquet.read_table(folder / "out.parquet").to_pydict()
    return {fold: {name: [cell for cell, of in zip(table[name], table["__fold"]) if of == fold]
                   for name in (*names, "__target")} for fold in ("train", "validate", "test")}


def auc(scores, truth):
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    rank, at = [0.0] * len(scores), 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for i in order[at:end]:
            rank[i] = (at + end + 1) / 2
        at = end
    positive = sum(truth)
    return (sum(r for r, t in zip(rank, truth) if t) - positive * (positive + 1) / 2) / positive / (len(truth) - positive)


def answers(folder, rows, name="sold"):
    """Of `predict` and of `serve`, which must be the same, but for what names a row."""
    def plain(answers):
        out = [{key: value for key, value in answer.items() if key not in ("id", "key")} for answer in answers]
        return [answer | {f"probability_{c}": p for c, p in answer.pop("probabilities", {}).items()} for answer in out]

    bundle = folder / f".gristmill/bundles/{name}.bundle"
    (folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    gristmill("predict", bundle, folder / "in.jsonl", "-o", folder / "answers.jsonl")
    batch = plain(json.loads(line) for line in open(folder / "answers.jsonl", encoding="utf-8"))
    with serving(bundle) as server:
        served = plain(server.predict(rows)["predictions"])
        alone = plain(server.predict([row])["predictions"][0] for row in rows[:5])
    assert batch == served and alone == served[:5]
    return batch


def request(row, *names):
    return {name: row[name] if row[name] != "" else None for name in ("id", *names)}


@pytest.mark.parametrize("target, classes", [("y > 0", 1), ("y", 1), ("class", 3)])
@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
def test_target_runs_predicts_and_serves(project, rows, target, classes, model):
    folder = project(PROJECT.replace("y > 0", target).replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", folder)["predictions"]["sold"]
    scores, floor = outcome["models"][0]["test"], outcome["baseline"]["test"]
    metric = {"y > 0": "auc", "y": "rmse", "class": "log_loss"}[target]
    assert abs(scores[metric] - floor[metric]) > 0.2
    columns = gristmill_json("build", "sold", "-C", folder, "-o", folder / "out.parquet")["columns"]
    assert len(columns) == 2 * classes
    sent = [request(row, "shop", "noise") for row in rows[:40]]
    sent += [{"id": -1, "shop": "never seen", "noise": "nor this"}, {"id": -2, "shop": None, "noise": "n1"}]
    answers(folder, sent)


def test_what_training_rows_learn_is_out_of_fold(project):
    folder = project()
    gristmill("run", "-C", folder)
    folds = encoded(folder, "shop_target", "noise_target")
    # Other rows: one encoding a level (missing and what training did not see among them).
    assert len(set(folds["validate"]["shop_target"])) <= SHOPS + 2
    # Training rows: one a level and fold, some of which are equal shares.
    assert SHOPS * 1.5 < len(set(folds["train"]["shop_target"])) <= (SHOPS + 1) * 5
    for fold in folds.values():
        assert auc(fold["shop_target"], fold["__target"]) > 0.75
        assert abs(auc(fold["noise_target"], fold["__target"]) - 0.5) < 0.05


def test_noise_does_not_raise_the_training_score(project):
    """Not out-of-fold, the noise of two rows a level has an AUC of 0.8 and more in training, and none elsewhere."""
    scores = {}
    for inputs in ("[shop]", "[shop, noise]"):
        features = "{shop: target}" if inputs == "[shop]" else "{shop: target, noise: target}"
        folder = project(PROJECT.replace("inputs: [shop, noise]", f"inputs: {inputs}").replace(
            "features: {shop: target, noise: target}", f"features: {features}").replace(
                "model: linear", "model: [linear, boosted-trees]"))
        outcome = gristmill_json("run", "-C", folder)["predictions"]["sold"]
        scores[inputs] = {model["name"]: model["test"]["auc"] for model in outcome["models"]}
    for name, alone in scores["[shop]"].items():
        assert scores["[shop, noise]"][name] > alone - 0.015


def test_a_group_of_the_split_stays_in_one_fold(project):
    # `same` is the group under another name: no training row may learn from the others of its group.
    folder = project(PROJECT.replace("inputs: [shop, noise]", "inputs: [same, shop]").replace(
        "features: {shop: target, noise: target}", "features: {same: target, shop: target}").replace(
            "{random: true}", "{group: owner}"))
    gristmill("run", "-C", folder)
    assert len(set(encoded(folder, "same_target")["train"]["same_target"])) == 5  # the mean of the other folds


def test_one_thread_fits_the_same_bundle(project):
    folder = project()
    gristmill("run", "-C", folder)
    bundle = (folder / ".gristmill/bundles/sold.bundle").read_bytes()
    one = min(os.sched_getaffinity(0))
    shutil.rmtree(folder / ".gristmill")
    gristmill("run", "-C", folder, preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    assert (folder / ".gristmill/bundles/sold.bundle").read_bytes() == bundle


@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
def test_texts_of_more_than_one_value_run_predict_and_serve(project, rows, model):
    folder = project(PROJECT.replace("inputs: [shop, noise]", "inputs: [shop, tags]").replace(
        "shop: target, noise: target", 'shop: minhash, tags: {set: ";"}').replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", folder)["predictions"]["sold"]
    assert outcome["models"][0]["test"]["auc"] > 0.75
    sent = [request(row, "shop", "tags") for row in rows[:40]]
    answers(folder, sent + [{"id": -1, "shop": "Shop  12.", "tags": "cold; new;hot"}])


@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
def test_plain_encoders_run_predict_and_serve(project, rows, model):
    folder = project(PROJECT.replace("inputs: [shop, noise]", "inputs: [shop, noise, class]").replace(
        "shop: target, noise: target", "shop: {hash: 64}, noise: frequency, class: {ordinal: [low, middle, high]}").replace(
            "y > 0", "y > 1").replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", folder)["predictions"]["sold"]
    assert outcome["models"][0]["test"]["auc"] > 0.95
    sent = [request(row, "shop", "noise", "class") for row in rows[:40]]
    answers(folder, sent + [{"id": -1, "shop": "new", "noise": "new", "class": "new"}])


@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
def test_bins_run_predict_and_serve(tmp_path, rows, model):
    chance = random.Random(7)
    write_rows(tmp_path, [row | {"near": "" if chance.random() < 0.1 else round(chance.gauss(0, 0.1) + (abs(row["y"]) < 1) * chance.choice([-1, 1]), 3), "at": i % 100}
                          for i, row in enumerate(rows)])
    # What is low and high again: no straight line tells it.
    write_project(tmp_path, PROJECT.replace("inputs: [shop, noise]", "inputs: [near, at]").replace("y > 0", "abs(y) < 1").replace(
        "shop: target, noise: target", "near: bins, at: {bins: {bins: 4, by: uniform}}").replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", tmp_path)["predictions"]["sold"]
    assert outcome["models"][0]["test"]["auc"] > 0.9
    columns = gristmill_json("build", "sold", "-C", tmp_path, "-o", tmp_path / "out.parquet")["columns"]
    assert "at=below 24.75" in columns and "at=24.75 to 49.5" in columns and "at=from 74.25" in columns
    answers(tmp_path, [{"id": i, "near": near, "at": at} for i, (near, at) in enumerate(
        [(0.0, 1), (-1.5, 24), (1.5, 25), (None, 50), (1e300, -7), (0.9, 10**15)])])


WORDS = {"low": ["late", "again", "broken"], "middle": ["usual", "again"], "high": ["great", "fast", "again"]}


@pytest.fixture
def texts(rows):
    """Rows with a `title` of words that tell the class, in many spellings; some have none."""
    chance = random.Random(5)
    return [row | {"title": "" if chance.random() < 0.05 else " ".join(
        chance.choice(WORDS[row["class"]]).title() for _ in range(3)) + f"! no{i}"} for i, row in enumerate(rows)]


@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
@pytest.mark.parametrize("text, column", [
    ("text", {"linear": 'title~"great"', "trees": "title~svd01"}),
    ("{text: {analyzer: characters, components: 8, ngrams: [2, 4], sublinear_tf: true}}", {"linear": "title~svd08", "trees": "title~svd08"}),
])
def test_short_texts_run_predict_and_serve(tmp_path, texts, text, column, model):
    write_rows(tmp_path, texts)
    write_project(tmp_path, PROJECT.replace("inputs: [shop, noise]", "inputs: [title]").replace(
        "shop: target, noise: target", f"title: {text}").replace("y > 0", "y > 1").replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", tmp_path)["predictions"]["sold"]
    assert outcome["models"][0]["test"]["auc"] > 0.9
    columns = gristmill_json("build", "sold", "-C", tmp_path, "-o", tmp_path / "out.parquet")["columns"]
    assert column["linear" if model == "linear" else "trees"] in columns
    sent = [request(row, "title") for row in texts[:40]]
    answers(tmp_path, sent + [{"id": -1, "title": ""}, {"id": -2, "title": "GREAT, gréat! \u0130 " * 3000}, {"id": -3, "title": None}])
    one = min(os.sched_getaffinity(0))
    bundle = tmp_path / ".gristmill/bundles/sold.bundle"
    fitted = bundle.read_bytes()
    shutil.rmtree(tmp_path / ".gristmill")
    gristmill("run", "-C", tmp_path, preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    assert bundle.read_bytes() == fitted


@pytest.mark.parametrize("model", ["linear", "{boosted-trees: {trees: 10}}"])
def test_auto_reads_texts_and_says_why(tmp_path, texts, model):
    write_rows(tmp_path, texts)
    write_project(tmp_path, PROJECT.replace("inputs: [shop, noise]", "inputs: [title, tags, shop, owner]").replace(
        "features: {shop: target, noise: target}", "features: {owner: frequency}").replace("y > 0", "class").replace("model: linear", f"model: {model}"))
    outcome = gristmill_json("run", "-C", tmp_path)["predictions"]["sold"]
    assert {name: [f[name] for f in outcome["features"]] for name in ("column", "encoder")} == {
        "column": ["shop", "tags", "owner", "title"],
        "encoder": ["target" if model == "linear" else "category", "category", "frequency", "text"]}
    reasons = {f["column"]: f["reason"] for f in outcome["features"]}
    assert reasons["shop"] == "300 values" and reasons["tags"] == "2 values"
    assert reasons["owner"] == "as `features` says" and reasons["title"].endswith("values of 4.0 words")
    report = gristmill("run", "-C", tmp_path).stdout
    assert f"    text ({reasons['title']}): title\n" in report and "    frequency (as `features` says): owner\n" in report
    answers(tmp_path, [request(row, "title", "tags", "shop", "owner") for row in texts[:40]])


@pytest.mark.parametrize("features, needles", [
    ("{shop: bins}", ["the column `shop` is string, but the encoder `bins` takes int64, float64", "hint: "]),
    ("{tags: {text: {ngrams: [0, 2]}}}", ["gristmill.yaml:", "encoder text: `ngrams` must be two lengths from 1 to 8", r"hint: for example \[1, ?1\]"]),
    ("{tags: {text: {components: 0, max_features: 9000}}}", ["9000 words or sequences", "more columns than 4096"]),
    ("{class: {ordinal: [low, high]}}", ["value \"middle\", which `ordinal` does not list", "hint: put it"]),
    ("{tags: {set: ''}}", ["encoder set: `separator` has 1 to 16 bytes", "hint: for example"]),
    ("{shop: {minhash: {ngrams: [4, 2]}}}", ["`ngrams` must be two lengths from 1 to 8", "hint: for example"]),
    ("{class: ordinal}", ["no order is given", "hint: for example"]),
    ("{shop: {hash: {buckets: 9999, signed: true}}}", ["9999 signed buckets are more columns than 4096"]),
    ("{shop: {target: {smooth: none}}}", ["encoder target: `smooth` must be a number or auto"]),
    ("{shop: {target: {smoth: 3}}}", ["encoder target", "smooth"]),
    ("{shop: targt}", ["unknown encoder \"targt\"", "target"]),
    ("{y: target}", ["y cannot be a feature"]),
])
def test_what_is_wrong_is_told(project, features, needles):
    folder = project(PROJECT.replace("inputs: [shop, noise]", "exclude: [owner]").replace(
        "{shop: target, noise: target}", features))
    refused(folder, *needles)
