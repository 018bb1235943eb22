"""Two minutes of the soak, which docs/reliability.md describes. Run it with ``pytest -m soak``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]


@pytest.mark.soak
@pytest.mark.cluster
@pytest.mark.timeout(400)
def test_nothing_grows_and_every_count_is_exact(scratch: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "2"],
        cwd=scratch,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    print(done.stdout)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
