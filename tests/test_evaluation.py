"""What is said of how good a model is: in the report, in `run --json` and in the bundle's card."""
import csv
import random

from conftest import gristmill, gristmill_json, write_project


def card_of(prediction):
    return gristmill_json("inspect", prediction["bundle"])["card"]


def model_of(prediction, name):
    return next(m for m in prediction["models"] if m["name"] == name)


def test_every_test_score_has_an_interval(kinds):
    for prediction in kinds[1]["predictions"].values():
        for model in prediction["models"]:
            assert model["test_interval"].keys() == model["test"].keys()
            for metric, (low, high) in model["test_interval"].items():
                assert low < model["test"][metric] < high, metric
                assert high - low < 1 or metric in ("rmse", "mae")
        if prediction["best"] != "baseline":
            assert card_of(prediction)["test_interval"] == model_of(prediction, prediction["best"])["test_interval"]


def test_the_report_and_inspect_show_intervals(run_once):
    late = gristmill_json("run", "-C", run_once)["predictions"]["late"]
    report = gristmill("run", "-C", run_once).stdout
    for model in late["models"]:
        low, high = model["test_interval"]["auc"]
        assert f"{model['test']['auc']:.4f}  {low:.4f} … {high:.4f}" in report
    best = model_of(late, late["best"])
    shown = gristmill("inspect", late["bundle"]).stdout
    for metric, (low, high) in best["test_interval"].items():
        assert f"{metric} {best['test'][metric]:.4f} ({low:.4f} … {high:.4f})" in shown


def test_classes_are_counted_and_probabilities_calibrated(kinds):
    for name, classes in [("late", ["false", "true"]), ("channel_of", ["desk", "phone", "web"])]:
        prediction = kinds[1]["predictions"][name]
        confusion, calibration = (prediction["evaluation"][k] for k in ("confusion", "calibration"))
        assert confusion["classes"] == classes
        assert sum(map(sum, confusion["rows"])) == prediction["rows"]["test"]
        if prediction["best"] != "baseline":
            right = sum(confusion["rows"][i][i] for i in range(len(classes))) / prediction["rows"]["test"]
            assert abs(right - model_of(prediction, prediction["best"])["test"]["accuracy"]) < 1e-9
        assert sum(b["rows"] for b in calibration["bins"]) == prediction["rows"]["test"]
        error = sum(b["rows"] * abs(b["predicted"] - b["observed"]) for b in calibration["bins"])
        assert abs(error / prediction["rows"]["test"] - calibration["error"]) < 1e-9
        card = card_of(prediction)["evaluation"]  # of the model; the rest is of the run
        assert card == {k: v for k, v in prediction["evaluation"].items() if k not in ("next", "drift")}
    assert "confusion" not in kinds[1]["predictions"]["minutes"]["evaluation"]


def test_the_report_shows_what_is_mixed_up(run_once):
    late = gristmill_json("run", "-C", run_once)["predictions"]["late"]
    (_, false_alarms), (missed, _) = late["evaluation"]["confusion"]["rows"]
    for report in (gristmill("run", "-C", run_once).stdout, gristmill("inspect", late["bundle"]).stdout):
        lines = report.splitlines()
        head = next(i for i, line in enumerate(lines) if "→ false  → true" in line)
        assert str(false_alarms) in lines[head + 2].split() and str(missed) in lines[head + 3].split()
        assert "calibration error" in lines[head + 4]


def test_a_slice_that_the_model_does_not_know_is_named(tmp_path):
    chance = random.Random(5)
    with open(tmp_path / "rows.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "a", "b", "shop", "y"])
        for i in range(8000):
            a, b, shop = chance.gauss(0, 1), chance.gauss(0, 1), chance.choice(["north", "south", "east", "far"])
            noise = 6 if shop == "far" else 0.5
            writer.writerow([i, a, b if i % 9 else "", shop, a + chance.gauss(0, noise)])
    write_project(tmp_path, """\
project: slices
sources: {d: rows.csv}
predict:
  y_of: {from: d.rows, key: id, target: y, model: linear}
""")
    prediction = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]
    slices = prediction["evaluation"]["slices"]
    assert [(s["column"], s["slice"]) for s in slices] == [("shop", "= far")]
    assert 200 < slices[0]["rows"] < 400 and slices[0]["score"] > 5
    assert slices[0]["interval"][0] < slices[0]["score"] < slices[0]["interval"][1]
    assert "shop = far" in gristmill("run", "-C", tmp_path).stdout
    assert "shop = far" in gristmill("inspect", prediction["bundle"]).stdout


def write_rows(path, head, rows):
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows(rows)


def leaking_rows(chance, count=4000):
    """A refund is written after the order came late; every third order was imported twice."""
    rows = []
    for i in range(count):
        weight, distance = chance.gauss(5, 1), chance.gauss(100, 20)
        late = weight + distance / 20 + chance.gauss(0, 1.5) > 10
        row = [weight, distance, chance.choice("abc"), (5 if late else 0) + chance.random(), int(late)]
        rows += [[2 * i, *row]] + ([[2 * i + 1, *row]] if i % 3 == 0 else [])
    return rows


