"""Nothing is computed twice, and nothing half-done is seen: tasks, lineage, interruption."""
import contextlib
import hashlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import time

import pyarrow
import pyarrow.parquet
import pytest

from conftest import GRISTMILL, PROJECT, bundle_bytes, fails, gristmill, gristmill_json, make_project, wait_for, whole, write_project

# Long enough to be interrupted in the middle.
SLOW = """\
project: slow
tables:
  numbers: |
    SELECT i AS id, (hash(i) % 1000) / 7.0 AS a, (hash(i + 1) % 1000) / 3.0 AS b, CAST(hash(i + 2) % 50 AS VARCHAR) AS c,
           hash(i + 3) % 5 + hash(i) % 1000 / 100.0 AS y
    FROM range(3000000) AS t(i)
predict:
  y_of:
    from: numbers
    key: id
    target: y
    model: [linear, {boosted-trees: {trees: 300}}]
"""


def fates(folder, *args):
    """{(kind, name): (fate, reason)}"""
    return {(t["kind"], t["name"]): (t["fate"], t["reason"]) for t in gristmill_json("plan", "-C", folder, *args)["tasks"]}


def changed(folder, old, new):
    text = (folder / "gristmill.yaml").read_text()
    assert old in text
    write_project(folder, text.replace(old, new))


# --- nothing twice --------------------------------------------------------------------------------------------------

def test_second_run_reuses_everything(run_once, finished):
    again = gristmill_json("run", "-C", run_once)
    first = finished[1]
    assert again["tasks"] == {"ran": 0, "reused": first["tasks"]["ran"] + first["tasks"]["reused"]}
    assert again["run"] != first["run"]
    strip = lambda document: {n: {k: v for k, v in p.items() if k != "bundle"} for n, p in document["predictions"].items()}
    assert strip(again) == strip(first)
    assert bundle_bytes(run_once) == bundle_bytes(finished[0])


def test_plan_before_and_after(project):
    before = fates(project)
    assert before and all(fate in ("would run", "may run") for fate, _ in before.values())
    assert before["table", "orders"] == ("would run", "never run")
    assert not (project / ".gristmill/bundles").exists()
    assert gristmill_json("run", "-C", project)["tasks"]["ran"] > 0
    assert {fate for fate, _ in fates(project).values()} == {"reused"}
    assert "reused" in gristmill("plan", "-C", project).stdout


def test_plan_publishes_nothing(run_once):
    changed(run_once, "exclude: [courier]", "exclude: [courier, express]")
    gristmill("run", "-C", run_once)
    other = bundle_bytes(run_once)
    write_project(run_once)  # all of its results are still there
    assert {fate for fate, _ in fates(run_once).values()} == {"reused"}
    assert bundle_bytes(run_once) == other
    (run_once / ".gristmill/bundles/late.bundle").unlink()
    gristmill("plan", "-C", run_once)
    assert not (run_once / ".gristmill/bundles/late.bundle").exists()
    gristmill("run", "-C", run_once)
    assert bundle_bytes(run_once) != other


def test_a_changed_rule_reruns_what_depends_on_it(run_once):
    changed(run_once, "temp: [-40, 60]", "temp: [-30, 50]")
    plan = fates(run_once)
    assert plan["table", "orders"][0] == "reused"  # rules of the table a prediction reads run after its SQL
    reasons = [reason for fate, reason in plan.values() if fate == "would run"]
    assert any("rules" in reason and "changed" in reason for reason in reasons), plan
    assert all(fate in ("would run", "may run") for (kind, _), (fate, _) in plan.items() if kind != "table")
    document = gristmill_json("run", "-C", run_once)
    assert document["tasks"]["ran"] == sum(fate != "reused" for fate, _ in plan.values())


def test_a_changed_model_leaves_tables_and_other_models(run_once):
    changed(run_once, "trees: 20", "trees: 30")
    plan = fates(run_once)
    assert plan["table", "orders"][0] == "reused"
    models = {name: fate for (kind, name), (fate, _) in plan.items() if kind == "model"}
    assert any("linear" in name and fate == "reused" for name, fate in models.items()), plan
    assert any("boosted-trees" in name and fate == "would run" for name, fate in models.items()), plan
    assert re.search(r"params changed; holds \d+ bytes of each of \d+ rows", plan["model", "late/boosted-trees"][1]), plan
    document = gristmill_json("run", "-C", run_once)
    assert 0 < document["tasks"]["ran"] < document["tasks"]["reused"] + document["tasks"]["ran"]


