"""What other programs rely on: documents, files, exit codes, and the answers over HTTP."""
import contextlib
import csv
import datetime
import gzip
import io
import json
import math
import random
import re
import resource
import signal
import socket
import subprocess
import time

import pyarrow
import pyarrow.feather
import pyarrow.ipc
import pyarrow.parquet
import pytest

from conftest import (GRISTMILL, GRISTMILL_SERVE, ORDERS, PROJECT, ROWS, fails, gristmill, gristmill_json, plain_row,
                      serving, wait_for, write_project)

INPUT = ORDERS[:500]
NEEDED = ["id", "placed", "customer", "channel", "items", "amount", "store", "express", "temp", "rain"]
READERS = {".csv": lambda path: list(csv.DictReader(open(path, newline="", encoding="utf-8"))),
           ".parquet": lambda path: pyarrow.parquet.read_table(path).to_pylist(),
           ".arrow": lambda path: pyarrow.feather.read_table(path).to_pylist(),
           ".jsonl": lambda path: [json.loads(line) for line in open(path, encoding="utf-8")]}


def write_rows(path, rows=INPUT, names=NEEDED):
    rows = [{n: r[n] for n in names} for r in rows]
    if path.suffix == ".csv":
        with open(path, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, names)
            writer.writeheader()
            writer.writerows([plain_row(r) for r in rows])
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(plain_row(r)) + "\n" for r in rows), encoding="utf-8")
    else:
        table = pyarrow.Table.from_pylist(rows)
        if path.suffix == ".parquet":
            pyarrow.parquet.write_table(table, path)
        else:
            with pyarrow.ipc.new_file(path, table.schema) as writer:
                writer.write_table(table, 128)
    return path


@pytest.fixture(scope="module")
def bundle(finished):
    return finished[1]["predictions"]["late"]["bundle"]


@pytest.fixture(scope="module")
def batch(bundle, tmp_path_factory):
    """The answers of `predict`, as rows of numbers."""
    folder = tmp_path_factory.mktemp("batch")
    gristmill("predict", bundle, write_rows(folder / "in.jsonl"), "-o", folder / "out.jsonl")
    return READERS[".jsonl"](folder / "out.jsonl")


@pytest.fixture(scope="module")
def server(bundle):
    with serving(bundle) as running:
        yield running


# --- run ------------------------------------------------------------------------------------------------------------

def test_run_document(finished):
    folder, document = finished
    assert isinstance(document["run"], str) and document["run"]
    assert document["tasks"]["ran"] > 0 and document["tasks"]["reused"] >= 0
    late = document["predictions"]["late"]
    rows = late["rows"]
    assert {"read", "dropped", "no_target", "train", "validate", "test"} <= set(rows)
    dropped = [o for o in ORDERS if o["items"] < 1]
    assert rows["read"] == ROWS
    assert rows["dropped"] == len(dropped) > 0
    assert rows["no_target"] == sum(o["delay"] is None for o in ORDERS if o["items"] >= 1) > 0
    assert rows["train"] + rows["validate"] + rows["test"] == ROWS - rows["dropped"] - rows["no_target"]
    assert [m["name"] for m in late["models"]] == ["linear", "boosted-trees"]
    for model in late["models"]:
        assert {"auc", "log_loss", "brier", "accuracy", "f1"} <= set(model["validate"]) & set(model["test"])
        assert 0.6 < model["test"]["auc"] <= 1 and model["seconds"] >= 0
    assert set(late["baseline"]) == {"validate", "test"} and late["baseline"]["test"]["auc"] == 0.5
    best = max(late["models"], key=lambda m: m["validate"]["auc"])
    assert late["best"] == best["name"]
    gristmill("inspect", late["bundle"], cwd=folder.parent)


def test_run_document_of_each_kind(kinds):
    minutes, channels = (kinds[1]["predictions"][n] for n in ("minutes", "channel_of"))
    assert {"rmse", "mae", "r2"} <= set(minutes["models"][0]["test"])
    assert minutes["models"][0]["test"]["rmse"] < minutes["baseline"]["test"]["rmse"]
    assert {"log_loss", "accuracy"} <= set(channels["models"][0]["test"])


def test_facts_on_stdout_talk_on_stderr(run_once):
    done = gristmill("run", "-C", run_once, "--json")
    json.loads(done.stdout)
    shown = gristmill("run", "-C", run_once)
    assert "bundle: " in shown.stdout and "auc" in shown.stdout and "next: " in shown.stdout
    assert "bundle: " not in shown.stderr


def test_run_names_and_params(project):
    document = gristmill_json("run", "late", "late", "-p", "since=2024-02-01", "-C", project)
    assert list(document["predictions"]) == ["late"]
    assert document["predictions"]["late"]["rows"]["read"] == sum(o["placed"].month > 1 or o["placed"].year > 2024
                                                                  for o in ORDERS)
    assert "nearest" not in fails("run", "lat", "-C", project)
    assert 'did you mean "late"' in fails("run", "lat", "-C", project)
    assert 'did you mean "since"' in fails("run", "-p", "sinse=2024-02-01", "-C", project, code=2)


