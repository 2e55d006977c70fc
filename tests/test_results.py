"""The results of tasks stay as they are: the digests of a fixed project's results, kept in data/results.json.

A task is found again by what it does and by the versions of its kinds, so a result that changes without its version
leaves every user with what was made before. Kept are tables, cleaned tables, data sets, the models baseline and linear,
and a bundle. LightGBM's trees are not among them: they may differ between CPUs, as its sums are its own. Linear models
and bundles do use exp() and sine of the C library, which are the same where the build's -march is.

When a result is meant to change: raise the version that the failure names, then rewrite the kept digests with
`build/venv-test/bin/python tests/test_results.py`."""
import json
import pathlib
import shutil
import sys
import tempfile

import pytest

from conftest import gristmill, gristmill_json

DATA = pathlib.Path(__file__).resolve().parent / "data"
KEPT = DATA / "results.json"
REWRITE = "build/venv-test/bin/python tests/test_results.py"
VERSIONS = {  # in the order of the work: what comes later follows from what comes before
    "table": "`table_version` in src/pipeline/tables.cc",
    "clean": "`clean_version` in src/pipeline/tables.cc, or the `.version` of the rule in src/clean",
    "dataset": "`dataset_version` in src/pipeline/dataset_task.cc, or the `.version` of the rule in src/clean or of the "
               "encoder in src/feature",
    "model": "`model_version` in src/pipeline/model_task.cc, or the `.version` of the learner in src/learn",
    "bundle": "`bundle_version` in src/pipeline/recipe.cc",
}


def versions_of(what):
    """The versions in a task's key: of its own kind, and of the rules, encoders or learner that it uses."""
    versions = {"kind": what["version"]}
    if "learner" in what:
        versions[what["learner"]] = what["learner_version"]
    versions |= what.get("encoders", {})
    return versions | {rule["kind"]: rule["version"] for rule in what.get("rules", [])}


def content_of(task, tasks):
    """The digest of a table's cells, as those name it that read it: its own file holds what DuckDB writes. Data sets
    come first, for SQL may read a source's file instead."""
    kind, name = task["kind"], task["name"]
    tasks = sorted(tasks, key=lambda t: t["kind"] != "dataset")
    cleaned = kind == "table" and any(t["kind"] == "clean" and t["name"] == name for t in tasks)
    return next(i["digest"] for t in tasks for i in t["inputs"] if i["name"] == f"table {name}"
                and ((t["kind"], t["name"]) == ("clean", name)) == cleaned)


def results(folder):
    """{"kind name": {"versions", "digest"}}, of the results that are the same on every machine."""
    shutil.copytree(DATA / "results", folder)
    gristmill("run", "-C", folder)
    tasks = gristmill_json("why", "-C", folder)["tasks"]
    found = {}
    for task in sorted(tasks, key=lambda t: (list(VERSIONS).index(t["kind"]), t["name"])):
        kind, name = task["kind"], task["name"]
        if "boosted-trees" in name or (kind, name) == ("bundle", "minutes"):
            continue
        digest = content_of(task, tasks) if kind in ("table", "clean") else task["output"]
        found[f"{kind} {name}"] = {"versions": versions_of(task["what"]), "digest": digest}
    return found


def compare(now, kept):
    """Says of the first result that changed what to do."""
    assert now.keys() == kept.keys(), f"the fixed project makes other results than those kept: {REWRITE}"
    for result, made in now.items():
        kind = result.split()[0]
        if made["versions"] != kept[result]["versions"]:
            pytest.fail(f"versions of {kind} changed ({result}): rewrite what is kept with `{REWRITE}`")
        if made["digest"] != kept[result]["digest"]:
            pytest.fail(f"results of {kind} changed ({result}): raise {VERSIONS[kind]}; then rewrite what is kept with "
                        f"`{REWRITE}`")


@pytest.fixture(scope="module")
def now(tmp_path_factory):
    return results(tmp_path_factory.mktemp("results") / "project")


def test_results_are_those_of_their_versions(now):
    compare(now, json.loads(KEPT.read_text()))


def test_every_kind_of_task_is_kept(now):
    assert {result.split()[0] for result in now} == set(VERSIONS)
    assert all(f"model late/{name}" in now for name in ("linear", "baseline"))


@pytest.mark.parametrize("kind", VERSIONS)
def test_a_change_is_told_with_what_to_do(now, kind):
    result = next(r for r in now if r.startswith(f"{kind} "))
    for change, words in [({"digest": "0" * 64}, [f"results of {kind} changed", VERSIONS[kind], REWRITE]),
                          ({"versions": {"kind": 0}}, [f"versions of {kind} changed", REWRITE])]:
        with pytest.raises(pytest.fail.Exception) as failure:
            compare(now, {**now, result: {**now[result], **change}})
        assert all(word in str(failure.value) for word in words)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        KEPT.write_text(json.dumps(results(pathlib.Path(scratch) / "project"), indent=2) + "\n")
    sys.stderr.write(f"{KEPT}: rewritten\n")
