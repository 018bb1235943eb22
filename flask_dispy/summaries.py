"""What each cluster comes to, and all of them together: the figures that stand above the nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .core.cluster import ClusterState
from .engine.router import Router
from .watched import Watched

if TYPE_CHECKING:
    from .registry import ClusterRegistry

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
        summary = state.summary(now)
        summary["watching"] = watched.mode if watched else "removed"
        summary["dropped_events"] = watched.watch.dropped if watched else 0
        summary["trouble"] = watched.trouble if watched else None
        summary["now"] = now
        return summary

    def _combined(self, each: list[dict[str, Any]], now: float) -> dict[str, Any]:
        summary = self._registry.combined.summary(each)
        polled = any(s["watching"] == "polling" for s in each)
        summary["watching"] = "polling" if polled else "callback"
        summary["dropped_events"] = sum(s["dropped_events"] for s in each) + self._router.dropped
        summary["trouble"] = next((s["trouble"] for s in each if s.get("trouble")), None)
        summary["now"] = now
        return summary
