"""Whether a cluster's reports reach us where a callback that is not ours stands in its place.

That callback may call ours, or ``server.cluster_status``, or neither; nobody can tell by looking
at it. What can be told is whether dispy moves on while nothing arrives.
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
    """What a cluster's reports are of: its pending jobs, and its nodes with what they do."""

    pending: int
    nodes: Hashable


class Delivery:
    """What is known of one cluster's callback. Not thread-safe: for whoever keeps clusters up.

    :param registry: what reports are to reach.
    :param ours: our own callback, if it was installed.
    :param standing: the callback that stands there now.

    ``doubted`` while it is not known whether reports arrive; ``trouble`` says what is wrong once
    it is known that they do not.
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
        """Take note of how many jobs are pending as far as is known, before any were reported."""
        self._pending = pending

    def look(self, standing: Any, received: int, pending: int) -> None:
        """Take note of the callback that stands there now.

        :param received: how many reports came so far.
        :param pending: how many jobs are pending by these.
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
            self.trouble = None  # it hands on after all

    def judge(self, status: Status, received: int, pending: int, *, all_reported: bool) -> None:
        """Compare what dispy has with what was received; called at intervals while in doubt.

        Where dispy moved on, its reports have until the next call to arrive.

        :param status: what dispy has.
        :param received: how many reports came so far.
        :param pending: how many jobs are pending by these.
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
            what = "Its cluster_status callback was taken away"
        elif self.replaced:
            what = "Its cluster_status callback was replaced by one that hands nothing on"
        else:
            what = "It has a cluster_status callback of its own that hands nothing on"
        remedy = _REMEDY
        if self._standing is None:
            remedy = "Remove the cluster and add it again."
        self.trouble = f"{what}: its jobs cannot be counted. {remedy}"


def status_of(cluster: Any, kind: Kind) -> Any:
    """Return what ``cluster.status()`` does: ``nodes`` and ``jobs_pending``; may wait for dispy."""
    if kind == "scheduler":  # it has no such method, and runs on the scheduler's own thread
        return SimpleNamespace(
            nodes=list(cluster._dispy_nodes.values()), jobs_pending=cluster.pending_jobs
        )
    return cluster.status()


def status_snapshot(nodes: Sequence[Any], jobs_pending: int) -> Status:
    """Return what dispy reports of, as far as it can be seen."""
    done = frozenset((node.ip_addr, node.busy, node.jobs_done) for node in nodes)
    return Status(jobs_pending, done)


def all_reported(cluster: Any) -> bool:
    """Whether dispy has no report to make, and no callback is at work on one."""
    queue = getattr(getattr(cluster, "_cluster", None), "worker_Q", None)
    return queue is None or not queue.unfinished_tasks