def test_words_that_change_nothing_rerun_nothing(run_once):
    changed(run_once, "project: orders", "# a comment\nproject: orders")
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0


def test_a_touched_file_reruns_nothing(run_once):
    for path in (run_once / "data").rglob("*.*"):
        os.utime(path)
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0


def test_a_moved_project_reruns_nothing(finished, tmp_path):
    """Where a project lies is no part of what it makes."""
    shutil.copytree(finished[0], tmp_path / "elsewhere")
    assert gristmill_json("run", "-C", tmp_path / "elsewhere")["tasks"]["ran"] == 0


def test_a_changed_row_reruns(run_once):
    path = run_once / "data/reference/customers.csv"
    path.write_text(path.read_text().replace("city3", "city4"))
    document = gristmill_json("run", "-C", run_once)
    assert document["tasks"]["ran"] > 0
    # A file written anew with the same cells stops there: what comes after is the same.
    path.write_text(path.read_text().replace("\n", "\r\n"))
    later = gristmill_json("run", "-C", run_once)
    assert 0 < later["tasks"]["ran"] < document["tasks"]["ran"]


def test_going_back_costs_nothing(run_once):
    before = bundle_bytes(run_once)
    changed(run_once, "trees: 20", "trees: 30")
    gristmill("run", "-C", run_once)
    changed(run_once, "trees: 30", "trees: 20")
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0
    assert bundle_bytes(run_once) == before


def test_one_learner_twice_is_two_models(tmp_path):
    """Each has its own task, scores and name."""
    text = """project: twice
tables:
  numbers: SELECT i AS id, (hash(i) % 1000) / 7.0 AS a, hash(i) % 1000 + hash(i + 1) % 9 AS y FROM range(3000) t(i)
predict:
  y_of:
    from: numbers
    key: id
    target: y
    split: {random: true, validate: 20%, test: 20%}
    model: [{boosted-trees: {trees: 3}}, {boosted-trees: {trees: 60}}, baseline]
"""
    write_project(tmp_path, text)
    models = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["models"]
    assert [m["name"] for m in models] == ["boosted-trees", "boosted-trees-2", "baseline"]
    for alone, model in zip(("[{boosted-trees: {trees: 3}}]", "[{boosted-trees: {trees: 60}}]"), models):
        write_project(tmp_path, text[:text.index("[{boosted")] + alone)
        outcome = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]
        assert outcome["models"][0]["test"] == model["test"]
        assert outcome["models"][0]["validate"] == model["validate"]
    assert models[0]["test"] != models[1]["test"]


def test_sql_is_never_taken_for_a_path(tmp_path):
    sql = "tables: {t: \"SELECT '%s' AS x\"}\n"
    for text in ("./b", "b"):
        write_project(tmp_path, sql % text)
        gristmill("run", "-C", ".", cwd=tmp_path)
        assert gristmill_json("show", "t", "-C", ".", cwd=tmp_path)["rows"] == [[text]]


# --- the same bytes -------------------------------------------------------------------------------------------------

def test_two_fresh_folders_give_the_same_bundle(finished, tmp_path):
    folder = make_project(tmp_path / "elsewhere")
    gristmill("run", "-C", folder)
    assert bundle_bytes(folder) == bundle_bytes(finished[0])


def test_one_core_gives_the_same_bundle(finished, project):
    one = min(os.sched_getaffinity(0))
    gristmill("run", "-C", project, preexec_fn=lambda: os.sched_setaffinity(0, {one}))
    assert bundle_bytes(project) == bundle_bytes(finished[0])


def test_rows_in_another_order_give_the_same_bundle(finished, tmp_path):
    """Rows have keys: where they lie in the database decides nothing."""
    import conftest
    folder = tmp_path / "shuffled"
    write_project(folder)
    orders = list(conftest.ORDERS)
    random.Random(3).shuffle(orders)
    conftest.write_data(folder, orders=orders)
    gristmill("run", "-C", folder)
    assert bundle_bytes(folder) == bundle_bytes(finished[0])


