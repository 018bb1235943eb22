"""``flask-dispy wait`` on real runs: done, failed, stalled, and no longer there."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import computations
import pytest
from click.testing import CliRunner
from clusters import LocalDispy, cancel_all, submit, wait_until
from processes import in_thread
from web.served import serving

from flask_dispy import DispyHTTPServer
from flask_dispy.cli.commands import cli
from flask_dispy.core.search.query import JobQuery

pytestmark = pytest.mark.cluster


def wait(server: DispyHTTPServer, folder: Path, *options: str) -> tuple[int, str]:
    """Return the exit code, and what is written to standard output."""
    env = {"FLASK_DISPY_URL": server.url, "FLASK_DISPY_CONFIG": str(folder / "none.ini")}
    run = partial(CliRunner().invoke, cli, ["wait", *options], env=env, catch_exceptions=False)
    done = in_thread(run)
    return done.exit_code, done.stdout


def wait_for_jobs(server: DispyHTTPServer, word: str, number: int) -> None:
    """Wait until the dashboard knows of so many jobs."""
    view = server.registry.view("*")
    wait_until(lambda: view.summary()["jobs"][word] == number, what=f"{number} jobs {word}")  # type: ignore[literal-required]


def test_exit_code_says_whether_jobs_failed(local_dispy: LocalDispy, tmp_path: Path) -> None:
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.nap)
    with serving(cluster) as server:
        assert wait(server, tmp_path, "--timeout", "0.5s")[0] == 4  # there is no job yet
        for _ in range(4):
            submit(cluster, 0.05)
        wait_for_jobs(server, "submitted", 4)
        assert wait(server, tmp_path) == (0, "All jobs are done.\n")
        submit(cluster, "no number")
        wait_for_jobs(server, "submitted", 5)
        code, told = wait(server, tmp_path)
        assert (code, told) == (1, "All 5 jobs are done: 4 finished, 1 failed.\n")
    assert wait(server, tmp_path)[0] == 3


def test_run_that_stalls_ends_the_wait(local_dispy: LocalDispy, tmp_path: Path) -> None:
    local_dispy.start_node()
    cluster = local_dispy.job_cluster(computations.nap)
    with serving(cluster, stall_sec=1) as server:
        submit(cluster, 0.05)
        hanging = submit(cluster, 600)
        code, told = wait(server, tmp_path, "--cluster", "nap")
        assert code == 2
        stalled, jobs = told.splitlines()
        assert stalled.startswith("Stalled: No job has ended for ")
        search = jobs.removeprefix("The jobs: flask-dispy jobs ")
        assert server.registry.view("*").jobs(JobQuery.parse(search)).total == 1

        cancel_all(cluster, [hanging])
        wait_for_jobs(server, "terminated", 1)
        code, told = wait(server, tmp_path)
        assert (code, told.partition(":")[0]) == (1, "All 2 jobs have ended")
