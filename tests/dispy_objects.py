"""dispy's own objects without dispy running, and a cluster at our seam that reports with them.

The jobs are real ``_DispyJob_`` and ``DispyJob``, the nodes real ``DispyNode``, treated as dispy's
scheduler treats them: a report carries the live node and a copy of the job, and a job that ended
has lost its arguments and its link to its computation.
"""

from __future__ import annotations

import copy
import itertools
import time
from collections import namedtuple
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from dispy import DispyJob, DispyNode, DispyNodeAvailInfo, _DispyJob_

__all__ = ["Commands", "FakeCluster", "make_node"]

_compute_ids = itertools.count(1_000)
_Status = namedtuple("_Status", ("nodes", "jobs_pending"))


class Commands:
    """The commands that a JobCluster takes; ``_answer`` notes them and says what they return."""

    _answer: Callable[..., Any]

    def cancel(self, job: Any) -> Any:
        return self._answer("cancel", job)

    def allocate_node(self, node: Any) -> Any:
        return self._answer("allocate_node", node)

    def deallocate_node(self, node: Any) -> Any:
        return self._answer("deallocate_node", node)

    def close_node(self, node: Any) -> Any:
        return self._answer("close_node", node)

    def set_node_cpus(self, node: Any, cpus: int) -> Any:
        return self._answer("set_node_cpus", node, cpus)


class FakeCluster(Commands):
    """Looks like a JobCluster; ``answers`` says what each method returns, raises or calls."""

    def __init__(self, name: str = "compute", *, pulse_interval: float | None = None) -> None:
        self._compute: Any = SimpleNamespace(name=name, id=next(_compute_ids))
        self._dispy_nodes: dict[str, DispyNode] = {}
        self.cluster_status: Callable[[int, Any, Any], None] | None = None
        self.pulse_interval = pulse_interval
        self.pending = 0
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[Any, ...]] = []

    @property
    def name(self) -> str:
        """The computation's name; AttributeError once closed, as with dispy's."""
        return self._compute.name

    def close(self) -> None:
        self._compute = None

    def status(self) -> Any:
        return self._answer("status", otherwise=self._status)

    def _status(self) -> Any:
        return _Status(list(self._dispy_nodes.values()), self.pending)

    def _answer(self, method: str, *arguments: Any, otherwise: Any = 0) -> Any:
        self.calls.append((method, *arguments))
        answer = self.answers.get(method, otherwise)
        if isinstance(answer, BaseException):
            raise answer
        return answer(*arguments) if callable(answer) else answer

    # -- what happens in the cluster ---------------------------------------------------------

    def report(self, status: int, node: Any, job: Any) -> None:
        if self.cluster_status is not None:
            self.cluster_status(status, node, copy.copy(job))

    def join(self, ip_addr: str, name: str = "", *, cpus: int = 2) -> DispyNode:
        node = self._dispy_nodes[ip_addr] = make_node(ip_addr, name, cpus=cpus)
        self.report(DispyNode.Initialized, node, None)
        return node

    def leave(self, node: DispyNode) -> None:
        self._dispy_nodes.pop(node.ip_addr, None)
        node.avail_cpus = node.cpus = node.busy = 0
        self.report(DispyNode.Closed, node, None)

    def pulse(self, node: DispyNode, cpu: float = 50.0) -> None:
        node.avail_info = DispyNodeAvailInfo(cpu, 2**30, 2**40, 100.0)
        node.update_time = time.time()
        self.report(DispyNode.AvailInfo, node, None)

    def submit(self, *args: Any, job_id: Any = None, **kwargs: Any) -> DispyJob:
        return self.submit_node(None, *args, job_id=job_id, **kwargs)

    def submit_node(self, pinned: Any, *args: Any, job_id: Any = None, **kwargs: Any) -> DispyJob:
        """Submit a job that is bound to *pinned*, the scheduler's own object of a node."""
        inner = _DispyJob_(self._compute.id, job_id, args, kwargs)
        inner.uid = id(inner)
        inner.pinned = pinned
        self.pending += 1
        self.report(DispyJob.Created, None, inner.job)
        return inner.job

    def start(self, job: DispyJob, node: DispyNode, *, since_sec: float = 0.0) -> None:
        job.status = DispyJob.Running
        job.start_time = time.time() - since_sec
        job.ip_addr = node.ip_addr
        job._dispy_job_.node = node
        node.busy += 1
        self.report(DispyJob.Running, node, job)

    def progress(self, job: DispyJob, node: DispyNode, result: Any) -> None:
        job.status, job.result = DispyJob.ProvisionalResult, result
        self.report(DispyJob.ProvisionalResult, node, job)

    def end(
        self,
        job: DispyJob,
        node: DispyNode | None,
        status: int = DispyJob.Finished,
        *,
        result: Any = None,
        exception: str | None = None,
    ) -> None:
        self.end_silently(job, status)
        job.result, job.exception = result, exception
        if node is not None:
            node.busy -= 1
            node.jobs_done += 1
            node.update_time = time.time()
        self.report(status, node, job)

    def end_silently(self, job: DispyJob, status: int) -> None:
        job.end_time = time.time()
        job.stdout = job.stderr = b""
        job._dispy_job_.finish(status)
        self.pending -= 1

    def abandon(self, job: DispyJob, *, reentrant: bool = False) -> None:
        job.status = DispyJob.Created if reentrant else DispyJob.Abandoned
        if reentrant:
            job.ip_addr = None
        self.report(DispyJob.Abandoned, None, job)


def make_node(ip_addr: str, name: str = "", *, cpus: int = 2) -> DispyNode:
    """Return a node as dispy describes it when it has just joined."""
    node = DispyNode(ip_addr, name, cpus)
    node.update_time = time.time()
    return node
