"""dispy's own objects without dispy running, and a cluster at our seam that reports with them.

The jobs are real ``_DispyJob_`` and ``DispyJob``, the nodes real ``DispyNode``, treated as dispy's
scheduler treats them: a report carries the live node and a copy of the job, and a job that ended
has lost its arguments and its link to its computation. ``tests/engine/test_contract.py`` holds
the cluster to what a real JobCluster does.
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

__all__ = ["FakeCluster", "make_node"]

_compute_ids = itertools.count(1_000)
_Status = namedtuple("_Status", ("nodes", "jobs_pending"))
_UNENDED = (DispyJob.Created, DispyJob.Running, DispyJob.ProvisionalResult)


class FakeCluster:
    """Looks like a JobCluster.

    Commands are noted in ``calls``. ``answers`` says what a method returns instead of what dispy's
    would; a value there may be an exception to raise, or a function to call.
    """

    def __init__(self, name: str = "compute", *, pulse_interval: float | None = None) -> None:
        self._compute: Any = SimpleNamespace(name=name, id=next(_compute_ids))
        self._dispy_nodes: dict[str, DispyNode] = {}
        self._alive: dict[int, _DispyJob_] = {}  # alive, as dispy keeps them
        self.cluster_status: Callable[[int, Any, Any], None] | None = None
        self.pulse_interval = pulse_interval
        self._pending_jobs = 0
        self.answers: dict[str, Any] = {}
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.status_calls = 0

    @property
    def name(self) -> str:
        """The computation's name; AttributeError once closed, as with dispy's."""
        return self._compute.name

    def close(self) -> None:
        self._compute = None

    @property
    def pending(self) -> int:
        """The jobs that have not ended, as dispy counts them."""
        return self._pending_jobs

    @pending.setter
    def pending(self, jobs: int) -> None:
        self._pending_jobs = jobs

    def status(self) -> Any:
        self.status_calls += 1
        return self._answer("status", _Status(list(self._dispy_nodes.values()), self.pending))

    # -- commands ----------------------------------------------------------------------------

    def cancel(self, job: Any) -> Any:
        """Answer as dispy does. What comes of it is the test's to report."""
        return self._command("cancel", 0 if job.status in _UNENDED else -1, job)

    def allocate_node(self, node: Any) -> Any:
        return self._command("allocate_node", 0, node)

    def deallocate_node(self, node: Any) -> Any:
        return self._command("deallocate_node", self._known(node), node)

    def close_node(self, node: Any) -> Any:
        return self._command("close_node", 0, node)

    def set_node_cpus(self, node: Any, cpus: int) -> Any:
        return self._command("set_node_cpus", self._cpus(node, cpus), node, cpus)

    def _known(self, node: Any) -> int:
        return 0 if node in self._dispy_nodes else -1

    def _cpus(self, node: Any, cpus: int) -> int:
        """Return the CPUs that dispy would then use."""
        known = self._dispy_nodes.get(node)
        if known is None:
            return -1
        return min(cpus, known.avail_cpus) if cpus >= 0 else max(0, known.avail_cpus + cpus)

    def _command(self, method: str, usual: Any, *arguments: Any) -> Any:
        self.calls.append((method, arguments))
        return self._answer(method, usual, *arguments)

    def _answer(self, method: str, usual: Any, *arguments: Any) -> Any:
        answer = self.answers.get(method, usual)
        if isinstance(answer, BaseException):
            raise answer
        return answer(*arguments) if callable(answer) else answer

    # -- what happens in the cluster ---------------------------------------------------------

    def report(self, status: int, node: Any, job: Any) -> None:
        if self.cluster_status is not None:
            self.cluster_status(status, node, copy.copy(job))

    def join(self, node: DispyNode | str, name: str = "", *, cpus: int = 2) -> DispyNode:
        """Let a node join, which may be given by its address."""
        if isinstance(node, str):
            node = make_node(node, name, cpus=cpus)
        self._dispy_nodes[node.ip_addr] = node
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

    def submit(
        self, *args: Any, job_id: Any = None, since_sec: float = 0.0, **kwargs: Any
    ) -> DispyJob:
        """Let a job be submitted, some time ago."""
        return self.submit_node(None, *args, job_id=job_id, since_sec=since_sec, **kwargs)

    def submit_node(
        self, pinned: Any, *args: Any, job_id: Any = None, since_sec: float = 0.0, **kwargs: Any
    ) -> DispyJob:
        """Submit a job that is bound to *pinned*, the scheduler's own object of a node."""
        inner = _DispyJob_(self._compute.id, job_id, args, kwargs)
        inner.uid = id(inner)
        inner.pinned = pinned
        inner.job.submit_time -= since_sec
        self._alive[inner.job._uid] = inner
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
        status: int | None = None,
        *,
        result: Any = None,
        exception: str | None = None,
        ended_at: float | None = None,
    ) -> None:
        """Let a job end: well, unless a status or an exception is given."""
        if status is None:
            status = DispyJob.Finished if exception is None else DispyJob.Terminated
        self.end_silently(job, status)
        job.end_time = job.end_time if ended_at is None else ended_at
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
        self._alive.pop(job._uid, None)  # a test may have given it the number of another
        self.pending -= 1

    def abandon(self, job: DispyJob, *, reentrant: bool = False) -> None:
        job.status = DispyJob.Created if reentrant else DispyJob.Abandoned
        if reentrant:
            job.ip_addr = None
        self.report(DispyJob.Abandoned, None, job)


def make_node(ip_addr: str, name: str = "", *, cpus: int = 2, load: bool = False) -> DispyNode:
    """Return a node as dispy describes it when it has just joined.

    :param load: whether it has sent a pulse, too.
    """
    node = DispyNode(ip_addr, name, cpus)
    node.update_time = time.time()
    if load:
        node.avail_info = DispyNodeAvailInfo(97.5, 24_328_601_600, 84_125_671_424, 100.0)
    return node
