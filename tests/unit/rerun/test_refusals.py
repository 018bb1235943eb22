"""Which jobs are run again, and which are refused."""

from __future__ import annotations

from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster
from unit.rerun.conftest import codes, failed, row, watched

from flask_dispy import BadRequest, ClusterRegistry


def test_job_is_run_again_once_if_two_ask_at_the_same_time(registry: ClusterRegistry) -> None:
    others: list[tuple[str, bool]] = []

    def rerun(job: Any) -> DispyJob:
        others.extend(codes(registry.control.rerun([1, 2], by="bob")))
        return cluster.submit()

    cluster = watched(registry, rerun)
    failed(cluster)
    cluster.end(cluster.submit(), None)
    assert codes(registry.control.rerun([1], by="ann")) == [("submitted", True)]
    assert others == [("under_way", False), ("finished", False)]
    assert (row(registry, 1)["reruns"], row(registry, 1)["rerun_as"]) == (1, 3)


def test_job_that_comes_back_before_its_turn_is_not_run_again(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> None:
        cluster.start(second, node)

    cluster = watched(registry, rerun)
    node = cluster.join("10.0.0.1")
    failed(cluster)
    second = cluster.submit()
    cluster.abandon(second)
    assert codes(registry.control.rerun([1, 2])) == [("called", True), ("not_ended", False)]


def test_jobs_that_are_not_to_be_run_again_are_refused(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    registry.add(plain := FakeCluster("plain"))
    cluster.end(cluster.submit(), None)
    cluster.submit()
    failed(plain)
    for dry_run in (True, False):
        outcomes = registry.control.rerun([1, 2, 3, 99], dry_run=dry_run)
        assert codes(outcomes) == [
            ("finished", False), ("not_ended", False), ("unsupported", False), ("unknown", False),
        ]  # fmt: skip
    failed(cluster)
    assert codes(registry.control.rerun([4], "plain")) == [("unknown", False)]
    assert registry.control.rerunners("*") == ["compute"]


@pytest.mark.parametrize("status", [DispyJob.Cancelled, DispyJob.Terminated, DispyJob.Abandoned])
def test_jobs_that_somebody_ended_or_a_node_lost_can_be_run_again(
    registry: ClusterRegistry, status: int
) -> None:
    cluster = watched(registry)
    cluster.end(cluster.submit(), None, status)
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def test_dry_run_calls_nothing_and_knows_what_was_run_again(registry: ClusterRegistry) -> None:
    cluster = watched(registry)
    failed(cluster)
    failed(cluster)
    registry.control.rerun([1])
    outcomes = registry.control.rerun([1, 2], dry_run=True)
    assert codes(outcomes) == [("again", True), ("ok", True)]
    assert registry.view("*").summary()["jobs"]["submitted"] == 3


def test_closed_cluster_runs_nothing_again(registry: ClusterRegistry) -> None:
    def rerun(job: Any) -> None:
        cluster.close()

    cluster = watched(registry, rerun)
    failed(cluster)
    failed(cluster)
    assert registry.view("compute").summary()["rerun"]
    assert codes(registry.control.rerun([1, 2])) == [("called", True), ("closed", False)]
    assert codes(registry.control.rerun([1])) == [("closed", False)]
    wait_until(lambda: not registry.view("compute").summary()["rerun"], what="its end")
    assert registry.control.rerunners("*") == []


def test_no_function_is_refused_and_a_later_one_counts(registry: ClusterRegistry) -> None:
    cluster = FakeCluster()
    with pytest.raises(BadRequest, match="rerun must be a function"):
        registry.add(cluster, rerun="submit")  # type: ignore[arg-type]
    registry.add(cluster)
    failed(cluster)
    assert not registry.view("*").summary()["rerun"]
    registry.add(cluster, rerun=lambda job: cluster.submit())
    assert registry.view("*").summary()["rerun"]
    assert codes(registry.control.rerun([1])) == [("submitted", True)]


def test_function_that_runs_its_own_job_again_is_refused(registry: ClusterRegistry) -> None:
    inner: list[str] = []

    def rerun(job: Any) -> None:
        inner.extend(outcome.code for outcome in registry.control.rerun([job["serial"]]))

    cluster = watched(registry, rerun)
    failed(cluster)
    assert codes(registry.control.rerun([1])) == [("called", True)]
    assert inner == ["under_way"]
