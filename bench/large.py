"""Large tables: memory within a limit, and time against rows.

large.py memory [GB]      `run` (linear) on so many GB of CSV (8) inside a control group of 2 GB
large.py slope [ROWS...]  `build` and `run` on 300,000, 3,000,000, 30,000,000 rows: log-log slope
"""
import math
import os
import pathlib
import shutil
import subprocess
import sys
import time

from measure import GRISTMILL, WORK, run, say

HERE = pathlib.Path(__file__).parent / "large"
FOLDER = WORK / "large"
LIMIT_BYTES = 2 << 30
BYTES_A_ROW = 93

ROWS_SQL = """
SELECT i AS id, TIMESTAMP '2024-01-01' + to_microseconds(i * (31536000000000 // {rows})) AS at,
       'c' || (hash(i) % 40) AS city, 'k' || (hash(i + 1) % 2000) AS kind, hash(i + 2) % 7 AS weekday,
       CASE WHEN hash(i + 3) % 100 = 0 THEN NULL ELSE (hash(i + 4) % 100000) / 1000.0 END AS price,
       (hash(i + 5) % 1000) / 7.0 AS distance, (hash(i + 6) % 1000) / 3.0 AS weight,
       (hash(i + 7) % 1000) / 1000.0 + (hash(i) % 40) / 40.0 + (hash(i + 4) % 100000) / 200000.0 AS y
FROM range({rows}) AS made(i)
"""


def make_rows(rows):
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    (FOLDER / "gristmill.yaml").write_text("project: rows\n")
    subprocess.run([GRISTMILL, "sql", ROWS_SQL.format(rows=rows), "-o", FOLDER / "rows.csv", "-C", FOLDER],
                   check=True, capture_output=True)
    shutil.copy(HERE / "gristmill.yaml", FOLDER)


class Group:
    """A control group with a limit on memory; version 1 or 2."""

    def __init__(self):
        root = pathlib.Path("/sys/fs/cgroup")
        second = (root / "cgroup.controllers").exists()
        self.path = (root if second else root / "memory") / f"gristmill-bench-{os.getpid()}"
        self.path.mkdir()
        (self.path / ("memory.max" if second else "memory.limit_in_bytes")).write_text(str(LIMIT_BYTES))

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))

    def close(self):
        self.path.rmdir()


def memory(gigabytes):
    make_rows(int(gigabytes * 1e9 / BYTES_A_ROW))
    size = (FOLDER / "rows.csv").stat().st_size
    group = Group()
    try:
        start = time.perf_counter()
        report = run([GRISTMILL, "run", "--json", "-C", FOLDER], preexec_fn=group.enter)
        seconds = time.perf_counter() - start
        prediction = report["predictions"]["high"]
        say("memory", csv_gb=size / 1e9, limit_gb=LIMIT_BYTES / 1e9, rows=prediction["rows"]["read"], seconds=seconds,
            rows_per_second=prediction["rows"]["read"] / seconds, test_auc=prediction["models"][0]["test"]["auc"])
    finally:
        group.close()
        shutil.rmtree(FOLDER, ignore_errors=True)


def slope(sizes):
    times = {"build": [], "run": []}
    for rows in sizes:
        make_rows(rows)
        for verb, command in (("build", ["build", "high", "-o", FOLDER / "high.npy"]), ("run", ["run"])):
            shutil.rmtree(FOLDER / ".gristmill", ignore_errors=True)
            start = time.perf_counter()
            subprocess.run([GRISTMILL, *command, "-C", FOLDER], check=True, capture_output=True)
            times[verb].append(time.perf_counter() - start)
            (FOLDER / "high.npy").unlink(missing_ok=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    span = math.log(sizes[-1] / sizes[0])
    say("slope", rows=sizes, **{f"{verb}_s": [round(t, 2) for t in seconds] for verb, seconds in times.items()},
        **{f"{verb}_slope": math.log(seconds[-1] / seconds[0]) / span for verb, seconds in times.items()})


if sys.argv[1] == "memory":
    memory(float(sys.argv[2]) if len(sys.argv) > 2 else 8)
else:
    slope([int(rows) for rows in sys.argv[2:]] or [300_000, 3_000_000, 30_000_000])