def test_frozen_takes_tables_as_they_were(run_once):
    (run_once / "data/shop.db").unlink()
    document = gristmill_json("run", "--frozen", "-C", run_once)
    assert document["tasks"]["ran"] == 0
    fails("run", "-C", run_once)


def test_report_tells_of_rows_joins_rules_and_dirt(project):
    done = gristmill("run", "-C", project)
    report = done.stdout
    assert re.search(r"table orders: 3,000 rows", report)
    assert re.search(r"join weather.daily: \d+\.\d % of 3,000 rows matched", report)
    for rule in ("missing", "range", "lookup", "derive", "impute", "drop"):
        assert re.search(rf"^  {rule}: ", report, re.M), rule
    assert "without a match" in report  # customers that the reference does not know
    assert re.search(r"amount.* read as text", done.stderr + report)  # "N/A" in a column declared INTEGER


# --- exit codes -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("program", [GRISTMILL, GRISTMILL_SERVE])
def test_version_and_help(program):
    assert re.search(r"\b0\.\d+\.\d+\b", gristmill("--version", program=program).stdout)
    assert "--help" in gristmill("--help", program=program).stdout


def test_exit_codes(bundle, tmp_path):
    fails(code=2)
    assert 'did you mean "predict"' in fails("predct", code=2)
    fails("run", "--no-such-flag", code=2)
    fails("predict", bundle, code=2)  # INPUT is missing
    fails("serve", bundle, "--port", "many", code=2)
    fails("serve", bundle, "--port", "70000", code=2)
    fails("serve", bundle, "--port", "70000", program=GRISTMILL_SERVE, code=None)
    fails(program=GRISTMILL_SERVE, code=2)
    fails("run", "-C", tmp_path)
    fails("predict", tmp_path / "no.bundle", "-")
    fails("predict", bundle, tmp_path / "no.csv")
    fails("serve", tmp_path / "no.bundle", "--port", "0")
    assert fails("predict", bundle, tmp_path / "rows.xlsx", code=2)


def test_every_verb_has_help():
    verbs = re.findall(r"^  ([a-z]+)  ", gristmill("--help").stdout, re.M)
    assert {"run", "plan", "predict", "serve", "build", "sources", "sql", "show", "init", "inspect", "runs", "compare",
            "why", "gc", "schema"} <= set(verbs)
    for verb in verbs:
        assert "-C" in gristmill(verb, "--help").stdout


def test_port_that_is_taken(server, bundle):
    fails("serve", bundle, "--port", server.port)


# --- tables ---------------------------------------------------------------------------------------------------------

def test_sources_sql_show(run_once):
    tables = {t["table"]: t for t in gristmill_json("sources", "-C", run_once)["tables"]}
    assert {"shop.orders", "weather.daily", "reference.customers"} == set(tables)
    assert tables["shop.orders"]["rows"] == ROWS and tables["shop.orders"]["bytes"] > 0
    assert "id" in [c["name"] for c in tables["shop.orders"]["columns"]]
    rows = gristmill_json("sql", "SELECT count(*) AS n, min(id) AS first FROM orders", "-C", run_once)
    assert rows["rows"] == [[ROWS, 0]] and [c["name"] for c in rows["columns"]] == ["n", "first"]
    assert len(gristmill_json("show", "orders", "-n", 3, "-C", run_once)["rows"]) == 3
    many = gristmill("sql", "SELECT range AS n FROM range(2500)", "-C", run_once).stdout.splitlines()
    assert len(many) == 2502 and many[2].strip() == "0" and many[-1].strip() == "2499"
    assert len(gristmill_json("sql", "SELECT range AS n FROM range(2500)", "-C", run_once)["rows"]) == 2500
    shown = gristmill("show", "reference.customers", "-C", run_once).stdout
    assert "20 of 150 rows" in shown and "city" in shown


def test_show_and_sql_say_whether_rules_were_applied(project):
    """With or without a fitted rule among them, the table that is predicted from comes as a request carries it."""
    for text in (PROJECT, PROJECT.replace("    - impute: {rain: mean}\n", "")):
        write_project(project, text)
        done = gristmill("show", "orders", "--json", "-C", project)
        assert "orders: as it is stored, before its rules" in done.stderr
        columns = [c["name"] for c in json.loads(done.stdout)["columns"]]
        assert columns == list(ORDERS[0])
        done = gristmill("sql", "SELECT count(*) FROM orders WHERE amount = 'N/A'", "--json", "-C", project)
        assert "orders: as it is stored, before its rules" in done.stderr
        assert json.loads(done.stdout)["rows"] == [[sum(o["amount"] == "N/A" for o in ORDERS)]]
    write_project(project, PROJECT.replace("clean:\n", "clean:\n  reference.customers:\n    - map: {city: {city1: one}}\n"))
    done = gristmill("sql", "SELECT count(*) FROM reference.customers WHERE city = 'one'", "--json", "-C", project)
    assert "reference.customers: as its rules leave it" in done.stderr and json.loads(done.stdout)["rows"] == [[17]]
    assert gristmill("show", "weather.daily", "-C", project).stderr == ""


