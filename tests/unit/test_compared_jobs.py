"""A job's times beside the medians of its function and its node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dispy_objects import FakeCluster

from flask_dispy import ClusterRegistry
from flask_dispy.watching.views import View
from flask_dispy.wire.shapes.jobs import ComparedTime, JobDetail


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[ClusterRegistry]:
    """Its memory keeps three jobs that ended, its file all of them."""
    registry = ClusterRegistry(history=tmp_path / "runs.sqlite", history_limit=3)
    yield registry
    registry.close()


def run(cluster: FakeCluster, host: str, took: float, *, count: int = 1, **how: Any) -> None:
    node = cluster._dispy_nodes[host]
    for _ in range(count):
        job = cluster.submit(since_sec=took + 10.0)
        cluster.start(job, node, since_sec=took)
        cluster.end(job, node, ended_at=job.start_time + took, **how)


@pytest.fixture
def cluster(registry: ClusterRegistry) -> FakeCluster:
    """Jobs took 2 s on alpha and 1 s on beta, and one 6 s on alpha; all waited for 10 s."""
    cluster = FakeCluster("compute")
    registry.add(cluster)
    cluster.join("10.0.0.1", "alpha")
    cluster.join("10.0.0.2", "beta")
    run(cluster, "10.0.0.1", 0.1, count=20, exception="Traceback\nValueError: no")
    run(cluster, "10.0.0.1", 2.0, count=8)
    run(cluster, "10.0.0.2", 1.0, count=20)
    run(cluster, "10.0.0.1", 6.0)
    return cluster


def check(found: ComparedTime, *expected: float | None) -> None:
    """Compare the median, the multiple of it, and the same for the node."""
    values = list(found.values())
    assert [value is None for value in values] == [value is None for value in expected]
    for value, wanted in zip(values, expected, strict=True):
        assert wanted is None or value == pytest.approx(wanted, rel=0.1)


def longest_of_compute(view: View) -> JobDetail:
    jobs = [job for job in view.jobs().items if job["cluster"].startswith("compute")]
    return view.job(max(jobs, key=lambda job: job["duration_sec"] or 0.0)["serial"])


def test_job_is_compared_with_all_that_finished_in_the_run(
    registry: ClusterRegistry, cluster: FakeCluster, past: Any, tmp_path: Path
) -> None:
    assert registry.view("compute").summary()["history"]["retained"] == 3
    other = FakeCluster("other")
    registry.add(other)
    other.join("10.0.0.1", "alpha")
    run(other, "10.0.0.1", 100.0, count=9)
    live = [registry.view("compute"), registry.view("*")]
    found = [longest_of_compute(view)["compared"] for view in live]
    registry.close()
    opened = past(tmp_path / "runs.sqlite")
    run_of = next(view for view in opened.views() if view.name.startswith("compute"))
    found += [longest_of_compute(view)["compared"] for view in (run_of, opened.view("*"))]
    for compared in found:
        assert compared["function"] == "compute"
        check(compared["ran"], 1.0, 6.0, 2.0, 3.0)
        check(compared["waited"], 10.0, 1.0, 10.0, 1.0)


def test_job_that_goes_on_is_compared_by_what_it_took_so_far(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    job = cluster.submit(since_sec=3_000.0)
    serial = registry.view("compute").jobs().items[0]["serial"]
    found = registry.view("compute").job(serial)["compared"]
    check(found["ran"], 1.0, None, None, None)
    check(found["waited"], 10.0, 300.0, None, None)
    cluster.start(job, cluster._dispy_nodes["10.0.0.2"], since_sec=400.0)
    found = registry.view("compute").job(serial)["compared"]
    check(found["ran"], 1.0, 400.0, 1.0, 400.0)


def test_few_jobs_have_no_median(registry: ClusterRegistry, cluster: FakeCluster) -> None:
    cluster.join("10.0.0.3", "gamma")
    run(cluster, "10.0.0.3", 3.0, count=4)
    serial = registry.view("compute").jobs().items[0]["serial"]
    check(registry.view("compute").job(serial)["compared"]["ran"], 1.0, 3.0, None, None)
