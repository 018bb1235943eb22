"""A cluster at the seam to dispy: its methods, its callback, and nothing behind them.

Reports are made of dispy's own DispyNode and DispyJob, so that what reads them meets the real
thing; commands are recorded, and answered as the test says.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections import namedtuple
from collections.abc import Callable
from typing import Any

from dispy import DispyJob, DispyNode, DispyNodeAvailInfo
from dispy_objects import Commands

from flask_dispy import ClusterRegistry

__all__ = ["FakeCluster", "make_node", "watched_cluster"]

_uids = itertools.count(1)
_Status = namedtuple("_Status", ("nodes", "jobs_pending"))


class FakeCluster(Commands):
    """Looks like a JobCluster to whoever asks; ``answers`` says what each method returns.

    A value in ``answers`` may be an exception to raise, or a function to call.
    """

    def __init__(self, name: str = "compute") -> None:
        self.name = name
        self.cluster_status: Callable[[int, Any, Any], None] | None = None
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def status(self) -> Any:
        return _Status([], 0)

    def _answer(self, method: str, *arguments: Any) -> Any:
        self.calls.append((method, arguments))
        answer = self.answers.get(method, 0)
        if isinstance(answer, Exception):
            raise answer
        return answer(*arguments) if callable(answer) else answer

    # -- what happens in the cluster ---------------------------------------------------------

    def report(self, status: int, node: Any, job: Any) -> None:
        """Report as dispy does: with the live node, and a copy of the job."""
        assert self.cluster_status is not None
        self.cluster_status(status, node, copy.copy(job))

    def joins(self, node: DispyNode) -> DispyNode:
        """Let a node join."""
        self.report(DispyNode.Initialized, node, None)
        return node

    def submits(
        self, *args: Any, job_id: Any = None, since_sec: float = 0.0, **kwargs: Any
    ) -> DispyJob:
        """Let a job be submitted, some time ago."""
        job = DispyJob(job_id, args, kwargs)
        job.submit_time -= since_sec
        job._uid = next(_uids)
        self.report(DispyJob.Created, None, job)
        return job

    def starts(self, job: DispyJob, node: DispyNode) -> None:
        """Let a job start on a node."""
        job.start_time = time.time()
        job.status = DispyJob.Running
        job.ip_addr = node.ip_addr
        node.busy += 1
        self.report(DispyJob.Running, node, job)

    def ends(
        self,
        job: DispyJob,
        node: DispyNode,
        *,
        result: Any = None,
        exception: str | None = None,
        terminated: bool = False,
    ) -> None:
        """Let a job end: well, by an exception, or because somebody ended it."""
        job.end_time = time.time()
        job.result = result
        job.exception = exception
        job.stdout, job.stderr = b"", b""
        node.busy -= 1
        node.jobs_done += 1
        node.update_time = time.time()
        raised = exception is not None
        status = DispyJob.Terminated if raised or terminated else DispyJob.Finished
        job.status = status
        job._args, job._kwargs = (), {}
        self.report(status, node, job)


def make_node(ip_addr: str, name: str = "", *, cpus: int = 4, load: bool = True) -> DispyNode:
    """Return a node as dispy describes it."""
    node = DispyNode(ip_addr, name, cpus)
    node.update_time = time.time()
    if load:
        node.avail_info = DispyNodeAvailInfo(97.5, 24_328_601_600, 84_125_671_424, 100.0)
    return node


def watched_cluster(registry: ClusterRegistry, name: str = "compute") -> FakeCluster:
    """Return a cluster that *registry* watches."""
    cluster = FakeCluster(name)
    registry.add(cluster)
    return cluster
