"""The history file: how its tables look, how it is opened, and which files are refused.

The schema is documented in docs/history.md, for people who query the file themselves.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from ..core.errors import HistoryError

__all__ = [
    "APPLICATION_ID",
    "MIGRATIONS",
    "open_for_reading",
    "open_for_writing",
    "transaction",
    "used_bytes",
]

APPLICATION_ID: Final = 0x66645079
"""Marks our files in SQLite's header, which has a place for it."""

# Another program that writes the same file holds it for milliseconds.
_BUSY_SEC: Final = 2.0

# The most that stays of the log beside the file once its content is in the file.
_LOG_BYTES: Final = 4_000_000

_FIRST: Final = """
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY,
    token TEXT NOT NULL UNIQUE,
    started_at REAL NOT NULL,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL REFERENCES sessions (id),
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    started_at REAL NOT NULL,
    closed_at REAL,
    last_at REAL NOT NULL,
    complete INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    running INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    terminated INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    abandoned INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    before_watching INTEGER NOT NULL
);
CREATE TABLE jobs (
    session INTEGER NOT NULL,
    serial INTEGER NOT NULL,
    run INTEGER NOT NULL,
    state TEXT NOT NULL,
    node TEXT,
    submitted_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL NOT NULL,
    attempts INTEGER NOT NULL,
    id TEXT,
    args TEXT,
    kwargs TEXT,
    result TEXT,
    provisional_result TEXT,
    stdout TEXT,
    stderr TEXT,
    exception TEXT,
    cut INTEGER NOT NULL,
    past TEXT,
    UNIQUE (session, serial)
);
CREATE INDEX jobs_by_end ON jobs (ended_at);
CREATE TABLE nodes (
    run INTEGER NOT NULL,
    ip_addr TEXT NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (run, ip_addr)
);
CREATE TABLE node_events (
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    ip_addr TEXT NOT NULL,
    event TEXT NOT NULL
);
CREATE TABLE series (
    run INTEGER NOT NULL,
    start REAL NOT NULL,
    span_sec REAL NOT NULL,
    done REAL NOT NULL,
    failed REAL NOT NULL,
    queued REAL NOT NULL,
    running REAL NOT NULL,
    cpus_busy REAL NOT NULL,
    cpus_total REAL NOT NULL,
    PRIMARY KEY (run, start)
) WITHOUT ROWID;
"""

_TALLIES: Final = """
CREATE TABLE tallies (
    run INTEGER NOT NULL,
    ip_addr TEXT NOT NULL,
    tally TEXT NOT NULL,
    PRIMARY KEY (run, ip_addr)
) WITHOUT ROWID;
"""

_COLUMNS: Final = """
ALTER TABLE runs ADD COLUMN columns TEXT;
ALTER TABLE jobs ADD COLUMN columns TEXT
"""

_ERROR_KINDS: Final = """
CREATE TABLE error_kinds (
    run INTEGER NOT NULL,
    kind TEXT NOT NULL,
    row TEXT NOT NULL,
    PRIMARY KEY (run, kind)
) WITHOUT ROWID;
"""

_RUNS: Final = """
ALTER TABLE runs ADD COLUMN tags TEXT;
ALTER TABLE runs ADD COLUMN function TEXT;
ALTER TABLE runs ADD COLUMN median_sec REAL;
ALTER TABLE runs ADD COLUMN p95_sec REAL;
ALTER TABLE runs ADD COLUMN cpu_time_sec REAL;
ALTER TABLE runs ADD COLUMN course TEXT
"""

_EVENTS: Final = """
CREATE TABLE events (
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    kind TEXT NOT NULL,
    node TEXT,
    name TEXT NOT NULL,
    source TEXT,
    given_by TEXT,
    detail TEXT NOT NULL
);
CREATE INDEX events_by_run ON events (run);
INSERT INTO events SELECT run, at, 'node_' || event, ip_addr, '', NULL, NULL, '{}'
    FROM node_events JOIN runs ON runs.id = run
    WHERE event <> 'closed' OR closed_at IS NULL OR at < closed_at;
INSERT INTO events SELECT id, closed_at, 'cluster_closed', NULL, '', NULL, NULL,
    '{"jobs":' || (queued + running) || '}' FROM runs WHERE closed_at IS NOT NULL
"""

# Earlier runs get what their series show.
_COSTS: Final = """
ALTER TABLE runs ADD COLUMN offered_sec REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN used_sec REAL NOT NULL DEFAULT 0;
ALTER TABLE runs ADD COLUMN money REAL;
UPDATE runs SET
    offered_sec = coalesce((SELECT sum(cpus_total * span_sec) FROM series WHERE run = runs.id), 0),
    used_sec = coalesce((SELECT sum(cpus_busy * span_sec) FROM series WHERE run = runs.id), 0)
"""

