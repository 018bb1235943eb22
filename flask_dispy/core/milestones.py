"""When a cluster's jobs stalled, went on and were done, as entries of its journal."""

from __future__ import annotations

from typing import Any, get_args

from .endings import SETTLED_SEC
from .events import EndState
from .journal import Journal
from .ledger import Ledger
from .outlook import Outlook

__all__ = ["Milestones"]


class Milestones:
    """Notes how one cluster's jobs get on. Guarded by the hub's lock."""

    def __init__(self, journal: Journal, ledger: Ledger) -> None:
        self._journal = journal
        self._ledger = ledger
        self._stalled = False
        self._done = 0  # how many were, when all of them last were

    def note(self, found: Outlook, now: float, ended_at: float | None) -> None:
        """Note an outlook.

        :param ended_at: when a job last ended.
        """
        stuck = found.stuck
        if found.state == "stalled" and not self._stalled and stuck is not None:
            self._stalled = True
            node = stuck.nodes[0] if len(stuck.nodes) == 1 else None
            self._journal.add("stalled", now, node=node, jobs=stuck.jobs, message=found.message)
        elif found.state == "going" and self._stalled:
            self._stalled = False
            self._journal.add("going", now)
        elif ended_at is not None and now - ended_at >= SETTLED_SEC:
            self.note_if_done(ended_at)

    def note_if_done(self, ended_at: float | None) -> None:
        """Note that all jobs are done, if they are, and that was not noted."""
        ledger = self._ledger
        if self._pending or ended_at is None or ledger.done == self._done:
            return
        self._stalled = False
        self._done = ledger.done
        counts: dict[str, Any] = {name: ledger.counts[name] for name in get_args(EndState)}
        self._journal.add("done", ended_at, jobs=ledger.done, failed=ledger.failed, **counts)

    def close(self, at: float, ended_at: float | None) -> None:
        """Note that the cluster was closed."""
        self.note_if_done(ended_at)
        self._journal.add("cluster_closed", at, jobs=self._pending)

    @property
    def _pending(self) -> int:
        return self._ledger.pending + self._ledger.before_watching
