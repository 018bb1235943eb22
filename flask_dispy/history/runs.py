"""The runs of a history file: a row of each, and the totals of one run's jobs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from ..core.errors import HistoryError, UnknownRun
from ..core.failures import Failure
from ..core.jobs import JOB_STATES
from ..core.nodeseries import NodeCourse
from ..core.runcomparison import RunData
from ..core.tally import Tally
from .checking import DAMAGE, json_of, moment, serial, text
from .courses import course_of
from .errorkinds import error_kind_of
from .records import Figures, figures_of
from .schema import open_for_reading
from .summaries import RunSummary, summary_of_row
from .tallies import tally_of

__all__ = [
    "FOUND",
    "MOST_LISTED",
    "SELECT_RUNS",
    "RunRecord",
    "ShownRun",
    "read_course",
    "read_run",
    "read_runs",
    "run_of",
]

Made = TypeVar("Made")

MOST_LISTED: Final = 10_000
"""How many runs are listed, the newest: some 0.1 s."""

FOUND: Final = (
    "FROM runs WHERE queued + running + finished + terminated + cancelled + abandoned > 0 "
    "OR EXISTS (SELECT 1 FROM nodes WHERE nodes.run = runs.id)"
)
"""The runs that had jobs or nodes."""

_OWN: Final = ("id", "session", "name", "started_at", "columns", "tags")

SELECT_RUNS: Final = (
    f"SELECT {', '.join((*_OWN, *RunSummary._fields, *Figures._fields))} {FOUND} "
    "ORDER BY started_at DESC, id DESC LIMIT ?"
)
"""The newest runs, for :func:`run_of`."""


class ShownRun(NamedTuple):
    """What this program itself shows of a run.

    :param cluster: the name that its pages are under; ``None`` if it has none.
    :param figures: of a run that is watched, as it is now; so is *summary*.
    """

    cluster: str | None = None
    figures: Figures | None = None
    summary: RunSummary | None = None


class RunRecord(NamedTuple):
    """A run's row. ``columns`` are its custom columns, as text; ``shown`` is not in the file."""

    id: int
    session: int
    name: str
    started_at: float
    columns: Any
    tags: tuple[str, ...]
    summary: RunSummary
    figures: Figures
    shown: ShownRun = ShownRun()

    @property
    def ended_at(self) -> float:
        """When its cluster was closed, else the last time known of it."""
        figures = self.figures
        return figures.last_at if figures.closed_at is None else figures.closed_at

    @property
    def duration_sec(self) -> float:
        """How long it went on."""
        return max(0.0, self.ended_at - self.started_at)

    @property
    def jobs(self) -> int:
        """How many jobs it had."""
        return sum(getattr(self.figures, state) for state in JOB_STATES)


def run_of(row: tuple[Any, ...]) -> RunRecord:
    """Return the run that a row of ``SELECT_RUNS`` describes."""
    id_, session, name, started_at, columns, tags, *rest = row
    summary, figures = rest[: len(RunSummary._fields)], rest[len(RunSummary._fields) :]
    found = RunSummary(None, None, None, None, None)
    with suppress(*DAMAGE):  # the rest of the row may be whole
        found = summary_of_row(tuple(summary))
    return RunRecord(
        serial(id_), serial(session), text(name), moment(started_at), columns, _tags_of(tags),
        found, figures_of(figures),
    )  # fmt: skip


def _tags_of(value: Any) -> tuple[str, ...]:
    with suppress(*DAMAGE):
        return tuple(map(text, json_of(value, list)))
    return ()


def read_runs(path: Path) -> list[RunRecord]:
    """Return the runs of a history that can be read, the newest first.

    :raises HistoryError: the file can't be read; says why.
    """
    return _asked(path, lambda db: list(_readable(run_of, db.execute(SELECT_RUNS, (MOST_LISTED,)))))


def read_run(path: Path, run: int) -> tuple[RunRecord, RunData, dict[str, str]]:
    """Return a run's row, the totals of its jobs, and the names of its nodes by address.

    :raises UnknownRun: there is none of that id.
    :raises HistoryError: the file can't be read; says why.
    """

    def ask(db: sqlite3.Connection) -> tuple[RunRecord, RunData, dict[str, str]]:
        one = SELECT_RUNS.replace("WHERE", "WHERE id = ? AND (", 1).replace(" ORDER", ") ORDER")
        found = list(_readable(run_of, db.execute(one, (run, 1))))
        if not found:
            raise UnknownRun(f"There is no run {run} in the history; it may be forgotten by now.")
        rows = db.execute("SELECT ip_addr, tally FROM tallies WHERE run = ?", (run,))
        nodes = dict(_readable(tally_of, rows))
        total = nodes.pop("", Tally())
        rows = db.execute("SELECT kind, row FROM error_kinds WHERE run = ?", (run,))
        kinds: dict[Failure, int] = {}
        for kind in _readable(partial(error_kind_of, shift=0), rows):
            kinds[kind.failure] = kinds.get(kind.failure, 0) + kind.count
        names = db.execute("SELECT ip_addr, row FROM nodes WHERE run = ?", (run,))
        return found[0], RunData(total, nodes, kinds), dict(_readable(_named, names))

    return _asked(path, ask)


def read_course(path: Path, run: int, ip_addr: str) -> NodeCourse | None:
    """Return a node's load over a run, empty if nothing is known of it.

    ``None`` if the file keeps the load of none of the run's nodes.

    :raises HistoryError: the file can't be read; says why.
    """

    def ask(db: sqlite3.Connection) -> NodeCourse | None:
        found = "SELECT course FROM node_courses WHERE run = ?"
        rows = db.execute(f"{found} AND ip_addr = ?", (run, ip_addr))
        for course in _readable(course_of, rows):
            return course
        return NodeCourse() if db.execute(found, (run,)).fetchone() else None

    return _asked(path, ask)


def _named(row: tuple[Any, Any]) -> tuple[str, str]:
    return text(row[0]), text(json_of(row[1], dict)["name"])


def _asked(path: Path, ask: Callable[[sqlite3.Connection], Made]) -> Made:
    """Return what *ask* finds in the file, all as of one moment."""
    with closing(open_for_reading(path)) as db:
        try:
            db.execute("BEGIN")
            return ask(db)
        except sqlite3.Error as error:
            raise HistoryError(f"The history {path} can't be read: {error}.") from error


def _readable(make: Callable[[Any], Made], rows: Iterable[Any]) -> Iterator[Made]:
    for row in rows:
        with suppress(*DAMAGE):
            yield make(row)