_LOADS: Final = """
CREATE TABLE loads (
    run INTEGER NOT NULL,
    at REAL NOT NULL,
    load TEXT NOT NULL,
    PRIMARY KEY (run, at)
) WITHOUT ROWID;
"""

_COURSES: Final = """
CREATE TABLE node_courses (
    run INTEGER NOT NULL,
    ip_addr TEXT NOT NULL,
    course TEXT NOT NULL,
    PRIMARY KEY (run, ip_addr)
);
"""

_RERUNS: Final = "ALTER TABLE jobs ADD COLUMN rerun TEXT"

MIGRATIONS: tuple[str, ...] = (
    _FIRST, _TALLIES, _COLUMNS, _ERROR_KINDS, _RUNS, _EVENTS, _COSTS, _LOADS, _COURSES, _RERUNS
)  # fmt: skip
"""Statements that lead from each version of the schema to the next; the first makes the tables.

A file's ``user_version`` is the number of those that were applied to it.
"""


def open_for_writing(path: Path, *, busy_sec: float = _BUSY_SEC) -> sqlite3.Connection:
    """Open the history at *path*, which is made or brought up to date if need be.

    Any thread may use the connection, one at a time. Each statement is committed by itself,
    except within :func:`transaction`.

    :param busy_sec: how long to wait for another program that is writing it.
    :raises HistoryError: the file is none of ours, or a newer version's.
    :raises sqlite3.Error: it can't be opened now: it is locked or damaged, or the disk is full.
    :raises OSError: it can't be made.
    """
    _make_private(path)
    db = sqlite3.connect(
        path, timeout=busy_sec, isolation_level=None, check_same_thread=False, cached_statements=32
    )
    try:
        with _refusing_strangers(path):
            if _version(db, path) == 0:
                # Both must come before the first table.
                db.execute("PRAGMA auto_vacuum = INCREMENTAL")
            db.execute("PRAGMA journal_mode = WAL")
            # A process that is killed loses nothing that was committed; a machine that loses its
            # power may lose the last commits, and no more than these.
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
            _migrate(db, path)
    except BaseException:
        db.close()
        raise
    return db


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open the history at *path*, and change nothing but a schema that is out of date.

    Bytes that are no text are read as replacement characters.

    :raises HistoryError: there is none, or it can't be read; says why.
    """
    if not path.is_file():
        raise HistoryError(f"There is no history {path}.")
    try:
        with _refusing_strangers(path):
            db = _read_only(path)
            try:
                version = _version(db, path)
            except BaseException:
                db.close()
                raise
            if version != len(MIGRATIONS):
                db.close()
                db = open_for_writing(path)
    except (sqlite3.Error, OSError) as error:
        raise HistoryError(f"The history {path} can't be read: {error}.") from error
    db.text_factory = partial(str, encoding="utf-8", errors="replace")
    return db


def _read_only(path: Path) -> sqlite3.Connection:
    uri = path.absolute().as_uri() + "?mode=ro"
    log = path.with_name(path.name + "-wal")
    # Even with an empty log, SQLite reads a file only where it can create files beside it.
    untouched = not log.exists() or log.stat().st_size == 0
    if untouched and not os.access(path.parent, os.W_OK):
        uri += "&immutable=1"
    return sqlite3.connect(
        uri, uri=True, timeout=_BUSY_SEC, isolation_level=None, check_same_thread=False
    )


def _make_private(path: Path) -> None:
    """Create the file, readable by its owner only, because it gets jobs' arguments and results."""
    # A link to a file that does not exist yet exists itself.
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


@contextmanager
def _refusing_strangers(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        # Before Python 3.11, only the text identifies this error.
        if "not a database" not in str(error):
            raise
        raise _foreign_file(path) from error


def _foreign_file(path: Path) -> HistoryError:
    return HistoryError(
        f"{path} is another program's file, not a history of flask_dispy: give another path."
    )


def _version(db: sqlite3.Connection, path: Path) -> int:
    """Return the version of the file's schema, 0 for an empty file."""
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application or version or tables:
            raise _foreign_file(path)
        return 0
    if version > len(MIGRATIONS):
        raise HistoryError(
            f"The history {path} was written by a newer flask_dispy (its schema is {version}, "
            f"this version's is {len(MIGRATIONS)}): update flask_dispy, or give another path."
        )
    return int(version)


def _migrate(db: sqlite3.Connection, path: Path) -> None:
    """Apply the missing steps, all or none."""
    if _version(db, path) == len(MIGRATIONS):
        return
    with transaction(db):
        # Read again, because another program may have been faster.
        for script in MIGRATIONS[_version(db, path) :]:
            for statement in script.split(";"):
                db.execute(statement)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Commit what the block does, or undo it if the block raises."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # If the disk is full, SQLite has rolled back by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


def used_bytes(db: sqlite3.Connection) -> int:
    """Return how much of the file is in use."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)