# --- interruption ---------------------------------------------------------------------------------------------------

def test_killed_at_random_instants(finished, tmp_path):
    begun = time.monotonic()
    gristmill("run", "-C", make_project(tmp_path / "undisturbed"))
    undisturbed = time.monotonic() - begun
    folder = make_project(tmp_path / "killed")
    chance = random.Random(11)
    for _ in range(12):
        process = subprocess.Popen([GRISTMILL, "run", "-C", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0, undisturbed))
        process.kill()
        process.wait()
        whole(folder)
    gristmill("run", "-C", folder)
    assert bundle_bytes(folder) == bundle_bytes(finished[0])
    gristmill("runs", "-C", folder)
    gristmill("gc", "-C", folder)
    left = [p for p in (folder / ".gristmill/tmp").rglob("*")] if (folder / ".gristmill/tmp").exists() else []
    assert left == [], "what killed runs left is still there after gc"
    assert gristmill_json("run", "-C", folder)["tasks"]["ran"] == 0


def test_killed_in_fresh_folders(finished, tmp_path):
    chance = random.Random(5)
    for i in range(6):
        folder = make_project(tmp_path / f"killed{i}")
        process = subprocess.Popen([GRISTMILL, "run", "-C", folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(chance.uniform(0.01, 0.5))
        process.kill()
        process.wait()
        whole(folder)
        gristmill("run", "-C", folder)
        assert bundle_bytes(folder) == bundle_bytes(finished[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after", [0.3, 2.0])
def test_ctrl_c_stops_soon_and_says_so(tmp_path, number, after):
    write_project(tmp_path, SLOW)
    process = subprocess.Popen([GRISTMILL, "run", "-C", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        time.sleep(after)
        process.send_signal(number)
        begun = time.monotonic()
        out, err = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 1, (process.returncode, err)
    assert err.count("error:") == 1 and "interrupted" in err
    assert time.monotonic() - begun < 5
    assert not out
    if (tmp_path / ".gristmill/gristmill.db").exists():
        runs = gristmill_json("runs", "-C", tmp_path)["runs"]
        assert all(run["status"] == "interrupted" for run in runs)


def test_an_interrupted_run_goes_on_from_its_finished_tasks(tmp_path):
    write_project(tmp_path, SLOW)
    process = subprocess.Popen([GRISTMILL, "run", "-C", tmp_path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 60
        while fates(tmp_path).get(("table", "numbers"), ("",))[0] != "reused":
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 1
    finally:
        process.kill()
    assert fates(tmp_path)["table", "numbers"][0] == "reused"


def test_two_at_once(finished, project):
    runs = [subprocess.Popen([GRISTMILL, "run", "-C", project], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)]
    for run in runs:
        out, err = run.communicate(timeout=120)
        assert run.returncode == 0, err
    assert bundle_bytes(project) == bundle_bytes(finished[0])
    reused = [r["report"]["tasks"]["ran"] for r in gristmill_json("runs", "-C", project)["runs"]]
    assert sorted(reused)[0] == 0 and len(reused) == 2  # the one that waited found all done


def test_progress_is_plain_lines_where_there_is_no_terminal(tmp_path):
    write_project(tmp_path, SLOW.replace("3000000", "400000").replace("trees: 300", "trees: 3"))
    err = gristmill("run", "-C", tmp_path).stderr
    assert "\r" not in err and "\x1b" not in err


# --- what was done --------------------------------------------------------------------------------------------------

def test_runs_show_compare_why(run_once, finished):
    first = finished[1]["run"]
    changed(run_once, "trees: 20", "trees: 30")
    second = gristmill_json("run", "-C", run_once)["run"]
    runs = gristmill_json("runs", "-C", run_once)["runs"]
    assert [r["run"] for r in runs] == [second, first] and all(r["status"] == "done" for r in runs)
    assert len(gristmill_json("runs", "-n", 1, "-C", run_once)["runs"]) == 1

    shown = gristmill_json("show", second, "-C", run_once)
    assert shown["run"] == second and any(not t["reused"] for t in shown["tasks"])
    assert gristmill_json("show", "last", "-C", run_once)["run"] == second
    assert second in gristmill("show", second, "-C", run_once).stdout

    difference = gristmill_json("compare", first, "last", "-C", run_once)
    assert {t["kind"] for t in difference["tasks"]} >= {"model"}
    assert all("table" != t["kind"] for t in difference["tasks"])
    assert any("auc test" in name for name in difference["metrics"])
    assert "same tasks" in gristmill("compare", first, first, "-C", run_once).stdout

    lineage = gristmill_json("why", second, "-C", run_once)
    kinds = {t["kind"] for t in lineage["tasks"]}
    assert {"bundle", "model", "dataset", "table"} <= kinds
    files = [i["name"] for t in lineage["tasks"] for i in t["inputs"]]
    assert any("shop.orders" in name for name in files) and any("customers" in name for name in files)
    text = gristmill("why", "-C", run_once).stdout
    assert text.startswith(f"run {second}") and "shop.orders" in text
    read = {f["path"]: f["digest"] for t in lineage["tasks"] for i in t["inputs"] for f in i.get("files", [])}
    assert read == {path: hashlib.sha256((run_once / path).read_bytes()).hexdigest()
                    for path in ("data/shop.db", "data/weather.parquet", "data/reference/customers.csv")}
    for path, digest in read.items():
        assert re.search(rf"^ +file {path}  content {digest[:12]}$", text, re.M), text

    # Another data set whose baseline comes out the same: each run is told of its own.
    changed(run_once, "exclude: [courier]", "exclude: [courier, temp]")
    third = gristmill_json("run", "-C", run_once)["run"]
    for run in (first, second, third):
        own = {t["output"] for t in gristmill_json("show", run, "-C", run_once)["tasks"]}
        assert {t["output"] for t in gristmill_json("why", run, "-C", run_once)["tasks"]} <= own

    error = fails("show", "nothing-of-that-name", "-C", run_once)
    assert "no table and no run" in error
    fails("compare", first, "r-none", "-C", run_once)

    changed(run_once, "[linear, {boosted-trees: {trees: 30}}]", "linear")
    gristmill("run", "-C", run_once)
    assert "only in" in gristmill("compare", second, "last", "-C", run_once).stdout
    gristmill("gc", "--keep", 1, "-C", run_once)
    text = gristmill("compare", first, "last", "-C", run_once).stdout
    assert "gc has removed" in text and "only in B" not in text


def test_runs_are_shown_without_their_data(run_once, finished):
    shutil.rmtree(run_once / "data")
    first = finished[1]["run"]
    for name in ("last", first, first[:9]):
        assert gristmill_json("show", name, "-C", run_once)["run"] == first
    gristmill("run", "--frozen", "-C", run_once)
    assert "could be several" in fails("show", "2", "-C", run_once)


def test_failed_runs_are_recorded(run_once):
    changed(run_once, "delay > 30", "dealy > 30")
    fails("run", "-C", run_once)
    last = gristmill_json("runs", "-C", run_once)["runs"][0]
    assert last["status"] == "failed" and "dealy" in last["report"]["error"]["message"]
    assert "failed" in gristmill("runs", "-C", run_once).stdout


def test_gc_keeps_what_the_last_runs_need(run_once):
    for trees in (21, 22, 23):
        write_project(run_once, PROJECT.replace("trees: 20", f"trees: {trees}"))
        gristmill("run", "-C", run_once)
    last = bundle_bytes(run_once)
    size = lambda: sum(p.stat().st_size for p in (run_once / ".gristmill").rglob("*") if p.is_file())
    before = size()
    would = gristmill_json("gc", "--keep", 1, "--dry-run", "-C", run_once)
    assert would["dry_run"] and would["removed"]["blobs"] > 0 and size() == before
    removed = gristmill_json("gc", "--keep", 1, "-C", run_once)
    assert removed["removed"] == would["removed"] and size() < before
    assert bundle_bytes(run_once) == last
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0
    # What was removed is made again when it is wanted.
    write_project(run_once, PROJECT.replace("trees: 20", "trees: 21"))
    again = gristmill_json("run", "-C", run_once)["tasks"]
    assert again["ran"] > 0 and again["reused"] > 0
    fails("gc", "--keep", 0, "-C", run_once, code=2)


@pytest.mark.parametrize("damage", ["lost", "cut"])
def test_what_vanishes_from_the_store_is_made_again(run_once, damage):
    """Bytes that vanish from the store cost time, not answers."""
    before = bundle_bytes(run_once)
    blobs = run_once / ".gristmill/store/blobs/sha256"
    for name in sorted(p.name for p in blobs.iterdir()):
        whole_blob = (blobs / name).read_bytes()
        if damage == "lost":
            (blobs / name).unlink()
        else:
            os.truncate(blobs / name, len(whole_blob) // 2)
        gristmill("run", "-C", run_once)
        assert (blobs / name).read_bytes() == whole_blob
        assert bundle_bytes(run_once) == before
    assert gristmill_json("run", "-C", run_once)["tasks"]["ran"] == 0


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 16
    path.write_bytes(content)


def run_until_whole(folder, damaged):
    """Each damaged blob may stop one run, in a sentence that says what to do."""
    for _ in range(damaged + 1):
        done = gristmill("run", "-C", folder, code=None)
        if done.returncode == 0:
            return
        assert "damaged" in done.stderr and "run again" in done.stderr
    raise AssertionError("no run makes anew what was damaged")


def test_a_flipped_bit_in_the_store_is_no_answer(run_once):
    """What is read again is checked before, and made anew by the next run."""
    blobs = run_once / ".gristmill/store/blobs/sha256"
    chunks = [p for p in blobs.iterdir() if p.read_bytes()[:4] == b"PAR1"]
    datasets = [p for p in blobs.iterdir() if p.read_bytes()[:8] == b"GRISTDST"]
    assert chunks
    before = {p: p.read_bytes() for p in chunks + datasets}
    write_project(run_once, PROJECT.replace("[-40, 60]", "[-41, 60]").replace("trees: 20", "trees: 21"))
    for look in (["show", "orders"], ["sql", "SELECT * FROM orders"]):
        for path in chunks:
            path.write_bytes(before[path])
            flip_a_bit(path)
        error = fails(*look, "-C", run_once)
        assert "damaged" in error and "run again" in error
        assert not all(path.exists() for path in chunks)
    run_until_whole(run_once, len(chunks))
    for path in chunks:
        assert path.read_bytes() == before[path]


def test_a_flipped_bit_in_a_data_set_trains_nothing(run_once):
    blobs = run_once / ".gristmill/store/blobs/sha256"
    largest = sorted((p for p in blobs.iterdir() if p.read_bytes()[:4] != b"PAR1"), key=lambda p: p.stat().st_size)[-2:]
    before = {p: p.read_bytes() for p in largest}
    for path in largest:
        flip_a_bit(path)
    write_project(run_once, PROJECT.replace("trees: 20", "trees: 21"))
    run_until_whole(run_once, len(largest))
    for path in largest:
        assert path.read_bytes() == before[path]


REPLACED = """\
project: replaced
sources: {s: SOURCE}
tables:
  slow: |
    SELECT r.id, h.n FROM s.TABLE AS r,
      (SELECT count(*) AS n FROM range(400000) AS a(i), range(2500) AS b(j) WHERE hash(i + j) % 7 = 3) AS h
"""


def write_ids(path, ids):
    """Aside, then in the place of what is there."""
    aside = path.with_suffix(".aside")
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(pyarrow.table({"id": ids}), aside)
    else:
        with contextlib.closing(sqlite3.connect(aside)) as database:
            database.execute("CREATE TABLE rows (id INTEGER)")
            database.executemany("INSERT INTO rows VALUES (?)", [[i] for i in ids])
            database.commit()
    os.replace(aside, path)


@pytest.mark.parametrize("name", ["rows.db", "rows.parquet"])
def test_a_file_replaced_while_it_is_read_is_not_stored_as_what_it_was(tmp_path, name):
    write_ids(tmp_path / name, range(1000))
    write_project(tmp_path, REPLACED.replace("SOURCE", name).replace("TABLE", "rows"))
    process = subprocess.Popen([GRISTMILL, "run", "-C", tmp_path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(lambda: list((tmp_path / ".gristmill/tmp").glob("*/*")) if (tmp_path / ".gristmill/tmp").exists() else [])
        time.sleep(1)
        assert process.poll() is None
        write_ids(tmp_path / name, range(5000, 5010))
        _, err = process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 1 and "changed" in err and "run again" in err, err
    assert fates(tmp_path)["table", "slow"][0] == "would run"
    write_project(tmp_path, REPLACED.replace("SOURCE", name).replace("TABLE", "rows").replace("400000", "4"))
    gristmill("run", "-C", tmp_path)
    rows = gristmill_json("sql", "SELECT count(*) AS n, min(id) AS least FROM slow", "-C", tmp_path)["rows"]
    assert [list(row.values()) if isinstance(row, dict) else row for row in rows] == [[10, 5000]]


def test_ctrl_c_at_random_instants(tmp_path):
    """Whatever it interrupts, the program ends by itself, with its one error."""
    write_project(tmp_path, SLOW.replace("3000000", "600000"))
    chance = random.Random(3)
    for _ in range(6):
        process = subprocess.Popen([GRISTMILL, "run", "-C", tmp_path], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait_for((tmp_path / ".gristmill/store").exists)
            time.sleep(chance.uniform(0, 1))
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
        assert process.returncode == 1 and "interrupted" in err, (process.returncode, err)
        shutil.rmtree(tmp_path / ".gristmill")


def test_unchanged_runs_leave_nothing(run_once):
    gristmill("run", "-C", run_once)
    assert list((run_once / ".gristmill/store/tmp").iterdir()) == []


def test_a_killed_run_is_called_killed_and_cleared_away_by_the_next(run_once):
    database = run_once / ".gristmill/gristmill.db"
    with contextlib.closing(sqlite3.connect(database)) as ledger:
        ledger.execute("UPDATE runs SET status = 'running', ended = 0, report = '{}'")
        ledger.commit()
    killed = subprocess.Popen(["true"])
    killed.wait()
    left = [run_once / f".gristmill/tmp/{killed.pid}/spill", run_once / f".gristmill/store/tmp/{killed.pid}-1-0"]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half done")
    gristmill("run", "-C", run_once)
    assert [run["status"] for run in gristmill_json("runs", "-C", run_once)["runs"]] == ["done", "killed"]
    assert not any(path.exists() for path in left)


def test_a_ledger_that_is_none_says_what_to_do(run_once):
    database = run_once / ".gristmill/gristmill.db"
    for damaged in [b"nothing of the kind" * 100, database.read_bytes()[:5000]]:
        database.write_bytes(damaged)
        error = fails("run", "-C", run_once)
        assert "gristmill.db" in error and "move the file away" in error
    database.rename(run_once / "aside")
    gristmill("run", "-C", run_once)


def test_gc_waits_for_those_who_read(tmp_path):
    write_project(tmp_path, SLOW)
    gristmill("show", "numbers", "-n", 1, "-C", tmp_path)
    reader = subprocess.Popen([GRISTMILL, "sql", "SELECT * FROM numbers", "-C", tmp_path], stdout=subprocess.PIPE, text=True)
    try:
        reader.stdout.readline()  # and no further: it holds the table open
        collector = subprocess.Popen([GRISTMILL, "gc", "-C", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert "waiting" in collector.stderr.readline()
        read = sum(1 for line in reader.stdout)
        assert reader.wait(60) == 0 and read >= 3000000
        assert collector.wait(60) == 0, collector.stderr.read()
    finally:
        for process in (reader, collector):
            process.kill()
            process.wait()
            process.stdout.close()
    collector.stderr.close()


def test_frozen_takes_what_was_used_last(tmp_path):
    write_project(tmp_path, "params: {lo: 500}\ntables: {t: SELECT i FROM range(1000) r(i) WHERE i >= $lo}\n")
    rows = lambda *args: gristmill_json("run", "-C", tmp_path, *args)["tables"]
    assert rows("-p", "lo=0")["t"]["rows"] == 1000
    assert rows()["t"]["rows"] == 500
    assert rows("-p", "lo=0")["t"]["rows"] == 1000  # made before
    assert rows("--frozen", "-p", "lo=0")["t"]["rows"] == 1000
    assert "table t was stored by other SQL, other parameters" in fails("run", "--frozen", "-C", tmp_path)
    changed(tmp_path, "t:", "renamed:")
    assert rows("-p", "lo=0")["renamed"]["rows"] == 1000
    assert rows("--frozen", "-p", "lo=0")["renamed"]["rows"] == 1000
