"""The installed tree works wherever it lies, without the repository, and its papers are whole."""
import re
import subprocess

import pytest

from conftest import BIN, ORDERS, gristmill_json, make_project, plain_row, serving


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    subprocess.run(["cmake", "--install", BIN.parent, "--prefix", folder / "first"], check=True, capture_output=True)
    (folder / "first").rename(folder / "moved")
    return folder / "moved"


def test_the_tree_runs_where_it_was_moved_to(tree, tmp_path):
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    installed = {"program": tree / "bin/gristmill", "env": env}
    project = make_project(tmp_path / "orders")
    run = gristmill_json("run", "-C", project, **installed)["predictions"]["late"]
    assert {model["name"] for model in run["models"]} == {"linear", "boosted-trees"}
    for program in [(tree / "bin/gristmill", "serve"), (tree / "bin/gristmill-serve",)]:
        with serving(run["bundle"], program=program) as server:
            assert len(server.predict([plain_row(ORDERS[5])])["predictions"]) == 1
    # The one that serves is linked to nothing that trains or queries.
    needed = subprocess.run(["ldd", tree / "bin/gristmill-serve"], capture_output=True, text=True, check=True).stdout
    assert not re.search("duckdb|lightgbm|curl|not found", needed), needed


def test_links_of_its_papers_lead_somewhere(tree):
    papers = tree / "share/doc/gristmill"
    for paper in [papers / "README.md", *sorted((papers / "docs").glob("*.md"))]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", paper.read_text()):
            assert (paper.parent / link).exists(), f"{paper.name} links to {link}"


def test_what_is_shipped_has_its_licence(tree):
    licences = {path.stem: path.read_text() for path in (tree / "share/doc/gristmill/licenses").glob("*.txt")}
    shipped = {path.name for path in (tree / "lib/gristmill").iterdir()}
    assert any("duckdb" in name for name in shipped) and any("lightgbm" in name for name in shipped)
    for name in ("duckdb", "lightgbm", "llhttp", "nanoarrow", "flatcc", "re2", "utf8proc", "cli11", "nlohmann-json"):
        assert re.search("(?i)copyright|licen[cs]e", licences[name]), name
