"""The pages' modules, tested by Node.js, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "js"
NODE = shutil.which("node")


def _can_test() -> bool:
    """Whether it is a Node.js with a test runner: 20 or newer."""
    if NODE is None:
        return False
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.removeprefix("v").split(".")[0]) >= 20


def test_modules_of_the_pages():
    if not _can_test():
        assert not os.environ.get("CI"), "Node.js 20 or newer must be there in CI"
        pytest.skip("no Node.js 20 or newer on the PATH")
    files = sorted(map(str, FOLDER.rglob("*.test.js")))
    assert files
    run = subprocess.run(
        [NODE, "--test", *files], capture_output=True, text=True, timeout=80, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
