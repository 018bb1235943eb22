"""What the redaction hook takes out comes out nowhere: every route that answers is asked."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import wait_until
from dispy import DispyJob
from flask import Flask
from flask.testing import FlaskClient
from web.fakes import FakeCluster, make_node

from flask_dispy import ClusterRegistry, create_blueprint
from flask_dispy.watching.dashboard import board_of
from flask_dispy.web.routes import ROUTES

SECRET = "hunter2"


class Login:
    """An argument of somebody's own class, whose text takes running its code."""

    def __str__(self) -> str:
        return f"login with {SECRET}"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(
        redact=lambda text, _kind: text.replace(SECRET, "[gone]"), history=tmp_path / "runs.sqlite"
    )
    yield registry
    registry.close()


@pytest.fixture
def cluster(registry: ClusterRegistry) -> FakeCluster:
    """A cluster in whose jobs the secret is everywhere."""
    cluster = FakeCluster()
    registry.add(cluster, tags=[SECRET])
    node = cluster.join(make_node("10.0.0.2", "alpha"))
    ended = cluster.submit(SECRET, Login(), password=SECRET, job_id="ended")
    cluster.start(ended, node)
    cluster.end(ended, node, result={"token": SECRET})
    failed = cluster.submit(Login(), job_id="failed")
    cluster.start(failed, node)
    failed.stderr = SECRET.encode()
    cluster.end(failed, node, exception=f"Traceback\nValueError: {SECRET}")
    running = cluster.submit(SECRET, job_id="running")
    cluster.start(running, node)
    running.status, running.result = DispyJob.ProvisionalResult, Login()
    cluster.report(DispyJob.ProvisionalResult, node, running)
    cluster.submit(Login(), password=SECRET, job_id="queued")
    return cluster


@pytest.fixture
def client(registry: ClusterRegistry, cluster: FakeCluster) -> FlaskClient:
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry))
    view = registry.view("compute")
    texts = {"ended": "result", "failed": "exception", "running": "provisional_result",
             "queued": "kwargs"}  # fmt: skip
    for row in view.jobs().items:
        wait_until(
            lambda row=row: "[gone]" in (view.job(row["serial"])[texts[row["id"]]] or ""),
            what=f"the text of {row['id']}",
        )
    wait_until(board_of(registry).shown_runs, what="the run in the history")
    assert cluster is board_of(registry).members()[0].cluster
    return app.test_client()


def _addresses(rule: str) -> list[str]:
    """Return a route's addresses, one for each job if it is about one."""
    filled = rule.replace("<path:name>", "compute").replace("<host>", "10.0.0.2")
    if filled.endswith("/what-if"):
        filled += "?cpus=1"  # it answers no question that is not asked
    if filled.endswith("/compare"):
        filled += "?a=1&b=1"
    return [filled.replace("<serial>", str(serial)) for serial in range(1, 5)]


@pytest.mark.parametrize(
    "rule",
    [
        route.rule
        for route in ROUTES
        if route.method == "GET" and "<version>" not in route.rule and route.endpoint != "stream"
    ],
)
def test_no_route_shows_redacted_text(client: FlaskClient, rule: str) -> None:
    for address in _addresses(rule):
        answer = client.get(address)
        assert answer.status_code == 200
        assert SECRET not in answer.text


def test_redacted_parts_are_marked(client: FlaskClient) -> None:
    jobs = client.get("/api/v1/clusters/compute/jobs").json["items"]
    assert {job["args"] for job in jobs} == {
        "[gone]",
        "login with [gone]",
        "[gone], login with [gone]",
    }
    assert "[gone]" in client.get("/api/v1/clusters/compute/report").text


def test_stream_shows_no_redacted_text(client: FlaskClient) -> None:
    answer = client.get("/api/v1/stream")
    frames = itertools.islice(answer.iter_encoded(), 2)
    assert all(SECRET.encode() not in frame for frame in frames)
    answer.close()


def test_forms_of_old_pages_show_no_redacted_text(client: FlaskClient) -> None:
    answer = client.post("/node_info", data={"host": "10.0.0.2"})
    assert "[gone]" in answer.text
    assert SECRET not in answer.text


def test_search_finds_no_redacted_text(client: FlaskClient) -> None:
    for query in (SECRET, f"arg:{SECRET}", f"error:{SECRET}"):
        assert client.get(f"/api/v1/clusters/compute/jobs?q={query}").json["total"] == 0


def test_history_keeps_no_redacted_text(
    client: FlaskClient, registry: ClusterRegistry, tmp_path: Path
) -> None:
    assert client.get("/healthz").status_code == 200
    registry.close()
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"[gone]" in kept
    assert SECRET.encode() not in kept
