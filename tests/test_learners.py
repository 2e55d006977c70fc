"""What a project may ask of its learners."""
import csv
import random
import re

import pytest

from conftest import fails, gristmill, gristmill_json, write_project

BASE = """\
project: learners
sources: {here: data.csv}
tables:
  rows: SELECT * FROM here.data
predict:
  it:
    from: rows
    key: id
    target: TARGET
    split: {random: true, validate: 25%, test: 25%}
"""


def project(folder, target, more, rows=2400):
    """`a` and `kind` tell `y`, a count; `yes`, true in half of the rows; `apart`, without an error. `z0` … `z9` tell
    nothing."""
    chance = random.Random(11)
    names = ["id", "a", "kind", "y", "yes", "apart"] + [f"z{j}" for j in range(10)]
    lines = [",".join(names)]
    for i in range(rows):
        a, kind = chance.gauss(0, 1), chance.choice("pqrs")
        mean = 2.7 ** (0.5 * a + (1 if kind == "p" else 0))
        y = sum(chance.random() < mean / 50 for _ in range(50))
        yes = str(a + chance.gauss(0, 1) > 0).lower()
        noise = [f"{chance.gauss(0, 1):.3f}" for _ in range(10)]
        lines.append(",".join([str(i), f"{a:.4f}", kind, str(y), yes, str(a > 0).lower(), *noise]))
    folder.mkdir(exist_ok=True)
    (folder / "data.csv").write_text("\n".join(lines) + "\n")
    others = ", ".join(n for n in ("y", "yes", "apart") if n not in re.findall(r"\w+", target))
    write_project(folder, BASE.replace("TARGET", target) + f"    exclude: [{others}]\n" + more)
    return folder


def made(folder):
    return gristmill_json("run", "-C", folder)["predictions"]["it"]


def model_of(prediction, name):
    return next(m for m in prediction["models"] if m["name"] == name)


def test_lasso_leaves_out_what_tells_nothing(tmp_path):
    folder = project(tmp_path / "it", "y", "    model: {linear: {l1_ratio: 1, l2: 100}}\n")
    found = made(folder)
    weights = model_of(found, "linear")["learned"]["weights"]
    assert 2 <= weights["kept"] <= 6 < weights["of"]
    assert f"linear: {weights['kept']} of {weights['of']} weights are not 0" in gristmill("run", "-C", folder).stdout
    card = gristmill_json("inspect", found["bundle"])["card"]
    assert card["learned"] == {"l2": 100, "weights": weights}
    assert model_of(found, "linear")["test"]["r2"] > 0.2


def test_the_strength_of_a_lasso_is_chosen_on_validate(tmp_path):
    found = made(project(tmp_path / "it", "yes", "    model: [{linear: {l1_ratio: 1}}, {linear: {l1_ratio: 0.5}}]\n"))
    for name in ("linear", "linear-2"):
        learned = model_of(found, name)["learned"]
        assert 0 < learned["weights"]["kept"] < learned["weights"]["of"] and learned["l2"] > 1
        assert model_of(found, name)["test"]["auc"] > 0.8


def test_classes_told_apart_are_said(tmp_path):
    for l1_ratio in (0, 1):
        found = made(project(tmp_path / "it", "apart", f"    model: {{linear: {{l1_ratio: {l1_ratio}, l2: 0.001}}}}\n"))
        assert any(re.match("linear: it tells the classes of all training rows apart", w) for w in found["warnings"])


def test_counts_are_learned_by_poisson(tmp_path):
    """Both learners under one name; what is chosen by, and the baseline beside them, fit the loss."""
    folder = project(tmp_path / "it", "y", "    model: [{linear: {loss: poisson}}, {boosted-trees: {loss: poisson, "
                     "trees: 60}}]\n")
    found = made(folder)
    assert found["metric"] == "poisson_deviance"
    for name in ("linear", "boosted-trees"):
        assert model_of(found, name)["test"]["poisson_deviance"] < 0.8 * found["baseline"]["test"]["poisson_deviance"]
    answered = gristmill("predict", found["bundle"], folder / "data.csv").stdout.splitlines()
    answers = [float(row["prediction"]) for row in csv.DictReader(answered)]
    assert min(answers) > 0 and max(answers) > 5
    assert "poisson_deviance validate" in gristmill("run", "-C", folder).stdout


