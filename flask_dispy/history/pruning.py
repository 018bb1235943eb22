"""Removes what is too old from the history, and the oldest while the file is too large."""

from __future__ import annotations

import sqlite3
from typing import Final

from .schema import transaction, used_bytes

__all__ = ["Pruner"]

# Rows removed at a time: about 20 ms, during which new records wait.
_STEP: Final = 2_000

# A file that was too large shrinks to this share of its limit, so that it rests for a while.
_ENOUGH: Final = 0.9

# The tables without jobs are small but have to be searched.
_AGE_EVERY_SEC: Final = 60.0

# Pages given back to the file system at a time.
_PAGES: Final = 1_000


class Pruner:
    """Keeps a history within its bounds, step by step. Belongs to one thread.

    :param days: what ended more days ago is removed.
    :param max_bytes: the most that the file may hold.
    """

    def __init__(self, days: float, max_bytes: int) -> None:
        self._oldest_sec = days * 86_400
        self._max_bytes = max_bytes
        self._shrinking = False
        self._aged_at: float | None = None

    def step(self, db: sqlite3.Connection, now: float) -> bool:
        """Do a little of the work that is due; return whether some is left."""
        more = self._by_age(db, now)
        more = self._by_size(db) or more
        _give_back(db)
        return more

    def _by_age(self, db: sqlite3.Connection, now: float) -> bool:
        if self._aged_at is not None and abs(now - self._aged_at) < _AGE_EVERY_SEC:
            return False
        oldest = now - self._oldest_sec
        with transaction(db):
            more = _forget_jobs(db, "WHERE ended_at < ?", oldest)
            if not more:
                _forget_the_rest(db, oldest)
                _forget_runs(db, oldest)
        self._aged_at = None if more else now
        return more

    def _by_size(self, db: sqlite3.Connection) -> bool:
        used = used_bytes(db)
        self._shrinking = used > self._max_bytes * (_ENOUGH if self._shrinking else 1)
        if not self._shrinking:
            return False
        with transaction(db):
            # A small share at a time, because one step could empty a small file.
            span = db.execute("SELECT max(rowid) - min(rowid) FROM jobs").fetchone()[0] or 0
            more = _forget_jobs(db, "", most=min(_STEP, 1 + span // 20))
            oldest = db.execute("SELECT min(ended_at) FROM jobs").fetchone()[0]
            if not isinstance(oldest, (int, float)):
                # Only series are left: a few MB hold weeks of them.
                oldest = db.execute("SELECT avg(start) FROM series").fetchone()[0] or 0.0
                more = False
            _forget_the_rest(db, oldest)
        return more


def _give_back(db: sqlite3.Connection) -> None:
    """Shrink the file if much of it is free; a little free space is soon used again."""
    pages, free = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count")
    )
    if free * 4 > pages:
        db.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()


def _forget_jobs(db: sqlite3.Connection, which: str, *values: float, most: int = _STEP) -> bool:
    """Remove some of the jobs that ended first; return whether there may be more."""
    chosen = f"SELECT rowid FROM jobs {which} ORDER BY ended_at LIMIT {most}"
    found = db.execute(f"DELETE FROM jobs WHERE rowid IN ({chosen})", values)
    return found.rowcount == most


def _forget_the_rest(db: sqlite3.Connection, oldest: float) -> None:
    db.execute("DELETE FROM series WHERE start < ?", (oldest,))
    for table in ("node_events", "events", "loads"):
        db.execute(f"DELETE FROM {table} WHERE at < ?", (oldest,))
    ended = "SELECT id FROM runs WHERE last_at < ?"
    db.execute(f"DELETE FROM node_courses WHERE run IN ({ended})", (oldest,))


def _forget_runs(db: sqlite3.Connection, oldest: float) -> None:
    """Remove the runs that ended long ago, with their rows in other tables."""
    gone = db.execute(
        "SELECT id FROM runs WHERE last_at < ? AND NOT EXISTS "
        "(SELECT 1 FROM jobs WHERE jobs.session = runs.session AND jobs.run = runs.id)",
        (oldest,),
    ).fetchall()
    db.executemany("DELETE FROM runs WHERE id = ?", gone)
    for table in ("nodes", "series", "tallies", "error_kinds", "loads", "node_courses"):
        db.executemany(f"DELETE FROM {table} WHERE run = ?", gone)
    db.execute(
        "DELETE FROM sessions WHERE started_at < ? AND NOT EXISTS "
        "(SELECT 1 FROM runs WHERE runs.session = sessions.id)",
        (oldest,),
    )
