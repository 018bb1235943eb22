"""Whether a cluster's reports reach us if its callback is not ours.

That callback may call ours, or ``server.cluster_status``, or neither, which its code does not show.
But it shows when dispy makes progress while no report arrives.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

from ..clusters import Kind
from .router import forwards_to

__all__ = ["Delivery", "Status", "all_reported", "status_of", "status_snapshot"]

_REMEDY: Final = (
    "Call server.cluster_status(status, node, job) from it, or add the cluster with chain=True."
)


class Status(NamedTuple):
    """What a cluster's reports are about: its pending jobs, and what its nodes do."""

    pending: int
    nodes: Hashable


class Delivery:
    """Judges one cluster's callback. Not thread-safe: only the pump's thread uses it.

    :param registry: the registry that reports should reach.
    :param ours: our own callback, if it was installed.
    :param standing: the cluster's present callback.

    ``doubted`` is true while it is unknown whether reports arrive; ``trouble`` says what is wrong
    once it is known that they do not.
    """

    def __init__(self, registry: object, ours: Any, standing: Any) -> None:
        self._registry = registry
        self._ours = ours
        self._standing = standing
        self.replaced = False
        self.doubted = standing is not ours and not forwards_to(standing, registry)
        self.trouble: str | None = None
        self._nodes: Hashable = None
        self._pending = 0
        self._received = 0
        self._moved = False

    def expect(self, pending: int) -> None:
        """Set the number of pending jobs before the first report."""
        self._pending = pending

    def look(self, standing: Any, received: int, pending: int) -> None:
        """Compare the cluster's present callback with the one before.

        :param received: how many reports arrived so far.
        :param pending: how many jobs are pending according to them.
        """
        if standing is not self._standing:
            self._standing = standing
            self.replaced = True
            self.doubted = standing is not self._ours and not forwards_to(standing, self._registry)
            self.trouble = None
            self._received, self._pending = received, pending
            self._nodes, self._moved = None, False
            if standing is None:
                self._give_up()
        elif self.trouble is not None and received > self._received:
            self.trouble = None  # it forwards reports after all

    def judge(self, status: Status, received: int, pending: int, *, all_reported: bool) -> None:
        """Compare dispy's status with the reports; called at intervals while in doubt.

        If dispy made progress, its reports have until the next call to arrive.

        :param status: dispy's status.
        :param received: how many reports arrived so far.
        :param pending: how many jobs are pending according to them.
        :param all_reported: whether dispy has made all its reports. Those that wait may be for the
            callback that stood there before, or behind one that takes its time.
        """
        if not self.doubted or not all_reported:
            return
        if self._nodes is None:
            self._nodes = status.nodes
            if self.replaced and received != self._received:  # late ones, for the callback before
                self._received, self._pending = received, pending
        if received != self._received:
            self.doubted = False
        elif self._moved:
            self._give_up()
        else:
            self._moved = status != (self._pending, self._nodes)

    def _give_up(self) -> None:
        self.doubted = False
        if self._standing is None:
            what = "Its cluster_status callback was removed"
        elif self.replaced:
            what = "Its cluster_status callback was replaced by one that forwards nothing"
        else:
            what = "It has a cluster_status callback of its own that forwards nothing"
        remedy = _REMEDY
        if self._standing is None:
            remedy = "Remove the cluster and add it again."
        self.trouble = f"{what}: its jobs cannot be counted. {remedy}"


def status_of(cluster: Any, kind: Kind) -> Any:
    """Return ``cluster.status()``: ``nodes`` and ``jobs_pending``; may wait for dispy."""
    if kind == "scheduler":  # it has no such method, and this is the scheduler's own thread
        return SimpleNamespace(
            nodes=list(cluster._dispy_nodes.values()), jobs_pending=cluster.pending_jobs
        )
    return cluster.status()


def status_snapshot(nodes: Sequence[Any], jobs_pending: int) -> Status:
    """Return those figures of dispy's that change with its reports."""
    done = frozenset((node.ip_addr, node.busy, node.jobs_done) for node in nodes)
    return Status(jobs_pending, done)


def all_reported(cluster: Any) -> bool:
    """Whether dispy has no report left to make, and no callback is handling one."""
    queue = getattr(getattr(cluster, "_cluster", None), "worker_Q", None)
    return queue is None or not queue.unfinished_tasks
