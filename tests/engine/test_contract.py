"""What dispy's JobCluster does, as far as the package relies on it: the fake does the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from clusters import LocalDispy, wait_until
from computations import act
from dispy import DispyJob, DispyNode
from dispy_objects import FakeCluster

from flask_dispy.engine.clusters import cluster_name, compute_id, is_closed, kind_of, pulse_sec
from flask_dispy.engine.reports.queues import pending_jobs

pytestmark = pytest.mark.cluster

NODE, NOBODY = "127.0.0.2", "127.0.0.77"
CPUS = 2

Report = tuple[int, Any, Any]


class FakeSide:
    """The fake cluster, with what a test of the contract needs to happen in it."""

    def __init__(self) -> None:
        self.reports: list[Report] = []
        self.cluster: Any = FakeCluster("act", pulse_interval=1)
        self.listen()

    def listen(self) -> None:
        """Note the reports."""
        assert self.cluster.cluster_status is None
        self.cluster.cluster_status = lambda *report: self.reports.append(report)

    def join(self) -> None:
        """Let a node join."""
        self.cluster.join(NODE, "node2", cpus=CPUS)

    def submit(self, *deed: Any) -> DispyJob:
        """Let a job be submitted, and start."""
        job: DispyJob = self.cluster.submit(*deed)
        self.cluster.start(job, self.cluster.status().nodes[0])
        return job

    def let_end(self, job: DispyJob) -> None:
        """Let a job do what it was submitted for."""
        raised = job._args[0] == "fail"
        self.cluster.end(
            job,
            self.cluster.status().nodes[0],
            result=None if raised else job._args[1],
            exception=f"Traceback\nRuntimeError: {job._args[1]}" if raised else None,
        )


class RealSide(FakeSide):
    """A JobCluster with a real node, which does all that by itself."""

    def __init__(self, dispy: LocalDispy) -> None:
        self.reports = []
        self._dispy = dispy
        self.cluster = dispy.job_cluster(act, nodes=[NODE], pulse_interval=1)
        self.listen()

    def join(self) -> None:
        self._dispy.start_node(2, cpus=CPUS, name="node2")

    def submit(self, *deed: Any) -> DispyJob:
        job: DispyJob = self.cluster.submit(*deed)
        return job

    def let_end(self, job: DispyJob) -> None:
        assert job.finish.wait(15)


@pytest.fixture(params=["fake", "real"])
def side(request: pytest.FixtureRequest) -> Iterator[FakeSide]:
    if request.param == "fake":
        yield FakeSide()
    else:
        yield RealSide(request.getfixturevalue("local_dispy"))


def of_jobs(side: FakeSide) -> list[Report]:
    return [report for report in side.reports if report[2] is not None]


def wait_for(side: FakeSide, *statuses: int) -> list[Report]:
    """Return the reports of jobs once they have these statuses."""
    wait_until(lambda: [status for status, *_ in of_jobs(side)] == list(statuses), what="reports")
    return of_jobs(side)


def joined(side: FakeSide) -> DispyNode:
    """Let a node join, and return what its report came with."""
    side.join()
    wait_until(lambda: side.reports, what="the node")
    status, node, job = side.reports[0]
    assert (status, job) == (DispyNode.Initialized, None)
    return node


def test_figures_read_from_a_cluster(side: FakeSide) -> None:
    cluster = side.cluster
    assert kind_of(cluster) == "JobCluster"
    assert (cluster_name(cluster), pulse_sec(cluster)) == ("act", 1)
    assert type(compute_id(cluster)) is int
    assert (cluster.status().nodes, cluster.status().jobs_pending) == ([], 0)
    node = joined(side)
    assert (node.ip_addr, node.name, node.cpus, node.avail_cpus) == (NODE, "node2", CPUS, CPUS)
    assert node.update_time > 0
    (live,) = cluster.status().nodes
    assert live is node is cluster._dispy_nodes[NODE]


def test_job_that_finishes(side: FakeSide) -> None:
    node = joined(side)
    job = side.submit("return", 5)
    assert job._dispy_job_ is None or job._dispy_job_.compute_id == compute_id(side.cluster)
    wait_until(lambda: len(of_jobs(side)) >= 2, what="its start")
    side.let_end(job)
    reports = wait_for(side, DispyJob.Created, DispyJob.Running, DispyJob.Finished)
    assert [at for _, at, _ in reports] == [None, node, node]
    assert not any(reported is job for *_, reported in reports)
    assert {reported._uid for *_, reported in reports} == {job._uid}
    assert [reported._args for *_, reported in reports] == [("return", 5), ("return", 5), ()]
    created, running, finished = (reported for *_, reported in reports)
    assert (created.ip_addr, created.start_time) == (None, None)
    assert running.ip_addr == finished.ip_addr == NODE
    assert running.start_time is not None
    assert (finished.result, finished.exception, finished._dispy_job_) == (5, None, None)
    assert finished.end_time >= finished.start_time
    assert (node.jobs_done, node.busy, job.finish.is_set()) == (1, 0, True)


def test_job_that_raises(side: FakeSide) -> None:
    joined(side)
    job = side.submit("fail", "on purpose")
    wait_until(lambda: len(of_jobs(side)) >= 2, what="its start")
    side.let_end(job)
    *_, (_, _, ended) = wait_for(side, DispyJob.Created, DispyJob.Running, DispyJob.Terminated)
    assert ended.exception.startswith("Traceback")
    assert "on purpose" in ended.exception
    assert ended.result is None


def test_pending_jobs_and_what_cancelling_answers(side: FakeSide) -> None:
    node = joined(side)
    job = side.submit("nap", 0.5)
    wait_for(side, DispyJob.Created, DispyJob.Running)
    assert side.cluster.status().jobs_pending == pending_jobs(side.cluster) == 1
    assert node.busy == 1
    side.let_end(job)
    wait_until(lambda: side.cluster.status().jobs_pending == 0, what="the end")
    assert pending_jobs(side.cluster) == 0
    assert side.cluster.cancel(job) == -1
    last = side.submit("nap", 60)
    wait_until(lambda: last.status == DispyJob.Running, what="the next job")
    assert side.cluster.cancel(last) == 0


ANSWERS: dict[str, Callable[[Any], int]] = {
    "cpus": lambda cluster: cluster.set_node_cpus(NODE, 1),
    "more than there are": lambda cluster: cluster.set_node_cpus(NODE, 100),
    "all but one": lambda cluster: cluster.set_node_cpus(NODE, -1),
    "cpus of an unknown node": lambda cluster: cluster.set_node_cpus(NOBODY, 1),
    "allocate": lambda cluster: cluster.allocate_node({"host": NODE, "port": None, "cpus": 0}),
    "deallocate an unknown node": lambda cluster: cluster.deallocate_node(NOBODY),
    "deallocate": lambda cluster: cluster.deallocate_node(NODE),
    "close an unknown node": lambda cluster: cluster.close_node(NOBODY),
    "close": lambda cluster: cluster.close_node(NODE),
}


def test_answers_of_commands(side: FakeSide) -> None:
    joined(side)
    assert {what: ask(side.cluster) for what, ask in ANSWERS.items()} == {
        "cpus": 1,
        "more than there are": CPUS,
        "all but one": CPUS - 1,
        "cpus of an unknown node": -1,
        "allocate": 0,
        "deallocate an unknown node": -1,
        "deallocate": 0,
        "close an unknown node": 0,
        "close": 0,
    }


def test_cluster_that_is_closed_has_no_name(side: FakeSide) -> None:
    joined(side)
    assert not is_closed(side.cluster)
    side.cluster.close()
    assert is_closed(side.cluster)
    assert cluster_name(side.cluster) is None
