"""One-row and 1,000-row /predict beside a server written by hand in C++ and two in Python.

Each server has one core and one thread, the load the other core (serve_load.py).
"""
import json
import pathlib
import shutil
import subprocess

from measure import GRISTMILL, PUBLISHED, PYTHON, ROOT, ROUNDS, WORK, interleave, median, run, say

HERE = pathlib.Path(__file__).parent
FOLDER = WORK / "serve"


def prepare():
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not (FOLDER / "one.jsonl").exists():
        subprocess.run([PYTHON, HERE / "serve/prepare.py", PUBLISHED, FOLDER], check=True)
    shutil.copy(HERE / "serve/gristmill.yaml", FOLDER)
    report = json.loads(subprocess.run([GRISTMILL, "run", "--json", "-C", FOLDER], check=True, capture_output=True).stdout)
    return report["predictions"]["late"]["bundle"]


def load(requests, *server):
    return lambda: run([PYTHON, HERE / "serve_load.py", "--requests", FOLDER / requests, "--", *server])


def servers(requests, bundle):
    return {
        "gristmill": load(requests, ROOT / "build/release/bin/gristmill-serve", bundle, "--port", "0", "--threads", "1"),
        "by_hand": load(requests, WORK / "peer/serve_peer", FOLDER / "peer/model.txt", FOLDER / "peer/levels.json", "0", "1"),
    }


def python_servers(requests):
    app = HERE / "serve/fastapi_app.py"
    return {f"fastapi_{kind.replace('-', '_')}": load(requests, PYTHON, app, kind, FOLDER, "18461")
            for kind in ("pipeline", "by-hand")}


def figure(name, requests, bundle):
    results = interleave(servers(requests, bundle), rounds=min(ROUNDS, 3))
    results |= interleave(python_servers(requests), rounds=1)
    facts = {}
    for server, measured in results.items():
        for key in ("requests_per_second", "rows_per_second", "p50_ms", "p99_ms", "start_ms", "rss_mb", "failed"):
            facts[f"{server}_{key}"] = median(measured, key)
        facts[f"{server}_cpu_us"] = median(measured, "cpu_us_user") + median(measured, "cpu_us_system")
    ours, theirs = facts["gristmill_rows_per_second"], facts["by_hand_rows_per_second"]
    say(name, **facts, ratio=ours / theirs, ratio_p99=facts["gristmill_p99_ms"] / facts["by_hand_p99_ms"])


bundle = prepare()
figure("serve-one-row", "one.jsonl", bundle)
figure("serve-1000-rows", "thousand.jsonl", bundle)
