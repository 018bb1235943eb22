"""Jobs that dispy's scheduler can't start, read from its own records without calling it.

A job submitted with ``submit_node`` is in the queue of dispy's object for that node. When the node
dies, dispy drops the object with its queue: the jobs stay queued for ever, because a node that
joins again at the same address gets a new object. A SharedJobCluster's scheduler keeps such queues
in its own process, where we can't see them.
"""

from __future__ import annotations

from typing import Any

from ...core.events import JobKey, QueueSeen
from .figures import name_text

__all__ = ["QueueReader", "pending_jobs"]


class QueueReader:
    """Reads one cluster's queue.

    ``pinned`` has the queued jobs that are bound to a node, with dispy's object for that node; the
    reader of job reports adds them, and :meth:`look` drops them once they have left the queue.
    """

    def __init__(self) -> None:
        self.pinned: dict[JobKey, Any] = {}
        self._last_seen = QueueSeen((), False)

    def look(self, cluster: Any, is_queued: Any, *, idle: bool) -> QueueSeen | None:
        """Return which jobs can't start, ``None`` if that has not changed.

        :param is_queued: returns whether the job with a key is queued.
        :param idle: whether jobs wait and none runs; the CPUs are examined only then.
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
    """Whether dispy counts each CPU of the cluster's nodes as busy, so that it starts no job."""
    # list() copies a dict in one step, so dispy's thread can't change it meanwhile.
    own = [nodes.get(ip_addr) for ip_addr in list(getattr(cluster, "_dispy_nodes", None) or ())]
    there = [node for node in own if node is not None and node.cpus > 0]
    return bool(there) and all(node.busy >= node.cpus for node in there)


def pending_jobs(cluster: Any) -> int | None:
    """Return dispy's number of pending jobs, ``None`` if it has none."""
    for name in ("_pending_jobs", "pending_jobs"):  # the latter inside dispyscheduler
        found = getattr(cluster, name, None)
        if type(found) is int:
            return max(0, found)
    return None
