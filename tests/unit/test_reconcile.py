"""What dispy does to jobs without saying so is found out, after a second look."""

from __future__ import annotations

import copy
import itertools
import queue
from types import SimpleNamespace
from typing import Any

import pytest
from dispy import DispyJob
from dispy_objects import FakeCluster

from flask_dispy.engine.reports.reconcile import Reconciler
from flask_dispy.engine.reports.watch import Watch

NOW = 2_000_000_000.0


def watching(cluster: Any) -> Watch:
    watch = Watch(cluster, text_limit=100, inbox_limit=100)
    cluster.cluster_status = watch.callback
    return watch


def sweep(reconciler: Reconciler, running: set[int] = frozenset()) -> list[Any]:  # type: ignore[assignment]
    return [event for event, _, _ in reconciler.sweep(set(running), NOW)]


@pytest.mark.parametrize(
    ("status", "state"),
    [(DispyJob.Finished, "finished"), (DispyJob.Terminated, "terminated"),
     (DispyJob.Cancelled, "cancelled"), (DispyJob.Abandoned, "abandoned")],
)  # fmt: skip
def test_silent_end_counts_when_it_is_seen_twice(status: int, state: str) -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    watch.jobs[1] = job
    assert sweep(reconciler) == []
    cluster.end_silently(job, status)
    assert sweep(reconciler) == []
    assert [event.state for event in sweep(reconciler)] == [state]


@pytest.mark.parametrize(
    ("status", "state"),
    [(DispyJob.Created, "cancelled"), (DispyJob.Running, "abandoned")],
)
def test_job_that_ended_silently_before_it_was_looked_at_has_ended(status: int, state: str) -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    job.status = status
    watch.jobs[1] = copy.copy(job)
    cluster.end_silently(job, DispyJob.Cancelled)
    assert sweep(reconciler) == []
    assert [event.state for event in sweep(reconciler)] == [state]


def test_job_whose_report_waits_behind_a_slow_callback_has_not_ended_silently() -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    watch.jobs[1] = copy.copy(job)
    cluster.end_silently(job, DispyJob.Finished)
    cluster._cluster = SimpleNamespace(worker_Q=queue.Queue())
    cluster._cluster.worker_Q.put("the report")
    assert [sweep(reconciler) for _ in range(3)] == [[], [], []]


def test_end_whose_report_was_dropped_is_known_as_an_end() -> None:
    cluster = FakeCluster()
    watch = Watch(cluster, text_limit=100, inbox_limit=1)
    cluster.cluster_status = watch.callback
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    watch.jobs[1] = copy.copy(job)  # all that is left of a job that ended before it was looked at
    cluster.end_silently(job, DispyJob.Finished)
    cluster.report(DispyJob.Finished, None, job)
    assert watch.dropped == 1
    sweep(reconciler)
    assert [event.state for event in sweep(reconciler)] == ["abandoned"]


def test_end_that_was_reported_meanwhile_counts_no_more() -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    watch.jobs[1] = job
    cluster.end_silently(job, DispyJob.Finished)
    sweep(reconciler)
    del watch.jobs[1]
    assert sweep(reconciler) == []


def test_job_that_only_has_an_interim_result_has_not_ended() -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    job.status = DispyJob.ProvisionalResult
    job.finish.set()
    watch.jobs[1] = job
    assert [sweep(reconciler) for _ in range(3)] == [[], [], []]


def test_job_being_cancelled_has_not_ended_yet() -> None:
    cluster = FakeCluster()
    watch = watching(cluster)
    reconciler = Reconciler(watch, scheduler=False)
    job = cluster.submit(1)
    job.status = DispyJob.Cancelled  # dispy sets it first; finish comes with the node's answer
    watch.jobs[1] = job
    assert [sweep(reconciler) for _ in range(3)] == [[], [], []]


# -- inside dispyscheduler --------------------------------------------------------------------


class Scheduler:
    """The scheduler's tables, as far as the reconciler reads them."""

    _uids = itertools.count(1)

    def __init__(self) -> None:
        self._nodes: dict[str, Any] = {"10.0.0.1": SimpleNamespace(pending_jobs=[])}
        self._sched_jobs: dict[int, Any] = {}
        self.cluster = SimpleNamespace(_jobs=[], scheduler=self, cluster_status=None)

    def job(self) -> DispyJob:
        job = DispyJob(None, (), {})
        job.id = next(self._uids)
        return job


def reconciler_of(scheduler: Scheduler, job: DispyJob) -> Reconciler:
    watch = watching(scheduler.cluster)
    watch.jobs[1] = job
    return Reconciler(watch, scheduler=True)


def test_job_the_scheduler_holds_is_alive() -> None:
    scheduler = Scheduler()
    queued, pinned, running = scheduler.job(), scheduler.job(), scheduler.job()
    scheduler.cluster._jobs.append(SimpleNamespace(uid=queued.id))
    scheduler._nodes["10.0.0.1"].pending_jobs.append(SimpleNamespace(uid=pinned.id))
    scheduler._sched_jobs[running.id] = object()
    watch = watching(scheduler.cluster)
    for serial, job in enumerate((queued, pinned, running), 1):
        watch.jobs[serial] = job
    reconciler = Reconciler(watch, scheduler=True)
    assert [sweep(reconciler, {3}) for _ in range(3)] == [[], [], []]


@pytest.mark.parametrize(("running", "state"), [(set(), "cancelled"), ({1}, "abandoned")])
def test_job_the_scheduler_lost_has_ended(running: set[int], state: str) -> None:
    scheduler = Scheduler()
    reconciler = reconciler_of(scheduler, scheduler.job())
    assert sweep(reconciler, running) == []
    assert [event.state for event in sweep(reconciler, running)] == [state]


def test_running_job_that_is_queued_again_was_rescheduled() -> None:
    scheduler = Scheduler()
    job = scheduler.job()
    scheduler.cluster._jobs.append(SimpleNamespace(uid=job.id))
    reconciler = reconciler_of(scheduler, job)
    sweep(reconciler, {1})
    assert [event.requeued for event in sweep(reconciler, {1})] == [True]
