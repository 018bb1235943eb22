"""Commands to real clusters, and what they come to."""

from __future__ import annotations

import signal
from typing import Any

import pytest
from clusters import LocalDispy, result_of, shut_down, wait_until
from computations import act
from dispy import DispyJob

from flask_dispy import ClusterRegistry
from flask_dispy.core.errors import BadRequest, UnknownNode
from flask_dispy.core.phrases import quantity
from flask_dispy.core.search.query import JobQuery

pytestmark = pytest.mark.cluster

NODE = "127.0.0.2"


@pytest.fixture
def registry() -> Any:
    registry = ClusterRegistry(engine_timeout_sec=5)
    yield registry
    registry.close()


def _codes(outcomes: list[Any]) -> list[str]:
    return [outcome.code for outcome in outcomes]


def _node(registry: ClusterRegistry, ip_addr: str = NODE) -> dict[str, Any]:
    return registry.view("act").node(ip_addr)


def _serial_of(registry: ClusterRegistry, job: Any) -> int:
    rows = registry.view("act").jobs(limit=1000).items
    return next(int(row["serial"]) for row in rows if row["id"] == str(job.id))


def _joined(registry: ClusterRegistry, *addresses: str) -> bool:
    rows = {row["ip_addr"]: row["state"] for row in registry.view("act").nodes()}
    return all(rows.get(address) == "up" for address in addresses)


def _has_worked(cluster: Any) -> None:
    """Wait until a node can be told something: dispy lists it a moment before it is set up."""
    result_of(cluster.submit("nap", 0.05))


def test_a_queued_job_is_cancelled_and_a_running_one_terminated(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=1)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    jobs = [cluster.submit("nap", 60) for _ in range(2)]
    wait_until(lambda: jobs[0].status == DispyJob.Running, what="the first job")
    serials = [_serial_of(registry, job) for job in jobs]
    assert _codes(registry.control.cancel([*serials, 10**9])) == [
        "terminating",
        "cancelled",
        "unknown",
    ]
    wait_until(lambda: registry.view("act").summary()["jobs"]["done"] == 2, what="the end of both")
    states = [registry.view("act").job(serial)["state"] for serial in serials]
    assert states == ["terminated", "cancelled"]
    assert _codes(registry.control.cancel(serials)) == ["already_ended", "already_ended"]


