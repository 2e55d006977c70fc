"""Cross-validation, learning again on all rows, and the search for parameters."""
import csv
import datetime
import json
import math
import random
import statistics

import pytest

from conftest import fails, gristmill, gristmill_json, write_project

PROJECT = """\
project: folds
sources: {{data: data/*.csv}}
predict:
  sick:
    from: data.rows
    key: id
    target: outcome
    positive: ill
    exclude: [day, ward]
    {more}
"""
FEW = "model: [linear, {boosted-trees: {trees: 30}}]"


def make(folder, more, rows=400, rare=False):
    """People with two numbers that tell the outcome in part, a ward and a day."""
    draw = random.Random(4)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with open(folder / "data/rows.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "day", "ward", "age", "pulse", "outcome"])
        for i in range(rows):
            age, pulse = draw.gauss(50, 15), draw.gauss(70, 10)
            ill = i % 60 == 7 if rare else draw.random() < 1 / (1 + math.exp(-(age - 55) / 8 - (pulse - 70) / 12))
            day = datetime.date(2024, 1, 1) + datetime.timedelta(days=i // 2)
            out.writerow([f"p{i}", day, f"w{i % 25}", f"{age:.1f}", f"{pulse:.1f}", "ill" if ill else "well"])
    write_project(folder, PROJECT.format(more=more.replace("\n", "\n    ")))
    return folder


def run(folder):
    outcome = gristmill_json("run", "-C", folder)
    return outcome["predictions"]["sick"], outcome


def test_each_row_is_tested_once_and_scores_are_means(tmp_path):
    made, _ = run(make(tmp_path, FEW + "\nsplit: {folds: 5, stratify: true}"))
    folds = made["evaluation"]["folds"]
    assert sum(rows["test"] for rows in folds["rows"]) == 400
    for rows in folds["rows"]:
        assert sum(rows.values()) == 400 and abs(rows["test"] - 80) <= 2
    for model in made["models"]:
        by_fold = folds["test"][model["name"]]["auc"]
        assert len(by_fold) == 5 and len(set(by_fold)) == 5
        assert model["test"]["auc"] == pytest.approx(statistics.mean(by_fold), abs=1e-12)
        low, high = model["test_interval"]["auc"]
        assert low < model["test"]["auc"] < high
    assert made["best"] == max(made["models"], key=lambda m: m["validate"]["auc"])["name"]
    chosen = [folds["test"][name]["auc"][fold] for fold, name in enumerate(folds["chosen"])]
    assert folds["nested"]["score"] == pytest.approx(statistics.mean(chosen), abs=1e-12)


def test_a_fold_is_what_a_run_by_itself_gives(tmp_path):
    """The first fold's scores are those of the same split written out: its features saw its training rows only."""
    made, _ = run(make(tmp_path / "folds", FEW + "\nsplit: {folds: 4, stratify: true}\nrefit: false"))
    alone, _ = run(make(tmp_path / "alone", FEW + "\nsplit: {stratify: true, validate: 25%, test: 25%}"))
    for folded, model in zip(made["models"], alone["models"]):
        assert made["evaluation"]["folds"]["test"][model["name"]]["auc"][0] == model["test"]["auc"]
        assert folded["test"]["auc"] != model["test"]["auc"]
    assert made["refit"] is None


def test_repeats_deal_the_rows_out_anew(tmp_path):
    made, _ = run(make(tmp_path, "model: linear\nsplit: {folds: 3, repeats: 4}"))
    by_fold = made["evaluation"]["folds"]["test"]["linear"]["auc"]
    assert len(by_fold) == 12 and len(set(by_fold)) == 12


def test_rolling_origin_never_learns_from_what_came_later(tmp_path):
    made, _ = run(make(tmp_path, FEW + "\nsplit: {time: day, folds: 4, test: 10%, validate: 10%}\nrefit: false"))
    rows = made["evaluation"]["folds"]["rows"]
    assert [r["test"] for r in rows] == [40] * 4
    trained = [r["train"] for r in rows]
    assert trained == sorted(trained, reverse=True) and trained[0] - trained[3] == 120
    text = gristmill("run", "-C", tmp_path).stdout
    assert "auc by fold" in text and "chosen anew in each fold" in text


def test_the_bundle_learned_again_on_all_rows(tmp_path):
    made, _ = run(make(tmp_path, FEW + "\nsplit: {folds: 4}"))
    assert made["refit"]["rows"] == 400
    card = gristmill_json("inspect", made["bundle"])["card"]
    assert card["refit"]["params"] == made["refit"]["params"]
    assert card["lineage"]["model"] != card["refit"]["model"]
    assert card["test"] == next(m for m in made["models"] if m["name"] == made["best"])["test"]
    assert "learned again on all 400 rows" in gristmill("run", "-C", tmp_path).stdout
    assert "learned again on all 400 rows" in gristmill("inspect", made["bundle"]).stdout
    # The same rows, all of them, predicted: better than a model that had seen but half.
    answers = gristmill("predict", made["bundle"], tmp_path / "data/rows.csv").stdout.splitlines()
    assert len(answers) == 401


def test_trees_learn_again_as_many_as_were_best(tmp_path):
    made, _ = run(make(tmp_path, "model: {boosted-trees: {trees: 200, learning_rate: 0.3}}\nrefit: true"))
    trees = made["models"][0]["learned"]["trees"]
    assert 0 < trees < 200
    assert made["refit"]["params"]["trees"] == trees and made["refit"]["params"]["patience"] == 0


def test_compare_and_report_speak_of_the_model_that_was_scored(tmp_path):
    make(tmp_path, FEW + "\nsplit: {validate: 25%, test: 25%}")
    before, first = run(tmp_path)
    make(tmp_path, FEW + "\nsplit: {validate: 25%, test: 25%}\nrefit: true")
    after, second = run(tmp_path)
    assert [m["test"] for m in before["models"]] == [m["test"] for m in after["models"]]
    compared = gristmill_json("compare", first["run"], second["run"], "-C", tmp_path)
    paired = json.dumps(compared)
    assert '"difference": 0.0' in paired, paired  # the scored models are the same
    facts = gristmill_json("report", "-C", tmp_path)["models"]["sick"]
    curve = facts["learning_curve"]
    assert [p["rows"] for p in curve] == sorted(p["rows"] for p in curve) and len(curve) >= 2
    best = next(m for m in after["models"] if m["name"] == after["best"])
    assert curve[-1]["score"] == pytest.approx(best["validate"]["auc"], abs=1e-12)


def test_the_second_run_reuses_every_fold(tmp_path):
    make(tmp_path, FEW + "\nsplit: {folds: 3}\nsearch: 4")
    _, first = run(tmp_path)
    _, second = run(tmp_path)
    assert first["tasks"]["reused"] == 0 and second["tasks"]["ran"] == 0
    plan = gristmill_json("plan", "-C", tmp_path)["tasks"]
    assert {t["fate"] for t in plan} == {"reused"}
    names = [t["name"] for t in plan]
    assert "sick/plain in fold 2 of 3" in names and "sick/boosted-trees in fold 3 of 3, trial 4" in names
    assert any(name.endswith("with all rows") for name in names)


def test_a_plan_of_what_is_not_there_yet(tmp_path):
    make(tmp_path, FEW + "\nsplit: {folds: 3}\nsearch: 4")
    plan = gristmill("plan", "-C", tmp_path).stdout
    assert "sick/plain in fold 3 of 3" in plan and "the search has 4 trials" in plan and "with all rows" in plan


def test_a_search_leaves_what_the_file_names_and_takes_the_best(tmp_path):
    made, _ = run(make(tmp_path, "model: {boosted-trees: {trees: 40, leaves: 5}}\nsearch: 12", rows=1200))
    search = made["models"][0]["learned"]["search"]
    assert len(search["trials"]) == 12 and search["trials"][0]["params"] == {}
    for trial in search["trials"][1:]:
        assert "leaves" not in trial["params"] and "trees" not in trial["params"]
        assert 0.05 <= trial["params"]["learning_rate"] <= 0.3
    best = max(search["trials"], key=lambda t: t["score"])
    assert search["params"] == best["params"]
    assert made["models"][0]["validate"]["auc"] == best["score"]
    report = gristmill("run", "-C", tmp_path).stdout
    assert "boosted-trees: 12 trials, auc on validate" in report
    page = tmp_path / "page.html"
    gristmill("report", "-C", tmp_path, "-o", page)
    assert "12 trials of its parameters" in page.read_text(encoding="utf-8")


def test_the_report_shows_the_folds(tmp_path):
    run(make(tmp_path, FEW + "\nsplit: {folds: 4}"))
    gristmill("report", "-C", tmp_path, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for told in ("<h3>Folds</h3>", "fold 4: ", "Chosen in each fold anew", "Would more rows help?",
                 "learned again on all 400 rows"):
        assert told in page, told


def test_folds_are_equal_parts(tmp_path):
    made, _ = run(make(tmp_path, "model: linear\nsplit: {folds: 7}\nmetric: log_loss", rows=60))
    assert {rows["test"] for rows in made["evaluation"]["folds"]["rows"]} <= {8, 9}


def test_what_learns_again_has_the_features_that_were_scored(tmp_path):
    """A column that `auto` leaves out of few training rows it would take of all rows."""
    make(tmp_path, "model: linear\nrefit: true", rows=1300)
    lines = (tmp_path / "data/rows.csv").read_text(encoding="utf-8").splitlines()
    draw = random.Random(8)
    words = ["pain", "fever", "cough", "rest", "night", "walk", "cold", "heat", "sleep", "food"]
    notes = ["note"] + [" ".join(draw.choices(words, k=6)) + f" {i}" for i in range(1300)]
    (tmp_path / "data/rows.csv").write_text("\n".join(map(",".join, zip(lines, notes))) + "\n", encoding="utf-8")
    made, _ = run(tmp_path)
    assert "note" in [one["column"] for one in made["left_out"]]
    features = gristmill_json("inspect", made["bundle"])["features"]
    assert "note" not in {feature["source"] for feature in features}
    assert {feature["source"] for feature in features} == {one["column"] for one in made["features"]}


def test_report_is_of_the_last_run_that_has_one(tmp_path):
    make(tmp_path, "model: linear")
    _, good = run(tmp_path)
    make(tmp_path, "model: linear\nmetric: rmse")
    fails("run", "-C", tmp_path)
    assert gristmill_json("report", "-C", tmp_path)["run"] == good["run"]


def test_a_fold_without_a_positive_row_is_told(tmp_path):
    made, _ = run(make(tmp_path, "model: linear\nsplit: {folds: 12}", rows=300, rare=True))
    scores = made["evaluation"]["folds"]["test"]["linear"]["auc"]
    assert None in scores
    assert any("allow no auc" in w and "stratify: true" in w for w in made["warnings"])


def test_training_rows_of_one_class_name_the_fold(tmp_path):
    error = fails("run", "-C", make(tmp_path, "model: linear\nsplit: {folds: 4, group: ward}", rows=62, rare=True))
    assert "in fold" in error and "of 4" in error, error


def counts(folder, more, rows=240):
    """Counts that a line predicts badly: below zero for the smallest, where Poisson deviance is not defined."""
    draw = random.Random(2)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with open(folder / "data/rows.csv", "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["id", "x", "calls"])
        for i in range(rows):
            x = draw.uniform(-3, 3)
            out.writerow([i, f"{x:.3f}", int(math.exp(x) * 3 + draw.random())])
    write_project(folder, f"""\
project: counts
sources: {{data: data/*.csv}}
predict:
  calls:
    from: data.rows
    key: id
    target: calls
    {more}
""")
    return folder


def paired(folder, one, other):
    """What two runs print, and what compares them."""
    runs = [gristmill_json("run", "-C", counts(folder, more)) for more in (one, other)]
    return runs, gristmill_json("compare", *(run_["run"] for run_ in runs), "-C", folder)["paired"]["calls"]


def test_a_model_without_a_score_in_some_fold_is_not_the_best(tmp_path):
    counts(tmp_path, "model: [{linear: {loss: poisson}}, linear]\n    split: {folds: 6}")
    made = gristmill_json("run", "-C", tmp_path)["predictions"]["calls"]
    by_fold = made["evaluation"]["folds"]["test"]["linear-2"]["poisson_deviance"]
    assert None in by_fold
    assert made["models"][1]["test"]["poisson_deviance"] is None and made["best"] == "linear"
    assert any(w.startswith("linear-2 has no poisson_deviance in ") for w in made["warnings"])


def test_compare_and_report_score_a_quantile_by_its_alpha(tmp_path):
    trees = "model: {{boosted-trees: {{loss: quantile, alpha: 0.95, trees: {}}}}}"
    runs, scores = paired(tmp_path, trees.format(20), trees.format(5))
    for run_, side in zip(runs, "ab"):
        told = run_["predictions"]["calls"]["models"][0]["test"]["pinball"]
        assert scores[side] == pytest.approx(told, rel=1e-12)
    facts = gristmill_json("report", "-C", tmp_path)["models"]["calls"]
    assert max(one["loss"] for one in facts["importance"]) < 3


def test_compare_says_when_rows_weigh_otherwise(tmp_path):
    _, scores = paired(tmp_path, "model: linear", "model: linear\n    weight: 1 + id % 3")
    assert "weigh the same rows differently" in scores["reason"]


def test_every_model_is_calibrated_for_its_test_scores(tmp_path):
    made, _ = run(make(tmp_path, "model: [nearest, nearest]\ncalibrate: true\nsplit: {validate: 25%, test: 25%}"))
    assert made["models"][0]["test"] == made["models"][1]["test"]


def test_a_plan_after_a_fold_that_failed(tmp_path):
    make(tmp_path, "model: linear\nsplit: {folds: 4, group: ward}", rows=62, rare=True)
    fails("run", "-C", tmp_path)
    assert "with all rows" in gristmill("plan", "-C", tmp_path).stdout


def test_more_repeats_reuse_the_folds_there_are(tmp_path):
    make(tmp_path, "model: linear\nsplit: {folds: 3}\nrefit: false")
    run(tmp_path)
    make(tmp_path, "model: linear\nsplit: {folds: 3, repeats: 2}\nrefit: false")
    _, outcome = run(tmp_path)
    assert outcome["tasks"]["reused"] >= 1 + 3 * 3  # the table; data set, model and baseline of each fold


@pytest.mark.parametrize("more, told", [
    ("split: {folds: 2}", "leaves nothing to train on"),
    ("split: {folds: 5, test: 20%}", "do not go together"),
    ("split: {folds: many}", "`folds` must be a whole number from 2 to 100"),
    ("split: {repeats: 3}", "`repeats` says how often"),
    ("split: {time: day, folds: 3, repeats: 2}", "cut in one way only"),
    ("split: {time: day, folds: 3, validate: 2024-03-01}", "lies elsewhere for each of the folds"),
    ("split: {time: day, folds: 9, test: 12%}", "nothing comes before the first of 9 folds"),
    ("split: {folds: 50, repeats: 10}", "are more than 200 splits"),
    ("split: {time: day, folds: 16, test: 1000000w, validate: 1d}", "nothing comes before the first of 16 folds"),
    ("model: {boosted-trees: {row_fraction: 0.001}}", "`row_fraction` leaves no row"),
    ("refit: maybe", "`refit` is true or false"),
    ("search: 0", "`search` is how many times"),
    ("search: lots", "`search` is how many times"),
])
def test_what_makes_no_sense_is_refused(tmp_path, more, told):
    error = fails("run", "-C", make(tmp_path, more))
    assert told in error and "gristmill.yaml:" in error, error
