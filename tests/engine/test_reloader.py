"""A cluster that has not got dispy's port: Flask's reloader, and other programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from clusters import LocalDispy, free_port_family, result_of, submit, wait_until
from computations import echo

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

APP = """
import os

import dispy
from computations import echo
from flask import Flask
from werkzeug.serving import is_running_from_reloader

from flask_dispy import ClusterRegistry, create_blueprint, patch_dispy

patch_dispy()
registry = ClusterRegistry()
app = Flask(__name__)
app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")


def start():
    cluster = dispy.JobCluster(
        echo, nodes=["127.0.0.2"], host="127.0.0.1", dispy_port=int(os.environ["DISPY_PORT"])
    )
    registry.add(cluster)
    cluster.submit(3)


if {condition}:
    start()
if __name__ == "__main__":
    app.run(port=int(os.environ["FLASK_RUN_PORT"]), debug=True)
"""


@contextmanager
def _running(folder: Path, condition: str, command: list[str], dispy_port: int) -> Iterator[Any]:
    """The app under the reloader, in processes of its own; yields what asks it for the cluster."""
    folder = folder / "app"  # dispy leaves files there
    folder.mkdir()
    (folder / "app.py").write_text(APP.format(condition=condition))
    port = free_port_family()
    tests = Path(__file__).parents[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}
    env |= {
        "DISPY_PORT": str(dispy_port),
        "FLASK_RUN_PORT": str(port),
        "PYTHONPATH": os.pathsep.join((str(tests.parent), str(tests))),
    }

    def summary() -> dict[str, Any] | None:
        try:
            url = f"http://127.0.0.1:{port}/dispy/api/v1/clusters"
            with urllib.request.urlopen(url, timeout=10) as answer:
                items: list[dict[str, Any]] = json.load(answer)["items"]
        except OSError:
            return None
        return items[0] if items else None

    with (folder / "log").open("wb") as log, subprocess.Popen(
        [sys.executable, *command], cwd=folder, env=env, stdout=log, stderr=log,
        start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield summary
        finally:
            # SIGTERM to the reloader's parent alone leaves its child.
            os.killpg(process.pid, 15)


COMMANDS = {
    "flask run": ["-m", "flask", "--app", "app", "run", "--debug"],
    "app.run": ["app.py"],
}


@pytest.mark.parametrize("command", list(COMMANDS))
def test_reloader_that_makes_the_cluster_twice_is_noticed(
    scratch: Path, local_dispy: LocalDispy, command: str
) -> None:
    local_dispy.start_node()
    with _running(scratch, "True", COMMANDS[command], local_dispy.port) as summary:
        found = wait_until(
            lambda: (one := summary()) and one["trouble"] and one, timeout_sec=40, what="the word"
        )
        assert "is_running_from_reloader() is true" in found["trouble"]
        assert (found["outlook"]["state"], found["outlook"]["reason"]) == ("waiting", "port_taken")
        assert found["outlook"]["message"] == found["trouble"]
        assert f"dispy's port {local_dispy.port}" in (scratch / "app" / "log").read_text()


def test_jobs_run_under_the_reloader_as_the_documents_say(
    scratch: Path, local_dispy: LocalDispy
) -> None:
    """Of ``flask run``, they have the code itself: see test_documented_code.py."""
    local_dispy.start_node()
    condition, command = "is_running_from_reloader()", COMMANDS["app.run"]
    with _running(scratch, condition, command, local_dispy.port) as summary:
        found = wait_until(
            lambda: (one := summary()) and one["jobs"]["finished"] and one,
            timeout_sec=40,
            what="a finished job",
        )
        assert found["trouble"] is None


def test_port_that_another_program_has_is_said_until_it_is_free(
    scratch: Path, local_dispy: LocalDispy
) -> None:
    local_dispy.start_node()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket, sys\n"
            "held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            f"held.bind(('', {local_dispy.port}))\n"
            "print(flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    registry = ClusterRegistry()
    try:
        cluster = local_dispy.job_cluster(echo, listens=False)
        registry.add(cluster)
        job = submit(cluster, 3)

        def trouble() -> str | None:
            found: str | None = registry.view("*").summary()["trouble"]
            return found

        assert "End it, or give" in wait_until(trouble, what="the word")
        holder.communicate()
        assert result_of(job, timeout_sec=30) == 3
        wait_until(lambda: trouble() is None, what="the end of the trouble")
    finally:
        holder.kill()
        holder.wait()
        registry.close()