@pytest.mark.parametrize("suffix", READERS)
def test_sql_writes_files(run_once, tmp_path, suffix):
    out = tmp_path / f"out{suffix}"
    gristmill("sql", "SELECT id, store FROM shop.orders ORDER BY id LIMIT 7", "-o", out, "-C", run_once)
    assert [int(r["id"]) for r in READERS[suffix](out)] == list(range(7))


def test_sources_are_read_only(project):
    before = (project / "data/shop.db").read_bytes()
    fails("sql", "DELETE FROM shop.orders", "-C", project, code=None)
    gristmill("run", "-C", project)
    assert (project / "data/shop.db").read_bytes() == before


def test_build_writes_arrays(run_once, tmp_path):
    numpy = pytest.importorskip("numpy")
    dense = gristmill_json("build", "late", "-o", tmp_path / "x.npy", "-C", run_once)
    array = numpy.load(tmp_path / "x.npy")
    assert array.shape == (dense["rows"], len(dense["columns"])) and array.dtype == numpy.float32
    gristmill("build", "late", "-o", tmp_path / "x.safetensors", "-C", run_once)
    raw = (tmp_path / "x.safetensors").read_bytes()
    header = json.loads(raw[8:8 + int.from_bytes(raw[:8], "little")])
    assert any(dense["rows"] in tensor["shape"] for name, tensor in header.items() if name != "__metadata__")
    gristmill("build", "late", "--csr", "-o", tmp_path / "csr.safetensors", "-C", run_once)
    gristmill("build", "late", "-o", tmp_path / "x.parquet", "-C", run_once)
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").num_rows == dense["rows"]
    fails("build", "late", "-o", tmp_path / "x.xlsx", "-C", run_once, code=None)


def test_init_writes_a_project_that_runs(project, tmp_path):
    (project / "gristmill.yaml").unlink()
    gristmill("init", "data/shop.db", "data/reference/customers.csv", "-C", project, cwd=project)
    text = (project / "gristmill.yaml").read_text()
    assert "shop" in text and "#" in text
    fails("init", "-C", project)
    assert (project / "gristmill.yaml").read_text() == text
    names = {t["table"] for t in gristmill_json("sources", "-C", project)["tables"]}
    assert any(name.endswith(".orders") for name in names)


def test_init_quotes_what_yaml_would_read_otherwise(tmp_path):
    rows = [f"{i},{i % 2},{i * 0.37 % 1:.3f}" for i in range(300)]
    (tmp_path / "data.csv").write_text("\n".join(["id,it's,x", *rows]) + "\n")
    gristmill("init", "-C", tmp_path)
    assert "it's" in (tmp_path / "gristmill.yaml").read_text()
    gristmill("run", "-C", tmp_path)


AWKWARD = ["order", "group", "a b", "x #y", "left", "select", "o'clock", "Größe", "1st", "true", "null", "a: b", "- c",
           'say "so"', "{d}", "a,b", "current_date", "rowid", "user", "interval", "case", "desc", "#", "x'", "%", "`t`"]


