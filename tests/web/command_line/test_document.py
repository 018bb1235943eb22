"""What docs/command-line.md says of the commands holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from web.fakes import make_node, watched_cluster
from web.served import serving

from flask_dispy.cli.commands import cli

DOCUMENT = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text()


def test_every_command_and_exit_code_is_documented() -> None:
    table = DOCUMENT.partition("| command | what |")[2].partition("`--help`")[0]
    assert set(re.findall(r"`([a-z]+)[ `]", table)) >= cli.commands.keys()
    codes = re.findall(r"^\| (\d+) \|", DOCUMENT, re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "64", "130"]


def test_nights_script_reports_a_run_that_has_stalled(tmp_path: Path) -> None:
    (script,) = re.findall(r"^```sh\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    for name, text in (
        ("mail", 'cat > mailed; echo "$2" >> mailed'),
        ("flask-dispy", f'exec {sys.executable} -m flask_dispy "$@"'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "FLASK_DISPY_CONFIG": str(tmp_path / "none.ini"),
    }
    with serving(stall_sec=0.5) as server:
        cluster = watched_cluster(server.registry)
        node = cluster.join(make_node("10.0.0.2", "alpha"))
        jobs = cluster.submit(), cluster.submit()
        for job in jobs:
            cluster.start(job, node)
        cluster.end(jobs[0], node)
        (tmp_path / "night").write_text(script.replace("http://127.0.0.1:8181/", server.url))
        subprocess.run(["sh", "night"], cwd=tmp_path, env=env, timeout=60, check=True)
    mailed = (tmp_path / "mailed").read_text()
    assert "stalled" in mailed
    assert mailed.endswith("The run has stalled\n")
    (report,) = tmp_path.glob("run-*.html")
    assert "Stalled: " in report.read_text()
    assert len((tmp_path / "failed.csv").read_text().splitlines()) == 1
