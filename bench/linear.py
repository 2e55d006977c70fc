"""`linear` beside scikit-learn's SGDClassifier on rows of 100 categories of 20 values: the seconds to train, and the log
loss on rows that neither saw. SGD is given the one-hot matrix, which it needs, ready made; it goes on over the rows until
its loss is as low as ours to a thousandth, or for 20 passes. `linear.py [ROWS]`: 1,000,000 when not given."""
import json
import subprocess
import sys
import time

import numpy
import scipy.sparse
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss

from measure import ROOT, WORK, say

TRAIN = ROOT / "build/release/bench/bench_linear"
COLUMNS, LEVELS, PASSES = 100, 20, 20


def one_hot(indices, rows):
    """Of the rows' places, the sparse matrix that they stand for, without a copy of them."""
    ones = numpy.ones(rows * COLUMNS, numpy.float32)
    starts = numpy.arange(0, rows * COLUMNS + 1, COLUMNS)
    starts = starts.astype(numpy.int32) if starts[-1] < 2**31 else starts
    return scipy.sparse.csr_matrix((ones, indices, starts), shape=(rows, COLUMNS * LEVELS))


def peer(indices, target, rows, aim):
    """SGD as its guide says for many rows: one pass after the other, until the loss is what it should be."""
    train = one_hot(indices[: rows * COLUMNS], rows)
    held = one_hot(indices[rows * COLUMNS:], len(target) - rows)
    model = SGDClassifier(loss="log_loss", average=True, random_state=0)
    seconds = 0
    for passes in range(1, PASSES + 1):
        start = time.perf_counter()
        model.partial_fit(train, target[:rows], classes=[0, 1])
        seconds += time.perf_counter() - start
        loss = log_loss(target[rows:], model.predict_proba(held)[:, 1])
        if loss <= aim * 1.001:
            break
    return {"seconds": seconds, "log_loss": loss, "passes": passes}


def main(rows):
    folder = WORK / "linear"
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / "indices", folder / "target"]
    mine = json.loads(subprocess.run([TRAIN, str(rows), *files], check=True, capture_output=True, text=True).stdout)
    indices, target = numpy.fromfile(files[0], numpy.int32), numpy.fromfile(files[1], numpy.uint8)
    theirs = peer(indices, target, rows, mine["log_loss"])
    for file in files:
        file.unlink()
    say("linear codes", rows=rows, columns=COLUMNS, **mine, **{f"sgd_{key}": value for key, value in theirs.items()},
        times_faster=theirs["seconds"] / mine["seconds"])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
