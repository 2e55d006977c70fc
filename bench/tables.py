"""Public tables, predicted by `gristmill run` as it is (no `model`, no `features`), beside scikit-learn's linear model,
LightGBM with its own categories and skrub's tabular_pipeline: AUC, R² or log loss on the same test rows, the interval of the
difference to the best of them, and seconds. Each round has another fifth of the rows in test; scores are of all of them. Of
5,000 rows and more there is one round.
  tables.py            all tables
  tables.py TABLE...   some"""
import collections
import json
import os
import pathlib
import shutil
import statistics
import sys

import numpy
import pandas

from measure import GRISTMILL, PYTHON, ROUNDS, WORK, run, say

HERE = pathlib.Path(__file__).parent / "tables"
sys.path.insert(0, str(HERE))
import scores  # noqa: E402
from public import REPORTED, TUNED_ON, parted  # noqa: E402

# As our own threads do: on cores with other work, OpenMP's wait for one another in loops, ten times as long.
PATIENT = os.environ | {"GOMP_SPINCOUNT": "1000"}
PEERS = ("sklearn_linear", "lightgbm_categories", "skrub_pipeline")
FEW = 5000  # rows, of which one fifth tells little
VALIDATE, TEST = "2020-01-14", "2020-01-17"
PROJECT = """\
project: {name}
sources: {{data: rows.csv}}
predict:
  {name}:
    from: data.rows
    key: id
    target: {target}
    exclude: [part]
    split: {{time: part, validate: {validate}, test: {test}}}
"""


def write(table, name, turn):
    """A folder with the project, the rows, those of test, and what the peers must know."""
    folder = WORK / "tables" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    rows = parted(table.rows, turn)
    test = rows[rows["part"] >= TEST]
    rows.to_csv(folder / "rows.csv", index=False)
    test.drop(columns=["part", table.target]).to_csv(folder / "test.csv", index=False)
    project = PROJECT.format(name=name, target=table.target, validate=VALIDATE, test=TEST)
    if table.problem == "number":
        project += "    intervals: 90%\n"
    (folder / "gristmill.yaml").write_text(project, encoding="utf-8")
    spec = {"target": table.target, "problem": table.problem, "dates": list(table.dates), "test": TEST}
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder, test


def ours(folder, name, table, test):
    """The outcome of `run`, and the bundle's answers on the test rows."""
    outcome = run([GRISTMILL, "run", "-C", folder, "--json"])
    answers = folder / "answers.csv"
    run(["sh", "-c", '"$0" predict -C "$1" "$2" "$1/test.csv" -o "$3" >&2 && echo "{}"', GRISTMILL, folder, name, answers])
    answers = pandas.read_csv(answers).set_index("id").loc[test["id"]]
    if table.problem == "number":
        truth = test[table.target].to_numpy()
        outcome["held"] = ((answers["prediction_low"] <= truth) & (truth <= answers["prediction_high"])).tolist()
        return outcome, answers["prediction"].to_numpy()
    if table.problem == "binary":
        return outcome, answers["probability"].to_numpy()
    return outcome, answers[[f"probability_{name}" for name in sorted(table.rows[table.target].unique())]].to_numpy()


def measure(name, table):
    """{who: [answers of each round]}, the truth of them, and {who: [outcome of each round]}."""
    answers, outcomes, truth = collections.defaultdict(list), collections.defaultdict(list), []
    for turn in range(min(ROUNDS, 5) if len(table.rows) < FEW else 1):
        folder, test = write(table, name, turn)
        truth.append(test[table.target])
        outcome, answered = ours(folder, name, table, test)
        outcomes["ours"].append(outcome)
        answers["ours"].append(answered)
        for peer in PEERS:
            outcomes[peer].append(run([PYTHON, HERE / "peers.py", peer, folder], env=PATIENT))
            answers[peer].append(numpy.load(folder / f"{peer}.npy"))
        shutil.rmtree(folder)
    truth = pandas.concat(truth)
    if table.problem == "classes":
        truth = truth.astype(pandas.CategoricalDtype(sorted(table.rows[table.target].unique()))).cat.codes
    return {who: numpy.concatenate(parts) for who, parts in answers.items()}, truth.to_numpy(), outcomes


def compare(name, table, tuned_on):
    answers, truth, outcomes = measure(name, table)
    every = numpy.ones(len(truth))
    score = {who: scores.METRIC[table.problem](truth, given) for who, given in answers.items()}
    found = {who: of(every) for who, of in score.items()}
    best = max(PEERS, key=found.get)
    low, high = scores.interval(score["ours"], score[best], len(truth))
    more = {}
    if table.problem == "classes":
        more = {f"{who}_accuracy": scores.accuracy(truth, given)(every) for who, given in answers.items()}
    elif table.problem == "number":
        more = {"held_by_90": statistics.mean(held for outcome in outcomes["ours"] for held in outcome["held"])}
    seconds = {who: statistics.median(outcome["wall"] for outcome in told) for who, told in outcomes.items()}
    ratio = statistics.median(
        mine["wall"] / other["wall"] for mine, other in zip(outcomes["ours"], outcomes["skrub_pipeline"]))
    without_imports = statistics.median(
        mine["wall"] / other["fit"] for mine, other in zip(outcomes["ours"], outcomes["skrub_pipeline"]))
    models = collections.Counter(outcome["predictions"][name]["best"] for outcome in outcomes["ours"])
    facts = {"rows": len(table.rows), "tuned_on": tuned_on, "metric": scores.METRIC[table.problem].__name__, **found,
             "best_peer": best, "gain": found["ours"] - found[best], "low": float(low), "high": float(high),
             "outcome": "win" if low > 0 else "loss" if high < 0 else "tie", "models": dict(models), **more,
             **{f"{who}_seconds": taken for who, taken in seconds.items()}, "time_to_skrub": ratio,
             "time_to_skrub_without_imports": without_imports}
    say(f"tables {name}", **facts)
    return facts


def main(names):
    told = [compare(make.__name__, make(), make in TUNED_ON)
            for make in TUNED_ON + REPORTED if not names or make.__name__ in names]
    for tuned_on in (True, False):
        some = [facts for facts in told if facts["tuned_on"] == tuned_on]
        if some:
            counts = collections.Counter(facts["outcome"] for facts in some)
            say("tables tuned on" if tuned_on else "tables", tables=len(some),
                wins=counts["win"], ties=counts["tie"], losses=counts["loss"],
                **{f"median_{what}": statistics.median(facts[what] for facts in some)
                   for what in ("gain", "time_to_skrub", "time_to_skrub_without_imports")})


if __name__ == "__main__":
    main(sys.argv[1:])
