"""`gristmill report`: a run as one HTML file, and what it asks the model for."""
import csv
import html.parser
import json
import random
import re
import statistics
import xml.etree.ElementTree

import pytest

from conftest import fails, gristmill, gristmill_json, write_project

CITIES = ["Ulm", "<script>alert(1)</script>", "Bonn & Co", "Kiel"]
PROJECT = """\
sources: {here: rows.csv}
tables: {rows: SELECT * FROM here.rows}
clean:
  rows: [{missing: {values: [n/a]}}]
predict:
  answer:
    from: rows
    key: id
    target: answer
    positive: "yes"
    split: {random: true, validate: 30%, test: 30%}
    model: [linear, boosted-trees]
    decide: {threshold: 0.4}
  size_of: {from: rows, key: id, target: size, split: {random: true}, model: linear, intervals: 90%}
  place: {from: rows, key: id, target: city, split: {random: true}, model: linear}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reported")
    chance = random.Random(1)
    with open(folder / "rows.csv", "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["id", "size", "city", "noise", "member", "answer"])
        for i in range(290):
            size, city = round(chance.gauss(10, 3), 3), chance.choice(CITIES)
            told = size > 10 if chance.random() < 0.9 else chance.random() < 0.5
            out.writerow([f"r{i}", size if chance.random() < 0.95 else "", city, round(chance.random(), 4),
                          chance.choice(["true", "false"]), "yes" if told else "no"])
    write_project(folder, PROJECT)
    gristmill("run", "-C", folder)
    return folder


class Reader(html.parser.HTMLParser):
    """Elements that were opened and not closed, what would be loaded, and text."""
    EMPTY = {"meta", "br"}

    def __init__(self):
        super().__init__()
        self.open, self.loaded, self.tags, self.text = [], [], set(), ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.loaded += [value for name, value in attrs if name in ("src", "href")]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


def test_a_page_that_needs_nothing_else(project):
    written = project / gristmill("report", "-C", project).stdout.strip()
    text = written.read_text()
    reader = Reader()
    reader.feed(text)
    assert reader.open == [] and reader.loaded == []
    assert "script" not in reader.tags and "&lt;script&gt;alert(1)" in text
    for told in ("Prediction answer", "Prediction size_of", "Prediction place", "boosted-trees", "What it looks at",
                 "How the answer moves", "What is taken for what", "Are the probabilities true?", "Columns left out",
                 "here.rows", "missing", "from a probability of 0.4000 on", "of the test rows lie in them"):
        assert told in reader.text, told
    plots = re.findall(r"<svg.*?</svg>", text, re.S)
    assert len(plots) > 8
    for plot in plots:
        xml.etree.ElementTree.fromstring(plot)
        assert "nan" not in plot and "inf" not in plot


def test_dependence_is_what_predict_says(project):
    """With no more rows than the sample holds, by hand: every row with the same value in one column."""
    facts = gristmill_json("report", "-C", project)["models"]["answer"]
    by_column = {one["column"]: one["points"] for one in facts["dependence"]}
    assert {"size", "city"} <= set(by_column)
    rows = list(csv.DictReader(open(project / "rows.csv")))
    bundle = project / ".gristmill/bundles/answer.bundle"
    for column, points in (("size", by_column["size"][:3]), ("city", by_column["city"])):
        for point in points:
            changed = [row | {column: point["at"]} for row in rows]
            with open(project / "moved.csv", "w", newline="") as file:
                out = csv.DictWriter(file, changed[0])
                out.writeheader()
                out.writerows(changed)
            said = csv.DictReader(gristmill("predict", bundle, project / "moved.csv").stdout.splitlines())
            assert point["means"] == pytest.approx([statistics.mean(float(row["probability"]) for row in said)])


def test_importance_tells_a_column_that_counts_from_noise(project):
    losses = {one["column"]: one["loss"] for one in gristmill_json("report", "-C", project)["models"]["answer"]["importance"]}
    assert losses["size"] > 0.2 and abs(losses["noise"]) < 0.1 and "id" not in losses


def test_the_run_that_is_asked_for_and_the_file(project, tmp_path):
    run = gristmill_json("runs", "-C", project)["runs"][0]["run"]
    assert gristmill("report", run, "-C", project, "-o", tmp_path / "r.html").stdout.strip() == str(tmp_path / "r.html")
    assert run in (tmp_path / "r.html").read_text()
    assert "no run" in fails("report", "nonsense", "-C", project)
    assert "nothing was run" in fails("report", "-C", tmp_path)
    assert "there is no such file or folder" in fails("report", "-C", project, "-o", tmp_path / "absent/r.html")


def test_failed_runs_and_runs_of_tables_alone(tmp_path):
    (tmp_path / "rows.csv").write_text("a\n1\n")
    write_project(tmp_path, "sources: {here: rows.csv}\ntables: {rows: SELECT b FROM here.rows}\n")
    fails("run", "-C", tmp_path)
    gristmill("report", "-C", tmp_path, "-o", tmp_path / "failed.html")
    assert "b" in (tmp_path / "failed.html").read_text()
    write_project(tmp_path, "sources: {here: rows.csv}\ntables: {rows: SELECT a FROM here.rows}\n")
    gristmill("run", "-C", tmp_path)
    facts = gristmill_json("report", "-C", tmp_path, "-o", tmp_path / "tables.html")
    assert facts["models"] == {} and "rows" in json.dumps(facts["report"]["tables"])
    assert "here.rows" in (tmp_path / "tables.html").read_text()


def test_what_gc_took_is_said(project, tmp_path):
    """Of an older run the store keeps the bundle's facts in the ledger, not its data."""
    import shutil
    copy = tmp_path / "copy"
    shutil.copytree(project, copy)
    run = gristmill_json("runs", "-C", copy)["runs"][0]["run"]
    for dataset in gristmill_json("show", run, "-C", copy)["tasks"]:
        if dataset["kind"] != "dataset":
            continue
        for blob in (copy / ".gristmill/store").rglob("*"):
            if blob.name.startswith(dataset["output"][2:12]) or blob.name.startswith(dataset["output"][:12]):
                blob.unlink()
    gristmill("report", run, "-C", copy, "-o", tmp_path / "r.html")
    assert "is not shown" in (tmp_path / "r.html").read_text()
