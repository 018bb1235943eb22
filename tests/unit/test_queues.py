"""What dispy's own records say of the jobs that wait."""

from __future__ import annotations

import queue
import time
from types import SimpleNamespace
from typing import Any

import pytest
from clusters import wait_until
from dispy import DispyJob
from dispy_objects import FakeCluster, make_node
from impatience import SOON

from flask_dispy import ClusterRegistry
from flask_dispy.core.events import QueueSeen, WatchingEnded
from flask_dispy.core.search.query import JobQuery
from flask_dispy.engine.reports.queues import QueueReader, pending_jobs
from flask_dispy.watching.dashboard import board_of
from flask_dispy.watching.intervals import Intervals


def scheduler_node(ip_addr: str = "n1", *, busy: int = 0, cpus: int = 2) -> Any:
    return SimpleNamespace(ip_addr=ip_addr, busy=busy, cpus=cpus)


def cluster_of(*nodes: Any) -> Any:
    known = {node.ip_addr: node for node in nodes}
    return SimpleNamespace(_cluster=SimpleNamespace(_nodes=known), _dispy_nodes=dict(known))


def test_job_is_bound_to_a_node_that_is_gone_once_dispy_has_dropped_it() -> None:
    reader, node = QueueReader(), scheduler_node()
    cluster = cluster_of(node)
    reader.pinned["a"] = node
    assert reader.look(cluster, lambda _key: True, idle=True) is None
    cluster._cluster._nodes.clear()
    gone = QueueSeen((("a", "n1"),), full=False)
    assert reader.look(cluster, lambda _key: True, idle=True) == gone
    assert reader.look(cluster, lambda _key: True, idle=True) is None  # told already


def test_node_that_joins_anew_takes_no_job_of_the_one_before() -> None:
    reader = QueueReader()
    reader.pinned["a"] = scheduler_node()
    seen = reader.look(cluster_of(scheduler_node()), lambda _key: True, idle=True)
    assert seen == QueueSeen((("a", "n1"),), full=False)


def test_job_that_left_the_queue_is_let_go() -> None:
    reader = QueueReader()
    reader.pinned["a"] = scheduler_node()
    assert reader.look(cluster_of(), lambda _key: False, idle=False) is None
    assert reader.pinned == {}


@pytest.mark.parametrize(
    ("nodes", "full"),
    [
        ([], False),
        ([scheduler_node(cpus=0)], False),
        ([scheduler_node(busy=2), scheduler_node("n2", busy=1)], False),
        ([scheduler_node(busy=2), scheduler_node("n2", busy=3), scheduler_node("n3", cpus=0)],
         True),
    ],
)  # fmt: skip
def test_cluster_is_full_when_each_cpu_of_its_nodes_runs_a_job(
    nodes: list[Any], full: bool
) -> None:
    seen = QueueReader().look(cluster_of(*nodes), lambda _key: True, idle=True)
    assert (seen == QueueSeen((), full=True)) is full


def test_nobody_asks_why_while_jobs_run() -> None:
    cluster = cluster_of(scheduler_node(busy=2))
    assert QueueReader().look(cluster, lambda _key: True, idle=False) is None


def test_pending_jobs_are_dispys_own_count_where_it_has_one() -> None:
    assert pending_jobs(SimpleNamespace(_pending_jobs=3)) == 3
    assert pending_jobs(SimpleNamespace(pending_jobs=4)) == 4
    assert pending_jobs(SimpleNamespace(_pending_jobs="many")) is None
    assert pending_jobs(object()) is None


# -- through the registry -----------------------------------------------------------------------


soon = pytest.mark.parametrize("intervals", [SOON], ids=["soon"])


def outlook_of(registry: ClusterRegistry, name: str = "compute") -> dict[str, Any]:
    told: dict[str, Any] = registry.view(name).summary()["outlook"]
    return told


def _found(registry: ClusterRegistry, q: str) -> list[int]:
    return [job["serial"] for job in registry.view("*").jobs(JobQuery.parse(q)).items]