def test_columns_that_tell_the_target_and_copies_are_warned_of(tmp_path):
    write_rows(tmp_path / "rows.csv", ["id", "weight", "distance", "depot", "refund", "late"],
               leaking_rows(random.Random(6)))
    text = """\
project: leaks
sources: {d: rows.csv}
predict:
  late:
    from: d.rows
    key: id
    target: late = 1
    model: linear
"""
    write_project(tmp_path, text)
    warnings = gristmill_json("run", "-C", tmp_path)["predictions"]["late"]["warnings"]
    assert len(warnings) == 3, warnings
    assert warnings[0].startswith("refund alone tells the target (AUC 1.000 on training rows")
    assert "of the test rows are copies of training rows" in warnings[1]
    assert warnings[2].startswith("linear: it tells the classes of all training rows apart")
    report = gristmill("run", "-C", tmp_path).stdout  # nothing runs, and it is told again
    assert all(f"  warning: {warning}\n" in report for warning in warnings)
    write_project(tmp_path, text.replace("    key", "    exclude: refund\n    key") +
                  "clean: {d.rows: [dedupe: {by: [weight, distance]}]}\n")
    assert gristmill_json("run", "-C", tmp_path)["predictions"]["late"]["warnings"] == []


def test_an_honest_project_is_not_warned_of(kinds):
    assert [p["warnings"] for p in kinds[1]["predictions"].values()] == [[], [], []]


def test_the_best_is_compared_with_the_next(finished):
    late = finished[1]["predictions"]["late"]
    following = late["evaluation"]["next"]
    other = model_of(late, following["other"])
    assert other["name"] != late["best"]
    difference = model_of(late, late["best"])["test"]["auc"] - other["test"]["auc"]
    assert abs(following["difference"] - difference) < 1e-12
    low, high = following["interval"]
    assert low < difference < high
    alone = [i[1] - i[0] for i in (m["test_interval"]["auc"] for m in late["models"])]
    assert high - low < max(alone)  # they err on the same rows


def test_drift_is_told_where_test_rows_are_others(tmp_path):
    """The price moves with the day, the rest does not; the day itself is no news."""
    chance = random.Random(7)
    rows = [[i, f"2024-01-01T{i // 300:02}:{i // 5 % 60:02}:{i % 5:02}", chance.gauss(i / 2000, 1), chance.gauss(0, 1),
             chance.gauss(0, 1)] for i in range(6000)]
    write_rows(tmp_path / "rows.csv", ["id", "at", "price", "size", "y"], rows)
    text = """\
project: drifts
sources: {d: rows.csv}
predict:
  y_of:
    from: d.rows
    key: id
    time: at
    target: y
    split: {time: at, validate: 20%, test: 20%}
    model: linear
"""
    write_project(tmp_path, text)
    evaluation = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["evaluation"]
    assert evaluation["drift"]["columns"][0]["column"] == "price"
    assert 0.55 < evaluation["drift"]["interval"][0] < evaluation["drift"]["auc"] < 0.99
    assert "  drift: test rows are told from training rows" in gristmill("run", "-C", tmp_path).stdout
    write_project(tmp_path, text.replace("{time: at, validate: 20%, test: 20%}", "{random: true}"))
    assert gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["evaluation"]["drift"] is None


PAIRED = """\
project: paired
sources: {d: rows.csv}
predict:
  y:
    from: d.rows
    key: id
    target: TARGET
    split: {random: true, validate: 20%, test: SHARE}
    metric: auc
    model: {boosted-trees: {trees: TREES, leaves: 4}}
"""


def run_pair(folder, target="y > 0", share="30%", trees=30):
    text = PAIRED.replace("TARGET", target).replace("SHARE", share).replace("TREES", str(trees))
    (folder / "gristmill.yaml").write_text(text)
    return gristmill_json("run", "-C", folder)


def test_two_runs_are_compared_on_the_rows_that_both_answered(tmp_path):
    chance = random.Random(11)
    rows = []
    for i in range(4000):
        x, z = chance.gauss(0, 1), chance.gauss(0, 1)
        rows.append([i, x, z, x + z + chance.gauss(0, 1)])
    write_rows(tmp_path / "rows.csv", ["id", "x", "z", "y"], rows)
    few, many = run_pair(tmp_path, trees=2), run_pair(tmp_path, trees=60)
    scores = [model_of(run["predictions"]["y"], "boosted-trees")["test"]["auc"] for run in (few, many)]
    paired = gristmill_json("compare", few["run"], many["run"], "-C", tmp_path)["paired"]["y"]
    assert paired["rows"] == many["predictions"]["y"]["rows"]["test"] and paired["metric"] == "auc"
    assert [paired["a"], paired["b"]] == scores
    assert paired["difference"] == scores[1] - scores[0] > 0.02 and paired["interval"][0] > 0  # more trees, plainly
    back = gristmill_json("compare", many["run"], few["run"], "-C", tmp_path)["paired"]["y"]
    assert back["difference"] == -paired["difference"]
    assert "rows that both answered" in gristmill("compare", few["run"], many["run"], "-C", tmp_path).stdout

    narrow = run_pair(tmp_path, share="10%", trees=60)  # some of its test rows were the others' to learn from
    part = gristmill_json("compare", many["run"], narrow["run"], "-C", tmp_path)["paired"]["y"]
    assert 0 < part["rows"] <= narrow["predictions"]["y"]["rows"]["test"]

    other = run_pair(tmp_path, target="y > 1", trees=60)
    differs = gristmill_json("compare", many["run"], other["run"], "-C", tmp_path)["paired"]["y"]
    assert "true of the same rows differs" in differs["reason"]
    assert gristmill_json("compare", many["run"], many["run"], "-C", tmp_path)["paired"] == {}
