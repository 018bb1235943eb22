"""What each cluster comes to, and all of them together: the figures that stand above the nodes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from ..core.cluster import ClusterState
from ..core.prospects import Surroundings
from ..core.summary import summary_of
from ..core.whatif import Backlog
from ..wire.shapes.clusters import Summary
from .board import Board
from .hub import Hub
from .watched import Watched

__all__ = ["Summaries", "combined_summary", "others_on"]


class Summaries:
    """The summaries of a hub's clusters. Its callers hold the hub's lock."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def of(self, state: ClusterState, now: float) -> Summary:
        """Return a cluster's summary."""
        watched = self._watched(state)
        summary = cast(Summary, summary_of(state, now, self.surroundings(state)))
        summary["watching"] = watched.mode if watched else "removed"
        summary["dropped_events"] = watched.watch.dropped if watched else 0
        summary["trouble"] = (watched.trouble or watched.unheard) if watched else None
        able = watched is not None and watched.rerun is not None
        summary["rerun"] = able and state.closed_at is None
        summary["now"] = now
        return summary

    def all(self, now: float) -> list[Summary]:
        """Return all summaries, that of all clusters first."""
        each = [self.of(state, now) for state in self._hub.states()]
        combined = combined_summary(self._hub, each, now)
        combined["dropped_events"] += self._hub.router.dropped
        return [combined, *each]

    def backlog(self, state: ClusterState, now: float) -> Backlog | None:
        """Return what a cluster has to do yet, ``None`` if nothing."""
        return state.backlog(now, self.surroundings(state))

    def _watched(self, state: ClusterState) -> Watched | None:
        # A view outlives its cluster, whose name may be another's by now.
        watched = self._hub.member(state.name)
        return watched if watched is not None and watched.state is state else None

    def surroundings(self, state: ClusterState) -> Surroundings:
        """Return what a cluster's own state can't know of how its jobs will go on."""
        watched = self._watched(state)
        return Surroundings(
            trouble=watched.trouble if watched else None,
            counted=watched is None or watched.mode != "polling",
            others_on=partial(others_on, self._hub, state),
        )


def combined_summary(board: Board[Any], each: list[Summary], now: float) -> Summary:
    """Return the summary of all clusters, from that of *each*."""
    summary = cast(Summary, board.combined.summary(each, now))
    polled = any(s["watching"] == "polling" for s in each)
    summary["watching"] = "polling" if polled else "callback"
    summary["dropped_events"] = sum(s["dropped_events"] for s in each)
    summary["trouble"] = next((s["trouble"] for s in each if s.get("trouble")), None)
    summary["rerun"] = any(s["rerun"] for s in each)
    summary["now"] = now
    return summary


def others_on(board: Board[Any], state: ClusterState) -> tuple[Sequence[str], int]:
    """Return which other clusters run jobs on the nodes of *state*, and how many."""
    found: dict[str, int] = {}
    for other in board.states():
        # What still seemed to run when a cluster was closed holds no CPU any more.
        if other is state or not other.ledger.running or other.closed_at is not None:
            continue
        jobs = _running_on(state, other)
        if jobs:
            found[other.name] = jobs
    return list(found), sum(found.values())


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
