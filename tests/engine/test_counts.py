"""Our counts against the client's own tally of its jobs, over real nodes that die."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import Any

import pycos
import pytest
from clusters import LocalDispy, submit, wait_until
from computations import act
from dispy import DispyJob
from engine.faults import STATES

from flask_dispy import ClusterRegistry

pytestmark = pytest.mark.cluster

JOBS = 300


def _deed(number: int) -> tuple[str, Any]:
    if number % 10 == 3:
        return ("fail", f"job {number} fails")
    return ("nap", 0.2 if number % 50 == 7 else 0.02)


def _tally(jobs: list[Any]) -> Counter[str]:
    return Counter(STATES[job.status] for job in jobs)


def _counted(registry: ClusterRegistry) -> dict[str, int]:
    return registry.view("act").summary()["jobs"]


def _submit(cluster: Any, count: int) -> list[Any]:
    jobs = []
    for number in range(count):
        job = submit(cluster, *_deed(number))
        job.id = f"job-{number}"
        jobs.append(job)
    return jobs


def _wait_for_end(jobs: list[Any], registry: ClusterRegistry) -> None:
    """Wait until nothing is left that can still end, by the client's own objects and by ours."""
    alive = ("queued", "running")
    wait_until(
        lambda: not any(_tally(jobs)[state] for state in alive),
        timeout_sec=60,
        what="the end of all jobs",
    )
    wait_until(
        lambda: _counted(registry)["pending"] == 0, timeout_sec=15, what="the end as we see it"
    )


@pytest.fixture
def registry() -> Any:
    registry = ClusterRegistry()
    yield registry
    registry.close()


@pytest.mark.timeout(300)  # its own waits come to more than others may take
@pytest.mark.parametrize("reentrant", [False, True])
def test_counts_equal_the_clients_tally_whatever_dies(
    local_dispy: LocalDispy, registry: ClusterRegistry, reentrant: bool
) -> None:
    doomed = local_dispy.start_node(2)
    for number in range(3, 7):
        local_dispy.start_node(number)
    cluster = local_dispy.job_cluster(act, reentrant=reentrant, pulse_interval=2)
    registry.add(cluster)
    jobs = _submit(cluster, JOBS)
    for job in jobs[-60:]:
        assert cluster.cancel(job) == 0

    wait_until(
        lambda: _counted(registry)["done"] > JOBS * 2 // 3, timeout_sec=90, what="two thirds"
    )
    long_jobs = [submit(cluster, "nap", 30) for _ in range(4)]
    naps = [cluster.submit_node("127.0.0.2", "nap", 60) for _ in range(2)]
    jobs += long_jobs + naps
    wait_until(lambda: _tally(naps)["running"] == 2, timeout_sec=30, what="jobs on the node")
    doomed.kill()
    assert cluster.close_node("127.0.0.3", terminate_pending=True) == 0
    wait_until(
        lambda: _tally(long_jobs)["queued"] == 0, timeout_sec=60, what="the start of the long jobs"
    )
    for job in long_jobs:
        if job.status == DispyJob.Running:
            cluster.cancel(job)
    _wait_for_end(jobs, registry)

    counted = _counted(registry)
    tally = _tally(jobs)
    assert {state: counted[state] for state in STATES.values()} == {
        state: tally[state] for state in STATES.values()
    }
    assert counted["submitted"] == len(jobs)
    assert counted["done"] == len(jobs)
    assert counted["failed"] == sum(job.exception is not None for job in jobs)


def test_job_that_ends_before_its_submitter_goes_on_is_counted(
    local_dispy: LocalDispy, registry: ClusterRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    value_of = pycos.Task.value

    def value_seen_late(task: Any) -> Any:
        value = value_of(task)
        wait_until(lambda: _counted(registry)["done"], what="the end of the job")
        return value

    monkeypatch.setattr(pycos.Task, "value", value_seen_late)
    assert cluster.submit("nap", 0) is None
    monkeypatch.undo()
    assert (_counted(registry)["submitted"], _counted(registry)["finished"]) == (1, 1)


def test_shared_cluster_counts_equal_the_tally(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=2)
    local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    registry.add(cluster)
    jobs = _submit(cluster, 60)
    naps = [submit(cluster, "nap", 20) for _ in range(6)]
    jobs += naps
    wait_until(lambda: _tally(naps)["running"] == 2, timeout_sec=40, what="two long jobs running")
    for job in naps:
        assert cluster.cancel(job) == 0
    _wait_for_end(jobs, registry)

    counted = _counted(registry)
    tally = _tally(jobs)
    assert {state: counted[state] for state in STATES.values()} == {
        state: tally[state] for state in STATES.values()
    }
    assert [node["ip_addr"] for node in registry.view("act").nodes()] == ["127.0.0.2"]


def test_jobs_submitted_before_watching_are_counted_apart(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(act)
    before = [submit(cluster, "nap", 0.5) for _ in range(4)]
    wait_until(lambda: before[0].status == DispyJob.Running, what="the first job")
    registry.add(cluster)
    counted = _counted(registry)
    assert (counted["submitted"], counted["before_watching"]) == (0, 4)
    assert [node["ip_addr"] for node in registry.view("act").nodes()] == ["127.0.0.2"]

    after = [submit(cluster, "nap", 0.1) for _ in range(3)]
    wait_until(cluster._complete.is_set, what="the end of all jobs")
    wait_until(lambda: _counted(registry)["pending"] == 0, what="the end as we see it")
    counted = _counted(registry)
    assert counted["before_watching"] == 0
    assert counted["finished"] == len(before) + len(after)


def test_counts_hold_while_many_threads_submit_and_cancel(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    for number in (2, 3, 4):
        local_dispy.start_node(number)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    jobs: list[Any] = []

    def work() -> None:
        mine = [submit(cluster, "nap", 0.1) for _ in range(60)]
        jobs.extend(mine)
        for job in mine[::7]:
            # It may have ended by now, or run.
            with contextlib.suppress(Exception):
                cluster.cancel(job)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _wait_for_end(jobs, registry)
    counted = _counted(registry)
    tally = _tally(jobs)
    assert {state: counted[state] for state in STATES.values()} == {
        state: tally[state] for state in STATES.values()
    }
