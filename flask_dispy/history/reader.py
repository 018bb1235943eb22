"""Past runs, read from a history file into the same states that live clusters are folded into."""

from __future__ import annotations

import logging
import math
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from ..core.cluster import ClusterState
from ..core.errorkinds import ErrorKind
from ..core.errors import HistoryError
from ..core.events import JobState
from ..core.jobs import JOB_STATES
from ..core.journal import Entry, Journal
from ..core.loads import Load
from ..core.series import PAST_RESOLUTIONS, WHOLE_SEC, Measured, Series
from ..core.text import bounded
from .checking import DAMAGE
from .columns import columns_of, together
from .errorkinds import enter_error_kinds, error_kind_of
from .events import EVENT_COLUMNS, enter_events, entry_of
from .loads import load_from
from .recorder import SERIES_SEC
from .records import JOB_COLUMNS, Figures, bucket_of, event_of, job_of, node_of
from .runs import FOUND, SELECT_RUNS, RunRecord, run_of
from .schema import open_for_reading
from .tallies import enter_tally, tally_of

__all__ = ["Past", "PastFile", "PastRun", "refill"]

logger = logging.getLogger("flask_dispy.history")

Made = TypeVar("Made")

# Serial numbers beyond it are none of ours; nor are texts, which SQLite sorts after all numbers.
_HIGHEST: Final = 10**15

# With a longer name, the time after it would be cut off.
_NAME_LETTERS: Final = 170

# The fine series hold a day; what was measured before would only be overwritten.
_SERIES_SEC: Final = 90_000.0

