"""Ten row rules over 10,000,000 rows (ROWS sets another number) beside pandas and polars: in memory before and after."""
import math
import os
import pathlib
import shutil
import subprocess

from measure import GRISTMILL, PYTHON, ROOT, ROUNDS, WORK, interleave, median, run, say

HERE = pathlib.Path(__file__).parent / "rules"
FOLDER = WORK / "rules"
ROWS = int(os.environ.get("ROWS", "10000000"))
STORES = "SELECT i AS store, (i % 37) * 2.5 AS area FROM range(2000) made(i)"
MADE = f"""
SELECT CASE h % 20 WHEN 0 THEN '' WHEN 1 THEN 'N/A' ELSE 'note ' || h % 1000 END AS note,
  CASE WHEN h % 50 = 0 THEN -999 ELSE (h // 7) % 900 / 10.0 - 30 END AS temp,
  ((h // 11) % 9)::VARCHAR || '.' || lpad(((h // 13) % 1000)::VARCHAR, 3, '0') || ',' || ((h // 17) % 10)::VARCHAR AS price,
  'k' || (h // 19) % 8 AS kind, '  City ' || (h // 23) % 500 || ' ' AS city,
  CASE WHEN h % 30 = 0 THEN 'unknown' ELSE 'about ' || (h // 29) % 400 || ' kg' END AS weight,
  ((h // 31) % 4000) / 10.0 - 20 AS speed, ((h // 37) % 100000) / 100.0 AS distance, ((h // 41) % 2100)::BIGINT AS store,
  CASE WHEN h % 10 > 0 THEN ((h // 43) % 1000) / 4.0 END AS amount
FROM (SELECT (hash(i) >> 8)::BIGINT AS h FROM range({ROWS}) made(i))"""


def prepare():
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "made").mkdir(parents=True)
    (FOLDER / "made/gristmill.yaml").write_text("project: made\n")
    for name, sql in (("rows", MADE), ("stores", STORES)):
        subprocess.run([GRISTMILL, "sql", sql, "-o", FOLDER / f"{name}.parquet", "-C", FOLDER / "made"], check=True,
                       capture_output=True)
    shutil.copy(HERE / "gristmill.yaml", FOLDER)


def peer(job):
    return lambda: run([PYTHON, HERE / "peers.py", job, FOLDER])


def check_same(one, other):
    for name, (nulls, total) in one["sums"].items():
        if other["sums"][name][0] != nulls or not math.isclose(other["sums"][name][1], total, rel_tol=1e-9):
            raise SystemExit(f"column {name}: {one['sums'][name]} here, {other['sums'][name]} there")


prepare()
results = interleave({"gristmill": lambda: run([ROOT / "build/release/bench/bench_rules", FOLDER]), "pandas": peer("pandas"),
                      "polars": peer("polars")}, rounds=min(ROUNDS, 3))
for name in ("pandas", "polars"):
    check_same(results["gristmill"][0], results[name][0])
ours, pandas, polars = (median(results[name], "seconds") for name in ("gristmill", "pandas", "polars"))
say("rules", rows=ROWS, rules=10, gristmill_s=ours, pandas_s=pandas, polars_s=polars, times_faster_pandas=pandas / ours,
    times_faster_polars=polars / ours)
shutil.rmtree(FOLDER, ignore_errors=True)
