"""Nodes compared, through the JSON API."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from dispy import DispyJob
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, PastRegistry
from flask_dispy.report import render_report
from flask_dispy.watching.dashboard import board_of

API = "/api/v1/clusters"


def work(cluster: FakeCluster, *, jobs: int = 40) -> None:
    """Let six nodes work: the third takes twice as long, the fifth fails every third job."""
    nodes = [cluster.join(make_node(f"10.0.0.{n}", f"node {n}")) for n in range(1, 7)]
    now = time.time()
    for number in range(jobs):
        for node in nodes:
            took = (10.0 + number % 5) * (2 if node is nodes[2] else 1)
            fails = node is nodes[4] and number % 3 == 0
            job = cluster.submit(job_id=number, since_sec=100.0)
            job.start_time, job.end_time, job.ip_addr = now - 50, now - 50 + took, node.ip_addr
            job.status = DispyJob.Terminated if fails else DispyJob.Finished
            job.exception = "Traceback\nValueError: no" if fails else None
            cluster.report(job.status, node, job)


def settled(registry: ClusterRegistry) -> None:
    """Compare all nodes now, as upkeep does within seconds."""
    board_of(registry).fold()
    with board_of(registry).lock:
        for watched in board_of(registry).members():
            watched.state.refresh_pace(time.time())
            board_of(registry).publish(watched)


def test_nodes_are_compared_the_worse_first(client: Any, registry: ClusterRegistry) -> None:
    work(watched_cluster(registry, "compute"))
    settled(registry)
    found = client.get(f"{API}/compute/comparison").json
    assert (found["total"], found["next"]) == (6, None)
    slow, failing = found["items"][:2]
    assert (slow["ip_addr"], slow["slow"], slow["failing"], slow["rank"]) == (
        "10.0.0.3", True, False, 1,
    )  # fmt: skip
    assert slow["times_others"] == pytest.approx(2.0, rel=0.1)
    assert slow["median_sec"] == pytest.approx(24.0, rel=0.06)
    assert (failing["ip_addr"], failing["slow"], failing["failing"]) == ("10.0.0.5", False, True)
    assert (failing["jobs"], failing["failed"], failing["failed_share"]) == (40, 14, 0.35)
    assert failing["lost_sec"] == pytest.approx(14 * 12, rel=0.05)
    assert not any(item["slow"] or item["failing"] for item in found["items"][2:])


def test_comparison_is_paged(client: Any, registry: ClusterRegistry) -> None:
    work(watched_cluster(registry, "compute"), jobs=5)
    whole = client.get(f"{API}/compute/comparison").json["items"]
    first = client.get(f"{API}/compute/comparison?limit=4").json
    second = client.get(f"{API}/compute/comparison{first['next']}").json
    assert first["items"] + second["items"] == whole
    assert second["next"] is None


def test_rows_and_summary_say_the_same(client: Any, registry: ClusterRegistry) -> None:
    work(watched_cluster(registry, "compute"))
    settled(registry)
    for name in ("compute", "*"):
        attention = client.get(f"{API}/{name}").json["attention"]
        assert (attention["slow"], attention["failing"]) == (1, 1)
        (slow,) = client.get(f"{API}/{name}/nodes?q=is:slow").json["items"]
        (failing,) = client.get(f"{API}/{name}/nodes?q=is:failing").json["items"]
        assert (slow["ip_addr"], failing["ip_addr"]) == ("10.0.0.3", "10.0.0.5")
        assert failing["compared"]["failed"] == 14
        rows = client.get(f"{API}/{name}/nodes?sort=times_others&order=desc").json["items"]
        assert rows[0]["ip_addr"] == "10.0.0.3"
    assert client.get(f"{API}/*/nodes?q=is:odd").status_code == 422


def test_clusters_that_share_nodes_are_put_together(client: Any, registry: ClusterRegistry) -> None:
    for name, jobs in (("one", 40), ("two", 10)):
        work(watched_cluster(registry, name), jobs=jobs)
    settled(registry)
    found = client.get(f"{API}/*/comparison").json["items"]
    assert (found[0]["ip_addr"], found[0]["jobs"], found[0]["slow"]) == ("10.0.0.3", 50, True)
    row = client.get(f"{API}/*/nodes/10.0.0.5").json
    assert (row["compared"]["failed"], row["compared"]["failing"]) == (18, True)


def test_past_run_has_its_verdicts(tmp_path: Path) -> None:
    registry = ClusterRegistry(history=tmp_path / "runs.sqlite")
    work(watched_cluster(registry, "compute"))
    registry.close()
    past = PastRegistry(tmp_path / "runs.sqlite", most_jobs=5)
    (view,) = past.views()
    slow, failing = view.comparison()[:2]
    assert (slow["ip_addr"], failing["ip_addr"], failing["failed"]) == ("10.0.0.3", "10.0.0.5", 14)
    assert (view.summary()["attention"]["slow"], view.summary()["attention"]["failing"]) == (1, 1)
    past.close()


def test_nothing_is_compared_before_a_job_has_ended(client: Any, scene: Any) -> None:
    row = client.get(f"{API}/render/nodes").json["items"][0]
    assert row["compared"] is None
    assert client.get(f"{API}/render/comparison").json["items"] == []


def test_report_names_the_slow_and_the_failing_node(registry: ClusterRegistry) -> None:
    work(watched_cluster(registry, "compute"))
    settled(registry)
    report = render_report(registry.view("compute"))
    row = r'<th scope="row"><bdi>(10[^<]*)</bdi></th>(.*?)</tr>'
    rows = dict(re.findall(row, report, re.DOTALL))
    assert "35 %, failing" in rows["10.0.0.5"]
    assert re.search(r"(1\.9|2\.[0-2]), slow", rows["10.0.0.3"])
    assert not re.search("slow|failing", rows["10.0.0.1"])
