"""A run as a trace, and a job's texts, as files to keep."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster as Cluster
from flask import Flask
from web.conftest import Scene
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, create_blueprint
from flask_dispy.watching.past import PastRegistry

TRACE = "/api/v1/clusters/{}/trace"
HOSTILE = '"],<script>\u202eevil\n\x00' + "x" * 5_000


def fill(cluster: Cluster, count: int = 700, node: str = "10.0.0.1") -> None:
    """Jobs that overlap on one node, every tenth of which fails; one that still runs."""
    where = cluster.join(make_node(node, "alpha"))
    for number in range(count):
        job = cluster.submit(job_id=f"j{number}", since_sec=2 * count)
        cluster.start(job, where, since_sec=2 * count - number)
        error = None if number % 10 else "ValueError: x"
        cluster.end(job, where, ended_at=job.start_time + 2.5, exception=error)
    cluster.start(cluster.submit(job_id=HOSTILE, since_sec=1), where, since_sec=1)


def check_trace(trace: dict[str, Any]) -> list[dict[str, Any]]:
    """Check the rules of the Trace Event Format; return the complete events."""
    assert trace["displayTimeUnit"] == "ms"
    named: set[tuple[int, int]] = set()
    spans: defaultdict[tuple[int, int], list[tuple[float, float]]] = defaultdict(list)
    complete = []
    for event in trace["traceEvents"]:
        assert event["ph"] in ("X", "M")
        assert isinstance(event["name"], str)
        assert all(type(event[key]) is int for key in ("pid", "tid"))
        thread = event["pid"], event["tid"]
        if event["ph"] == "M":
            assert event["name"] in ("process_name", "process_sort_index", "thread_name")
            assert set(event["args"]) <= {"name", "sort_index"}
            named.add(thread)
            continue
        complete.append(event)
        assert event["ts"] >= 0
        assert event["dur"] >= 0
        # Threads are named before they are used, in a process that has a name.
        assert {thread, (event["pid"], 0)} <= named
        spans[thread].append((event["ts"], event["ts"] + event["dur"]))
    for ends in spans.values():
        # Events of one thread may not overlap; a tenth of a microsecond is rounding.
        assert all(one[1] <= after[0] + 0.2 for one, after in pairwise(ends))
    return complete


def test_trace_has_all_jobs_and_keeps_the_rules_of_its_format(
    client: Any, cluster: FakeCluster
) -> None:
    fill(cluster)
    answer = client.get(TRACE.format("compute"))
    assert answer.content_type == "application/json"
    assert "dispy-trace-compute-" in answer.headers["Content-Disposition"]
    trace = json.loads(answer.text)
    events = check_trace(trace)
    assert len(events) == 701
    assert trace["otherData"]["cluster"] == "compute"
    first = events[0]
    assert (first["name"], first["cat"], first["args"]) == (
        "j0 #1", "compute", {"serial": 1, "state": "failed"},
    )  # fmt: skip
    assert first["ts"] == 0
    assert first["dur"] == pytest.approx(2.5e6, rel=1e-3)
    assert {event["args"]["state"] for event in events} == {"finished", "failed", "running"}
    assert len({event["tid"] for event in events}) == 3
    hostile = events[-1]["name"]
    assert len(hostile) <= 200
    assert hostile.isprintable()


def test_trace_of_all_clusters_has_a_process_for_each_node(
    registry: Any, client: Any, cluster: FakeCluster
) -> None:
    fill(cluster, 20)
    fill(watched_cluster(registry, "render"), 20)
    fill(watched_cluster(registry, "other, one"), 20, "10.0.0.2")
    events = check_trace(json.loads(client.get(TRACE.format("*")).text))
    assert {(event["pid"], event["cat"]) for event in events} == {
        (2, "compute"), (2, "render"), (1, "other  one"),
    }  # fmt: skip


def test_trace_of_nothing_is_a_trace(client: Any, cluster: FakeCluster) -> None:
    assert check_trace(json.loads(client.get(TRACE.format("compute")).text)) == []


def test_attempt_that_was_abandoned_is_in_the_trace(client: Any, cluster: FakeCluster) -> None:
    job = cluster.submit()
    node, other = (cluster.join(make_node(f"10.0.0.{number}")) for number in (1, 2))
    cluster.start(job, node, since_sec=10)
    cluster.abandon(job, reentrant=True)
    cluster.start(job, other, since_sec=0)
    events = check_trace(json.loads(client.get(TRACE.format("compute")).text))
    assert [event["args"]["state"] for event in events] == ["abandoned", "running"]
    assert len({event["pid"] for event in events}) == 2


def test_past_run_has_its_trace(tmp_path: Path) -> None:
    registry = ClusterRegistry(history=tmp_path / "runs.sqlite")
    cluster = Cluster("compute")
    registry.add(cluster)
    fill(cluster, 20)
    registry.close()
    past = PastRegistry(tmp_path / "runs.sqlite")
    (view,) = past.views()
    started_at, events = view.trace()
    assert len([e for chunk in events for e in chunk if e["ph"] == "X"]) >= 20
    assert started_at > 0
    past.close()


def texts_of(client: Any, job: Any) -> str:
    (row,) = client.get(f"/api/v1/clusters/*/jobs?q=id:{job.id}").json["items"]
    answer = client.get(f"/api/v1/clusters/compute/jobs/{row['serial']}/texts")
    assert answer.content_type == "text/plain; charset=utf-8"
    name = answer.headers["Content-Disposition"]
    assert f"dispy-job-{row['serial']}-compute-" in name
    assert name.endswith(".txt")
    return str(answer.text)


def test_texts_of_a_job_are_a_file(client: Any, scene: Scene) -> None:
    assert texts_of(client, scene.finished) == (
        "Job a #1 of compute, finished: nothing was cut.\n"
        "\n---- arguments ----\nfirst\n"
        "\n---- keyword arguments ----\nn=1\n"
        "\n---- result ----\nthe result\n"
    )
    failed = texts_of(client, scene.failed)
    assert failed.startswith("Job b #2 of compute, failed: nothing was cut.\n")
    assert "\n---- traceback ----\nTraceback\nValueError: secret\n" in failed


def test_first_line_says_what_was_cut(client: Any, cluster: FakeCluster) -> None:
    node = cluster.join(make_node("10.0.0.1"))
    job = cluster.submit("a" * 3_000, job_id="x")
    cluster.start(job, node)
    job.stdout = b"line\n" * 1_000
    job.end_time = job.start_time + 1
    job.result = "r" * 5_000
    job.status = DispyJob.Finished
    cluster.report(DispyJob.Finished, node, job)
    first = texts_of(client, job).splitlines()[0]
    assert first == (
        "Job x #1 of compute, finished: cut: the end of the arguments, the end of the result, "
        "the beginning of the output (text_limit)."
    )


def test_texts_that_made_room_are_named_wherever_the_job_is_shown() -> None:
    registry = ClusterRegistry(text_limit=1_000_000, history_bytes=1_000_000)
    cluster = watched_cluster(registry, "compute")
    node = cluster.join(make_node("10.0.0.1"))
    for job_id in ("old", "new"):
        job = cluster.submit("a" * 300, job_id=job_id)
        cluster.start(job, node)
        trace = f"Traceback\n{'x' * 300}\nValueError: no"
        cluster.end(job, node, result="r" * 600_000, exception=trace)
    app = Flask("host")
    app.register_blueprint(create_blueprint(registry))
    client = app.test_client()
    new, old = client.get("/api/v1/clusters/compute/jobs").json["items"]
    lost = dict.fromkeys(("args", "exception", "result"), "history_bytes")
    assert (new["texts_cut"], old["texts_cut"]) == (None, lost)
    detail = client.get(f"/api/v1/clusters/compute/jobs/{old['serial']}").json
    assert (detail["texts_dropped"], detail["texts_cut"]) == (True, lost)
    first = texts_of(client, SimpleNamespace(id="old")).splitlines()[0]
    assert first == (
        "Job old #1 of compute, failed: dropped to make room: all but the last line of the "
        "traceback, all but the beginning of the arguments, the result (history_bytes)."
    )
    cells = list(csv.DictReader(client.get("/api/v1/clusters/*/jobs?format=csv").text.splitlines()))
    assert [cell["texts_cut"] and json.loads(cell["texts_cut"]) for cell in cells] == ["", lost]
    barred = Flask("host")
    barred.register_blueprint(create_blueprint(registry, authorize=lambda p, _: p == "view"))
    _, old = barred.test_client().get("/api/v1/clusters/compute/jobs").json["items"]
    assert old["texts_cut"] is None
    registry.close()


def test_texts_that_are_hidden_are_not_in_the_file(
    make_client: Any, registry: ClusterRegistry, scene: Scene
) -> None:
    barred = make_client(authorize=lambda permission, _request: permission != "see_arguments")
    text = texts_of(barred, scene.failed)
    assert text == (
        "Job b #2 of compute, failed: no text is kept; nothing was cut; "
        "some texts are not shown to you.\n"
    )
    registry.show_job_args = False
    text = texts_of(make_client(), scene.failed)
    assert "secret" in text
    assert "second" not in text


def test_missing_job_is_reported(client: Any, scene: Scene) -> None:
    assert client.get("/api/v1/clusters/compute/jobs/999/texts").status_code == 404
    assert client.get("/api/v1/clusters/compute/jobs/x/texts").status_code == 404
