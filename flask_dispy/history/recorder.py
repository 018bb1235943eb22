"""Which parts of the clusters' states go into the history, and when."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Final

from ..core.cluster import ClusterState
from ..core.nodes import GONE_STATES, NodeState
from ..core.series import Measured
from ..core.settings import Settings
from ..wire.rows import RowWriter
from .columns import Columns
from .courses import CoursesDue
from .errorkinds import ErrorKindsDue
from .events import EventRow
from .loads import LoadsDue
from .records import Figures, NodeEvent, NodeRow
from .runs import ShownRun
from .store import Run, Store
from .summaries import SummaryDue
from .tallies import TalliesDue

__all__ = ["RECORD_SEC", "SERIES_SEC", "Recorder", "recorder_of"]

SERIES_SEC: Final = 10
"""The resolution of the series that are kept."""

RECORD_SEC: Final = 0.5
"""How often changes are handed to the writer."""

# Node rows recorded at a time: about 5 ms of work under the registry's lock. If more nodes than
# these change all the time, each is recorded every few seconds.
_ROWS_AT_ONCE: Final = 500


def recorder_of(settings: Settings, rows: RowWriter) -> Recorder | None:
    """Return the recorder of the history that *settings* ask for, ``None`` if they ask for none.

    :param rows: writes the rows of nodes.

    :raises HistoryError: the file is none of ours, or a newer version's.
    """
    if settings.history is None:
        return None
    days, max_bytes = settings.history_days, settings.history_max_bytes
    columns = Columns(tuple(settings.node_columns), tuple(settings.job_columns))
    return Recorder(Store(settings.history, days=days, max_bytes=max_bytes), rows, columns)


class Recorder:
    """Hands what happens to clusters to a :class:`~flask_dispy.history.store.Store`.

    All methods are called under the registry's lock; none of them waits for anything.
    """

    def __init__(self, store: Store, rows: RowWriter, columns: Columns) -> None:
        self.store = store
        self._rows = rows
        self._columns = columns
        self._records: dict[ClusterState, _Record] = {}
        self._recorded_at = 0.0

    def record(self, state: ClusterState) -> None:
        """Record what changed in a cluster's state, before the marks of changes are cleared."""
        record = self._records.get(state)
        if record is None:
            record = self._records[state] = _Record(self.store, self._rows, self._columns, state)
        now = time.time()
        for job in state.dirty_ends.values():
            self.store.put(record.run, job)
        for entry in state.journal.fresh:
            self.store.put(record.run, EventRow(entry))
        record.record_nodes(state.roster.dirty, now)
        record.courses.note(state.roster.dirty, now)
        record.courses.forget(state.roster.dropped)
        if state.dirty_ends:
            record.tallies.note_ends()
            record.record_figures(now)

    def record_due(self, states: Iterable[ClusterState], now: float) -> None:
        """Record what is due at intervals; called often, it works twice a second."""
        if time.monotonic() - self._recorded_at < RECORD_SEC:
            return
        self._recorded_at = time.monotonic()
        for state in states:
            if state in self._records:
                self._records[state].record_due(now)

    def end(self, state: ClusterState) -> None:
        """Record the end of a cluster that is no longer watched."""
        record = self._records.pop(state, None)
        if record is not None:
            record.end(time.time())

    def shown_runs(self, now: float) -> dict[int, ShownRun]:
        """Return the runs of the clusters that are watched, by their ids in the file."""
        return {
            record.run.id: ShownRun(state.name, record.figures(now), record.summary.now(now))
            for state, record in self._records.items()
            if record.run.id is not None
        }


