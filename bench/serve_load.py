"""Starts a server on one core, loads it from another, and prints what it did as JSON.

serve_load.py [--seconds N] [--connections N] [--path /predict] --requests FILE.jsonl -- COMMAND…

COMMAND must print `listening on http://HOST:PORT` when ready. CPU is the server's own, from
/proc/PID/stat around the load; start is from exec to the first answer.
"""
import argparse
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import time

HERE = pathlib.Path(__file__).parent
SERVER_CORE, LOAD_CORE = "0", "1"


def cpu_seconds(pid):
    """User and system time of a process and its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return int(fields[11]) / ticks, int(fields[12]) / ticks


def rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def first_answer(host, port, path, body):
    end = time.monotonic() + 30
    while True:
        connection = http.client.HTTPConnection(host, port)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            break
        except ConnectionRefusedError:  # uvicorn is asked before it listens
            if time.monotonic() > end:
                raise
            time.sleep(0.05)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"the server answered {answer.status}: {text[:500]}")
    return json.loads(text)


def load(url, requests, connections, seconds):
    wrk = subprocess.run(
        ["taskset", "-c", LOAD_CORE, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s",
         "-s", HERE / "serve/load.lua", url, "--", requests],
        check=True, capture_output=True, text=True)
    return json.loads(re.search(r"^JSON (.*)$", wrk.stdout, re.M)[1])


def measure(arguments):
    body = open(arguments.requests).readline().strip()
    rows = len(json.loads(body)["instances"])
    began = time.perf_counter()
    server = subprocess.Popen(["taskset", "-c", SERVER_CORE, *arguments.command],
                              stdout=subprocess.PIPE, text=True)
    try:
        host, port = re.search(r"http://([^:]+):(\d+)", server.stdout.readline()).groups()
        first_answer(host, int(port), arguments.path, body)
        start_ms = (time.perf_counter() - began) * 1e3
        url = f"http://{host}:{port}{arguments.path}"
        load(url, arguments.requests, arguments.connections, 1)
        before = cpu_seconds(server.pid)
        result = load(url, arguments.requests, arguments.connections, arguments.seconds)
        after = cpu_seconds(server.pid)
        result["rss_mb"] = round(rss_mb(server.pid), 1)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)
    count = max(result["requests"], 1)
    result["requests_per_second"] = round(count / result["seconds"])
    result["rows_per_second"] = round(count * rows / result["seconds"])
    result["cpu_us_user"] = round((after[0] - before[0]) / count * 1e6, 2)
    result["cpu_us_system"] = round((after[1] - before[1]) / count * 1e6, 2)
    result["start_ms"] = round(start_ms, 1)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", required=True)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--path", default="/predict")
    parser.add_argument("command", nargs="+")
    print(json.dumps(measure(parser.parse_args())))


main()
