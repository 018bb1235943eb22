"""What each cluster comes to, and all of them together: the figures that stand above the nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.cluster import ClusterState
from ..core.prospects import Surroundings
from ..engine.reports.router import Router
from .watched import Watched

if TYPE_CHECKING:
    from ..registry import ClusterRegistry

__all__ = ["Summaries"]


class Summaries:
    """The summaries of a registry's clusters. Its callers hold the registry's lock.

    :param watched: the registry's clusters, by name.
    """

    def __init__(
        self, registry: ClusterRegistry, watched: Mapping[str, Watched], router: Router
    ) -> None:
        self._registry = registry
        self._watched = watched
        self._router = router

    def of(self, state: ClusterState | None, now: float) -> dict[str, Any]:
        """Return a cluster's summary, or with ``None`` that of all."""
        if state is None:
            return self.all(now)[0]
        watched = self._watched.get(state.name)
        # A view outlives its cluster, whose name may be another's by now.
        if watched is not None and watched.state is not state:
            watched = None
        return self._single(watched, state, now)

    def all(self, now: float) -> list[dict[str, Any]]:
        """Return all summaries, that of all clusters first."""
        each = [self._single(watched, watched.state, now) for watched in self._watched.values()]
        return [self._combined(each, now), *each]

    def _single(self, watched: Watched | None, state: ClusterState, now: float) -> dict[str, Any]:
        summary = state.summary(now, self.surroundings(watched, state))
        summary["watching"] = watched.mode if watched else "removed"
        summary["dropped_events"] = watched.watch.dropped if watched else 0
        summary["trouble"] = watched.all_trouble if watched else None
        summary["now"] = now
        return summary

    def surroundings(self, watched: Watched | None, state: ClusterState) -> Surroundings:
        """Return what a cluster's own state can't know of how its jobs will go on."""
        return Surroundings(
            trouble=watched.trouble if watched else None,
            counted=watched is None or watched.mode != "polling",
            others_on=partial(self._others_on, state),
        )

    def _others_on(self, state: ClusterState) -> tuple[Sequence[str], int]:
        """Return which other clusters run jobs on the nodes of *state*, and how many."""
        found: dict[str, int] = {}
        for other in self._registry.states():
            # What still seemed to run when a cluster was closed holds no CPU any more.
            if other is state or not other.ledger.running or other.closed_at is not None:
                continue
            jobs = _running_on(state, other)
            if jobs:
                found[other.name] = jobs
        return list(found), sum(found.values())

    def _combined(self, each: list[dict[str, Any]], now: float) -> dict[str, Any]:
        summary = self._registry.combined.summary(each)
        polled = any(s["watching"] == "polling" for s in each)
        summary["watching"] = "polling" if polled else "callback"
        summary["dropped_events"] = sum(s["dropped_events"] for s in each) + self._router.dropped
        summary["trouble"] = next((s["trouble"] for s in each if s.get("trouble")), None)
        summary["now"] = now
        return summary


def _running_on(state: ClusterState, other: ClusterState) -> int:
    """Return how many jobs *other* runs on the nodes of *state*, by the shorter way."""
    there = ("up", "silent")
    if len(other.ledger.running) < len(state.nodes):
        nodes = (state.nodes.get(job.node or "") for job in other.ledger.running.values())
        return sum(node is not None and node.state in there for node in nodes)
    theirs = other.nodes
    return sum(
        len(theirs[ip_addr].running)
        for ip_addr, node in state.nodes.items()
        if ip_addr in theirs and node.state in there
    )
