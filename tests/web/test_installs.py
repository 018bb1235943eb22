"""The package where it can't be written, and in an archive: the pages are served all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Asks for every page and what it names, for the report, and ends by SIGTERM.
_PROGRAM = """
import os, re, signal, sys, urllib.request
import flask_dispy
from flask_dispy import ClusterRegistry, DispyHTTPServer
from flask_dispy.report import render_report
assert flask_dispy.__file__.startswith(sys.argv[1]), flask_dispy.__file__

with DispyHTTPServer(None, "127.0.0.1", 0) as server:
    def get(path):
        with urllib.request.urlopen(server.url + path, timeout=20) as answer:
            return answer.read().decode()
    for page in ("", "monitor.html", "node.html", "jobs.html", "timeline.html", "manage.html"):
        for name in re.findall(r'(?:src|href)="(dispy-assets/[^"]+)"', get(page)):
            assert get(name)
    assert get("api/v1/openapi.json")
    assert render_report(server.registry.view("*")).startswith("<!doctype html>")
print("served", flush=True)
signal.pause()
"""


def _serves_and_ends(folder: Path, *inside: str) -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "PYTEST"))}
    program = subprocess.Popen(
        [*inside, sys.executable, "-W", "error", "-c", _PROGRAM, str(folder)],
        cwd="/", env=env | {"PYTHONPATH": str(folder)}, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert program.stdout is not None
    with program:
        try:
            assert program.stdout.readline() == b"served\n"
            program.terminate()
            assert program.wait(20) == -15
        finally:
            program.kill()


def test_pages_are_served_out_of_a_zip_archive(tmp_path: Path) -> None:
    archive = tmp_path / "site.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in sorted((ROOT / "flask_dispy").rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                made.write(path, path.relative_to(ROOT))
    _serves_and_ends(archive)


def test_pages_are_served_from_where_nothing_can_be_written(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "flask_dispy", tmp_path / "flask_dispy", ignore=shutil.ignore_patterns("*.pyc")
    )
    for folder, _, files in os.walk(tmp_path):
        for name in files:
            os.chmod(os.path.join(folder, name), 0o444)
        os.chmod(folder, 0o555)
    # To root nothing is read-only, unless it goes without this.
    without = ["setpriv", "--bounding-set=-dac_override"] if os.geteuid() == 0 else []
    if without and shutil.which("setpriv") is None:
        pytest.skip("root, and no setpriv")
    refused = [*without, "sh", "-c", f"! touch {tmp_path}/flask_dispy/new 2>/dev/null"]
    assert subprocess.run(refused, check=False).returncode == 0
    _serves_and_ends(tmp_path, *without)
