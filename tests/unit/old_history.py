"""History files as earlier versions of flask_dispy made them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from flask_dispy.history.schema import APPLICATION_ID, MIGRATIONS

__all__ = ["back_to"]


def back_to(path: Path, version: int) -> None:
    """Make a history one of an earlier version, made by its DDL, with what has a place there."""
    new = path.with_suffix(".new")
    with closing(sqlite3.connect(new, isolation_level=None)) as db:
        for script in MIGRATIONS[:version]:
            db.executescript(script)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("ATTACH ? AS now", (str(path),))
        for (table,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table'"
        ).fetchall():
            columns = ", ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            db.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM now.{table}")
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    new.rename(path)
