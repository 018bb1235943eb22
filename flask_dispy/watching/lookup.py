"""What commands look up in a registry: which of dispy's objects a name or serial stands for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..core.errors import UnknownNode, UnknownOffer
from ..core.events import Departure
from ..core.offers import Offer, Offered
from ..engine.commands.control import JobTarget, Target

if TYPE_CHECKING:
    from ..registry import ClusterRegistry
    from .watched import Watched

__all__ = ["Lookup"]


class Lookup:
    """The :class:`~flask_dispy.engine.commands.control.Targets` of a registry. Thread-safe."""

    def __init__(self, registry: ClusterRegistry) -> None:
        self._registry = registry

    def targets(self, name: str) -> list[Target]:
        """Return the clusters that *name* stands for; those nobody added take no commands.

        :raises UnknownCluster: no cluster of that name is watched.
        """
        view = self._registry.view(name)
        return [
            watched.target()
            for watched in self._registry.watched()
            if watched.cluster is not None and (view.combined or watched.view is view)
        ]

    def targets_of_node(self, name: str, host: str) -> tuple[str, list[Target]]:
        """Return a node's address and the clusters, of those that *name* stands for, it serves.

        :raises UnknownNode: none of them knows such a node.
        :raises AmbiguousNode: several nodes have that name.
        """
        view = self._registry.view(name)
        ip_addr = view.address(host)
        watched_list = self._registry.watched()
        with self._registry.lock:
            found = [
                watched.target()
                for watched in watched_list
                if watched.cluster is not None
                and (view.combined or watched.view is view)
                and ip_addr in watched.state.nodes
            ]
        if not found:
            raise UnknownNode(
                f"{host[:80]!r} belongs to clusters that were not added, which take no commands.",
                field="node",
            )
        return ip_addr, found

    def targets_of_jobs(self, serials: Iterable[int]) -> dict[int, JobTarget]:
        """Return those of the jobs with these serials that are retained."""
        watched_list = self._registry.watched()
        found: dict[int, JobTarget] = {}
        with self._registry.folded():
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
        watched = self._watched(name)
        with self._registry.folded():
            node = watched.state.nodes.get(ip_addr) if watched is not None else None
            return node.left if node is not None else None

    def node_closed(self, name: str, ip_addr: str, why: Departure) -> None:
        """Note that a node was closed for a cluster, whose name may be gone by now."""
        watched = self._watched(name)
        if watched is not None:
            with self._registry.folding:
                left = watched.watch.nodes.let_go(ip_addr, time.time(), why)
                self._registry.take_in(watched, [left])

    def node_rejoined(self, name: str, ip_addr: str) -> None:
        """Note that a node that was deallocated is the cluster's again."""
        watched = self._watched(name)
        if watched is not None:
            with self._registry.folding:
                joined = watched.watch.nodes.take_back(ip_addr, time.time())
                self._registry.take_in(watched, joined)

    def offered(self, name: str, host: str, offered: Offered, by: str | None) -> None:
        """Note that somebody offered a node to a cluster."""
        watched = self._watched(name)
        if watched is not None:
            with self._registry.lock:
                watched.state.offers.ask(host, offered, time.time(), by=by)
                watched.state.dirty = True
                self._registry.settle(watched)

    def offer(self, name: str, number: int) -> tuple[Target, Offer]:
        """Return an offer that waits, and its cluster.

        :raises UnknownCluster: no cluster of that name is watched.
        :raises UnknownOffer: none of that number waits there.
        """
        view = self._registry.view(name)
        with self._registry.lock:
            for watched in self._registry.watched():
                offer = watched.state.offers.waiting.get(number)
                if offer is not None and (view.combined or watched.view is view):
                    return watched.target(), offer
        raise UnknownOffer(f"No offer {number} waits: its node has joined, or it was withdrawn.")

    def withdrawn(self, name: str, number: int) -> None:
        """Note that somebody withdrew an offer."""
        watched = self._watched(name)
        if watched is not None:
            with self._registry.lock:
                watched.state.offers.withdraw(number)
                watched.state.dirty = True
                self._registry.settle(watched)

    def _watched(self, name: str) -> Watched | None:
        """Return the cluster of that name, ``None`` for one that was removed meanwhile."""
        return next((w for w in self._registry.watched() if w.name == name), None)