@pytest.mark.parametrize("name, kind", [(name, ["number", "word", "flag"][i % 3]) for i, name in enumerate(AWKWARD)])
def test_what_init_writes_is_read_back(tmp_path, name, kind):
    """The column stands as key, target, time and among the rules, in turn."""
    values = {"flag": ["false", "true"], "number": ["0", "1"], "word": ["no", "yes"]}[kind]
    names = ["id of " + name, "day of " + name, "nearly " + name, name]
    chance = random.Random(3)
    rows = [[i, f"2024-01-{i % 28 + 1:02}", "N/A" if i % 40 == 0 else chance.randrange(500), values[i % 2]]
            for i in range(400)]
    with open(tmp_path / "data.csv", "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([names, *rows])
    gristmill("init", "-C", tmp_path)
    file = tmp_path / "gristmill.yaml"
    text = file.read_text(encoding="utf-8")
    for key in ("key", "split"):
        assert f"# {key}: " in text
        text = text.replace(f"# {key}: ", f"{key}: ")
    file.write_text(text.replace("[linear, boosted-trees]", "linear"), encoding="utf-8")
    gristmill("plan", "-C", tmp_path)
    run = gristmill_json("run", "-C", tmp_path)
    (prediction,) = run["predictions"].values()
    assert prediction["metric"] == "auc" and prediction["rows"]["test"] > 0
    assert {rule["kind"] for rule in prediction["rules"]} == {"missing", "derive"}


def test_init_looks_into_folders(tmp_path):
    data = tmp_path / "data"
    for place in ("shop.csv", "reference/cities.csv", "reference/stores.csv", "old/2023/sales.csv.gz", "a/b/c/deep.csv",
                  ".hidden/x.csv"):
        (data / place).parent.mkdir(parents=True, exist_ok=True)
        rows = "id,x\n1,2\n2,3\n".encode()
        (data / place).write_bytes(gzip.compress(rows) if place.endswith(".gz") else rows)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/other.csv").write_text("a\n1\n")
    gristmill("init", "-C", tmp_path)
    tables = {t["table"] for t in gristmill_json("sources", "-C", tmp_path)["tables"]}
    assert tables == {"shop.shop", "reference.cities", "reference.stores", "sales.sales"}


def test_init_finds_compressed_files(tmp_path):
    rows = [f"{i},{i % 2},{i * 0.37 % 1:.3f}" for i in range(300)]
    (tmp_path / "DATA.csv.gz").write_bytes(gzip.compress("\n".join(["id,late,x", *rows]).encode() + b"\n"))
    gristmill("init", "-C", tmp_path)
    gristmill("run", "-C", tmp_path)


def test_inspect(finished, bundle):
    facts = gristmill_json("inspect", bundle)
    assert facts["name"] == "late" and re.fullmatch(r"[0-9a-f]{12}", facts["version"])
    assert [f["name"] for f in facts["signature"]["fields"] if f["key"]] == ["id"]
    assert "delay" in facts["signature"]["ignored"]
    assert {"lookup", "derive"} <= {r["kind"] for r in facts["rules"]}
    assert facts["card"]["test"]["auc"] > 0.6 and facts["card"]["lineage"]["table"]
    assert "auc" in gristmill("inspect", "late", "-C", finished[0]).stdout


# --- predict --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("suffix", READERS)
def test_predict_reads_each_format(bundle, batch, tmp_path, suffix):
    gristmill("predict", bundle, write_rows(tmp_path / f"in{suffix}"), "-o", tmp_path / "out.jsonl")
    assert READERS[".jsonl"](tmp_path / "out.jsonl") == batch


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".arrow"])
def test_predict_reads_packed_files(bundle, batch, tmp_path, suffix):
    packed = tmp_path / f"in{suffix}.gz"
    packed.write_bytes(gzip.compress(write_rows(tmp_path / f"in{suffix}").read_bytes()))
    gristmill("predict", bundle, packed, "-o", tmp_path / "out.jsonl")
    assert READERS[".jsonl"](tmp_path / "out.jsonl") == batch
    packed.write_bytes(packed.read_bytes()[:-200])
    assert "damaged or cut short" in fails("predict", bundle, packed, "-o", tmp_path / "cut.jsonl")
    assert not (tmp_path / "cut.jsonl").exists()


@pytest.mark.parametrize("suffix", READERS)
def test_predict_writes_each_format(bundle, batch, tmp_path, suffix):
    gristmill("predict", bundle, write_rows(tmp_path / "in.csv"), "-o", tmp_path / f"out{suffix}")
    rows = READERS[suffix](tmp_path / f"out{suffix}")
    assert list(rows[0]) == ["id", "prediction", "probability"]
    assert [int(r["id"]) for r in rows] == [o["id"] for o in INPUT]  # in input order
    assert [float(r["probability"]) for r in rows] == [r["probability"] for r in batch]
    assert [str(r["prediction"]).lower() == "true" for r in rows] == [r["prediction"] for r in batch]


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".arrow"])
def test_predict_from_standard_input(bundle, batch, tmp_path, suffix):
    body = write_rows(tmp_path / f"in{suffix}").read_bytes()
    done = gristmill("predict", bundle, "-", input=body, text=False)
    rows = list(csv.DictReader(io.StringIO(done.stdout.decode())))
    assert [float(r["probability"]) for r in rows] == [r["probability"] for r in batch]


def test_predict_reads_parquet_files_as_they_are_named(bundle, batch, tmp_path):
    for folder in ("store=nowhere", "q[1]"):
        (tmp_path / folder).mkdir()
        source = write_rows(tmp_path / folder / "in.parquet")
        gristmill("predict", bundle, source, "-o", tmp_path / "out.jsonl")
        assert READERS[".jsonl"](tmp_path / "out.jsonl") == batch


