"""Under gunicorn, forked before or after the clusters are made: pages serve, SIGTERM ends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from clusters import free_port_family, wait_until

pytest.importorskip("gunicorn")
pytestmark = pytest.mark.cluster

APP = """
import os
import dispy
from computations import echo
from flask import Flask
from flask_dispy import ClusterRegistry, create_blueprint, patch_dispy

patch_dispy()
registry = ClusterRegistry()
app = Flask(__name__)
app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
cluster = None


def start():
    global cluster
    port = int(os.environ["DISPY_PORT"])
    cluster = dispy.JobCluster(echo, nodes=["127.0.0.2"], host="127.0.0.1", dispy_port=port)
    registry.add(cluster)
    cluster.submit(1)  # it waits: there is no node


if os.environ["MADE_IN"] == "module":
    start()
"""

CONFIGURATION = """
import os
graceful_timeout = 2
made_in, owner = os.environ["MADE_IN"], os.environ["OWNER"]

def post_worker_init(worker):
    import app
    if made_in == "worker":
        app.start()

def worker_exit(server, worker):
    import app
    if owner == "worker":
        app.cluster.close(timeout=0, terminate=True)

def on_exit(server):
    if owner == "master":
        import app
        app.cluster.close(timeout=0, terminate=True)
"""


@pytest.mark.parametrize(
    ("made_in", "owner", "options"),
    [
        ("module", "worker", []),
        ("module", "worker", ["--worker-class=gevent"]),
        ("worker", "worker", ["--preload"]),
        ("module", "master", ["--preload"]),
    ],
    ids=[
        "no preload",
        "gevent",
        "preload, clusters in the worker",
        "preload, clusters before the fork",
    ],
)
def test_pages_serve_and_sigterm_ends_it(
    tmp_path: Path, made_in: str, owner: str, options: list[str]
) -> None:
    is_missing = find_spec("gevent") is None and not os.environ.get("CI")
    if "--worker-class=gevent" in options and is_missing:
        pytest.skip("gevent is not installed: pip install -e '.[test]'")
    (tmp_path / "app.py").write_text(APP)
    (tmp_path / "gunicorn.conf.py").write_text(CONFIGURATION)
    port = free_port_family()
    tests = Path(__file__).parents[1]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHONWARN", "PYTEST"))}
    env |= {
        "DISPY_PORT": str(free_port_family()), "MADE_IN": made_in, "OWNER": owner,
        "PYTHONPATH": os.pathsep.join((str(tests.parent), str(tests))), "HOME": str(tmp_path),
    }  # fmt: skip
    command = ["-m", "gunicorn", *options, "--workers", "1", "--threads", "8"]

    def ask(path: str) -> tuple[int, str] | None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/dispy/{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return None

    with (tmp_path / "log").open("wb") as log, subprocess.Popen(
        [sys.executable, *command, "-b", f"127.0.0.1:{port}", "app:app"],
        cwd=tmp_path, env=env, stdout=log, stderr=log, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            status, page = wait_until(lambda: ask(""), timeout_sec=40, what="a page")
            assert status == 200
            assert "data-config" in page

            def told() -> Any:
                code, body = ask("api/v1/clusters") or (0, "{}")
                return code, json.loads(body)

            if owner == "master":
                code, body = told()
                assert (code, body["error"]["code"]) == (503, "wrong_process")
                assert "no --preload" in body["error"]["message"]
            else:
                wait_until(lambda: told()[1].get("items"), what="the cluster")
                assert told()[1]["items"][0]["jobs"]["queued"] == 1
                urllib.request.urlopen(f"http://127.0.0.1:{port}/dispy/api/v1/stream").readline()
            process.terminate()
            assert process.wait(25) == 0, (tmp_path / "log").read_text()
        finally:
            if process.poll() is None:
                os.killpg(process.pid, 9)
