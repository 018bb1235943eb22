"""The pages' modules, tested by Node.js, where there is one."""

from __future__ import annotations

import json
import os
import re
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
    files = sorted(FOLDER.rglob("*.test.js"))
    assert files
    # All in one process: ``node --test`` starts one a file, which takes five times the work.
    program = "\n".join(f"import {json.dumps(file.as_uri())};" for file in files)
    run = subprocess.run(
        [NODE, "--input-type=module"], input=program,
        capture_output=True, text=True, timeout=80, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"^# pass [1-9]", run.stdout, re.M), run.stdout
