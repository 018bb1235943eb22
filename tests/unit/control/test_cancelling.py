"""A command to cancel jobs ends in an outcome for each of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster
from unit.control.conftest import codes, with_jobs

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import UnknownCluster
from flask_dispy.engine.commands.outcomes import JobTarget


def test_job_that_has_just_been_sent_to_a_node_is_terminating(cluster: FakeCluster) -> None:
    control = with_jobs(cluster, "queued")
    control._targets.jobs[1].job.status = DispyJob.Running  # type: ignore[attr-defined]
    assert codes(control.cancel([1])) == [(True, "terminating")]


def test_queued_job_is_cancelled_and_running_one_terminating(cluster: FakeCluster) -> None:
    outcomes = with_jobs(cluster, "queued", "running").cancel([1, 2])
    assert codes(outcomes) == [(True, "cancelled"), (True, "terminating")]
    assert [outcome.serial for outcome in outcomes] == [1, 2]


def test_job_that_ended_is_already_ended(cluster: FakeCluster) -> None:
    outcome = with_jobs(cluster, "finished").cancel([1])[0]
    assert (outcome.ok, outcome.code) == (False, "already_ended")
    assert cluster.calls == []


def test_job_that_ends_meanwhile_is_already_ended(cluster: FakeCluster) -> None:
    cluster.answers["cancel"] = -1
    assert codes(with_jobs(cluster, "running").cancel([1])) == [(False, "already_ended")]


def test_job_whose_node_cannot_be_reached_is_refused(cluster: FakeCluster) -> None:
    control = with_jobs(cluster, "running")
    job = cluster.submit(1)
    control._targets.jobs[1] = JobTarget(control._targets.target, job, "running")  # type: ignore[attr-defined]
    cluster.answers["cancel"] = -1
    assert codes(control.cancel([1])) == [(False, "refused")]
    cluster.end_silently(job, DispyJob.Finished)
    assert codes(control.cancel([1])) == [(False, "already_ended")]


def test_job_on_its_way_to_a_node_is_refused(cluster: FakeCluster) -> None:
    cluster.answers["cancel"] = None  # what a failed task of pycos leaves
    assert codes(with_jobs(cluster, "queued").cancel([1])) == [(False, "refused")]


def test_unknown_job_is_unknown(cluster: FakeCluster) -> None:
    assert codes(with_jobs(cluster).cancel([7])) == [(False, "unknown")]


def test_each_job_is_cancelled_once_in_the_order_asked(cluster: FakeCluster) -> None:
    outcomes = with_jobs(cluster, "queued", "queued").cancel([2, 1, 2])
    assert [outcome.serial for outcome in outcomes] == [2, 1]
    assert len(cluster.calls) == 2


def test_job_that_dispy_fails_on_leaves_the_others(cluster: FakeCluster) -> None:
    answers = iter([ValueError("x"), 0])

    def cancel(job: Any) -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    cluster.answers["cancel"] = cancel
    outcomes = with_jobs(cluster, "queued", "queued").cancel([1, 2])
    assert codes(outcomes) == [(False, "refused"), (True, "cancelled")]


def test_jobs_whose_turn_does_not_come_time_out(
    cluster: FakeCluster, release: threading.Event
) -> None:
    answers = iter([lambda: 0, release.wait, lambda: 0])
    cluster.answers["cancel"] = lambda job: int(next(answers)() or 0)
    outcomes = with_jobs(cluster, "queued", "queued", "queued", timeout_sec=0.05).cancel([1, 2, 3])
    assert codes(outcomes) == [(True, "cancelled"), (False, "timeout"), (False, "timeout")]


def test_jobs_of_a_closed_cluster_are_refused_as_closed(cluster: FakeCluster) -> None:
    cluster.close()
    assert codes(with_jobs(cluster, "queued").cancel([1])) == [(False, "closed")]


def test_job_of_another_cluster_is_unknown_to_this_one() -> None:
    registry = ClusterRegistry()
    first, second = FakeCluster("first"), FakeCluster("second")
    registry.add(first)
    registry.add(second)
    first.submit(1)
    assert codes(registry.control.cancel([1], "second")) == [(False, "unknown")]
    assert codes(registry.control.cancel([1], "*")) == [(True, "cancelled")]
    with pytest.raises(UnknownCluster):
        registry.control.cancel([1], "third")
    registry.close()


def test_job_of_a_cluster_nobody_added_is_not_unknown(registry: ClusterRegistry) -> None:
    stranger = FakeCluster()
    stranger.cluster_status = registry.cluster_status
    stranger.submit()
    for cluster in (None, "*", *registry.names()):
        assert codes(registry.control.cancel([1], cluster)) == [(False, "unsupported")]


def test_outcomes_of_cancelled_jobs_are_what_was_logged(
    cluster: FakeCluster, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    control = with_jobs(cluster, "queued", "queued", timeout_sec=0.05)

    def hang(job: Any) -> int:
        release.wait()
        return 0

    def until_the_late_call_has_ended(name: str, serials: Sequence[int], by: str | None) -> None:
        logged.extend(serials)
        release.set()
        wait_until(lambda: control._calls.health()["in_flight"] == 0, what="the late call's end")

    logged: list[int] = []
    cluster.answers["cancel"] = hang
    monkeypatch.setattr(control._targets, "cancelled", until_the_late_call_has_ended)
    outcomes = control.cancel([1, 2])
    assert [outcome.serial for outcome in outcomes if outcome.ok] == logged == []


def test_outcome_leaves_out_what_does_not_apply(cluster: FakeCluster) -> None:
    assert with_jobs(cluster).cancel([7])[0].as_dict() == {
        "cluster": "*", "ok": False, "code": "unknown", "message": "No such job is retained.",
        "serial": 7,
    }  # fmt: skip
