"""Real nodes whose clocks are off: times are the client's, lengths the node's."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from clusters import LocalDispy, result_of, submit, wait_until
from computations import nap

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

CLOCKS = {"127.0.0.2": "", "127.0.0.3": "7201", "127.0.0.4": "-7201", "127.0.0.5": "since:100"}
NAP_SEC = 0.3


def _details(registry: ClusterRegistry, count: int) -> list[dict[str, Any]]:
    view = registry.view("nap")
    wait_until(lambda: view.summary()["jobs"]["finished"] == count, what="all ends")
    return [view.job(row["serial"]) for row in view.jobs().items]


def _must_bear_our_times(job: dict[str, Any], begun_at: float) -> None:
    assert begun_at <= job["submitted_at"] <= job["started_at"]
    assert job["ended_at"] <= time.time()
    assert job["duration_sec"] == pytest.approx(job["ended_at"] - job["started_at"])
    # Its process takes a while to start, where several people use the machine.
    assert NAP_SEC <= job["duration_sec"] <= job["ended_at"] - job["submitted_at"] + 1e-6
    at = [step["at"] for step in job["history"]]
    assert at == sorted(at)


def _must_tell_offsets(registry: ClusterRegistry) -> None:
    view = registry.view("nap")
    offsets = {row["ip_addr"]: row["clock_offset_sec"] for row in view.nodes()}
    assert offsets["127.0.0.2"] is None
    assert offsets["127.0.0.3"] == pytest.approx(7201, abs=5)
    assert offsets["127.0.0.4"] == pytest.approx(-7201, abs=5)
    assert offsets["127.0.0.5"] == pytest.approx(100 - time.time(), abs=600)
    assert view.summary()["attention"]["clocks_off"] == 3
    assert registry.view("*").summary()["attention"]["clocks_off"] == 3


def _wait_for_nodes(registry: ClusterRegistry) -> None:
    view = registry.view("nap")
    wait_until(lambda: len(view.nodes()) == len(CLOCKS), what="all nodes")


@pytest.mark.parametrize("shared", [False, True])
def test_times_are_ours_whatever_the_nodes_clocks_say(
    local_dispy: LocalDispy, tmp_path: Path, shared: bool
) -> None:
    for ip_addr, clock in CLOCKS.items():
        local_dispy.start_node(int(ip_addr[-1]), cpus=1, clock=clock)
    if shared:
        # The scheduler's clock is a third one.
        local_dispy.start_scheduler(clock="-4000")
    begun_at = time.time()
    path = tmp_path / "runs.sqlite"
    registry = ClusterRegistry(history=path, history_days=1)
    try:
        cluster = local_dispy.shared_cluster(nap) if shared else local_dispy.job_cluster(nap)
        registry.add(cluster)
        _wait_for_nodes(registry)
        jobs = [submit(cluster, NAP_SEC) for _ in range(16)]
        for job in jobs:
            result_of(job)
        found = _details(registry, len(jobs))
        assert {job["node"] for job in found} == set(CLOCKS)
        for job in found:
            _must_bear_our_times(job, begun_at)
        _must_tell_offsets(registry)
        timeline = registry.view("nap").timeline()
        assert timeline["total"] == len(jobs)
        assert timeline["oldest"] >= begun_at
    finally:
        registry.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute(
            "SELECT count(*) FROM jobs WHERE ended_at > ?", (begun_at,)
        ).fetchone() == (len(jobs),)


def test_running_job_began_when_its_node_had_it(local_dispy: LocalDispy) -> None:
    local_dispy.start_node(3, cpus=1, clock="7201")
    registry = ClusterRegistry()
    try:
        cluster = local_dispy.job_cluster(nap)
        registry.add(cluster)
        submit(cluster, 60)
        view = registry.view("nap")
        wait_until(lambda: view.summary()["jobs"]["running"], what="its start")
        (job,) = view.running_jobs("127.0.0.3")
        assert job["submitted_at"] <= job["started_at"] <= time.time()
        assert job["duration_sec"] < 60
    finally:
        registry.close()