def test_predict_takes_for_missing_what_the_source_says(tmp_path):
    lines = ["id,a,y", *(f"{i},{'?' if i % 7 == 0 else i % 10},{i % 10 + 0.5}" for i in range(400))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n")
    write_project(tmp_path, """\
sources: {here: {files: data.csv, nulls: ["?"]}}
tables: {rows: SELECT * FROM here.data}
predict:
  answer: {from: rows, key: id, target: y, split: {random: true}, model: linear}
""")
    gristmill("run", "-C", tmp_path)
    bundle = tmp_path / ".gristmill/bundles/answer.bundle"
    gristmill("predict", bundle, tmp_path / "data.csv", "-o", tmp_path / "out.csv")
    assert len(READERS[".csv"](tmp_path / "out.csv")) == 400
    (tmp_path / "na.csv").write_text("id,a\n1,NA\n")
    assert "NA" in fails("predict", bundle, tmp_path / "na.csv")


def test_tables_do_not_ask_the_clock(project):
    text = (project / "gristmill.yaml").read_text()
    (project / "gristmill.yaml").write_text(text.replace("o.placed >= $since", "o.placed < now()"))
    error = fails("run", "-C", project)
    assert "now gives another answer each time" in error and "`params`" in error and "gristmill.yaml:1" in error
    # Only looking, the clock may be asked.
    assert gristmill_json("sql", "SELECT now() > TIMESTAMPTZ '2020-01-01' AS later FROM reference.customers LIMIT 1",
                          "-C", project)["rows"] == [[True]]


def test_predict_keep(bundle, tmp_path):
    source = write_rows(tmp_path / "in.csv", names=NEEDED + ["delay"])
    gristmill("predict", bundle, source, "-o", tmp_path / "two.csv", "--keep", "store,id")
    assert list(READERS[".csv"](tmp_path / "two.csv")[0]) == ["id", "store", "prediction", "probability"]
    gristmill("predict", bundle, source, "-o", tmp_path / "all.csv", "--keep", "all")
    kept = READERS[".csv"](tmp_path / "all.csv")
    assert {"id", "store", "amount", "temp", "prediction"} <= set(kept[0])
    # Raw, as they came: what cleans them stays inside.
    assert [r["amount"] for r in kept] == [o["amount"] for o in INPUT]
    assert 'did you mean "store"' in fails("predict", bundle, source, "--keep", "stor", code=None)


@pytest.mark.parametrize("suffix", READERS)
def test_predict_keeps_columns_that_the_model_does_not_know(bundle, tmp_path, suffix):
    """Known to the table or not: of the type that the file gives them, text where it gives none."""
    rows = [{**{n: o[n] for n in NEEDED}, "courier": o["courier"], "note": f"n{i}, \"ü\"" if i % 3 else None,
             "count": i, "share": i / 4, "day": o["placed"].date()} for i, o in enumerate(INPUT)]
    source = write_rows(tmp_path / f"in{suffix}", rows, list(rows[0]))
    kept = ["id", "share", "courier", "note", "day", "count"]
    gristmill("predict", bundle, source, "-o", tmp_path / "out.parquet", "--keep", ",".join(kept))
    made = READERS[".parquet"](tmp_path / "out.parquet")
    assert list(made[0]) == [*kept, "prediction", "probability"]
    as_read = {".csv": str, ".jsonl": lambda v: str(v) if isinstance(v, datetime.date) else v}.get(suffix, lambda v: v)
    for row, out in zip(rows, made, strict=True):
        assert out["id"] == row["id"]
        for name in ("share", "courier", "note", "day", "count"):
            assert out[name] == (None if row[name] is None else as_read(row[name])), name
    plain = gristmill("predict", bundle, source, "--keep", "id").stdout
    assert [(m["id"], m["probability"]) for m in made] == [
        (int(r["id"]), float(r["probability"])) for r in csv.DictReader(io.StringIO(plain))]
    gristmill("predict", bundle, source, "-o", tmp_path / "all.jsonl", "--keep", "all")
    assert list(READERS[".jsonl"](tmp_path / "all.jsonl")[0]) == [*rows[0], "prediction", "probability"]
    if suffix in (".csv", ".arrow", ".jsonl"):
        with open(source, "rb") as file:
            piped = gristmill("predict", bundle, "-", "--keep", ",".join(kept), stdin=file).stdout
        assert piped == gristmill("predict", bundle, source, "--keep", ",".join(kept)).stdout
    assert 'did you mean "courier"' in fails("predict", bundle, source, "--keep", "courir", code=None)


def test_predict_streams_and_does_not_look_at_neighbours(bundle, batch, tmp_path):
    backwards = write_rows(tmp_path / "back.csv", rows=INPUT[::-1] * 140)  # more than one chunk
    gristmill("predict", bundle, backwards, "-o", tmp_path / "out.csv")
    answers = [float(r["probability"]) for r in READERS[".csv"](tmp_path / "out.csv")]
    assert answers == [r["probability"] for r in batch][::-1] * 140
    alone = write_rows(tmp_path / "alone.csv", rows=INPUT[17:18])
    gristmill("predict", bundle, alone, "-o", tmp_path / "one.csv")
    assert float(READERS[".csv"](tmp_path / "one.csv")[0]["probability"]) == batch[17]["probability"]


def test_predict_each_kind_of_target(kinds, tmp_path):
    folder, document = kinds
    source = write_rows(tmp_path / "in.csv", names=[n for n in NEEDED])
    gristmill("predict", "minutes", source, "-o", tmp_path / "minutes.csv", "-C", folder)
    rows = READERS[".csv"](tmp_path / "minutes.csv")
    assert list(rows[0]) == ["id", "prediction"] and 0 < float(rows[0]["prediction"]) < 200
    gristmill("predict", "channel_of", source, "-o", tmp_path / "channels.csv", "-C", folder)
    rows = READERS[".csv"](tmp_path / "channels.csv")
    classes = ["desk", "phone", "web"]
    assert list(rows[0]) == ["id", "store", "prediction", *(f"probability_{c}" for c in classes)]
    for row in rows:
        shares = {c: float(row[f"probability_{c}"]) for c in classes}
        assert abs(sum(shares.values()) - 1) < 1e-9 and shares[row["prediction"]] == max(shares.values())


def test_predict_refuses_a_bad_row_and_leaves_nothing(bundle, tmp_path):
    bad = [dict(INPUT[0]), dict(INPUT[1], amount="12 kg")]
    error = fails("predict", bundle, write_rows(tmp_path / "bad.jsonl", rows=bad), "-o", tmp_path / "out.csv")
    assert "row 2" in error
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bad.jsonl"]


# --- serve ----------------------------------------------------------------------------------------------------------

def test_served_answer_is_the_batch_answer_to_the_last_bit(server, batch):
    for size in (1, 7, len(INPUT)):
        for at in range(0, min(len(INPUT), 60 * size), size):
            answer = server.predict([plain_row(o, *NEEDED) for o in INPUT[at:at + size]])
            for served, row in zip(answer["predictions"], batch[at:at + size], strict=True):
                assert served["probability"] == row["probability"]
                assert served["prediction"] == row["prediction"]
                assert served["id"] and str(row["id"]) in json.dumps(served)


def test_answer_document(server, bundle):
    answer = server.predict([plain_row(INPUT[3], *NEEDED), plain_row(INPUT[4], *NEEDED)])
    assert answer["model"] == "late" and answer["version"] == gristmill_json("inspect", bundle)["version"]
    assert answer["id"] and len({p["id"] for p in answer["predictions"]}) == 2
    assert "ignored" not in answer or answer["ignored"] == []
    for p in answer["predictions"]:
        assert isinstance(p["prediction"], bool) and 0 <= p["probability"] <= 1
    assert server.predict([plain_row(INPUT[3], *NEEDED)], "/models/late/predict")["model"] == "late"


def test_answer_of_each_kind(kinds):
    folder, document = kinds
    paths = {n: p["bundle"] for n, p in document["predictions"].items()}
    with serving(paths["minutes"], paths["channel_of"]) as server:
        row = plain_row(INPUT[0], *NEEDED)
        number = server.predict([row])["predictions"][0]
        assert isinstance(number["prediction"], float) and "probability" not in number
        several = server.predict([row], "/models/channel_of/predict")["predictions"][0]
        assert set(several["probabilities"]) == {"desk", "phone", "web"} and several["store"] == row["store"]
        assert several["prediction"] == max(several["probabilities"], key=several["probabilities"].get)
        status, error = server.post({"instances": [row]}, "/models/minute/predict")
        assert status == 404 and "minutes" in error["error"]["hint"]


def test_known_columns_are_skipped_and_unknown_ones_listed(server):
    row = plain_row(INPUT[0], *NEEDED)
    plain = server.predict([row])["predictions"][0]["probability"]
    training_columns = server.predict([dict(row, delay=99, courier="abba")])
    assert not training_columns.get("ignored")
    strange = server.predict([dict(row, colour="red", note={"deep": [1, None]})])
    assert strange["ignored"] == ["colour", "note"]
    assert strange["predictions"][0]["probability"] == plain


def test_what_may_be_missing(server):
    row = plain_row(INPUT[1], *NEEDED)
    without_temp = server.predict([{n: v for n, v in row.items() if n != "temp"}])["predictions"][0]
    assert without_temp["probability"] == server.predict([dict(row, temp=None)])["predictions"][0]["probability"]
    server.predict([{n: v for n, v in row.items() if n != "id"}])  # a key names the row, it is no feature


@pytest.mark.parametrize("change, field, hint", [
    ({"items": None}, "items", ""),
    ({"items": "three"}, "items", ""),
    ({"items": 2.5}, "items", ""),
    ({"placed": "yesterday"}, "placed", ""),
    ({"temp": "warm"}, "temp", ""),
    ({"store": 5}, "store", ""),
    ({"amount": "12 kg"}, None, ""),
    ({"items": "gone", "itmes": 3}, "items", "itmes"),
])
def test_wrong_rows_are_422(server, change, field, hint):
    row = {**plain_row(INPUT[0], *NEEDED), **change}
    if hint:
        del row["items"]
    status, answer = server.post({"instances": [plain_row(INPUT[1], *NEEDED), row]})
    assert status == 422, answer
    error = answer["error"]
    assert set(error) >= {"code", "message", "where", "hint"} and error["message"]
    assert error["where"]["row"] == 2
    if field:
        assert error["where"]["field"] == field
    assert hint in error["hint"]


@pytest.mark.parametrize("body", [b"", b"{", b"[", b"null", b"3", b'"x"', b"{}", b'{"instances": 5}', b'{"instances": [5]}',
                                  b'{"instances": [{"items": 1e999}]}', b'{"instances": [{]}', b"\xff\xfe\x00",
                                  b'{"instances": [' + b"[" * 50000, b'{"instances": [{"store": "\xff"}]}',
                                  b'{"instances": [{"store": "\\ud800"}]}', b'{"instances": []} x'])
def test_what_is_not_a_request_is_refused(server, body):
    status, answer = server.post(body)
    assert status in (400, 422), answer
    assert answer["error"]["code"] and answer["error"]["message"]
    assert json.loads(server.get("/healthz"))["status"] == "ok"


@pytest.mark.parametrize("head", [b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"POST /predict HTTP/1.1\r\n"
                                  b"Host: x\r\nContent-Length: -5\r\n\r\n", b"POST /predict HTTP/1.1\r\nHost: x\r\n"
                                  b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", b"GET /" + b"a" * 40000 +
                                  b" HTTP/1.1\r\n\r\n", b"POST /predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked"
                                  b"\r\n\r\nzz\r\n", b"GET /healthz HTTP/1.1\r\nHost x\r\n\r\n"])
def test_malformed_http_is_refused(server, head):
    with socket.create_connection((server.host, server.port), 5) as connection:
        connection.sendall(head)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(65536):
                answer += part
    assert not answer or re.match(rb"HTTP/1\.1 [45]\d\d ", answer), answer[:80]
    assert json.loads(server.get("/healthz"))["status"] == "ok"


def test_paths_and_methods(server):
    assert server.request("GET", "/no/such/path")[0] == 404
    status, headers, _ = server.request("GET", "/predict")
    assert status == 405 and "POST" in headers["Allow"]


def test_bounds_on_body_and_rows(server):
    row = plain_row(INPUT[0], *NEEDED)
    status, answer = server.post({"instances": [row] * 10_001})
    assert status == 413 and answer["error"]["code"] == "exhausted"
    with socket.create_connection((server.host, server.port), 5) as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n{")
        assert re.match(rb"HTTP/1\.1 413 ", connection.recv(4096))
    server.predict([row])


def test_full_server_answers_503_at_once(bundle):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    held, refused = [], None
    try:
        with serving(bundle) as server:
            begun = time.monotonic()
            for _ in range(1400):
                connection = socket.create_connection((server.host, server.port), 5)
                held.append(connection)
            for connection in held[::-1]:
                connection.settimeout(0.01)
                with contextlib.suppress(TimeoutError, ConnectionResetError):
                    refused = refused or connection.recv(4096)
                if refused:
                    break
            assert refused and refused.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in refused, refused
            assert time.monotonic() - begun < 5
            for connection in held:
                connection.close()
            held.clear()
            wait_for(lambda: server.request("GET", "/healthz")[0] == 200)
            assert 'gristmill_rejected_total{reason="busy"}' in server.get("/metrics")
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_schema_describes_an_instance(server):
    schema = json.loads(server.get("/schema"))
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema" and schema["type"] == "object"
    assert schema["properties"]["items"]["type"] == "integer"
    assert "string" in schema["properties"]["store"]["type"]
    assert "items" in schema["required"] and "temp" not in schema["required"] and "id" not in schema["required"]
    assert "delay" not in schema["properties"]
    assert json.loads(server.get("/models/late/schema")) == schema


def test_openapi_health_and_ready(server):
    document = json.loads(server.get("/openapi.json"))
    assert document["openapi"].startswith("3.1") and "/predict" in document["paths"]
    assert server.get("/healthz") and server.get("/readyz")


def test_metrics(bundle):
    with serving(bundle) as server:
        version = gristmill_json("inspect", bundle)["version"]
        server.predict([plain_row(o, *NEEDED) for o in INPUT[:5]])
        server.post({"instances": [{"items": "x"}]})
        server.request("GET", "/nowhere")
        text = server.get("/metrics")
        label = f'model="late",version="{version}"'
        assert f'gristmill_requests_total{{{label},code="200"}} 1\n' in text
        assert f'gristmill_requests_total{{{label},code="422"}} 1\n' in text
        assert re.search(rf"gristmill_rows_total{{{label}}} 5\n", text)
        assert re.search(rf'gristmill_request_duration_seconds_bucket{{{label},le="\+Inf"}} 2\n', text)
        assert "gristmill_request_duration_seconds_sum" in text and "gristmill_request_duration_seconds_count" in text
        assert 'gristmill_rejected_total{reason="not_found"} 1\n' in text
        assert re.search(r"gristmill_model_info{.*late.*} 1\n", text)
        for line in text.splitlines():
            assert line.startswith("#") or re.fullmatch(r"[a-z_]+({.*})? [0-9.e+-]+", line), line


@pytest.mark.parametrize("program", [(GRISTMILL, "serve"), (GRISTMILL_SERVE,)])
def test_both_programs_serve_and_stop(bundle, program):
    with serving(bundle, program=program, args=("--port", "0", "--host", "127.0.0.1", "--threads", "1")) as server:
        server.predict([plain_row(INPUT[0], *NEEDED)])
        server.stop()


def test_environment_stands_for_options(bundle):
    with serving(bundle, program=(GRISTMILL_SERVE,), args=(),
                 env={"GRISTMILL_HOST": "127.0.0.1", "GRISTMILL_PORT": "0", "GRISTMILL_THREADS": "1"}) as server:
        server.get("/healthz")
    fails(bundle, program=GRISTMILL_SERVE, code=2, env={"GRISTMILL_PORT": "many"})


def test_serve_finds_the_bundles_of_a_project(kinds):
    with serving("-C", kinds[0]) as server:
        names = [m["name"] for m in json.loads(server.get("/models"))["models"]]
        assert sorted(names) == ["channel_of", "late", "minutes"]
        # The first in the project file, not by name.
        assert server.predict([plain_row(INPUT[0])])["model"] == "late"


def test_sigterm_lets_a_begun_request_finish(bundle):
    body = json.dumps({"instances": [plain_row(INPUT[0], *NEEDED)]}).encode()
    with serving(bundle) as server:
        with socket.create_connection((server.host, server.port), 5) as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:20])
            time.sleep(0.2)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            assert server.process.poll() is None
            connection.sendall(body[20:])
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200 ") and b'"probability"' in answer
        assert server.process.wait(10) == 0