@soon
def test_job_bound_to_a_node_that_died_shows(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    fake: Any = cluster
    fake._cluster = SimpleNamespace(_nodes={}, worker_Q=queue.Queue())
    node = cluster.join("10.0.0.1")
    fake._cluster._nodes["10.0.0.1"] = pinned = scheduler_node("10.0.0.1")
    cluster.join("10.0.0.2")
    cluster.submit_node(pinned, 1)
    board_of(registry).fold()
    assert outlook_of(registry)["bound"] == 0
    del fake._cluster._nodes["10.0.0.1"]
    cluster.leave(node)
    wait_until(lambda: outlook_of(registry)["bound"] == 1)
    told = outlook_of(registry)
    assert (told["state"], told["reason"]) == ("waiting", "bound_to_gone_node")
    assert outlook_of(registry, "*")["cluster"] == "compute"
    other = cluster.submit("elsewhere")
    assert _found(registry, "is:bound") == _found(registry, "serial:1") == [1]
    assert _found(registry, "is:bound is:straggler") == _found(registry, "is:bound elsewhere") == []
    cluster.end(other, None, DispyJob.Cancelled)


@soon
def test_another_cluster_of_the_registry_that_holds_all_cpus_is_named(
    registry: ClusterRegistry, cluster: FakeCluster
) -> None:
    other = FakeCluster("fit_model")
    registry.add(other)
    for each in (cluster, other):
        node = each.join("10.0.0.1", cpus=2)
    for number in range(2):
        other.start(other.submit(number), node)
    cluster.submit(1)
    version = board_of(registry).version
    wait_until(lambda: outlook_of(registry)["reason"] == "cpus_busy")
    assert outlook_of(registry)["message"] == "All 2 CPUs are busy with fit_model; 1 job waits."
    assert board_of(registry).version > version
    registry.view("fit_model")._state.apply(WatchingEnded(time.time()))
    assert outlook_of(registry)["reason"] != "cpus_busy"


@soon
def test_hung_jobs_wake_who_waits_for_a_change(intervals: Intervals) -> None:
    registry = ClusterRegistry(stall_sec=0.3, _intervals=intervals)
    cluster = FakeCluster()
    registry.add(cluster)
    node = cluster.join("10.0.0.1")
    quick = cluster.submit(0)
    cluster.start(quick, node, since_sec=0.01)
    cluster.end(quick, node)
    cluster.start(cluster.submit(1), node)
    board_of(registry).fold()
    assert outlook_of(registry)["state"] == "going"
    version, give_up_at = board_of(registry).version, time.monotonic() + 10
    while outlook_of(registry)["state"] != "stalled" and time.monotonic() < give_up_at:
        version = board_of(registry).wait_for_change(version, 5)
    assert outlook_of(registry)["stuck"]["jobs"] == 1
    registry.close()


@soon
def test_jobs_from_before_watching_that_end_unseen_are_pending_no_more(
    registry: ClusterRegistry,
) -> None:
    cluster = FakeCluster()
    jobs = [cluster.submit(number) for number in range(3)]
    cluster.answers["status"] = lambda: SimpleNamespace(nodes=[], jobs_pending=cluster.pending)
    registry.add(cluster)
    pending = lambda: registry.view("*").summary()["jobs"]["pending"]  # noqa: E731
    assert pending() == 3
    fake: Any = cluster
    fake._pending_jobs = 2  # one ended, and no report of it came
    wait_until(lambda: pending() == 2)
    cluster.start(jobs[1], make_node("10.0.0.1"))
    assert registry.view("*").summary()["jobs"]["before_watching"] == 1
    cluster.end(jobs[1], None, DispyJob.Finished)
    fake._pending_jobs = 0
    wait_until(lambda: pending() == 0)
    assert registry.view("*").summary()["outlook"]["state"] == "done"


@soon
def test_jobs_from_before_watching_outlast_reports_that_are_held_up(
    registry: ClusterRegistry,
) -> None:
    cluster = FakeCluster()
    for number in range(3):
        cluster.submit(number)
    cluster.answers["status"] = lambda: SimpleNamespace(nodes=[], jobs_pending=cluster.pending)
    registry.add(cluster)
    before = lambda: registry.view("*").summary()["jobs"]["before_watching"]  # noqa: E731
    assert before() == 3
    job, node = cluster.submit(3), make_node("10.0.0.1")
    cluster.start(job, node)
    reports: queue.Queue[None] = queue.Queue()
    reports.put(None)  # the report of its end waits behind a slow callback
    fake: Any = cluster
    fake._cluster = SimpleNamespace(_nodes={}, worker_Q=reports)
    cluster.end_silently(job, DispyJob.Finished)
    wait_until(lambda: before() == 2)
    cluster.report(DispyJob.Finished, node, job)
    reports.get()
    reports.task_done()
    wait_until(lambda: before() == 3)
