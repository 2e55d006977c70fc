"""Each expression of the closed list beside DuckDB's own vectors, over the flights."""
import subprocess

from flights import FOLDER, prepare
from measure import ROOT, ROUNDS

prepare()
subprocess.run([ROOT / "build/release/bench/bench_expressions", FOLDER / "data/flights.csv", str(ROUNDS)], check=True)