class _Record:
    """What has been recorded of one cluster so far."""

    def __init__(
        self, store: Store, rows: RowWriter, columns: Columns, state: ClusterState
    ) -> None:
        self._store = store
        self._rows = rows
        self._state = state
        self._node_states: dict[str, NodeState] = {}
        # An ordered set: those that wait longest come first.
        self._rows_due: dict[str, None] = {}
        self.tallies = TalliesDue(state)
        self.courses = CoursesDue(state)
        self.summary = SummaryDue(state)
        # The courses last: of thousands of nodes, they take longest to write.
        self._dues = (
            ErrorKindsDue(state), self.tallies, LoadsDue(state), self.summary, self.courses
        )  # fmt: skip
        self._bucket: Measured | None = None
        self.run = Run(
            state.name, state.kind, state.started_at, self.figures(state.started_at), columns,
            state.error_kinds.function, state.tags,
        )  # fmt: skip
        store.add_run(self.run)

    def record_nodes(self, addresses: Iterable[str], now: float) -> None:
        for ip_addr in addresses:
            node = self._state.nodes.get(ip_addr)
            if node is None:
                continue
            self._rows_due[ip_addr] = None
            before = self._node_states.get(ip_addr)
            if node.state != before:
                self._node_states[ip_addr] = node.state
                event = _EVENTS.get((before, node.state), node.state)
                if event == "closed" and node.left == "deallocated":
                    event = "deallocated"
                self._store.put(self.run, NodeEvent(now, ip_addr, event))

    def record_figures(self, now: float, *, complete: bool = False) -> None:
        self.run.figures = self.figures(now, complete=complete)

    def record_due(self, now: float) -> None:
        changed = self._record_rows(_ROWS_AT_ONCE)
        changed = self._record_series() or changed
        self._record_dues(now)
        before = self.run.figures
        if changed or self.figures(before.last_at).lasting != before.lasting:
            self.record_figures(now)

    def end(self, now: float) -> None:
        # The series include what ended since the last sample.
        self._state.take_sample(now)
        self._mark_rows_of_all_there()
        self._record_rows(len(self._rows_due))
        self._record_series()
        self._record_dues(now, last=True)
        self.record_figures(now, complete=True)

    def _record_dues(self, now: float, *, last: bool = False) -> None:
        for due in self._dues:
            for row in due.take(now, last=last):
                self._store.put(self.run, row)

    def _mark_rows_of_all_there(self) -> None:
        """Have the nodes' rows recorded with their cost until now."""
        for node in self._state.nodes.values():
            if node.state not in GONE_STATES:
                self._state.roster.changed(node)
                node.texts = None
                self._rows_due[node.ip_addr] = None

    def _record_rows(self, most: int) -> bool:
        due = list(self._rows_due)[:most]
        for ip_addr in due:
            del self._rows_due[ip_addr]
            node = self._state.nodes.get(ip_addr)
            if node is not None:
                self._store.put(self.run, NodeRow(ip_addr, self._rows.node_json(node)))
        return bool(due)

    def _record_series(self) -> bool:
        """Record the new buckets, and the newest one again while it changes."""
        before = self._bucket
        buckets = self._state.series.measured(SERIES_SEC, before.start if before else 0.0)
        if not buckets:
            return False
        newest = self._bucket = buckets[-1]
        if before is not None and newest.start == before.start and newest[2:] == before[2:]:
            return False
        for bucket in buckets:
            self._store.put(self.run, bucket)
        return True

    def figures(self, now: float, *, complete: bool = False) -> Figures:
        ledger, usage = self._state.ledger, self._state.usage(now)
        counts = ledger.counts
        return Figures(
            self._state.closed_at, now, complete, counts["queued"], counts["running"],
            counts["finished"], counts["terminated"], counts["cancelled"], counts["abandoned"],
            ledger.failed, ledger.before_watching,
            usage.offered_sec, usage.used_sec, usage.money,
        )  # fmt: skip


# The names of changes of state; all others are named after the new state.
_EVENTS: Final[dict[tuple[NodeState | None, NodeState], str]] = {
    (None, "up"): "joined",
    ("closed", "up"): "joined",
    ("lost", "up"): "joined",
    ("silent", "up"): "heard",
}
