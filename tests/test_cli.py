"""The flask-dispy command, as a program and around dispy's own."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request
from importlib.metadata import version
from typing import Any

import computations
import pytest
from clusters import LocalDispy, Program, submit, wait_until

from flask_dispy import PastRegistry


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask_dispy", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_is_that_of_the_package() -> None:
    assert run("--version").stdout.strip() == version("flask_dispy")


def test_without_a_command_the_program_shows_its_help() -> None:
    done = run()
    assert (done.returncode, "scheduler" in done.stdout) == (0, True)


def test_unknown_options_are_refused() -> None:
    done = run("--colour")
    assert (done.returncode, "--colour" in done.stderr) == (64, True)


@pytest.mark.parametrize("package", ["click", "httpx", "rich"])
def test_missing_package_is_named_with_its_remedy(package: str) -> None:
    without = f"import sys; sys.modules[{package!r}] = None; from flask_dispy.cli import main; "

    def run_without(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", f"{without}main({list(arguments)})"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    done = run_without("wait")
    assert (done.returncode, done.stdout) == (64, "")
    assert done.stderr == (
        f"flask-dispy: wait: needs {package}, which is not installed: "
        "pip install 'flask_dispy[cli]'\n"
    )
    assert f"needs {package}" in " ".join(run_without().stdout.split())
    assert "FILE" in run_without("history", "--help").stdout


def test_dashboard_options_without_the_dashboard_are_refused() -> None:
    done = run("scheduler", "--http-port", "0")
    assert (done.returncode, "--httpd only" in done.stderr) == (2, True)


def test_node_shows_dispynodes_own_help() -> None:
    assert "--dest_path_prefix" in run("node", "--help").stdout


def test_scheduler_shows_our_options_and_dispyschedulers() -> None:
    done = run("scheduler", "--help")
    assert done.returncode == 0
    ours, _, theirs = done.stdout.partition("dispyscheduler's own options:")
    assert "--http-port" in ours
    assert "--cooperative" in theirs


@pytest.mark.cluster
def test_scheduler_names_the_certificate_that_is_missing(local_dispy: LocalDispy) -> None:
    done = run(
        *("scheduler", "--daemon", "--clean", "-i", "127.0.0.250", "-p", str(local_dispy.port)),
        *("--dest_path_prefix", str(local_dispy.folder / "second")),
        *("--httpd", "--http-host=127.0.0.1", "--http-port=0", "--http-certfile=/absent.crt"),
    )
    assert done.returncode == 1
    assert "flask-dispy: /absent.crt: No such file or directory" in done.stderr


@pytest.mark.cluster
def test_scheduler_serves_the_dashboard_of_its_clients(local_dispy: LocalDispy) -> None:
    local_dispy.start_node()
    scheduler = local_dispy.start_scheduler("--httpd", "--http-host=127.0.0.1", "--http-port", "0")
    url = wait_until(lambda: dashboard_url(scheduler), what="the dashboard's address")
    assert clusters_shown(url) == {}
    cluster = local_dispy.shared_cluster(computations.echo)
    jobs = [submit(cluster, number) for number in range(5)]
    # dispyscheduler now and then cancels a job that its node was not ready for, and never tells
    # the client: the dashboard must agree with both.
    wait_until(lambda: [c["jobs"]["done"] for c in clusters_shown(url).values()] == [5])
    wait_until(lambda: [c["jobs"]["finished"] for c in clusters_shown(url).values()] == ended(jobs))
    assert ended(jobs) != [0]
    (name,) = clusters_shown(url)
    assert "echo" in name
    cluster.close()
    wait_until(lambda: clusters_shown(url) == {}, what="the client's cluster is gone")


@pytest.mark.cluster
def test_scheduler_that_is_terminated_leaves_a_whole_history(local_dispy: LocalDispy) -> None:
    local_dispy.start_node()
    history = local_dispy.folder / "runs.sqlite"
    scheduler = local_dispy.start_scheduler(
        *("--httpd", "--http-host=127.0.0.1", "--http-port=0", f"--http-history={history}")
    )
    url = wait_until(lambda: dashboard_url(scheduler), what="the dashboard's address")
    cluster = local_dispy.shared_cluster(computations.nap)
    submit(cluster, 60)
    wait_until(lambda: [c["jobs"]["running"] for c in clusters_shown(url).values()] == [1])
    scheduler.signal(signal.SIGTERM)
    assert scheduler.wait() == 0
    (run,) = PastRegistry(history).views()
    assert run.summary()["jobs"]["running"] == 1


_TERMINATED_TWICE = """
import os, signal
from flask_dispy.programs.dashboards import scheduler_httpd

server = scheduler_httpd(host="127.0.0.1", port=0).DispyHTTPServer(None)
close = server.registry.close

def close_interrupted():
    os.kill(os.getpid(), signal.SIGTERM)
    close()
    print("closed", flush=True)

server.registry.close = close_interrupted
os.kill(os.getpid(), signal.SIGTERM)
"""


def test_scheduler_that_is_terminated_twice_ends_properly_all_the_same() -> None:
    command = [sys.executable, "-W", "ignore", "-c", _TERMINATED_TWICE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "closed")


@pytest.mark.cluster
def test_scheduler_whose_dashboard_port_is_taken_says_so(local_dispy: LocalDispy) -> None:
    first = local_dispy.start_scheduler("--httpd", "--http-host=127.0.0.1", "--http-port", "0")
    url = wait_until(lambda: dashboard_url(first), what="the dashboard's address")
    port = url.rstrip("/").rpartition(":")[2]
    done = run(
        *("scheduler", "--daemon", "--clean", "-i", "127.0.0.250"),
        *("-p", str(local_dispy.port), "--dest_path_prefix", str(local_dispy.folder / "second")),
        *("--httpd", "--http-host=127.0.0.1", "--http-port", port),
    )
    assert done.returncode == 1
    assert f"flask-dispy: can't listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr


def ended(jobs: list[Any]) -> list[int]:
    return [sum(job.finish.is_set() for job in jobs)]


def dashboard_url(scheduler: Program) -> str | None:
    found = re.search(r"The dashboard is at (\S+)", scheduler.log())
    return found and found[1]


def clusters_shown(url: str) -> dict[str, Any]:
    with urllib.request.urlopen(url + "api/v1/changes", timeout=10) as answer:
        clusters = json.load(answer)["clusters"]
    return {cluster["name"]: cluster for cluster in clusters if not cluster["combined"]}
