"""Why a model answers as it does: `predict --explain` and `/predict?explain=true`."""
import csv
import json
import math
import pathlib

import pytest

from conftest import GRISTMILL_SERVE, ORDERS, ROOT, fails, gristmill, plain_row, serving

NEEDED = ["id", "placed", "customer", "channel", "items", "amount", "store", "express", "temp", "rain"]
INPUT = [plain_row(o, *NEEDED) for o in ORDERS[:60]]
# `city` and `joined` are looked up by the customer; `per_item` is made of two columns.
COLUMNS = {"placed", "customer", "channel", "items", "amount", "store", "express", "temp", "rain", "per_item"}
CLASSES = ["desk", "phone", "web"]
OLD = ROOT / "src/bundle/testdata/1_late.bundle"


@pytest.fixture(scope="module")
def bundles(kinds):
    return {name: p["bundle"] for name, p in kinds[1]["predictions"].items()}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    path = tmp_path_factory.mktemp("explain") / "in.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in INPUT), encoding="utf-8")
    return path


def explained(bundle, source, suffix=".jsonl"):
    out = source.with_name(f"out{suffix}")
    gristmill("predict", bundle, source, "-o", out, "--explain")
    with open(out, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file)) if suffix == ".csv" else [json.loads(line) for line in file]


def contributions(row, of_class=""):
    """Of a row of `predict`, by column."""
    found = {}
    for name, value in row.items():
        if name.startswith("contribution_") and name.endswith(of_class):
            found[name.removeprefix("contribution_").removesuffix(of_class)] = value
    return found


def test_a_value_is_the_base_and_what_the_columns_contributed(bundles, source):
    rows = explained(bundles["minutes"], source)
    assert list(rows[0])[:3] == ["id", "prediction", "base"] and set(contributions(rows[0])) <= COLUMNS
    for row in rows:
        assert math.isclose(row["base"] + sum(contributions(row).values()), row["prediction"], rel_tol=1e-9)
    assert len({row["base"] for row in rows}) == 1
    assert [r["contribution_items"] for r in rows] == [
        float(r["contribution_items"]) for r in explained(bundles["minutes"], source, ".csv")]


def test_a_probability_is_explained_as_log_odds(bundles, source):
    for row in explained(bundles["late"], source):
        score = row["base"] + sum(contributions(row).values())
        assert math.isclose(1 / (1 + math.exp(-score)), row["probability"], rel_tol=1e-9)
    assert list(row)[:4] == ["id", "prediction", "probability", "base"]


def test_each_class_is_explained_before_the_softmax(bundles, source):
    for row in explained(bundles["channel_of"], source):
        scores = {c: row[f"base_{c}"] + sum(contributions(row, f"_{c}").values()) for c in CLASSES}
        total = sum(map(math.exp, scores.values()))
        for c in CLASSES:
            assert math.isclose(math.exp(scores[c]) / total, row[f"probability_{c}"], rel_tol=1e-9)


def test_what_is_served_is_what_the_batch_says_to_the_last_bit(bundles, source):
    batch = {name: explained(path, source) for name, path in bundles.items()}
    with serving(*bundles.values(), program=(GRISTMILL_SERVE,)) as server:
        for size in (1, 9, len(INPUT)):
            for name, rows in batch.items():
                answer = server.predict(INPUT[:size], f"/models/{name}/predict?explain=true")
                for served, row in zip(answer["predictions"], rows[:size], strict=True):
                    explanation = served["explanation"]
                    if name == "channel_of":
                        for c in CLASSES:
                            assert explanation["base"][c] == row[f"base_{c}"]
                            assert explanation["contributions"][c] == contributions(row, f"_{c}")
                    else:
                        assert explanation == {"base": row["base"], "contributions": contributions(row)}
        plain = server.predict(INPUT[:1], "/predict?explain=false")["predictions"][0]
        assert "explanation" not in plain and "explanation" not in server.predict(INPUT[:1])["predictions"][0]
        operation = json.loads(server.get("/openapi.json"))["paths"]["/predict"]["post"]
        assert operation["parameters"][0]["name"] == "explain"
        for query, needle in (("explain=yes", "not \"yes\""), ("explian=true", "explain=true"), ("explain", "true")):
            status, error = server.post({"instances": INPUT[:1]}, f"/predict?{query}")
            assert status == 400 and needle in json.dumps(error, ensure_ascii=False).replace('\\"', '"'), error


def test_the_baseline_is_explained_by_its_base_alone(tmp_path):
    (tmp_path / "data.csv").write_text("id,x,y\n" + "".join(f"{i},{i % 7},{i % 4 == 0}\n" for i in range(400)))
    (tmp_path / "gristmill.yaml").write_text(
        "sources: {here: data.csv}\ntables: {rows: SELECT * FROM here.data}\n"
        "predict: {answer: {from: rows, key: id, target: y, split: {random: true}, model: baseline}}\n")
    gristmill("run", "-C", tmp_path)
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "x": 2}\n')
    (row,) = explained(tmp_path / ".gristmill/bundles/answer.bundle", source)
    assert list(row) == ["id", "prediction", "probability", "base"]
    assert math.isclose(1 / (1 + math.exp(-row["base"])), row["probability"], rel_tol=1e-12)


def test_an_old_bundle_says_that_it_cannot_explain(tmp_path):
    rows = pathlib.Path(OLD).with_name("1_rows.jsonl")
    error = fails("predict", OLD, rows, "-o", tmp_path / "out.csv", "--explain")
    assert "cannot explain" in error and "gristmill run" in error and not list(tmp_path.iterdir())
    gristmill("predict", OLD, rows, "-o", tmp_path / "out.csv")
    with serving(OLD, program=(GRISTMILL_SERVE,)) as server:
        row = json.loads(rows.read_text().splitlines()[0])
        status, answer = server.post({"instances": [row]}, "/predict?explain=true")
        assert status == 400 and "cannot explain" in answer["error"]["message"]
        assert server.post({"instances": [row]})[0] == 200


def test_wrong_use(bundles, source, tmp_path):
    fails("predict", bundles["late"], source, "--explain=all", code=2)
    named = tmp_path / "named.jsonl"
    named.write_text(json.dumps(INPUT[0] | {"base": 1}) + "\n")
    assert "base" in fails("predict", bundles["late"], named, "--explain", "--keep", "id,base")


def write_rows(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_background_tells_answers_from_its_rows(bundles, source, tmp_path):
    """The base is the mean score of the background, and contributions lead from there to each row's score."""
    background = write_rows(tmp_path / "background.jsonl", [plain_row(o, *NEEDED) for o in ORDERS[500:620]])
    for name in ("minutes", "late"):
        done = gristmill("predict", bundles[name], source, "-o", tmp_path / "out.jsonl", "--explain", "--background", background)
        assert f"explained against the 120 rows of {background}" in done.stderr
        rows = [json.loads(line) for line in open(tmp_path / "out.jsonl", encoding="utf-8")]
        gristmill("predict", bundles[name], background, "-o", tmp_path / "own.jsonl")
        answers = [json.loads(line) for line in open(tmp_path / "own.jsonl", encoding="utf-8")]

        def score(row):
            return math.log(row["probability"] / (1 - row["probability"])) if name == "late" else row["prediction"]

        mean = sum(map(score, answers)) / len(answers)
        for row in rows:
            assert math.isclose(row["base"], mean, rel_tol=1e-9)
            assert math.isclose(row["base"] + sum(contributions(row).values()), score(row), rel_tol=1e-9)
        assert set(contributions(rows[0])) == set(contributions(explained(bundles[name], source)[0]))


def test_classes_are_explained_against_a_background(bundles, source, tmp_path):
    background = write_rows(tmp_path / "background.jsonl", INPUT[:1])
    gristmill("predict", bundles["channel_of"], source, "-o", tmp_path / "out.jsonl", "--explain", "--background", background)
    rows = [json.loads(line) for line in open(tmp_path / "out.jsonl", encoding="utf-8")]
    for c in CLASSES:
        assert not any(contributions(rows[0], f"_{c}").values())  # it is the background itself
    for row in rows:
        scores = {c: row[f"base_{c}"] + sum(contributions(row, f"_{c}").values()) for c in CLASSES}
        total = sum(map(math.exp, scores.values()))
        for c in CLASSES:
            assert math.isclose(math.exp(scores[c]) / total, row[f"probability_{c}"], rel_tol=1e-9)


def test_of_a_large_background_the_same_rows_are_taken_each_time(bundles, source, tmp_path):
    background = write_rows(tmp_path / "background.jsonl", [plain_row(o, *NEEDED) for o in ORDERS])
    out = []
    for _ in range(2):
        done = gristmill("predict", bundles["late"], source, "-o", tmp_path / "out.csv", "--explain", "--background", background)
        assert f"explained against 256 of the 3,000 rows of {background}" in done.stderr
        out.append((tmp_path / "out.csv").read_bytes())
    assert out[0] == out[1]


def test_a_wrong_background_is_told(bundles, source, tmp_path):
    empty = write_rows(tmp_path / "empty.jsonl", [])
    ask = ("predict", bundles["late"], source, "-o", tmp_path / "out.csv")
    assert "has no rows" in fails(*ask, "--explain", "--background", empty)
    assert "add --explain" in fails(*ask, "--background", source, code=2)
    assert "none.csv" in fails(*ask, "--explain", "--background", tmp_path / "none.csv")
    wrong = write_rows(tmp_path / "wrong.jsonl", [INPUT[0], INPUT[1] | {"items": "many"}])
    error = fails(*ask, "--explain", "--background", wrong)
    assert "items" in error and "row 2" in error and str(wrong) in error
    assert not (tmp_path / "out.csv").exists()
