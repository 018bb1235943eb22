"""Clusters that are closed: the newest are kept, and of those let go it is known that they were."""

from __future__ import annotations

import os
import time
from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Final

from ..core.settings import Settings
from .intervals import Intervals
from .watched import Watched

__all__ = ["ClosedClusters"]

# Names of clusters let go that are remembered.
_MOST_NAMES: Final = 1_000


class ClosedClusters:
    """Says which closed clusters are to be let go. Guarded by the hub's ``folding``."""

    def __init__(self, settings: Settings, intervals: Intervals) -> None:
        self._settings = settings
        self._intervals = intervals
        self._gone: OrderedDict[str, None] = OrderedDict()

    def due(self, watched: Iterable[Watched], *, texts_wait: bool) -> list[Watched]:
        """Return those to let go, the first that were closed first."""
        now = time.monotonic()
        waits = self._intervals
        linger_sec = waits.linger_for_texts_sec if texts_wait else waits.linger_sec
        closed = [one for one in watched if one.cluster is not None and _closed_at(one)]
        closed.sort(key=_closed_at)
        beyond = closed[: max(0, len(closed) - self._settings.closed_limit)]
        return [
            one
            for one in beyond
            if now - one.due.setdefault("closed", now) >= linger_sec and not one.watch.inbox
        ]

    def note_dropped(self, name: str) -> None:
        """Remember that a cluster was let go."""
        self._gone[name] = None
        self._gone.move_to_end(name)
        while len(self._gone) > _MOST_NAMES:
            self._gone.popitem(last=False)

    def names(self) -> Collection[str]:
        """Return the names that are remembered, which no other cluster is to get."""
        return self._gone.keys()

    def words(self, name: str) -> str | None:
        """Return what became of a cluster that was let go, ``None`` if it was none of them."""
        if name not in self._gone:
            return None
        history, kept = self._settings.history, "history= would keep its jobs"
        if history is not None:
            kept = f"its jobs are kept in the history {os.fspath(history)}"
        return (
            f"The cluster {name[:80]!r} was closed, and has made room for newer ones "
            f"(closed_limit is {self._settings.closed_limit}); {kept}."
        )


def _closed_at(watched: Watched) -> float:
    return watched.state.closed_at or 0.0
