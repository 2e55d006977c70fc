"""`impute` with `auto`: the report says how each column is filled and why, and a request is filled so too."""
import random

from conftest import gristmill, gristmill_json, serving, write_project

PROJECT = """\
project: filled
sources: {d: data/*.csv}
clean:
  d.rows:
    - impute: {columns: [a, b], with: auto}
    - impute: {kind: {with: auto, by: place}}
predict:
  y_of: {from: d.rows, key: id, inputs: [a, b, kind, place], target: y, split: {random: true}, model: linear}
"""


def test_the_report_says_what_was_chosen_and_why(tmp_path):
    (tmp_path / "data").mkdir()
    chance = random.Random(4)
    with open(tmp_path / "data/rows.csv", "w") as file:
        file.write("id,a,b,kind,place,y\n")
        for i in range(3000):
            a, place = chance.uniform(0, 100), chance.randrange(4)
            cells = ["" if chance.random() < 0.1 else cell for cell in (f"{a:.2f}", f"{2 * a + 1:.2f}", f"k{place}")]
            file.write(f"{i},{','.join(cells)},p{place},{a + 10 * place:.2f}\n")
    write_project(tmp_path, PROJECT)
    text = gristmill("run", "-C", tmp_path).stdout
    together, kind = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["rules"]
    choices = {choice["column"]: choice for choice in together["report"]["choices"] + kind["report"]["choices"]}
    for column in "ab":
        choice = choices[column]
        assert choice["measure"] == "normalised RMSE" and choice["chosen"] in ("knn", "iterative")
        errors = {one["with"]: one["error"] for one in choice["errors"]}
        assert list(errors) == ["mean", "median", "knn", "iterative"]
        assert errors[choice["chosen"]] < 0.6 < 0.9 < errors["mean"] < 1.1
        assert f"    {column}: {choice['chosen']} (normalised RMSE: mean {errors['mean']:.3f}, median " in text
    assert choices["kind"]["chosen"] == "mode by place"
    assert "    kind: mode by place (error rate: mode 0." in text and "mode by place 0.000)" in text
    with serving(tmp_path / ".gristmill/bundles/y_of.bundle") as server:
        rows = [{"id": 1, "a": 50.0, "b": 101.0, "kind": "k2", "place": "p2"},
                {"id": 2, "a": None, "b": 101.0, "kind": None, "place": "p2"}]
        status, answer = server.post({"instances": rows})
        assert status == 200
        whole, filled = (one["prediction"] for one in answer["predictions"])
        assert abs(whole - filled) < 2
