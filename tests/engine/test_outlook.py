"""What is said of real clusters whose jobs don't get on, and why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from clusters import LocalDispy, submit, wait_until
from computations import act, nap
from dispy import DispyJob
from impatience import PROMPT

from flask_dispy import ClusterRegistry
from flask_dispy.core.search.query import JobQuery

pytestmark = pytest.mark.cluster


@pytest.fixture
def registry() -> Iterator[ClusterRegistry]:
    registry = ClusterRegistry(stall_sec=2.0, _intervals=PROMPT)
    yield registry
    registry.close()


def outlook_of(registry: ClusterRegistry, name: str = "act") -> dict[str, Any]:
    told: dict[str, Any] = registry.view(name).summary()["outlook"]
    return told


def becomes(registry: ClusterRegistry, state: str, reason: str, name: str = "act") -> Any:
    """Wait for an outlook and return it."""
    found: dict[str, Any] = {}

    def is_so() -> bool:
        found.update(outlook_of(registry, name))
        return (found["state"], found["reason"]) == (state, reason)

    try:
        wait_until(is_so, timeout_sec=30, what=f"{state}, {reason}")
    except AssertionError as error:
        raise AssertionError(f"{error}; it is {found}") from None
    return found


def test_jobs_wait_for_a_node_that_joins_later(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    cluster = local_dispy.job_cluster(act, nodes=["127.0.0.2"])
    registry.add(cluster)
    assert outlook_of(registry)["reason"] == "no_jobs"
    jobs = [submit(cluster, "nap", 0.1) for _ in range(3)]
    told = becomes(registry, "waiting", "no_node")
    assert told["message"] == "3 jobs wait: no node has joined yet."
    assert told["eta_sec"] is None
    local_dispy.start_node(2)
    told = becomes(registry, "done", "all_done")
    assert all(job.finish.is_set() for job in jobs)
    assert (told["eta_sec"], told["since"]) == (0.0, max(
        job["ended_at"] for job in registry.view("act").jobs().items))  # fmt: skip


def test_job_bound_to_a_node_that_died_never_starts_and_is_named(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    doomed = local_dispy.start_node(2, cpus=1)
    local_dispy.start_node(3, cpus=1)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    wait_until(lambda: len(registry.view("act").nodes()) == 2, what="both nodes")
    busy = cluster.submit_node("127.0.0.2", "nap", 60)
    wait_until(lambda: busy.status == DispyJob.Running, what="a job on the node")
    bound = [cluster.submit_node("127.0.0.2", "nap", 0.1) for _ in range(3)]
    doomed.kill()
    told = becomes(registry, "waiting", "bound_to_gone_node")
    assert told["bound"] == 3
    assert told["message"] == "All 3 queued jobs are bound to 127.0.0.2, which is gone."
    other = submit(cluster, "nap", 0.5)
    wait_until(other.finish.is_set, what="a job on the node that is left")
    assert not any(job.finish.is_set() for job in bound)
    for job in bound:
        assert cluster.cancel(job) == 0
    told = becomes(registry, "done", "all_ended")
    assert told["bound"] == 0


def test_cpus_that_another_cluster_holds(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=2)
    first, second = local_dispy.job_cluster(nap), local_dispy.job_cluster(act)
    registry.add(first)
    held = [submit(first, 60) for _ in range(2)]
    wait_until(lambda: all(job.status == DispyJob.Running for job in held), what="two jobs")
    registry.add(second)
    wait_until(lambda: registry.view("act").nodes(), what="the node of the second cluster")
    waits = [submit(second, "nap", 0.1) for _ in range(3)]
    told = becomes(registry, "waiting", "cpus_busy")
    assert told["message"] == "All 2 CPUs are busy with nap; 3 jobs wait."
    for job in held:
        first.cancel(job)
    becomes(registry, "done", "all_done")
    assert all(job.finish.is_set() for job in waits)


def test_cpus_held_by_a_cluster_that_nobody_added(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=1)
    hidden, cluster = local_dispy.job_cluster(nap), local_dispy.job_cluster(act)
    registry.add(cluster)
    held = submit(hidden, 60)
    wait_until(lambda: held.status == DispyJob.Running, what="the other's job")
    submit(cluster, "nap", 0.1)
    told = becomes(registry, "waiting", "cpus_busy")
    assert told["message"] == (
        "The only CPU is busy with another cluster of this program; 1 job waits."
    )
    hidden.cancel(held)
    becomes(registry, "done", "all_done")


def test_cpus_that_were_set_to_none(local_dispy: LocalDispy, registry: ClusterRegistry) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    wait_until(lambda: registry.view("act").nodes(), what="the node")
    assert cluster.set_node_cpus("127.0.0.2", 0) == 0
    submit(cluster, "nap", 0.1)
    told = becomes(registry, "waiting", "cpus_zero")
    assert told["message"] == "1 job waits: the CPUs of the node are set to 0."
    cluster.set_node_cpus("127.0.0.2", 2)
    becomes(registry, "done", "all_done")


def test_last_jobs_that_hang_are_a_stall(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    for number in (2, 3):
        local_dispy.start_node(number, cpus=2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    quick = [submit(cluster, "nap", 0.1) for _ in range(20)]
    hung = [submit(cluster, "nap", 300) for _ in range(3)]
    told = becomes(registry, "stalled", "none_ended")
    assert all(job.finish.is_set() for job in quick)
    assert (told["stuck"]["jobs"], told["stuck"]["nodes"]) == (3, 2)
    assert told["stuck"]["oldest_sec"] > told["stuck"]["over_sec"] >= 2
    assert 0.05 < told["stuck"]["usual_sec"] < 2
    summary = registry.view("act").summary()
    assert (summary["eta_sec"], summary["outlook"]["eta_late_sec"]) == (None, None)
    over = told["stuck"]["over_sec"]
    page = registry.view("act").jobs(JobQuery.parse(f"state:running slower:{int(over)}s"))
    assert page.total == 3
    for job in hung:
        cluster.cancel(job)
    becomes(registry, "done", "all_ended")


def test_node_whose_last_one_leaves(local_dispy: LocalDispy, registry: ClusterRegistry) -> None:
    node = local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(act, reentrant=True)
    registry.add(cluster)
    jobs = [submit(cluster, "nap", 60) for _ in range(2)]
    wait_until(lambda: jobs[0].status == DispyJob.Running, what="the first job")
    node.kill()
    told = becomes(registry, "waiting", "nodes_left")
    assert told["message"].startswith("2 jobs wait: the only node was lost")


def test_jobs_from_before_watching_are_pending_until_they_end(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=2)
    cluster = local_dispy.job_cluster(act)
    # The first two keep both CPUs, so that the others are still there when the registry looks.
    before = [submit(cluster, "nap", 60 if number < 2 else 0.5) for number in range(10)]
    wait_until(lambda: before[1].status == DispyJob.Running, what="the first two jobs")
    cluster.status()  # dispy's thread answers once it has reported that they run
    registry.add(cluster)
    summary = registry.view("act").summary()
    assert (summary["jobs"]["before_watching"], summary["jobs"]["pending"]) == (10, 10)
    assert summary["progress"] == 0
    for job in before[:2]:
        assert cluster.cancel(job) == 0

    def halfway() -> Any:
        seen = registry.view("act").summary()
        return seen if 0 < seen["jobs"]["done"] < 10 else None

    seen = wait_until(halfway, what="some ends")
    assert seen["jobs"]["done"] + seen["jobs"]["pending"] == 10
    assert seen["progress"] == seen["jobs"]["done"] / 10
    assert seen["outlook"]["state"] == "going"
    becomes(registry, "done", "all_ended")
    assert registry.view("act").summary()["jobs"]["pending"] == 0