def test_quantiles_are_scored_by_their_pinball_loss(tmp_path):
    folder = project(tmp_path / "it", "y", "    model: [{linear: {loss: quantile, alpha: 0.9}}, "
                     "{boosted-trees: {loss: quantile, alpha: 0.9, trees: 60}}, linear]\n")
    found = made(folder)
    assert found["metric"] == "pinball"
    quantile, mean = (model_of(found, name)["test"]["pinball"] for name in ("linear", "linear-2"))
    assert quantile < mean and quantile < found["baseline"]["test"]["pinball"]
    # The baseline is the quantile too: nine of ten targets are below it.
    targets = sorted(float(r["y"]) for r in csv.DictReader(open(folder / "data.csv")))
    constant = targets[int(0.9 * len(targets))]
    pinball = sum(max(0.9 * (y - constant), -0.1 * (y - constant)) for y in targets) / len(targets)
    assert abs(found["baseline"]["test"]["pinball"] - pinball) < 0.15 * pinball


def test_rare_classes_weigh_more(tmp_path):
    def mean_probability(model):
        folder = project(tmp_path / "it", "y > 3", f"    model: {model}\n")
        answered = gristmill("predict", made(folder)["bundle"], folder / "data.csv").stdout.splitlines()
        probabilities = [float(row["probability"]) for row in csv.DictReader(answered)]
        return sum(probabilities) / len(probabilities)

    plain = mean_probability("linear")
    for weighed in ("linear: {class_weight: balanced}", "linear: {class_weight: {true: 9}}",
                    "boosted-trees: {class_weight: balanced, trees: 30}"):
        assert mean_probability(f"{{{weighed}}}") > plain + 0.05
    folder = tmp_path / "it"
    error = fails("run", "-C", project(folder, "y > 3", "    model: {linear: {class_weight: {ture: 9}}}\n", rows=300))
    assert 'names "ture"' in error and 'did you mean "true"' in error and "gristmill.yaml:12:" in error, error
    error = fails("run", "-C", project(folder, "y", "    model: {linear: {class_weight: balanced}}\n", rows=300))
    assert "`class_weight` is of classes" in error and "gristmill.yaml:12:" in error, error


