"""The history's writer: a queue that never blocks, and a thread that empties it into the file.

Trouble with the file never reaches those who put records in: what can't be written waits, and
what exceeds the queue is dropped and counted.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..core.errors import HistoryError
from ..core.jobs import Job
from ..core.series import Measured
from .columns import NO_COLUMNS, Columns
from .events import EventRow
from .loads import LoadRow
from .oldruns import OldRuns
from .pruning import Pruner
from .records import Figures, LateRow, NodeEvent, NodeRow, job_row
from .schema import open_for_writing, transaction
from .statements import (
    DELETE_JOB,
    FIND_RUN,
    FIND_SESSION,
    LAST_SERIAL,
    PUT_JOB,
    PUT_OTHERS,
    PUT_RUN,
    PUT_SESSION,
    UPDATE_RUN,
)
from .summaries import RunSummary

__all__ = ["Run", "Store"]

logger = logging.getLogger("flask_dispy.history")

# Together with the registry's own beat, no record is older than a second when it is committed.
_COMMIT_SEC: Final = 0.4

# Records that may wait for a file that can't be written just now: as many as the jobs that are
# cancelled when a large run is given up. They keep jobs in memory that would else be evicted.
_QUEUE_LIMIT: Final = 100_000

# Records of one transaction, about 0.1 s of work; so many that wait begin one at once.
_BATCH: Final = 5_000

_RETRY_SEC: Final = 5.0
_LOG_EVERY_SEC: Final = 600.0
_CLOSE_SEC: Final = 5.0

# What SQLite raises for a record that it can't write.
_BAD_RECORD: Final = (
    sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError, sqlite3.DataError,
)  # fmt: skip


@dataclass(eq=False, slots=True)
class Run:
    """One cluster, for as long as it is watched.

    ``figures`` is replaced as a whole, so that the writer may read it without a lock. ``id`` and
    ``written`` are the writer's: its id in the file, and the figures that it has there.
    """

    name: str
    kind: str
    started_at: float
    figures: Figures
    columns: Columns = NO_COLUMNS
    function: str = ""
    tags: tuple[str, ...] = ()
    id: int | None = None
    written: Figures | None = None


Record = Job | Measured | NodeEvent | NodeRow | LateRow | RunSummary | EventRow | LoadRow
_Records = list[tuple[Run, Record]]


class Store:
    """Writes a history file from a thread of its own.

    :param path: the file; made if there is none.
    :param days: what ended more days ago is removed.
    :param max_bytes: the most that the file may hold, about.
    :param limit: how many records may wait.
    :param commit_sec: seconds that records gather before they are committed.
    :param retry_sec: seconds after a failure until the file is tried again.
    :param open_file: opens or makes the file.
    :raises HistoryError: the file is none of ours, or a newer version's. A file that can't be
        opened for another reason is tried again by the thread.

    ``add_run`` and ``put`` are called by one thread at a time, take microseconds and never
    raise; ``health`` and ``close`` may be called by any.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        days: float,
        max_bytes: int,
        limit: int = _QUEUE_LIMIT,
        commit_sec: float = _COMMIT_SEC,
        retry_sec: float = _RETRY_SEC,
        open_file: Callable[[Path], sqlite3.Connection] = open_for_writing,
    ) -> None:
        self.path = Path(path).absolute()  # the program may change its directory
        self.first_serial = 1
        """The number of the first job: no job in the file has it, or a higher one."""
        self._limit = limit
        self._commit_sec = commit_sec
        self._retry_sec = retry_sec
        self._open_file = open_file
        self._queue = deque[tuple[Run, Record]]()
        self._new_runs = deque[Run]()
        self._runs: list[Run] = []  # the thread's own
        self._db: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None  # identifies the open file
        self._session: int | None = None
        self._token = secrets.token_hex(8)
        self._pruner = Pruner(days, max_bytes)
        self._old_runs: OldRuns | None = None  # as long as there may be some
        self._pruning = True  # the file may be too large already
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._start_at = 0.0  # after no thread could be had: not before this
        # Records dropped by callers of put, and by the thread; each side has its own count.
        self._refused = self._left_out = 0
        self._written = self._failures = 0
        self._error: str | None = None
        self._logged_at: float | None = None
        self._tried_at = 0.0
        try:
            db = self._open()
            self.first_serial += int(db.execute(LAST_SERIAL).fetchone()[0] or 0)
        except (sqlite3.Error, OSError) as error:
            self._note_failure(error)
            self._close_db()

    # -- for callers -------------------------------------------------------------------------

    def add_run(self, run: Run) -> None:
        """Enter a run; its records may follow."""
        self._new_runs.append(run)
        self._start()

    def _start(self) -> None:
        if self._thread is not None or self._stop.is_set() or time.monotonic() < self._start_at:
            return
        thread = threading.Thread(target=self._work, name="flask_dispy-history", daemon=True)
        try:
            thread.start()
            self._thread = thread
        except RuntimeError as error:
            # The system has no thread left. A later record tries again.
            self._start_at = time.monotonic() + self._retry_sec
            self._note_failure(error)

    def put(self, run: Run, record: Record) -> None:
        """Have a record written; if the queue is full, drop and count it."""
        if self._stop.is_set():
            return
        if len(self._queue) >= self._limit:
            self._refused += 1
            return
        self._queue.append((run, record))
        self._start()
        if len(self._queue) == _BATCH:
            self._wake.set()

    def health(self) -> dict[str, Any]:
        """Return the state of the file and the queue; ``problems`` is empty while all is well."""
        problems = []
        thread, error = self._thread, self._error
        dropped = self._refused + self._left_out
        if error:
            problems.append(f"The history can't be written: {error}.")
        elif thread is not None and not thread.is_alive() and not self._stop.is_set():
            problems.append("The history's thread has died.")
        if dropped:
            problems.append(f"{dropped} records of the history were dropped.")
        return {
            "waiting": len(self._queue),
            "limit": self._limit,
            "written": self._written,
            "dropped": dropped,
            "failures": self._failures,
            "error": error,
            "problems": problems,
        }

    def close(self) -> None:
        """Write the waiting records and end the thread; takes five seconds at most."""
        self._stop.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_SEC)
        elif self._new_runs:
            self._work()
        elif self._db is not None:
            self._db.close()

    # -- the thread --------------------------------------------------------------------------

    def _work(self) -> None:
        more = False
        while not self._stop.is_set():
            if not more:
                self._wake.wait(self._commit_sec)
                self._wake.clear()
            more = self._guarded_step()
        give_up_at = time.monotonic() + _CLOSE_SEC
        self._guarded_step()
        while self._queue and self._error is None and time.monotonic() < give_up_at:
            self._guarded_step()
        if lost := len(self._queue):
            self._left_out += lost
            self._queue.clear()
            logger.warning("%d records of the history %s were lost.", lost, self.path)
        if self._db is not None:
            self._db.close()  # which moves the log into the file

    def _guarded_step(self) -> bool:
        """Write a batch and survive any error; return whether more can be done at once."""
        resting = self._error is not None and time.monotonic() - self._tried_at < self._retry_sec
        if resting and not self._stop.is_set():
            return False
        batch: _Records = []
        try:
            more = self._step(batch)
        except (sqlite3.Error, OSError, HistoryError) as error:
            self._queue.extendleft(reversed(batch))
            self._close_db()  # first: whoever sees the error may replace the file
            self._note_failure(error)
            return False
        except Exception:
            # It is not the file's fault, and would fail again.
            self._failures += 1
            self._left_out += len(batch)
            logger.exception("%d records of the history were left out.", len(batch))
            return False
        self._note_success()
        return more

    def _note_success(self) -> None:
        if self._error is not None:
            logger.warning("The history %s is written again.", self.path)
            self._error = None

    def _step(self, batch: _Records) -> bool:
        """Move waiting records from the queue, through *batch*, into the file."""
        db = self._db or self._open()
        self._check_identity(db)
        while self._queue and len(batch) < _BATCH:
            batch.append(self._queue.popleft())
        while self._new_runs:  # after the batch, because a run is entered before its records
            self._runs.append(self._new_runs.popleft())
        changed = [(run, run.figures) for run in self._runs if run.figures is not run.written]
        if not batch and not changed and not self._pruning:
            self._catch_up(db)
            return False
        for run, figures in changed:
            if run.id is None:
                run.id = self._enter(db, run, figures)
        try:
            with transaction(db):
                self._write(db, batch)
        except Exception as error:
            if not _is_of_a_record(error):
                raise
            self._write_singly(db, batch)
        self._check_identity(db)  # the file may have gone since, with the batch
        self._note_success()  # first: no reader may see both the new count and an old error
        self._written += len(batch)
        batch.clear()
        db.executemany(UPDATE_RUN, [(*figures, run.id) for run, figures in changed])
        for run, figures in changed:
            run.written = figures
        if not self._queue:
            self._runs = [run for run in self._runs if not (run.written and run.written.complete)]
        self._pruning = self._pruner.step(db, time.time())
        self._catch_up(db)
        return self._pruning or len(self._queue) >= _BATCH

    def _catch_up(self, db: sqlite3.Connection) -> None:
        """Bring a few old runs up to date; records of the present run have been written first."""
        if self._old_runs is not None and not self._old_runs.step(db, time.time()):
            self._old_runs = None

    def _write(self, db: sqlite3.Connection, batch: _Records) -> None:
        rows: dict[type, list[tuple[Any, ...]]] = {kind: [] for kind in PUT_OTHERS}
        ended: dict[int, tuple[Any, ...]] = {}
        unended: list[tuple[int | None, int]] = []
        for run, record in batch:
            if not isinstance(record, Job):
                rows[type(record)].append((run.id, *record))
            elif row := job_row(record, run.columns.jobs):
                ended[record.serial] = (self._session, run.id, *row)
            else:
                unended.append((self._session, record.serial))
        db.executemany(DELETE_JOB, unended)
        db.executemany(PUT_JOB, ended.values())
        for kind, statement in PUT_OTHERS.items():
            db.executemany(statement, rows[kind])

    def _write_singly(self, db: sqlite3.Connection, batch: _Records) -> None:
        """Write the records one by one, because a bad one must not stop the others."""
        for entry in batch:
            try:
                with transaction(db):
                    self._write(db, [entry])
            except Exception as error:
                if not _is_of_a_record(error):
                    raise
                self._left_out += 1
                logger.exception("A record of the history was left out.")

    # -- the file ----------------------------------------------------------------------------

    def _open(self) -> sqlite3.Connection:
        self._db = self._open_file(self.path)
        self._old_runs = OldRuns()
        self._file = _identity(self.path)
        return self._db

    def _check_identity(self, db: sqlite3.Connection) -> None:
        """Check that the open file is still the one at its path, because SQLite does not.

        :raises HistoryError: the file was moved or deleted.
        """
        if self._file is not None and _identity(self.path) == self._file:
            return
        # When SQLite closes such a file, it leaves out what is still in the log.
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        raise HistoryError("it was moved or deleted, and is begun anew")

    def _close_db(self) -> None:
        """Close a file that failed; another may replace it before the next attempt."""
        db, self._db, self._session = self._db, None, None
        for run in self._runs:
            run.id = run.written = None
        if db is not None:
            try:
                db.close()
            except sqlite3.Error:
                logger.debug("The history %s could not be closed.", self.path, exc_info=True)

    def _enter(self, db: sqlite3.Connection, run: Run, figures: Figures) -> int:
        """Return the run's id in the file, which may have it from before a failure."""
        with transaction(db):
            if self._session is None:
                entry = (self._token, time.time(), socket.gethostname(), os.getpid())
                db.execute(PUT_SESSION, entry)
                (self._session,) = db.execute(FIND_SESSION, (self._token,)).fetchone()
            key = (self._session, run.name, run.kind, run.started_at)
            found = db.execute(FIND_RUN, key).fetchone()
            if found is None:
                own = (run.columns.text(), json.dumps(run.tags), run.function)
                return int(db.execute(PUT_RUN, (*key, *own, *figures)).lastrowid or 0)
            return int(found[0])

    def _note_failure(self, error: Exception) -> None:
        self._failures += 1
        self._tried_at = time.monotonic()
        self._error = str(error).rstrip(".") or type(error).__name__
        if self._logged_at is None or self._tried_at - self._logged_at > _LOG_EVERY_SEC:
            self._logged_at = self._tried_at
            logger.warning(
                "The history %s can't be written: %s. The run goes on; up to %d records wait "
                "until it can be.", self.path, self._error, self._limit,
            )  # fmt: skip


def _is_of_a_record(error: Exception) -> bool:
    """Whether a record can't be made or written, rather than the file."""
    return isinstance(error, _BAD_RECORD) or not isinstance(error, (sqlite3.Error, OSError))


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what distinguishes the file from others at that path, ``None`` without a file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino
