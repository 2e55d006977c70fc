"""How a model answers: the threshold, calibrated probabilities, intervals, and what is accepted at all."""
import csv
import json
import math
import random
import re

import pytest

from conftest import PROJECT, fails, gristmill, gristmill_json, make_project, serving, whole, write_project

BASE = """\
project: answers
sources: {here: data.csv}
tables:
  rows: SELECT * FROM here.data
predict:
  it:
    from: rows
    key: id
    target: TARGET
    split: {random: true, validate: 30%, test: 30%}
    model: {linear: {l2: 1}}
"""


def project(folder, target, extra="", rows=6000, noise=1.0):
    """`x` tells `y`, a number, and `yes`, true in some 15 % of rows."""
    chance = random.Random(5)
    lines = ["id,x,y,yes"]
    for i in range(rows):
        x = chance.gauss(0, 1)
        yes = chance.random() < 1 / (1 + math.exp(2.2 - 1.3 * x))
        lines.append(f"{i},{x:.4f},{3 * x + chance.gauss(0, noise):.4f},{str(yes).lower()}")
    folder.mkdir(exist_ok=True)
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    exclude = {"y": "yes", "yes": "y"}[target]
    write_project(folder, BASE.replace("TARGET", target) + f"    exclude: {exclude}\n" + extra)
    return folder


def answers(folder):
    return gristmill_json("run", "-C", folder)["predictions"]["it"]


@pytest.mark.parametrize("decide, check", [
    ("{threshold: 0.2}", lambda d: d["threshold"] == 0.2),
    ("{recall: 0.8}", lambda d: 0.8 <= d["validate"]["recall"] < 0.81 and 0.72 < d["test"]["recall"] < 0.88),
    ("{precision: 0.5}", lambda d: d["validate"]["precision"] >= 0.5 and d["test"]["precision"] > 0.3),
    # Where a missed one costs ten false alarms, a yes pays from a probability of 1/11 on.
    ("{cost: {missed: 10, false_alarm: 1}}", lambda d: 0.04 < d["threshold"] < 0.2 and d["test"]["cost"] < 1),
])
def test_a_yes_is_decided_as_asked(tmp_path, decide, check):
    folder = project(tmp_path / "p", "yes", f"    decide: {decide}\n")
    found = answers(folder)["answers"]["decision"]
    assert check(found), found
    bundle = gristmill_json("inspect", "it", "-C", folder)
    assert bundle["threshold"] == found["threshold"] and bundle["card"]["decision"] == found
    gristmill("predict", "it", "data.csv", "-o", "out.csv", "-C", folder, cwd=folder)
    rows = list(csv.DictReader(open(folder / "out.csv")))
    assert {(float(r["probability"]) >= found["threshold"], r["prediction"]) for r in rows} == {(True, "true"),
                                                                                               (False, "false")}
    assert "decides at" in gristmill("run", "-C", folder).stdout


def test_calibrated_probabilities_are_honest(tmp_path):
    """Trees that learn each row by heart are far too sure; calibrated, their log loss falls, and what they
    answer is the same in a file, over HTTP and explained."""
    trees = "{boosted-trees: {trees: 200, patience: 0, leaves: 60, min_rows: 2, l2: 0}}"
    plain = project(tmp_path / "plain", "yes")
    both = {}
    for name, extra in (("plain", ""), ("calibrated", "    calibrate: true\n")):
        folder = project(tmp_path / name, "yes", extra)
        text = (folder / "gristmill.yaml").read_text().replace("{linear: {l2: 1}}", trees)
        write_project(folder, text)
        both[name] = answers(folder)
    before, after = (both[n]["models"][0]["test"] for n in ("plain", "calibrated"))
    assert after["log_loss"] < before["log_loss"] - 0.05 and after["brier"] < before["brier"]
    assert after["auc"] == pytest.approx(before["auc"], abs=1e-9)
    assert both["plain"]["answers"] == {} and 0 < both["calibrated"]["answers"]["calibration"]["slope"] < 1
    folder = tmp_path / "calibrated"
    gristmill("predict", "it", "data.csv", "--explain", "-o", "out.csv", "-C", folder, cwd=folder)
    first = next(csv.DictReader(open(folder / "out.csv")))
    p = float(first["probability"])
    assert float(first["base"]) + float(first["contribution_x"]) == pytest.approx(math.log(p / (1 - p)), abs=1e-6)
    x = float(open(folder / "data.csv").read().splitlines()[1].split(",")[1])
    with serving(folder / ".gristmill/bundles/it.bundle") as server:
        assert server.predict([{"x": x}])["predictions"][0]["probability"] == p
    assert plain.exists()


@pytest.mark.parametrize("noise", [0.5, 3.0])
def test_intervals_hold_the_truth_as_often_as_asked(tmp_path, noise):
    folder = project(tmp_path / "p", "y", "    intervals: 90%\n", noise=noise)
    found = answers(folder)["answers"]["interval"]
    assert found["level"] == 0.9 and 0.87 < found["coverage_test"] < 0.93
    assert found["margin"] == pytest.approx(1.645 * noise, rel=0.1)
    gristmill("predict", "it", "data.csv", "-o", "out.csv", "-C", folder, cwd=folder)
    rows = list(csv.DictReader(open(folder / "out.csv")))
    truth = [float(r["y"]) for r in csv.DictReader(open(folder / "data.csv"))]
    held = sum(float(r["prediction_low"]) <= y <= float(r["prediction_high"]) for r, y in zip(rows, truth))
    assert 0.88 < held / len(rows) < 0.92
    with serving(folder / ".gristmill/bundles/it.bundle") as server:
        answer = server.predict([{"x": 0.5}])["predictions"][0]
        low, high = answer["interval"]
        assert high - low == pytest.approx(2 * found["margin"]) and low < answer["prediction"] < high
        schema = json.dumps(json.loads(server.get("/openapi.json")))
        assert "Holds the truth in 90 % of cases." in schema


def test_what_is_not_accepted_does_not_take_the_place_of_the_champion(tmp_path):
    folder = project(tmp_path / "p", "yes", "    accept: [auc >= 0.6, auc >= champion - 0.02]\n")
    first = answers(folder)
    assert first["accepted"] and [v["holds"] for v in first["accept"]] == [True, True]
    champion = (folder / ".gristmill/bundles/it.bundle").read_bytes()
    # A model without the one column that tells anything.
    text = (folder / "gristmill.yaml").read_text()
    (folder / "gristmill.yaml").write_text(text.replace("SELECT *", "SELECT id, id % 7 AS x, y, yes"))
    error = fails("run", "-C", folder)
    assert "it is not accepted: auc >= 0.6: 0." in error and re.search(r"gristmill\.yaml:1\d:5", error)
    assert (folder / ".gristmill/bundles/it.bundle").read_bytes() == champion
    rejected = folder / ".gristmill/rejected/it.bundle"
    assert str(rejected) in error and gristmill_json("inspect", rejected)["card"]["test"]["auc"] < 0.6
    document = json.loads(gristmill("run", "-C", folder, "--json", code=1).stdout)["predictions"]["it"]
    assert not document["accepted"] and document["bundle"] == str(rejected)
    assert gristmill_json("runs", "-C", folder)["runs"][0]["status"] == "rejected"
    (folder / "gristmill.yaml").write_text(text)
    assert answers(folder)["accepted"] and not rejected.exists()
    whole(folder)


@pytest.mark.parametrize("target, extra, needles", [
    ("y", "decide: {recall: 0.8}", ["`decide` is for a yes or no", "regression"]),
    ("yes", "decide: {recal: 0.8}", ["recal", 'did you mean "recall"']),
    ("yes", "decide: {recall: 80}", ["recall", "at most 1"]),
    ("y", "calibrate: true", ["`calibrate` is for classes"]),
    ("yes", "calibrate: maybe", ["true or false"]),
    ("yes", "intervals: 90%", ["`intervals` is for numbers"]),
    ("y", "intervals: 90", ["a share such as 90%"]),
    ("y", "intervals: 99.99%", ["too few for intervals of 99.99 %"]),
    ("yes", "accept: acu >= 0.5", ["acu", 'did you mean "auc"']),
    ("yes", "accept: auc better than 0.5", ["does not understand", "auc >= 0.68"]),
    ("yes", "accept: rmse <= 5", ["rmse", "binary"]),
])
def test_what_cannot_be_asked_of_answers(tmp_path, target, extra, needles):
    error = fails("run", "-C", project(tmp_path / "p", target, f"    {extra}\n", rows=600))
    for needle in needles + ["gristmill.yaml:13:"]:
        assert needle in error, error
    assert not (tmp_path / "p/.gristmill/bundles").exists()


def test_the_larger_project_decides_and_accepts(tmp_path):
    folder = make_project(tmp_path / "orders", PROJECT + "    decide: {cost: {missed: 3, false_alarm: 1}}\n"
                          "    calibrate: true\n    accept: [auc > 0.6]\n")
    late = gristmill_json("run", "-C", folder)["predictions"]["late"]
    assert late["accepted"] and set(late["answers"]) == {"calibration", "decision"}