def test_an_answer_only_rises_with_a_column(tmp_path):
    folder = project(tmp_path / "it", "y", "    model: {boosted-trees: {monotone: {a: increasing}, trees: 60}}\n")
    bundle = made(folder)["bundle"]
    rows = list(csv.DictReader(open(folder / "data.csv")))
    rows = [{**rows[0], "id": i, "a": i / 100 - 3} for i in range(600)]
    with open(folder / "line.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    answered = gristmill("predict", bundle, folder / "line.csv").stdout.splitlines()
    answers = [float(row["prediction"]) for row in csv.DictReader(answered)]
    assert answers == sorted(answers) and answers[0] < answers[-1]


@pytest.mark.parametrize("monotone, needles", [
    ("{kinds: increasing}", ["names kinds, and there is no such column", 'did you mean "kind"']),
    ("{kind: increasing}", ["kind is a category"]),
    ("{a: rising}", ["increasing or decreasing"]),
    ("{yes: increasing}", ["names yes, which is no feature"]),
])
def test_columns_that_have_no_order(tmp_path, monotone, needles):
    model = f"    model: {{boosted-trees: {{monotone: {monotone}}}}}\n"
    folder = project(tmp_path / "it", "y", model, rows=300)
    planned = gristmill("plan", "-C", folder, code=None).stderr
    error = fails("run", "-C", folder)
    for needle in [*needles, r"gristmill\.yaml:12:"]:
        assert re.search(needle, error), error
    if "kinds" in monotone:
        assert planned == error


def test_a_tree_tells_its_rules(tmp_path):
    folder = project(tmp_path / "it", "yes", "    model: [{tree: {depth: 2}}, linear]\n")
    found = made(folder)
    tree = model_of(found, "tree")
    rules = tree["learned"]["rules"]
    assert tree["test"]["auc"] > 0.75 and 4 <= len(rules) <= 6
    assert re.match(r"a (≤|>) -?\d", rules[0]), rules
    assert any(re.search(r": (true|false) \d+\.\d % \(\d+ rows\)$", rule) for rule in rules), rules
    report = gristmill("run", "-C", folder).stdout
    assert all(f"    {rule}\n" in report for rule in rules)
    # It is served and explained as other trees are.
    folder = project(tmp_path / "it", "y", "    model: {tree: {depth: 3}}\n")
    bundle = made(folder)["bundle"]
    answered = gristmill("predict", bundle, folder / "data.csv", "--explain").stdout.splitlines()
    assert 2 <= len({row["prediction"] for row in csv.DictReader(answered)}) <= 8
    error = fails("run", "-C", project(folder, "y", "    model: {tree: {depht: 3}}\n", rows=60))
    assert 'did you mean "depth"' in error and "gristmill.yaml:12:" in error, error


def test_neighbors_answer_and_say_what_they_hold(tmp_path):
    folder = project(tmp_path / "it", "yes", "    model: {nearest: {neighbors: 25, rows: 800}}\n")
    found = made(folder)
    held = model_of(found, "nearest")["learned"]["held"]
    assert found["best"] == "nearest" and model_of(found, "nearest")["test"]["auc"] > 0.65
    assert held["rows"] == 800 and 800 * 8 < held["bytes"] < len(open(found["bundle"], "rb").read())
    assert re.search(r"nearest: holds 800 training rows in [\d.]+ .?B", gristmill("run", "-C", folder).stdout)
    answered = gristmill("predict", found["bundle"], folder / "data.csv").stdout.splitlines()
    assert len({row["probability"] for row in csv.DictReader(answered)}) > 5
    error = fails("predict", found["bundle"], folder / "data.csv", "--explain")
    assert "nearest neighbours are not explained" in error, error


def test_losses_that_do_not_fit_the_target(tmp_path):
    folder = project(tmp_path / "it", "y - 1", "    model: [linear, {linear: {loss: poisson}}]\n", rows=300)
    error = fails("run", "-C", folder)
    assert "the loss poisson is of targets of 0 and more, and there is one of -1" in error, error
    assert re.search(r"gristmill\.yaml:12:", error), error
    error = fails("run", "-C", project(tmp_path / "it", "yes", "    model: {linear: {loss: poisson}}\n", rows=300))
    assert "the loss poisson is of numbers, and this is a binary problem" in error, error
    assert re.search(r"gristmill\.yaml:12:", error), error


@pytest.mark.parametrize("model, needles", [
    ("{linear: {loss: poison}}", ["loss", 'did you mean "poisson"']),
    ("{linear: {loss: gamma}}", ["one of squared, quantile, poisson"]),
    ("{linear: {alpha: 0.9}}", ["`alpha` is of the loss quantile"]),
    ("{boosted-trees: {loss: mae, power: 1.2}}", ["`power` is of the loss tweedie, not of mae"]),
    ("{linear: {loss: quantile, alpha: 1.5}}", ["less than 1"]),
    ("[{linear: {loss: quantile, alpha: 0.1}}, {linear: {loss: quantile, alpha: 0.9}}]", ["cannot be compared"]),
    ("{linear: {l1ratio: 1}}", ["l1ratio", 'did you mean "l1_ratio"']),
    ("{linear: {l1_ratio: 1.5}}", ["l1_ratio", "at most 1"]),
    ("{linear: {l1_ratio: half}}", ["l1_ratio", "a number"]),
])
def test_parameters_that_cannot_be(tmp_path, model, needles):
    error = fails("run", "-C", project(tmp_path / "it", "y", f"    model: {model}\n", rows=60))
    for needle in [*needles, r"gristmill\.yaml:12:"]:
        assert re.search(needle, error), error


def test_weights_beyond_what_can_be_summed_are_refused(tmp_path):
    (tmp_path / "rows.csv").write_text("id,x,y\n" + "".join(f"{i},{i % 7},{i % 7 + i % 2}\n" for i in range(200)))
    text = """\
project: heavy
sources: {d: rows.csv}
predict:
  y: {from: d.rows, key: id, target: TARGET, split: {random: true}, WEIGHT model: MODEL}
"""
    def run_with(target="y", weight="", model="linear"):
        (tmp_path / "gristmill.yaml").write_text(
            text.replace("TARGET", target).replace("WEIGHT", weight).replace("MODEL", model))
        return fails("run", "-C", tmp_path)
    assert "above 1e30" in run_with(weight='weight: "1e300",')
    said = run_with(target="y > 3", model="{linear: {class_weight: {true: 1.0e+300}}}")
    assert "at most 1e9" in said and "gristmill.yaml:4" in said


def test_targets_whose_squares_overflow_are_told(tmp_path):
    (tmp_path / "rows.csv").write_text("id,x,y\n" + "".join(f"{i},{i % 7},{i % 7 + i % 2}e306\n" for i in range(400)))
    (tmp_path / "gristmill.yaml").write_text("""\
project: huge
sources: {d: rows.csv}
predict:
  y: {from: d.rows, key: id, target: y, split: {random: true}, model: [{linear: {l1_ratio: 0.5}}, tree]}
""")
    said = fails("run", "-C", tmp_path)
    assert "beyond 1e100" in said and "gristmill.yaml:4" in said
