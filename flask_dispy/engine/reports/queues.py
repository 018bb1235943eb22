"""What dispy's scheduler can't start, read from its own records; nothing is called.

A job that was sent with ``submit_node`` stands in the queue of dispy's object for that node. dispy
drops the object when the node dies, and the jobs in its queue with it: they stay queued for ever,
and a node that joins anew at the same address gets another object. A SharedJobCluster's scheduler
keeps such queues in its own process, so nothing is known of them here.
"""

from __future__ import annotations

from typing import Any

from ...core.events import JobKey, QueueSeen
from .figures import name_text

__all__ = ["QueueReader", "pending_jobs"]


class QueueReader:
    """Reads one cluster's queue.

    ``pinned`` are the queued jobs that are bound to a node, with dispy's object for that node; the
    reader of job reports enters them, and :meth:`look` lets them go when they have left the queue.
    """

    def __init__(self) -> None:
        self.pinned: dict[JobKey, Any] = {}
        self._last_seen = QueueSeen((), False)

    def look(self, cluster: Any, is_queued: Any, *, idle: bool) -> QueueSeen | None:
        """Return what can't start, if that has changed since it was last returned.

        :param is_queued: whether a job, by its key, is queued as far as is known.
        :param idle: whether jobs wait and none runs: only then it is worth knowing why.
        """
        client = getattr(cluster, "_cluster", None)
        nodes: dict[str, Any] = getattr(client, "_nodes", None) or {}
        bound: tuple[tuple[JobKey, str], ...] = ()
        if self.pinned:
            self.pinned = {key: node for key, node in self.pinned.items() if is_queued(key)}
            bound = tuple(
                (key, name_text(node.ip_addr))
                for key, node in self.pinned.items()
                if nodes.get(node.ip_addr) is not node
            )
        seen = QueueSeen(bound, idle and _all_busy(cluster, nodes))
        if seen == self._last_seen:
            return None
        self._last_seen = seen
        return seen


def _all_busy(cluster: Any, nodes: dict[str, Any]) -> bool:
    """Whether dispy takes each CPU of the cluster's nodes to be busy, so that it starts no job."""
    # list() of a dict is one step, whatever dispy's thread does meanwhile.
    own = [nodes.get(ip_addr) for ip_addr in list(getattr(cluster, "_dispy_nodes", None) or ())]
    there = [node for node in own if node is not None and node.cpus > 0]
    return bool(there) and all(node.busy >= node.cpus for node in there)


def pending_jobs(cluster: Any) -> int | None:
    """Return how many jobs dispy takes to be pending, ``None`` where it does not say."""
    for name in ("_pending_jobs", "pending_jobs"):  # the latter inside dispyscheduler
        found = getattr(cluster, name, None)
        if type(found) is int:
            return max(0, found)
    return None
