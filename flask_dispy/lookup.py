"""What commands look up in a registry: which of dispy's objects a name or serial stands for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .core import events
from .core.errors import UnknownNode
from .engine.control import JobTarget, Target
from .engine.drained import Drained

if TYPE_CHECKING:
    from .registry import ClusterRegistry

__all__ = ["Lookup"]


class Lookup:
    """The :class:`~flask_dispy.engine.control.Targets` of a registry. Thread-safe."""

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
        """
        ip_addr = str(self._registry.view(name).node(host)["ip_addr"])
        found = [
            target
            for target in self.targets(name)
            if self.node_state(target.name, ip_addr) is not None
        ]
        if not found:
            raise UnknownNode(
                f"{host[:80]!r} belongs to clusters that were not added, which take no commands.",
                field="node",
            )
        return ip_addr, found

    def target_of_job(self, serial: int) -> JobTarget | None:
        """Return the job with that serial, ``None`` if none is retained."""
        watched_list = self._registry.watched()
        with self._registry.folded():
            for watched in watched_list:
                job = watched.state.ledger.jobs.get(serial)
                if job is not None:
                    live = watched.watch.jobs.get(serial)
                    return JobTarget(watched.target(), live, job.word, job.id)
        return None

    def node_state(self, name: str, ip_addr: str) -> str | None:
        """Return a node's state in one cluster, ``None`` where it does not know the node."""
        watched_list = self._registry.watched()
        with self._registry.folded():
            for watched in watched_list:
                if watched.name == name and ip_addr in watched.state.nodes:
                    return watched.state.nodes[ip_addr].state
        return None

    def node_closed(self, name: str, ip_addr: str) -> None:
        """Note that a node was closed for a cluster, whose name may be gone by now."""
        closed: Drained = (events.NodeClosed(ip_addr, time.time()), None, ())
        for watched in self._registry.watched():
            if watched.name == name:
                with self._registry.folding:
                    self._registry.take_in(watched, [closed])
