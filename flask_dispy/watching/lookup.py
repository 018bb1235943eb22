"""What commands look up in a hub: which of dispy's objects a name or serial stands for."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from ..core.cluster import ClusterState
from ..core.errors import UnknownNode, UnknownOffer
from ..core.events import Departure
from ..core.journal import EntryKind
from ..core.offers import Allocation, Offer
from ..engine.commands.outcomes import JobTarget, Target
from .board import shown_name
from .hosts import address_of
from .hub import Hub

__all__ = ["Lookup"]


class Lookup:
    """The :class:`~flask_dispy.engine.commands.control.Targets` of a hub. Thread-safe."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def targets(self, name: str) -> list[Target]:
        """Return the clusters that *name* stands for; those nobody added take no commands.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        return [w.target() for w in self._hub.named(name) if w.cluster is not None]

    def targets_of_node(self, name: str, host: str) -> tuple[str, list[Target]]:
        """Return a node's address and the clusters, of those that *name* stands for, it serves.

        :raises UnknownNode: none of them knows such a node.
        :raises AmbiguousNode: several nodes have that name.
        """
        watched_list = self._hub.named(name)
        with self._hub.lock:
            ip_addr = address_of([w.state for w in watched_list], shown_name(name), host)
            found = [
                watched.target()
                for watched in watched_list
                if watched.cluster is not None and ip_addr in watched.state.nodes
            ]
        if not found:
            raise UnknownNode(
                f"{host[:80]!r} belongs to clusters that were not added, which take no commands.",
                field="node",
            )
        return ip_addr, found

    def targets_of_jobs(self, serials: Iterable[int]) -> dict[int, JobTarget]:
        """Return those of the jobs with these serials that are retained."""
        watched_list = self._hub.members()
        found: dict[int, JobTarget] = {}
        with self._hub.folded():
            for serial in serials:
                for watched in watched_list:
                    job = watched.state.ledger.jobs.get(serial)
                    if job is not None:
                        live = watched.watch.jobs.get(serial)
                        found[serial] = JobTarget(watched.target(), live, job.word, job.id)
                        break
        return found

    def node_left(self, name: str, ip_addr: str) -> Departure | None:
        """Return why a node is no longer a cluster's; ``None`` for one that is, or never was."""
        watched = self._hub.member(name)
        with self._hub.folded():
            node = watched.state.nodes.get(ip_addr) if watched is not None else None
            return node.left if node is not None else None

    def node_closed(self, name: str, ip_addr: str, why: Departure) -> None:
        """Note that a node was closed for a cluster, whose name may be gone by now."""
        watched = self._hub.member(name)
        if watched is not None:
            with self._hub.folding:
                left = watched.watch.nodes.release(ip_addr, time.time(), why)
                self._hub.apply(watched, [left])

    def node_rejoined(self, name: str, ip_addr: str) -> None:
        """Note that a node that was deallocated is the cluster's again."""
        watched = self._hub.member(name)
        if watched is not None:
            with self._hub.folding:
                joined = watched.watch.nodes.reclaim(ip_addr, time.time())
                self._hub.apply(watched, joined)

    @contextmanager
    def _changing(self, name: str) -> Iterator[ClusterState | None]:
        """Hold the lock, and publish what is changed of a cluster, which may be gone by now."""
        watched = self._hub.member(name)
        if watched is None:
            yield None
            return
        with self._hub.lock:
            yield watched.state
            watched.state.dirty = True
            self._hub.publish(watched)

    def offered(self, name: str, host: str, offered: Allocation, by: str | None) -> None:
        """Note that somebody offered a node to a cluster."""
        with self._changing(name) as state:
            if state is not None:
                now = time.time()
                state.offers.ask(host, offered, now, by=by)
                state.journal.add("node_asked", now, node=host, source="command", by=by)

    def ordered(self, name: str, kind: EntryKind, ip_addr: str, by: str | None) -> None:
        """Note that somebody asks for something that will happen to a node."""
        with self._hub.lock:
            for state in self._knowing(name, ip_addr):
                state.journal.order(kind, ip_addr, by, time.time())

    def called_off(self, name: str, kind: EntryKind, ip_addr: str) -> None:
        """Note that nothing of it happened."""
        with self._hub.lock:
            for state in self._knowing(name, ip_addr):
                state.journal.call_off(kind, ip_addr)

    def _knowing(self, name: str, ip_addr: str) -> list[ClusterState]:
        """Return those of the named clusters that know a node. The caller holds the lock."""
        return [
            state
            for state in self._hub.states()
            if name in ("*", state.name) and ip_addr in state.nodes
        ]

    def cancelled(self, name: str, serials: Sequence[int], by: str | None) -> None:
        """Note that somebody cancelled jobs."""
        if not serials:
            return
        job = serials[0] if len(serials) == 1 else None
        with self._changing(name) as state:
            if state is not None:
                state.journal.add("jobs_cancelled", time.time(), source="command", by=by,
                                  jobs=len(serials), job=job)  # fmt: skip

    def offer(self, name: str, number: int) -> tuple[Target, Offer]:
        """Return an offer that waits, and its cluster.

        :raises UnknownCluster: no cluster of that name is watched.
        :raises UnknownOffer: none of that number waits there.
        """
        watched_list = self._hub.named(name)
        with self._hub.lock:
            for watched in watched_list:
                offer = watched.state.offers.waiting.get(number)
                if offer is not None:
                    return watched.target(), offer
        raise UnknownOffer(f"No offer {number} waits: its node has joined, or it was withdrawn.")

    def withdrawn(self, name: str, number: int, by: str | None) -> None:
        """Note that somebody withdrew an offer."""
        with self._changing(name) as state:
            offer = state and state.offers.withdraw(number)
            if state and offer:
                state.journal.add("node_withdrawn", time.time(), node=offer.host,
                                  source="command", by=by)  # fmt: skip
