"""`target` beside scikit-learn's TargetEncoder: the seconds to fit on the rows and encode them out-of-fold, on one
thread, with the same folds; and the largest difference, which float32 alone may make."""
import json
import subprocess
import time

import numpy
import sklearn.model_selection
import sklearn.preprocessing

from measure import ROOT, WORK, interleave, median, say

ENCODE = ROOT / "build/release/bench/bench_encoders"
ROWS, LEVELS, FOLDS = 1_000_000, 50_000, 5
OUTPUTS = {"regression": 1, "binary": 1, "multiclass": 3}


def rows(problem):
    """(levels, target): frequent and rare levels, each with its own mean."""
    chance = numpy.random.default_rng(1)
    levels = (LEVELS * chance.random(ROWS) ** 2).astype(numpy.int64)
    value = chance.normal(size=LEVELS)[levels] + chance.normal(size=ROWS)
    if problem == "regression":
        return levels, value
    return levels, (value > 0).astype(float) if problem == "binary" else (value > -1).astype(float) + (value > 1)


def peer(problem, column, target, folds):
    kind = {"regression": "continuous"}.get(problem, problem)
    encoder = sklearn.preprocessing.TargetEncoder(target_type=kind, cv=sklearn.model_selection.PredefinedSplit(folds))
    start = time.perf_counter()
    encoded = encoder.fit_transform(column, target)
    return {"seconds": time.perf_counter() - start, "encoded": encoded}


def ours(form, problem, folder):
    files = [folder / name for name in ("levels", "target", "fold", "out")]
    command = [ENCODE, form, problem, str(OUTPUTS[problem]), *files]
    out = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return out | {"encoded": numpy.fromfile(files[-1], numpy.float32).reshape(ROWS, -1)}


def main():
    folder = WORK / "encoders"
    folder.mkdir(parents=True, exist_ok=True)
    for problem in OUTPUTS:
        levels, target = rows(problem)
        levels.tofile(folder / "levels")
        target.tofile(folder / "target")
        folds = numpy.random.default_rng(2).integers(0, FOLDS, ROWS).astype(numpy.uint8)
        folds.tofile(folder / "fold")
        columns = {"text": numpy.array([f"value {level}" for level in levels], object)[:, None],
                   "number": levels[:, None]}
        for form, column in columns.items():
            results = interleave({"gristmill": lambda: ours(form, problem, folder),
                                  "scikit-learn": lambda: peer(problem, column, target, folds)})
            mine, theirs = results["gristmill"], results["scikit-learn"]
            difference = float(numpy.abs(mine[0]["encoded"] - theirs[0]["encoded"]).max())
            assert difference < 1e-6, f"{problem} {form}: encodings differ by {difference}"
            say(f"encoders target {problem} {form}", rows=ROWS, levels=LEVELS, difference=difference,
                seconds=median(mine, "seconds"), seconds_peer=median(theirs, "seconds"),
                times_faster=median(theirs, "seconds") / median(mine, "seconds"))


if __name__ == "__main__":
    main()