def test_another_seed_is_another_split(run_once):
    split = "    split: {time: placed, validate: 20%, test: 20%}\n"
    text = (run_once / "gristmill.yaml").read_text()
    assert split in text

    def seeded(seed):
        write_project(run_once, text.replace(split, f"    split: {{random: true}}\n    seed: {seed}\n", 1))

    counts = set()
    for seed in (0, 1, 2):
        seeded(seed)
        counts.add(gristmill_json("run", "-C", run_once)["predictions"]["late"]["rows"]["validate"])
    assert len(counts) > 1
    seeded(-1)
    assert "from 0 to 9" in gristmill("run", "-C", run_once, code=1).stderr


def test_rows_are_counted_once_however_many_chunks_there_are(tmp_path):
    rows = 500_000
    write_project(tmp_path, f"""\
project: counted
tables:
  numbers: SELECT i AS id, hash(i) % 100 AS a, CASE WHEN i % 10 > 0 THEN hash(i) % 7 END AS y FROM range({rows}) AS t(i)
predict:
  y_of: {{from: numbers, key: id, target: y, model: linear}}
""")
    counts = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["rows"]
    assert counts["read"] == rows and counts["no_target"] == rows // 10
    assert counts["train"] + counts["validate"] + counts["test"] == rows - rows // 10


