"""What a project may ask of its learners."""
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
    others = ", ".join(n for n in ("y", "yes", "apart") if n not in target)
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


@pytest.mark.parametrize("model, needles", [
    ("{linear: {l1ratio: 1}}", ["l1ratio", 'did you mean "l1_ratio"']),
    ("{linear: {l1_ratio: 1.5}}", ["l1_ratio", "at most 1"]),
    ("{linear: {l1_ratio: half}}", ["l1_ratio", "a number"]),
])
def test_parameters_that_cannot_be(tmp_path, model, needles):
    error = fails("run", "-C", project(tmp_path / "it", "y", f"    model: {model}\n", rows=60))
    for needle in [*needles, r"gristmill\.yaml:12:"]:
        assert re.search(needle, error), error
