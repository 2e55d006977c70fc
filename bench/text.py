"""Tables with short texts: `auto` as it is, and with each column that it reads as text as a category instead, beside
scikit-learn's TF-IDF with a linear model, LightGBM with its own categories and skrub's tabular_pipeline. R² or AUC on the
same test rows."""
import json
import pathlib
import shutil
import sys

from measure import GRISTMILL, PYTHON, WORK, run, say

HERE = pathlib.Path(__file__).parent / "text"
sys.path.insert(0, str(HERE))
from tables import TUNED_ON, tables  # noqa: E402

PEERS = ("sklearn_linear", "lightgbm_categories", "skrub_pipeline")
PROJECT = """\
project: {name}
sources: {{data: rows.csv}}
predict:
  {name}:
    from: data.rows
    key: id
    target: {target}
    exclude: [part]
    features: {features}
    split: {{time: part, validate: 2020-01-07, test: 2020-01-09}}
    metric: {metric}
    model: [linear, boosted-trees]
"""


def ours(name, rows, target, features="auto"):
    """The scores of both models and of the one that is best on validate, and the columns that `text` reads."""
    folder = WORK / "text" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows.to_csv(folder / "rows.csv", index=False)
    metric = "auc" if " = " in target else "r2"
    (folder / "gristmill.yaml").write_text(PROJECT.format(
        name=name, target=target, metric=metric, features=features), encoding="utf-8")
    outcome = run([GRISTMILL, "run", "-C", folder, "--json"])
    made = outcome["predictions"][name]
    scores = {model["name"]: model["test"][metric] for model in made["models"]}
    texts = [feature["column"] for feature in made["features"] if feature["encoder"] == "text"]
    return scores | {"best": scores[made["best"]], "texts": texts, "seconds": outcome["wall"]}


def main():
    for name, (rows, target) in tables().items():
        mine = ours(name, rows, target)
        as_category = json.dumps({column: "category" for column in mine["texts"]})
        without = ours(name, rows, target, as_category) if mine["texts"] else mine
        peers = {peer: run([PYTHON, HERE / "peers.py", peer, name]) for peer in PEERS}
        say(f"text {name}", rows=len(rows), tuned_on=name in TUNED_ON, texts=" ".join(mine["texts"]),
            best=mine["best"], linear=mine["linear"], trees=mine["boosted-trees"], seconds=mine["seconds"],
            category_best=without["best"], category_linear=without["linear"], category_trees=without["boosted-trees"],
            **{peer: out["score"] for peer, out in peers.items()},
            **{f"{peer}_seconds": out["wall"] for peer, out in peers.items()})


if __name__ == "__main__":
    main()
