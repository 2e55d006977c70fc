#!/usr/bin/env python3
"""Holds every #include, and every link in src/CMakeLists.txt, to the table in docs/architecture.md."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def allowed_doors(text):
    """{room: rooms it may include}, transitively, from the table's rows `| room | purpose | may include |`."""
    direct = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.split("|")]
        if len(cells) == 5 and re.fullmatch(r"[a-z]+", cells[1]) and cells[1] != "room":
            names = [] if cells[3] == "–" else [name.strip() for name in cells[3].split(",")]
            direct[cells[1]] = list(direct) if names == ["all"] else names
    doors = {}
    for room, names in direct.items():  # rows stand in order: a room comes after what it includes
        doors[room] = {room}.union(*[doors[name] for name in names]) if names else {room}
    return doors


def check(root=ROOT):
    doors = allowed_doors((root / "docs/architecture.md").read_text())
    problems = []
    for path in sorted((root / "src").rglob("*")):
        if path.suffix not in (".h", ".cc"):
            continue
        room = path.relative_to(root / "src").parts[0]
        if room not in doors:
            problems.append(f"{path.relative_to(root)}: room {room} is not in docs/architecture.md")
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([a-z]+)/', line)
            if found and found.group(1) not in doors[room]:
                problems.append(f"{path.relative_to(root)}:{number}: {room} may not include {found.group(1)}")
    for room, links in re.findall(r"gristmill_room\((\w+)((?:\s+LINKS[\s\w]*?)?)(?:LIBRARIES|EXCLUDE|\))",
                                  (root / "src/CMakeLists.txt").read_text()):
        for name in links.replace("LINKS", "").split():
            if name not in doors.get(room, ()):
                problems.append(f"src/CMakeLists.txt: {room} may not link {name}")
    return problems


if __name__ == "__main__":
    found = check()
    print("\n".join(found), file=sys.stderr) if found else None
    sys.exit(1 if found else 0)