def test_job_that_raised_has_failed_and_one_that_was_ended_is_terminated(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    raised, ended = cluster.submit("fail", "on purpose"), cluster.submit("nap", 60)
    wait_until(lambda: ended.status == DispyJob.Running, what="the job to end")
    assert _codes(registry.control.cancel([_serial_of(registry, ended)])) == ["terminating"]
    view = registry.view("act")
    wait_until(lambda: view.summary()["jobs"]["done"] == 2, what="the end of both")
    for word, job in (("failed", raised), ("terminated", ended)):
        page = view.jobs(JobQuery.parse(f"state:{word}"))
        assert [row["serial"] for row in page.items] == [_serial_of(registry, job)]
        assert (page.items[0]["state"], page.items[0]["failed"]) == ("terminated", job is raised)
        assert (page.counts["failed"], page.counts["terminated"]) == (1, 1)
    jobs = view.summary()["jobs"]
    assert (jobs["terminated"], jobs["failed"]) == (2, 1)


def test_cpus_are_changed_and_shown(local_dispy: LocalDispy, registry: ClusterRegistry) -> None:
    local_dispy.start_node(2, cpus=2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    _has_worked(cluster)
    (outcome,) = registry.control.set_cpus("act", NODE, 1)
    assert (outcome.ok, outcome.cpus) == (True, 1)
    wait_until(lambda: _node(registry)["cpus"] == 1, what="the row")
    (outcome,) = registry.control.set_cpus("*", "node2", 100)
    assert outcome.cpus == 2
    (outcome,) = registry.control.set_cpus("act", NODE, -1)
    assert outcome.cpus == 1


@pytest.mark.parametrize("is_added", [False, True], ids=["allocated", "added by its address"])
@pytest.mark.parametrize("leave", ["deallocate", "close"])
def test_a_node_that_left_works_again(
    local_dispy: LocalDispy, registry: ClusterRegistry, leave: Any, is_added: bool
) -> None:
    local_dispy.start_node(2, cpus=1)
    # A node that answers dispy's next ping would be taken back at once.
    cluster = local_dispy.job_cluster(act, ping_interval=1000)
    registry.add(cluster)
    _has_worked(cluster)
    assert _codes(registry.control.node_action("act", leave, NODE)) == ["ok"]
    if leave == "close":
        wait_until(lambda: _node(registry)["state"] == "closed", what="the end of the node")
    # pycos begins tasks that come at once in any order: what comes after this one comes later.
    cluster.node_jobs(NODE)
    job = cluster.submit("nap", 0.1)
    assert not job.finish.wait(1)
    # A node that has not quite left takes nobody in, and tells nobody: who sees that asks again.
    for _ in range(3):
        if is_added:
            outcomes = registry.control.allocate("act", NODE)
        else:
            outcomes = registry.control.node_action("act", "allocate", NODE)
        assert _codes(outcomes) == ["asked"]
        if job.finish.wait(8):
            break
    assert job.status == DispyJob.Finished
    assert _node(registry)["state"] == "up"


def test_a_node_is_added_at_run_time(local_dispy: LocalDispy, registry: ClusterRegistry) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    local_dispy.start_node(3)
    assert _codes(registry.control.allocate("*", "127.0.0.3", None, 1)) == ["asked"]
    wait_until(lambda: _joined(registry, "127.0.0.3"), what="the second node")
    assert _node(registry, "127.0.0.3")["cpus"] == 1


def test_a_host_that_does_not_resolve_is_refused(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2)
    registry.add(local_dispy.job_cluster(act))
    with pytest.raises(BadRequest, match="does not resolve") as refused:
        registry.control.allocate("act", "no-such-host.invalid")
    assert refused.value.field == "host"
    with pytest.raises(UnknownNode):
        registry.control.node_action("act", "close", "127.0.0.99")


def test_a_cluster_that_was_shut_down_takes_no_commands_and_stays_visible(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2)
    cluster = local_dispy.job_cluster(act)
    registry.add(cluster)
    wait_until(lambda: _joined(registry, NODE), what="the node")
    job = cluster.submit("nap", 0.1)
    assert job.finish.wait(10)
    shut_down(cluster)
    wait_until(
        lambda: registry.view("act").summary()["state"] == "closed", what="the cluster's end"
    )
    assert _node(registry)["state"] == "closed"
    assert registry.view("act").summary()["jobs"]["finished"] == 1
    assert _codes(registry.control.set_cpus("act", NODE, 1)) == ["closed"]
    assert _codes(registry.control.allocate("act", NODE)) == ["closed"]
    registry.remove(cluster)
    assert registry.names() == []


def test_a_node_that_stops_answering_is_silent_until_it_comes_back(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    program = local_dispy.start_node(2)
    registry.add(local_dispy.job_cluster(act, pulse_interval=0.5))
    wait_until(lambda: _joined(registry, NODE) and _node(registry)["avail_info"], what="its pulses")
    program.signal(signal.SIGSTOP)
    wait_until(lambda: _node(registry)["state"] == "silent", timeout_sec=20, what="the silence")
    assert registry.view("act").summary()["attention"]["silent"] == 1
    program.signal(signal.SIGCONT)
    wait_until(lambda: _node(registry)["state"] == "up", timeout_sec=20, what="its return")


def test_a_shared_clusters_cpus_are_the_schedulers_to_change(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2)
    local_dispy.start_scheduler()
    cluster = local_dispy.shared_cluster(act)
    registry.add(cluster)
    wait_until(lambda: _joined(registry, NODE), what="the node")
    (outcome,) = registry.control.set_cpus("act", NODE, 1)
    assert outcome.code == "refused"
    assert "--cooperative" in outcome.message
    job = cluster.submit("nap", 60)
    wait_until(
        lambda: registry.view("act").summary()["jobs"]["running"] == 1, what="the running job"
    )
    assert _codes(registry.control.cancel([_serial_of(registry, job)])) == ["terminating"]
    assert job.finish.wait(20)


def test_a_cooperative_scheduler_sets_cpus_and_the_outcome_says_how_many(
    local_dispy: LocalDispy, registry: ClusterRegistry
) -> None:
    local_dispy.start_node(2, cpus=2)
    local_dispy.start_scheduler("--cooperative")
    cluster = local_dispy.shared_cluster(act)
    registry.add(cluster)
    _has_worked(cluster)
    wait_until(lambda: _joined(registry, NODE), what="the node")
    for asked, used in ((1, 1), (9, 2), (-1, 1), (0, 0)):
        (outcome,) = registry.control.set_cpus("act", NODE, asked)
        assert (outcome.code, outcome.cpus) == ("ok", used)
        assert outcome.message == f"{NODE} now uses {quantity(used, 'CPU')}."
        wait_until(lambda used=used: _node(registry)["cpus"] == used, what="dispy's own word")  # type: ignore[misc]
