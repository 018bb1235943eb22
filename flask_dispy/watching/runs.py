"""The runs of a history: the table of them, and two side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from ..core.jobs import JOB_STATES
from ..core.nodeseries import NodeCourse
from ..core.runcomparison import Change, changes_between
from ..core.search.runs import NEWEST_RUN, RunOrder, RunPlace, RunQuery, RunSort, page_of
from ..history.checking import DAMAGE
from ..history.runs import RunRecord, ShownRun, read_course, read_run, read_runs
from ..history.summaries import course_of
from ..wire.comparison import rounded
from ..wire.errorkinds import course_row
from ..wire.runs import RunChange, RunComparison, RunRow, change_row

__all__ = ["RunPage", "Runs"]

# Nodes that only one of two runs had, of which more than these are not listed.
_NODES: Final = 100


class RunPage(NamedTuple):
    """A page of runs: how many there are in all, and the place to go on after, if there is one."""

    total: int
    items: list[RunRow]
    end: RunPlace | None


class _Listed(NamedTuple):
    """A run in the table."""

    id: int
    name: str
    tags: tuple[str, ...]
    record: RunRecord
    shown: ShownRun | None

    @property
    def started_at(self) -> float:
        return self.record.started_at

    @property
    def duration_sec(self) -> float:
        return max(0.0, self.record.ended_at - self.record.started_at)

    @property
    def jobs(self) -> int:
        return sum(getattr(self.record.figures, state) for state in JOB_STATES)

    @property
    def failed(self) -> int:
        return self.record.figures.failed

    @property
    def median_sec(self) -> float | None:
        return self.record.summary.median_sec

    @property
    def p95_sec(self) -> float | None:
        return self.record.summary.p95_sec

    @property
    def cpu_time_sec(self) -> float | None:
        return self.record.summary.cpu_time_sec


class Runs:
    """The runs of a history file, with those that this program shows itself. Thread-safe.

    Each answer reads the file anew, without a lock.

    :param path: the file.
    :param shown: returns the runs that have pages here, by id; for those that go on, their figures
        as they are now.
    """

    def __init__(self, path: Path, shown: Callable[[], Mapping[int, ShownRun]]) -> None:
        self.path = path
        self._shown = shown

    def page(
        self,
        query: RunQuery,
        order: RunOrder = NEWEST_RUN,
        *,
        after: RunPlace | None = None,
        limit: int | None = None,
    ) -> RunPage:
        """Return a page of the runs that a search finds.

        :raises HistoryError: the file can't be read now.
        """
        found = [one for one in self._listed(read_runs(self.path)) if query.matches(one)]
        items, end = page_of(found, _key_of, order, after=after, limit=limit)
        return RunPage(len(found), list(map(_row, items)), end)

    def compare(self, first: int, second: int) -> RunComparison:
        """Return two runs side by side.

        What goes on is compared as it was some seconds ago, when it was last written.

        :raises UnknownRun: one of them is not in the history.
        :raises HistoryError: the file can't be read now.
        """
        a, data_a, names_a = read_run(self.path, first)
        b, data_b, names_b = read_run(self.path, second)
        a_row, b_row = map(_row, self._listed([a, b]))
        functions = a.summary.function or a.name, b.summary.function or b.name
        named = _Names(functions, {**names_a, **names_b})
        items = list(map(named.row, changes_between(data_a, data_b)))
        return {
            "a": a_row,
            "b": b_row,
            "total": len(items),
            "items": items,
            "next": None,
            "nodes_only_a": _first(ip for ip in data_a.nodes if ip not in data_b.nodes),
            "nodes_only_b": _first(ip for ip in data_b.nodes if ip not in data_a.nodes),
        }

    def node_course(self, run: int, ip_addr: str) -> NodeCourse | None:
        """Return a node's load over a run, ``None`` if the file keeps that of none of its nodes.

        :raises HistoryError: the file can't be read now.
        """
        return read_course(self.path, run, ip_addr)

    def _listed(self, records: Sequence[RunRecord]) -> Iterator[_Listed]:
        shown_here = self._shown()
        for record in records:
            shown = shown_here.get(record.id)
            if shown is not None:
                record = record._replace(  # noqa: PLW2901
                    figures=shown.figures or record.figures,
                    summary=shown.summary or record.summary,
                )
            yield _Listed(record.id, record.name, record.tags, record, shown)


class _Names:
    """What differences are called."""

    def __init__(self, functions: tuple[str, str], nodes: Mapping[str, str]) -> None:
        first, second = functions
        self._function = second if first == second else f"{first} → {second}"
        self._nodes = nodes

    def row(self, change: Change) -> RunChange:
        if change.failure is not None:
            return change_row(change, change.failure.type, change.failure.message)
        if change.of == "node":
            return change_row(change, change.name, self._nodes.get(change.name))
        return change_row(change, self._function, None)


def _first(addresses: Iterator[str]) -> list[str]:
    return list(islice(addresses, _NODES))


def _key_of(run: _Listed, column: RunSort) -> float | str | None:
    key: float | str | None = getattr(run, column)
    return key.casefold() if isinstance(key, str) else key


def _row(run: _Listed) -> RunRow:
    record, shown = run.record, run.shown
    is_live = shown is not None and shown.figures is not None
    course = None
    with suppress(*DAMAGE):
        course = course_of(record.summary.course)
    return {
        "id": run.id,
        "name": run.name,
        "tags": list(run.tags),
        "cluster": None if shown is None else shown.cluster,
        "live": is_live and record.figures.closed_at is None,
        "complete": record.figures.complete,
        "started_at": run.started_at,
        "ended_at": record.ended_at,
        "duration_sec": round(run.duration_sec, 3),
        "jobs": run.jobs,
        "failed": run.failed,
        "median_sec": rounded(run.median_sec, 6),
        "p95_sec": rounded(run.p95_sec, 6),
        "cpu_time_sec": run.cpu_time_sec,
        "course": None if course is None else course_row(course),
    }
