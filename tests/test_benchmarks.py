"""The benchmarks start and end, at sizes whose figures mean nothing and are not looked at."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

needs_httpd = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="dispy.httpd, which ours is compared with, needs cgi"
)


def run(*arguments: str) -> str:
    command = [sys.executable, "-W", "default", "-m", "benchmarks", "--smoke", *arguments]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=80, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.mark.programs
@needs_httpd
def test_benchmarks_measure_and_write(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(
        "before\n<!-- figures: written by python -m benchmarks --write -->\nlast run\n"
        "<!-- end of the figures -->\nafter\n"
    )
    names = ("callback", "snapshots", "updates", "viewers", "stream", "search", "lists", "memory",
             "idle", "outlook", "history")  # fmt: skip
    run("--only", *names, "--write", str(page))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "last run" not in text
    assert text.count("\n| ") > 20


@pytest.mark.programs
@pytest.mark.browser
@needs_httpd
def test_benchmarks_measure_pages() -> None:
    pytest.importorskip("playwright")
    assert "page" in run("--only", "page")


def test_page_of_figures_has_the_marks_that_figures_are_put_between() -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert text.count("<!-- figures: written by python -m benchmarks --write -->") == 1
    assert text.count("<!-- end of the figures -->") == 1
