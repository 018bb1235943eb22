"""Reports that arrive through a user's own callback, and the clusters to which they belong."""

from __future__ import annotations

import itertools
import logging
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol

from ...core.cluster import ClusterState
from ...core.events import JobKey
from ..faultlog import SkippedReports
from .jobs import job_key
from .watch import Watch, counted

__all__ = ["OTHER_NAME", "Routed", "Router", "forwards_to"]

logger = logging.getLogger("flask_dispy.engine")

OTHER_NAME: Final = "other clusters"

# For how many jobs of clusters that nobody added the computation is remembered, to hand them over
# if somebody adds the cluster.
_MOST_ORIGINS: Final = 20_000

# How many removed clusters are remembered while they live.
_MOST_DISMISSED: Final = 50


class Routed(Protocol):
    """What the router needs of a cluster; ``Watched`` provides it."""

    cluster: Any
    compute_id: Any
    mode: Any
    watch: Watch
    state: ClusterState


def forwards_to(callback: Any, registry: object) -> bool:
    """Whether a cluster's callback is known to forward reports to *registry*.

    It is for ``registry.cluster_status``, for that method of a server with the registry, and for a
    function whose attribute ``forwards_to(registry)`` returns true.
    """
    owner = getattr(callback, "__self__", None)
    if owner is not None:
        # Any object may have a registry, but only our method is known to forward.
        named = getattr(callback, "__name__", None) == "cluster_status"
        return owner is registry or (named and getattr(owner, "registry", None) is registry)
    says = getattr(callback, "forwards_to", None)
    return bool(says(registry)) if callable(says) else False


class Router:
    """Receives reports from any thread, and assigns them to clusters when the hub folds."""

    def __init__(self, inbox_limit: int) -> None:
        self.inbox: deque[tuple[int, Any, Any]] = deque()
        self.other: Any = None
        self.skipped = SkippedReports(logger, "A status report that is not dispy's was skipped.")
        self._limit = inbox_limit
        self._dropped = itertools.count()
        self._origins: OrderedDict[JobKey, Any] = OrderedDict()
        self._dismissed: list[_Dismissed] = []
        self._retired = False

    def receive(self, status: int, node: Any, job: Any) -> None:
        """Put a report where the next fold finds it."""
        if len(self.inbox) < self._limit:
            self.inbox.append((status, node, job))
        elif not self._retired:
            next(self._dropped)

    def retire(self) -> None:
        """Ignore all further reports, because a callback may go on sending them."""
        self._retired = True
        self._limit = 0
        self.inbox.clear()

    def dismiss(self, routed: Routed) -> None:
        """Ignore further reports on a removed cluster, whose callback may go on sending them."""
        self._dismissed = [
            *(one for one in self._dismissed if one.cluster() not in (None, routed.cluster)),
            _Dismissed(routed),
        ][-_MOST_DISMISSED:]

    @property
    def dropped(self) -> int:
        """Reports that were dropped because too many waited."""
        return counted(self._dropped)

    def route(self, known: Sequence[Routed], make_other: Callable[[], Routed]) -> None:
        """Put each report into the inbox of its cluster, or of 'other clusters'."""
        # The clusters of jobs that are reported in this batch, which may contain their ends, too.
        fresh: dict[JobKey, Routed] = {}
        for _ in range(len(self.inbox)):
            report = self.inbox.popleft()
            _, node, job = report
            try:
                found = self.find(known, node, job, fresh)
                if found is None:
                    if any(one.sent(node, job) for one in self._dismissed):
                        continue
                    found = self.other = self.other or make_other()
                    if job is not None:
                        self._remember(job)
                if job is not None:
                    fresh[job_key(job)] = found
            except Exception:
                self.skipped.note()
                continue
            found.mode = "callback"
            found.watch.inbox.append(report)

    def _remember(self, job: Any) -> None:
        origin = _computation(job)
        if origin is not None:
            self._origins[job_key(job)] = origin
            if len(self._origins) > _MOST_ORIGINS:
                self._origins.popitem(last=False)

    def find(
        self,
        known: Sequence[Routed],
        node: Any,
        job: Any,
        fresh: Mapping[JobKey, Routed] = MappingProxyType({}),
    ) -> Routed | None:
        """Return the cluster that a report is about, ``None`` if it is not among *known*.

        :param fresh: the clusters of jobs whose reports wait to be folded.
        """
        added = [routed for routed in known if routed.cluster is not None]
        if job is not None:
            origin = _computation(job)
            if origin is not None:
                return next((r for r in added if r.compute_id == origin), None)
            # The reports of a job's end no longer name its computation.
            key = job_key(job)
            found = fresh.get(key)
            if found is None:
                found = next((r for r in known if key in r.state.ledger.named), None)
            if found is not None:
                return found
        return next((r for r in added if _is_node_of(node, r)), None) if node is not None else None

    def hand_over(self, to: Routed) -> list[str]:
        """Move the jobs and nodes of a newly added cluster out of 'other clusters'.

        Return the addresses of the nodes that 'other clusters' must forget. The caller holds the
        hub's lock.
        """
        source: Routed = self.other
        jobs = [
            job
            for job in source.state.ledger.jobs.values()
            if to.compute_id is not None and self._origins.get(job.key) == to.compute_id
        ]
        for job in jobs:
            del self._origins[job.key]
            held = source.watch.jobs.pop(job.serial, None)
            if held is not None:
                to.watch.jobs[job.serial] = held
        source.state.release(jobs)
        to.state.adopt(jobs)
        nodes = [ip for ip, node in source.watch.nodes.known.items() if _is_node_of(node, to)]
        for ip_addr in nodes:
            to.watch.nodes.known[ip_addr] = source.watch.nodes.forget(ip_addr)
        # A machine may also serve other clusters that nobody added.
        return [ip for ip in nodes if ip in source.state.nodes
                and not source.state.nodes[ip].running]  # fmt: skip


class _Dismissed:
    """Recognises the reports of a removed cluster."""

    def __init__(self, routed: Routed) -> None:
        self.cluster = weakref.ref(routed.cluster)
        self._compute_id = routed.compute_id
        self._keys = routed.state.ledger.live_keys()

    def sent(self, node: Any, job: Any) -> bool:
        """Whether a report is that cluster's."""
        if job is not None:
            origin, key = _computation(job), job_key(job)
            if origin is not None:
                mine = bool(origin == self._compute_id)
                if mine:
                    self._keys.add(key)
                return mine
            # The reports of a job's end no longer name its computation.
            if key in self._keys:
                self._keys.discard(key)
                return True
        return node is not None and _has_node(self.cluster(), node)


def _computation(job: Any) -> Any:
    return getattr(getattr(job, "_dispy_job_", None), "compute_id", None)


def _is_node_of(node: Any, routed: Routed) -> bool:
    """Whether dispy's node object is the cluster's: each cluster has its own for a machine."""
    return _has_node(routed.cluster, node) or routed.watch.nodes.known.get(node.ip_addr) is node


def _has_node(cluster: Any, node: Any) -> bool:
    nodes: dict[str, Any] = getattr(cluster, "_dispy_nodes", None) or {}
    return nodes.get(node.ip_addr) is node
