"""The SQL statements of the history's writer."""

from __future__ import annotations

from typing import Final

from ..core.series import Measured
from .courses import CourseRow
from .errorkinds import ErrorKindRow
from .events import EVENT_COLUMNS, EventRow
from .loads import LoadRow
from .records import JOB_COLUMNS, Figures, NodeEvent, NodeRow
from .summaries import RunSummary
from .tallies import TallyRow

__all__ = [
    "DELETE_JOB",
    "FIND_RUN",
    "FIND_SESSION",
    "LAST_SERIAL",
    "PUT_JOB",
    "PUT_OTHERS",
    "PUT_RUN",
    "PUT_SESSION",
    "UPDATE_RUN",
]


def _upsert(table: str, columns: tuple[str, ...], key: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    news = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {news}"
    )


_SUMMARY: Final = ", ".join(f"{name} = ?{i}" for i, name in enumerate(RunSummary._fields, 2))

# A row that is put again, perhaps for another cluster's run, replaces the earlier one.
PUT_JOB: Final = _upsert("jobs", ("session", "run", *JOB_COLUMNS), ("session", "serial"))
DELETE_JOB: Final = "DELETE FROM jobs WHERE session = ? AND serial = ?"
PUT_OTHERS: Final[dict[type, str]] = {
    Measured: _upsert("series", ("run", *Measured._fields), ("run", "start")),
    NodeRow: _upsert("nodes", ("run", "ip_addr", "row"), ("run", "ip_addr")),
    CourseRow: _upsert("node_courses", ("run", "ip_addr", "course"), ("run", "ip_addr")),
    ErrorKindRow: _upsert("error_kinds", ("run", "kind", "row"), ("run", "kind")),
    LoadRow: _upsert("loads", ("run", *LoadRow._fields), ("run", "at")),
    TallyRow: _upsert("tallies", ("run", "ip_addr", "tally"), ("run", "ip_addr")),
    RunSummary: f"UPDATE runs SET {_SUMMARY} WHERE id = ?1",
    EventRow: (
        f"INSERT INTO events (run, {', '.join(EVENT_COLUMNS)}) "
        f"VALUES ({', '.join('?' * (len(EVENT_COLUMNS) + 1))})"
    ),
    NodeEvent: "INSERT INTO node_events (run, at, ip_addr, event) VALUES (?, ?, ?, ?)",
}
UPDATE_RUN: Final = (
    f"UPDATE runs SET {', '.join(f'{name} = ?' for name in Figures._fields)} WHERE id = ?"
)
_RUN_KEY: Final = ("session", "name", "kind", "started_at")
_RUN_OWN: Final = ("columns", "tags", "function")
FIND_RUN: Final = f"SELECT id FROM runs WHERE {' AND '.join(f'{name} = ?' for name in _RUN_KEY)}"
PUT_RUN: Final = (
    f"INSERT INTO runs ({', '.join((*_RUN_KEY, *_RUN_OWN, *Figures._fields))}) "
    f"VALUES ({', '.join('?' * (len(_RUN_KEY) + len(_RUN_OWN) + len(Figures._fields)))})"
)
PUT_SESSION: Final = (
    "INSERT INTO sessions (token, started_at, host, pid) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (token) DO NOTHING"
)
FIND_SESSION: Final = "SELECT id FROM sessions WHERE token = ?"
# The limit leaves out texts in a damaged file, which SQLite sorts after all numbers.
LAST_SERIAL: Final = (
    "SELECT max((SELECT max(serial) FROM jobs WHERE session = sessions.id AND serial < 1e15)) "
    "FROM sessions"
)
