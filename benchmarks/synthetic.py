"""Clusters that need no network: dispy's own nodes and jobs, reported as dispy reports them."""

from __future__ import annotations

import copy
import random
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from dispy import ClusterStatus, DispyJob, DispyNode, DispyNodeAvailInfo, _DispyJob_

__all__ = ["Report", "SyntheticCluster", "address", "life_of"]

Report = tuple[int, Any, Any]


def address(number: int) -> str:
    """Return the address of node *number*."""
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


class SyntheticCluster:
    """What a server needs of a JobCluster. Every figure of its nodes differs, as at work.

    :param fresh: nodes that have just joined instead: no load is known yet, and no job has ended.
    """

    def __init__(self, nodes: int, *, fresh: bool = False, name: str = "compute") -> None:
        self.name = name
        self._compute = SimpleNamespace(name=name, id=1)
        self._random = random.Random(1)
        self._dispy_nodes = {
            node.ip_addr: node for node in (self._node(n, fresh) for n in range(1, nodes + 1))
        }
        self.cluster_status: Callable[[int, Any, Any], None] | None = None
        self.pulse_interval = None
        self.jobs: list[Any] = []
        self._next = 0
        self._changing: threading.Event | None = None

    def _node(self, number: int, fresh: bool) -> DispyNode:
        node = DispyNode(address(number), f"node-{number:05d}", 8)
        node.update_time = time.time()
        if not fresh:
            rng = self._random
            node.busy, node.jobs_done = rng.randrange(9), rng.randrange(500)
            node.cpu_time = rng.uniform(0, 5_000)
            node.tx, node.rx = rng.randrange(10**6), rng.randrange(10**6)
            node.update_time -= rng.uniform(0, 10)
            node.avail_info = self._load()
        return node

    def _load(self) -> DispyNodeAvailInfo:
        """Return figures as psutil gives them: a percentage to a tenth, pages, blocks."""
        rng = self._random
        return DispyNodeAvailInfo(
            round(rng.uniform(0, 100), 1),
            rng.randrange(10**8, 10**10) // 4096 * 4096,
            rng.randrange(10**9, 10**11) // 4096 * 4096,
            100.0,
        )

    def status(self) -> Any:
        """Answer as dispy does."""
        return ClusterStatus(list(self._dispy_nodes.values()), 0)

    def report(self, status: int, node: Any, job: Any) -> None:
        """Call the callback, as dispy does."""
        if self.cluster_status is not None:
            self.cluster_status(status, node, job)

    def join(self) -> None:
        """Report that every node has joined."""
        for node in self._dispy_nodes.values():
            self.report(DispyNode.Initialized, node, None)

    def change(self, nodes: int) -> None:
        """Report new load figures of the next *nodes* nodes, a stride apart, round and round."""
        known = list(self._dispy_nodes.values())
        for _ in range(nodes):
            node = known[self._next * 7919 % len(known)]
            self._next += 1
            node.avail_info = self._load()
            node.update_time = time.time()
            node.tx += 1
            self.report(DispyNode.AvailInfo, node, None)

    def start_changing(self, nodes: int, every_sec: float) -> None:
        """Go on to change so many nodes so often, on a thread, until :meth:`stop_changing`."""
        ended = self._changing = threading.Event()

        def work() -> None:
            while not ended.wait(every_sec):
                self.change(nodes)

        threading.Thread(target=work, name="changing", daemon=True).start()

    def stop_changing(self) -> None:
        """End what :meth:`start_changing` began."""
        if self._changing is not None:
            self._changing.set()

    def run(self, jobs: int, on: int) -> None:
        """Report *jobs* jobs that are submitted and run, spread over the first *on* nodes."""
        nodes = list(self._dispy_nodes.values())[:on]
        for number in range(jobs):
            node = nodes[number % on]
            inner = _DispyJob_(1, number, (number, "alpha"), {"n": 5})
            inner.job.status = DispyJob.Created
            self.report(DispyJob.Created, None, copy.copy(inner.job))
            inner.job.status, inner.job.start_time = DispyJob.Running, time.time()
            inner.job.ip_addr = node.ip_addr
            self.jobs.append(inner)
            self.report(DispyJob.Running, node, copy.copy(inner.job))


def life_of(number: int, node: DispyNode) -> tuple[Any, list[Report]]:
    """Return a job, to be held as long as it lives, and the three reports of its life."""
    inner = _DispyJob_(1, None, (number, "alpha"), {"n": 5})
    job = inner.job
    job.id = number
    created = copy.copy(job)
    job.status, job.start_time, job.ip_addr = DispyJob.Running, time.time(), node.ip_addr
    running = copy.copy(job)
    job.status, job.end_time, job.result = DispyJob.Finished, time.time(), number
    ended = copy.copy(job)
    # dispy clears these before it reports an end.
    ended._args, ended._kwargs = (), {}
    return inner, [
        (DispyJob.Created, None, created),
        (DispyJob.Running, node, running),
        (DispyJob.Finished, node, ended),
    ]
