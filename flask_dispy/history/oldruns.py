"""Brings the runs of files from earlier versions up to date, a little at a time.

Such a run has no summary, and one of the first version no tallies and kinds of errors either.
These are made from its jobs.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from sys import intern
from typing import Any, Final

from ..core.errorkinds import Course, ErrorKinds
from ..core.errors import HistoryError
from ..core.jobs import ENDED_STATES, Job, Output
from ..core.nodes import Node
from ..core.tallies import Tallies
from ..core.tally import Tally
from .checking import DAMAGE, count, figure, json_of, moment, one_of, or_none, serial, text
from .errorkinds import ErrorKindRow, error_kind_row
from .schema import open_for_reading, open_for_writing, transaction
from .statements import PUT_OTHERS
from .summaries import RunSummary, summary_of_run
from .tallies import TallyRow, tally_of, tally_row

__all__ = ["OldRuns", "bring_up_to_date"]

logger = logging.getLogger("flask_dispy.history")

# Jobs at a time: about 20 ms.
_JOBS_AT_ONCE: Final = 2_000

# A program of an earlier version may still write to a run, at least every second.
_QUIET_SEC: Final = 60.0

_STEPS: Final = 48

_NEXT: Final = (
    "SELECT rowid, id, session, name, started_at FROM runs WHERE function IS NULL "
    "AND (complete OR last_at < ?) ORDER BY rowid DESC LIMIT 1"
)
_UPDATE: Final = (
    f"UPDATE runs SET {', '.join(f'{name} = ?' for name in RunSummary._fields)} WHERE rowid = ?"
)
_JOBS_OF: Final = (
    "SELECT serial, state, node, submitted_at, started_at, ended_at, exception FROM jobs "
    "WHERE session = ? AND run = ? AND serial > ? ORDER BY serial LIMIT ?"
)


class OldRuns:
    """The runs of a file that lack a summary, the newest first. Belongs to one thread.

    :param jobs_at_once: jobs that a step counts.
    """

    def __init__(self, jobs_at_once: int = _JOBS_AT_ONCE) -> None:
        self._jobs_at_once = jobs_at_once
        self._run: _OldRun | None = None

    def step(self, db: sqlite3.Connection, now: float) -> bool:
        """Do a little; return whether there is more to do."""
        if self._run is None:
            row = db.execute(_NEXT, (now - _QUIET_SEC,)).fetchone()
            if row is None:
                return False
            self._run = _OldRun(db, row)
        if not self._run.step(db, self._jobs_at_once):
            with transaction(db):
                self._run.write(db)
            self._run = None
        return True


def bring_up_to_date(path: Path, is_ended: Callable[[], bool]) -> None:
    """Bring all runs of a file up to date, if it can be written.

    :param is_ended: called between steps; ends the work when it returns true.
    """
    try:
        with closing(open_for_reading(path)) as db:
            lacking = db.execute(_NEXT, (time.time() - _QUIET_SEC,)).fetchone()
        if lacking is None:
            return  # a file that lacks nothing is not opened for writing
        with closing(open_for_writing(path)) as db:
            old_runs = OldRuns()
            while not is_ended() and old_runs.step(db, time.time()):
                pass
    except (sqlite3.Error, OSError, HistoryError) as error:
        logger.info("The history %s is not brought up to date: %s", path, error)


class _OldRun:
    """One run, and the totals of its jobs so far."""

    def __init__(self, db: sqlite3.Connection, row: tuple[Any, ...]) -> None:
        self._rowid, self._id, self._session, name, started_at = row
        self._name, self._started_at = "", 0.0
        with suppress(*DAMAGE):
            self._name, self._started_at = text(name), moment(started_at)
        self._nodes: dict[str, Node] = {}
        self._tallies = Tallies(self._nodes)
        self._kinds = ErrorKinds(self._name, self._started_at)
        self._ended = 0
        self._first_ended_at: float | None = None
        self._kept = self._kept_tally(db)
        self._after: Any = 0

    def _kept_tally(self, db: sqlite3.Connection) -> Tally | None:
        found = db.execute(
            "SELECT ip_addr, tally FROM tallies WHERE run = ? AND ip_addr = ''", (self._id,)
        ).fetchone()
        with suppress(*DAMAGE):
            return None if found is None else tally_of(found)[1]
        return Tally()

    def step(self, db: sqlite3.Connection, most: int) -> bool:
        """Count some of its jobs; return whether there may be more."""
        if self._kept is not None:
            return False
        rows = db.execute(_JOBS_OF, (self._session, self._id, self._after, most)).fetchall()
        for row in rows:
            with suppress(*DAMAGE):
                self._count(_job_of(row))
        if rows:
            self._after = rows[-1][0]
        return len(rows) == most

    def _count(self, job: Job) -> None:
        if job.node is not None and job.node not in self._nodes:
            self._nodes[job.node] = Node(job.node)
        self._ended += 1
        if self._first_ended_at is None:
            self._first_ended_at = job.ended_at
        self._tallies.note(job)
        if job.failed:
            self._kinds.note(job, ended=self._ended, since=self._first_ended_at)

    def write(self, db: sqlite3.Connection) -> None:
        """Write the run's totals into the file."""
        total = self._kept
        if total is None:
            total = self._tallies.total
            tallies = {"": total, **{ip: node.tally for ip, node in self._nodes.items()}}
            rows = [tally_row(ip, tally) for ip, tally in tallies.items() if tally is not None]
            db.executemany(PUT_OTHERS[TallyRow], [(self._id, *row) for row in rows])
            kinds = [error_kind_row(self._kinds, id_) for id_ in self._kinds.kinds]
            db.executemany(PUT_OTHERS[ErrorKindRow], [(self._id, *row) for row in kinds])
        summary = summary_of_run(self._name, total, self._cpu_time(db), self._course(db))
        db.execute(_UPDATE, (*summary, self._rowid))

    def _cpu_time(self, db: sqlite3.Connection) -> float:
        total = 0.0
        for (row,) in db.execute("SELECT row FROM nodes WHERE run = ?", (self._id,)):
            with suppress(*DAMAGE):
                total += figure(json_of(row, dict)["cpu_time"])
        return round(total, 3)

    def _course(self, db: sqlite3.Connection) -> Course | None:
        found = "FROM series WHERE run = ? AND start BETWEEN 1 AND 1e11"
        first, last = db.execute(f"SELECT min(start), max(start) {found}", (self._id,)).fetchone()
        if first is None:
            return None
        step_sec = max(10.0, (last - first) / (_STEPS - 1))
        course = Course(first, step_sec)
        steps = f"CAST((start - ?) / ? AS INTEGER) AS step, sum(done) {found} GROUP BY step"
        for step, done in db.execute(f"SELECT {steps}", (first, step_sec, self._id)):
            with suppress(*DAMAGE):
                course.add(first + (step + 0.5) * step_sec, count(round(figure(float(done)))))
        return course


def _job_of(row: tuple[Any, ...]) -> Job:
    """Return a job with no more than what is counted."""
    number, state, node, submitted_at, started_at, ended_at, exception = row
    job = Job(serial(number), number, moment(submitted_at), "", None, None)
    job.state = intern(one_of(state, ENDED_STATES))  # type: ignore[assignment]
    job.node = None if node is None else intern(text(node))
    job.started_at, job.ended_at = or_none(moment, started_at), moment(ended_at)
    if exception is not None:
        job.output = Output(exception=text(exception))
    return job
