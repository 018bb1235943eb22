"""A column of the nodes is added in one place, and is everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser.stage import becomes, cells

import flask_dispy

pytestmark = pytest.mark.browser

TESTS = Path(__file__).parents[1]
BEFORE = '    _field("running",'
ADDED = """    _field(
        "idle",
        INTEGER,
        value=lambda node: node.cpus - node.busy,
        combine="sum",
        label="Idle",
        hint="CPUs with nothing to do",
    ),
"""
CHILD = """
import sys, threading
from web.fakes import make_node, watched_cluster
from flask_dispy import DispyHTTPServer
server = DispyHTTPServer(None, "127.0.0.1", 0)
cluster = watched_cluster(server.registry, "compute")
for number, cpus in enumerate((4, 9, 6), 1):
    cluster.join(make_node(f"10.0.0.{number}", cpus=cpus))
print(server.url, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A server of this package with another column."""
    package = Path(flask_dispy.__file__).parent
    shutil.copytree(package, tmp_path / "flask_dispy", ignore=shutil.ignore_patterns("__pycache__"))
    table = tmp_path / "flask_dispy" / "wire" / "nodes.py"
    source = table.read_text(encoding="utf-8")
    assert source.count(BEFORE) == 1
    table.write_text(source.replace(BEFORE, ADDED + BEFORE), encoding="utf-8")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(tmp_path), str(TESTS)))}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env, cwd=tmp_path,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    yield child.stdout.readline().strip()
    child.stdin.close()
    child.stdout.close()
    child.terminate()
    child.wait()


def test_column_that_is_added_in_one_place_is_everywhere(url: str, browser: Any) -> None:
    api = f"{url.rstrip('/')}/api/v1/"

    def ask(path: str) -> dict[str, Any]:
        with urllib.request.urlopen(api + path) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    for cluster in ("compute", "*"):
        rows = ask(f"clusters/{cluster}/nodes?sort=idle&order=desc")["items"]
        assert [row["idle"] for row in rows] == [9, 6, 4]
    assert sorted(ask("changes?form=columns")["blocks"][0]["idle"]) == [4, 6, 9]
    assert ask("openapi.json")["components"]["schemas"]["Node"]["properties"]["idle"] == {
        "type": "integer"
    }

    page = browser.new_page()
    page.goto(f"{url.rstrip('/')}/monitor.html")
    head = page.get_by_role("columnheader", name="Idle")
    becomes(lambda: sorted(cells(page, "idle")), ["4", "6", "9"])
    head.click()
    becomes(lambda: cells(page, "idle"), ["9", "6", "4"])
    page.goto(f"{url.rstrip('/')}/monitor.html?cluster=compute")
    becomes(lambda: sorted(cells(page, "idle")), ["4", "6", "9"])
    page.close()
