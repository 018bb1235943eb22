"""A program written for dispy.httpd runs with flask_dispy in its place."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from clusters import LocalDispy

pytestmark = pytest.mark.cluster


def test_a_program_for_dispy_httpd_runs_unchanged(local_dispy: LocalDispy, scratch: Path) -> None:
    local_dispy.start_node(2)
    answer = scratch / "answer.json"
    program = Path(__file__).with_name("classic_program.py")
    node, host = "127.0.0.2", local_dispy.client_ip_addr
    subprocess.run(
        [sys.executable, str(program), node, host, str(local_dispy.port), str(answer)],
        check=True,
        timeout=60,
        cwd=scratch,
    )
    told = json.loads(answer.read_text())
    assert all(isinstance(result, float) for result in told["results"])
    (cluster,) = told["status"]
    assert cluster["name"] == "compute"
    assert cluster["jobs"] == {"submitted": 8, "done": 8, "pending": 0}
    assert [node["ip_addr"] for node in cluster["nodes"]] == ["127.0.0.2"]
    jobs = sorted(told["jobs"], key=lambda job: job["serial"])
    assert [job["id"] for job in jobs] == [str(number) for number in range(8)]
    assert jobs[0]["args"].startswith("Task(0, ")
    assert jobs[0]["kwargs"].startswith("n=")