def test_what_was_nan_in_training_may_be_null_in_a_request(tmp_path):
    chance = random.Random(3)
    a = [chance.choice([math.nan, chance.random()]) if i % 10 == 0 else chance.random() for i in range(2000)]
    pyarrow.parquet.write_table(pyarrow.table({"id": range(2000), "a": a, "b": [chance.random() for _ in a],
                                               "y": [chance.random() for _ in a]}), tmp_path / "rows.parquet")
    write_project(tmp_path, """\
project: gaps
sources: {d: rows.parquet}
predict:
  y_of: {from: d.rows, key: id, target: y, model: linear}
""")
    bundle = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["bundle"]
    row = {"id": 1, "a": None, "b": 0.5}
    with serving(bundle) as server:
        served = server.predict([row])["predictions"][0]["prediction"]
    (tmp_path / "in.jsonl").write_text(json.dumps(row) + "\n")
    out = gristmill("predict", bundle, tmp_path / "in.jsonl", "-o", "-").stdout
    assert float(list(csv.DictReader(io.StringIO(out)))[0]["prediction"]) == served


def test_a_closed_pipe_ends_the_program_quietly(batch, bundle, tmp_path):
    many = tmp_path / "many.jsonl"
    many.write_text(json.dumps(plain_row(INPUT[0])) + "\n")
    many.write_text(many.read_text() * 50_000)
    shell = f"{GRISTMILL} predict {bundle} {many} | head -n 1"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, timeout=60)
    assert len(done.stdout.splitlines()) == 1 and "error" not in done.stderr, done.stderr


def test_predict_does_not_overwrite_its_input(bundle, tmp_path):
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps(plain_row(INPUT[0])) + "\n")
    before = rows.read_bytes()
    assert "overwritten" in gristmill("predict", bundle, rows, "-o", tmp_path / "." / "rows.jsonl", code=2).stderr
    assert rows.read_bytes() == before


def test_the_training_file_can_be_predicted(tmp_path):
    """Words for booleans, among others, are read alike."""
    chance = random.Random(4)
    with open(tmp_path / "rows.csv", "w") as file:
        file.write("id,member,since,y\n")
        for i in range(1000):
            file.write(f"{i},{chance.choice(['yes', 'no'])},2024-{i % 12 + 1:02}-03,{chance.random()}\n")
    write_project(tmp_path, """\
project: words
sources: {d: rows.csv}
predict:
  y_of: {from: d.rows, key: id, target: y, model: linear}
""")
    bundle = gristmill_json("run", "-C", tmp_path)["predictions"]["y_of"]["bundle"]
    assert len(gristmill("predict", bundle, tmp_path / "rows.csv").stdout.splitlines()) == 1001
