"""docs/reference.md says what the program says."""
import json
import pathlib
import re
import subprocess
import sys

from conftest import BIN, ROOT, gristmill

REFERENCE = (ROOT / "docs/reference.md").read_text(encoding="utf-8") if (ROOT / "docs/reference.md").exists() else ""
# As it stands in a cell of a table.
shown = lambda text: text.replace("|", "\\|").replace("\n", " ")


def test_it_is_up_to_date():
    done = subprocess.run([sys.executable, ROOT / "scripts/reference.py", "--check"], capture_output=True, text=True,
                          env={"GRISTMILL_BIN": str(BIN), "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"})
    assert done.returncode == 0, done.stderr


def descriptions(schema):
    """All descriptions in a JSON Schema, with the name they stand under."""
    for name, value in schema.items():
        if isinstance(value, dict):
            if isinstance(value.get("description"), str):
                yield name, value["description"]
            yield from descriptions(value)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict):
                    yield from descriptions(item)


def test_every_description_of_the_schema_is_in_it():
    schema = json.loads(gristmill("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    found = list(descriptions(schema))
    assert len(found) > 40
    for name, text in found:
        assert text in REFERENCE or shown(text) in REFERENCE, (name, text)
        assert f"`{name}`" in REFERENCE, name


def test_every_command_is_in_it():
    for verb in re.findall(r"^  ([a-z]+)  ", gristmill("--help").stdout, re.M):
        assert f"### gristmill {verb}\n" in REFERENCE
        help_text = gristmill(verb, "--help").stdout
        for option in re.findall(r"--[a-z][a-z-]+", help_text):
            assert option in REFERENCE


def test_every_kind_is_in_it():
    """A source file that registers a kind is found in the reference, whatever the generator looked at."""
    for room, kind in (("source", "Source"), ("clean", "Rule"), ("feature", "Encoder"), ("learn", "Learner")):
        for path in (ROOT / "src" / room).glob("*.cc"):
            for name in re.findall(rf"Register{kind} \w+\(\{{\s*\.name = \"([^\"]+)\"", path.read_text(encoding="utf-8")):
                assert f"### `{name}`\n" in REFERENCE, name


def test_links_between_pages_lead_somewhere():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
        for target, heading in re.findall(r"\]\(([^)#:\s]*)#([^)]+)\)", text):
            there = pathlib.Path(page.parent / target) if target else page
            anchors = [re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-")
                       for h in re.findall(r"^#+ (.+)$", there.read_text(encoding="utf-8"), re.M)]
            assert heading in anchors, f"{page.name}: {target}#{heading}"
