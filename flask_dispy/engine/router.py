"""Reports that come without a cluster, through a user's own callback, and whose they are."""

from __future__ import annotations

import itertools
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from ..core.cluster import ClusterState
from ..core.events import JobKey
from .watch import Watch, job_key

__all__ = ["OTHER_NAME", "Routed", "Router", "forwards_to"]

OTHER_NAME: Final = "other clusters"

# Jobs of clusters that nobody added whose computation is remembered, to hand them over when
# somebody does.
_MOST_ORIGINS: Final = 20_000


class Routed(Protocol):
    """What the router must know of a cluster; the registry's ``Watched`` is one."""

    cluster: Any
    compute_id: Any
    mode: Any
    watch: Watch
    state: ClusterState


def forwards_to(callback: Any, registry: object) -> bool:
    """Whether a cluster's own callback is one that hands on to *registry*.

    It is for ``registry.cluster_status``, the method of a server that has that registry, and
    any function that says so with an attribute ``forwards_to(registry)``.
    """
    owner = getattr(callback, "__self__", None)
    if owner is not None:
        return owner is registry or getattr(owner, "registry", None) is registry
    says = getattr(callback, "forwards_to", None)
    return bool(says(registry)) if callable(says) else False


class Router:
    """Takes in reports from any thread and sorts them when the registry folds."""

    def __init__(self, inbox_limit: int) -> None:
        self.inbox: deque[tuple[int, Any, Any]] = deque()
        self.other: Any = None
        self._limit = inbox_limit
        self._dropped = itertools.count()
        self._origins: OrderedDict[JobKey, Any] = OrderedDict()

    def receive(self, status: int, node: Any, job: Any) -> None:
        """Put a report where the next fold finds it."""
        if len(self.inbox) < self._limit:
            self.inbox.append((status, node, job))
        else:
            next(self._dropped)

    @property
    def dropped(self) -> int:
        """Reports that were dropped because too many waited."""
        return int(repr(self._dropped)[len("count(") : -1])

    def route(self, known: Sequence[Routed], make_other: Callable[[], Routed]) -> None:
        """Put each report into the inbox of its cluster, or of 'other clusters'."""
        for _ in range(len(self.inbox)):
            report = self.inbox.popleft()
            _, node, job = report
            found = self.find(known, node, job)
            if found is None:
                self.other = self.other or make_other()
                found = self.other
                if job is not None:
                    self._remember(job)
            found.mode = "callback"
            found.watch.inbox.append(report)

    def _remember(self, job: Any) -> None:
        origin = _computation(job)
        if origin is not None:
            self._origins[job_key(job)] = origin
            if len(self._origins) > _MOST_ORIGINS:
                self._origins.popitem(last=False)

    def find(self, known: Sequence[Routed], node: Any, job: Any) -> Routed | None:
        """Return the cluster that a report is about, ``None`` if it is none of *known*."""
        added = [routed for routed in known if routed.cluster is not None]
        if job is not None:
            origin = _computation(job)
            if origin is not None:
                return next((r for r in added if r.compute_id == origin), None)
            # The reports of a job's end no longer name its computation.
            key = job_key(job)
            found = next((r for r in known if r.state.ledger.find(key) is not None), None)
            if found is not None:
                return found
        return next((r for r in added if _is_node_of(node, r)), None) if node is not None else None

    def hand_over(self, to: Routed) -> list[str]:
        """Move the jobs and nodes of a newly added cluster out of 'other clusters'.

        Returns the addresses of the nodes that 'other clusters' must forget. The caller holds
        the registry's lock.
        """
        source: Routed = self.other
        for job in list(source.state.ledger.jobs.values()):
            if self._origins.get(job.key) == to.compute_id:
                source.state.give_up(job)
                to.state.take_in(job)
                held = source.watch.jobs.pop(job.serial, None)
                if held is not None:
                    to.watch.hold(job.serial, held)
        nodes = [ip for ip, node in source.watch.nodes.items() if _is_node_of(node, to)]
        for ip_addr in nodes:
            to.watch.nodes[ip_addr] = source.watch.nodes.pop(ip_addr)
        return nodes


def _computation(job: Any) -> Any:
    return getattr(getattr(job, "_dispy_job_", None), "compute_id", None)


def _is_node_of(node: Any, routed: Routed) -> bool:
    """Whether dispy's node object is the cluster's: each cluster has its own for a machine."""
    nodes = getattr(routed.cluster, "_dispy_nodes", None) or {}
    return nodes.get(node.ip_addr) is node or routed.watch.nodes.get(node.ip_addr) is node