# Loads that a chart shows.
_LOADS: Final = 720


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run as it was at its end.

    ``ended_at`` is when its cluster was closed, else the last time known of it; ``complete`` is
    false if its program was killed, or still runs; ``cpus`` is the most that it had; ``buckets``
    is the series of its last day, ``whole`` that of all of it in coarse steps, ``loads`` how busy
    its nodes were, all oldest first; ``unreadable`` counts the rows left out, by table.
    """

    id: int
    state: ClusterState
    ended_at: float
    complete: bool
    cpus: int
    buckets: list[Measured]
    whole: list[Measured]
    loads: list[Load]
    unreadable: Counter[str]


class Past(NamedTuple):
    """The runs that were loaded, the newest first, and how many jobs the file holds.

    ``unreadable`` counts the rows of all runs that were left out, by table.
    """

    runs: list[PastRun]
    total_jobs: int
    unreadable: Counter[str]


class PastFile:
    """An open history: its runs are known at once, their results once they are loaded.

    Other programs may write to the file meanwhile; all is read as of one moment. Rows that can't
    be read are left out and counted, those of each run apart.

    :param most_runs: how many runs are loaded, the newest first.
    :raises HistoryError: there is no history at *path*, or it can't be read; says why.
    """

    def __init__(self, path: Path, *, most_runs: int) -> None:
        self._path = path
        self._closed = False
        self._room = 0
        self._bad = Counter[str]()
        self._events: list[tuple[ClusterState, Entry]] = []
        self._db = open_for_reading(path)
        try:
            with self._explaining_damage():
                self._db.execute("BEGIN")
                rows = self._all(SELECT_RUNS, most_runs)
                self._records = list(self._readable("runs", run_of, rows))
                declared = (record.columns for record in self._records)
                self.columns = together(self._readable("columns", columns_of, declared))
                ((self.total_runs,),) = self._all(f"SELECT count(*) {FOUND}")
        except BaseException:
            self._db.close()
            raise

    def labels(self) -> dict[int, str]:
        """Return the labels of the runs to be loaded, by their ids, the newest first."""
        return {record.id: _label(record) for record in self._records}

    def load(self, most_jobs: int) -> Past:
        """Load the runs, as long as there is room for their jobs, and close the file.

        :raises HistoryError: it can't be read, or was closed meanwhile; says why.
        """
        with closing(self._db), self._explaining_damage():
            self._room, unreadable = most_jobs, self._bad
            shifts = self._shifts({record.session for record in self._records})
            runs = []
            for record in self._records:
                if self._closed:
                    raise ValueError("it was closed while it was loaded")
                runs.append(self._run(record, shifts[record.session]))
            enter_events(self._events)
            ((total_jobs,),) = self._all("SELECT count(*) FROM jobs")
            for run in runs:
                unreadable.update(run.unreadable)
            return Past(runs, total_jobs, unreadable)

    def close(self) -> None:
        """End a :meth:`load` that is under way in another thread."""
        self._closed = True

    @contextmanager
    def _explaining_damage(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, TypeError, LookupError) as error:
            raise HistoryError(
                f"The history {self._path} is damaged: {error}. What is whole of it may be saved "
                "by the command .recover of sqlite3, into a new file."
            ) from error

    def _all(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(statement, values).fetchall()

    def _readable(
        self, kind: str, make: Callable[[Any], Made], rows: Iterable[Any]
    ) -> Iterator[Made]:
        """Yield what *make* returns for each row; count the rows that can't be read."""
        for row in rows:
            try:
                yield make(row)
            except DAMAGE as error:
                self._bad[kind] += 1
                logger.debug("One of the %s of a history can't be read: %s", kind, error)

    def _shifts(self, sessions: Iterable[int]) -> dict[int, int]:
        """Return what to add to each session's serials, so that each job has its own.

        A program continues the numbers in the file. Only where several wrote at the same time
        are the jobs of the younger one numbered anew.
        """
        shifts: dict[int, int] = {}
        taken: list[tuple[int, int]] = []
        for session in sorted(sessions):
            ((first, last),) = self._all(
                "SELECT min(serial), max(serial) FROM jobs WHERE session = ? AND serial < ?",
                session,
                _HIGHEST,
            )
            shifts[session] = 0
            if first is None:
                continue
            first, last = int(first), int(last)
            if any(first <= high and low <= last for low, high in taken):
                shifts[session] = max(high for _, high in taken) + 1 - first
            taken.append((first + shifts[session], last + shifts[session]))
        return shifts

    def _run(self, record: RunRecord, shift: int) -> PastRun:
        run, session, name, started_at = record[:4]
        figures = record.figures
        rows = self._all(
            f"SELECT {', '.join(JOB_COLUMNS)} FROM jobs WHERE session = ? AND run = ? "
            "ORDER BY serial DESC LIMIT ?",
            *(session, run, self._room),
        )
        self._room -= len(rows)
        self._bad = Counter[str]()
        make = partial(job_of, shift=shift, columns=self.columns.jobs)
        jobs = list(self._readable("jobs", make, reversed(rows)))
        kinds = self._error_kinds(run, shift)
        state = ClusterState(
            _label(record),
            started_at,
            serials=iter(()),
            history_limit=len(jobs),
            kind="history",
            function=record.summary.function or (kinds[0].function if kinds else name),
            tags=record.tags,
        )
        state.series = Series(started_at, PAST_RESOLUTIONS)
        cpus = self._load_nodes(run, state)
        state.adopt(jobs)
        _count(state, figures)
        enter_error_kinds(state, kinds)
        self._load_tallies(run, state)
        self._load_events(run, state, shift)
        _enter_usage(state, figures)
        state.comparison.refresh_all()
        ended_at = max([record.ended_at, *(job.ended_at or 0.0 for job in jobs)])
        state.closed_at = ended_at
        whole, buckets = self._coarse_series(run, ended_at), self._buckets(run, ended_at)
        refill(state.series, whole, buckets)
        cpus = math.ceil(max([cpus, *(bucket.cpus_total for bucket in buckets)]))
        loads = self._loads(run, ended_at)
        return PastRun(
            run, state, ended_at, figures.complete, cpus, buckets, whole, loads, self._bad
        )

    def _load_nodes(self, run: int, state: ClusterState) -> int:
        """Load a run's nodes and their events; return how many CPUs they had."""
        rows = (text for (text,) in self._all("SELECT row FROM nodes WHERE run = ?", run))
        make = partial(node_of, columns=self.columns.nodes)
        for node in self._readable("nodes", make, rows):
            state.nodes[node.ip_addr] = node
            state.roster.changed(node)
        happened = self._all(
            "SELECT ip_addr, at, event FROM node_events WHERE run = ? ORDER BY at", run
        )
        for ip_addr, at, event in self._readable("node events", event_of, happened):
            if ip_addr in state.nodes:
                state.nodes[ip_addr].note(at, event)
        return sum(node.cpus or node.avail_cpus for node in state.nodes.values())

    def _load_tallies(self, run: int, state: ClusterState) -> None:
        """Load the tallies of the run's jobs; files of the first version have none."""
        rows = self._all("SELECT ip_addr, tally FROM tallies WHERE run = ?", run)
        for ip_addr, tally in self._readable("tallies", tally_of, rows):
            enter_tally(state, ip_addr, tally)

    def _load_events(self, run: int, state: ClusterState, shift: int) -> None:
        """Load the events of a run; they are numbered when all runs are loaded."""
        columns = ", ".join(EVENT_COLUMNS)
        rows = self._all(f"SELECT {columns} FROM events WHERE run = ? ORDER BY rowid", run)
        make = partial(entry_of, shift=shift)
        state.journal = Journal(iter(()))  # loading its jobs is no event
        self._events += ((state, entry) for entry in self._readable("events", make, rows))

    def _error_kinds(self, run: int, shift: int) -> list[ErrorKind]:
        """Load a run's kinds of errors; files of early versions have none."""
        rows = self._all("SELECT kind, row FROM error_kinds WHERE run = ?", run)
        kinds = self._readable("kinds of errors", partial(error_kind_of, shift=shift), rows)
        return [kind for kind in kinds if kind.count]

    def _coarse_series(self, run: int, ended_at: float) -> list[Measured]:
        """Return the series of a run in coarse steps, which hold a month."""
        rows = self._all(
            "SELECT CAST(start / ? AS INTEGER) * ? AS step, sum(span_sec), sum(done), sum(failed), "
            "avg(queued), avg(running), avg(cpus_busy), max(cpus_total) FROM series "
            "WHERE run = ? AND start BETWEEN 1 AND ? GROUP BY step ORDER BY step DESC LIMIT ?",
            *(WHOLE_SEC, WHOLE_SEC, run, ended_at, PAST_RESOLUTIONS[WHOLE_SEC]),
        )
        return list(self._readable("series", bucket_of, reversed(rows)))

    def _loads(self, run: int, ended_at: float) -> list[Load]:
        """Return how busy a run's nodes were; files from before this was kept have nothing."""
        found = "FROM loads WHERE run = ? AND at BETWEEN 1 AND ?"
        ((kept,),) = self._all(f"SELECT count(*) {found}", run, ended_at)
        each = -(-kept // _LOADS) or 1
        numbered = f"SELECT *, row_number() OVER (ORDER BY at DESC) AS number {found}"
        rows = self._all(
            f"SELECT at, load FROM ({numbered}) WHERE number % ? = 1 % ? ORDER BY at",
            *(run, ended_at, each, each),
        )
        return list(self._readable("loads", load_from, rows))

    def _buckets(self, run: int, ended_at: float) -> list[Measured]:
        rows = self._all(
            f"SELECT {', '.join(Measured._fields)} FROM series "
            "WHERE run = ? AND start BETWEEN ? AND ? ORDER BY start",
            *(run, ended_at - _SERIES_SEC, ended_at),
        )
        return list(self._readable("series", bucket_of, rows))


def _label(record: RunRecord) -> str:
    begun = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(record.started_at))
    return f"{bounded(record.name, _NAME_LETTERS)} {begun}"


def refill(series: Series, whole: Iterable[Measured], buckets: Iterable[Measured]) -> None:
    """Enter the measurements of a run, or of several, into a series."""
    for bucket in whole:
        series.refill(WHOLE_SEC, bucket)
    for bucket in buckets:
        series.refill(SERIES_SEC, bucket)


def _enter_usage(state: ClusterState, figures: Figures) -> None:
    """Restore what became of CPU time."""
    meter = state.roster.meter
    meter.offered_sec, meter.money = figures.offered_sec, figures.money or 0.0
    state.tallies.total.used_sec = figures.used_sec
    if figures.money is not None:
        state.roster.price = {}  # the price itself is not kept


def _count(state: ClusterState, figures: Figures) -> None:
    """Restore the run's counters, however many of its jobs are kept or loaded."""
    ledger = state.ledger
    loaded: dict[JobState, int] = dict(ledger.counts)
    for name in JOB_STATES:
        ledger.counts[name] = max(loaded[name], getattr(figures, name))
    ledger.failed = max(ledger.failed, figures.failed)
    ledger.before_watching = figures.before_watching
    ledger.evicted = ledger.done - ledger.retained
