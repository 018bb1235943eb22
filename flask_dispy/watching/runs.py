"""The runs of a history: the table of them, and two side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

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
        found = [run for run in self._listed(read_runs(self.path)) if query.matches(run)]
        items, end = page_of(
            found, lambda run, column: _KEYS[column](run), order, after=after, limit=limit
        )
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
        functions = (run.summary.function or run.name for run in (a, b))
        function, nodes = " → ".join(dict.fromkeys(functions)), {**names_a, **names_b}
        changes = changes_between(data_a, data_b)
        items = [_change(one, function, nodes) for one in changes]
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

    def _listed(self, runs: Sequence[RunRecord]) -> Iterator[RunRecord]:
        """Yield runs of the file, those that go on with their figures as they are now."""
        shown_here = self._shown()
        for run in runs:
            shown = shown_here.get(run.id, run.shown)
            figures, summary = shown.figures or run.figures, shown.summary or run.summary
            yield run._replace(figures=figures, summary=summary, shown=shown)


def _change(change: Change, function: str, nodes: Mapping[str, str]) -> RunChange:
    """Return a difference with its name: a kind of error, a node, or the *function*."""
    if change.failure is not None:
        return change_row(change, change.failure.type, change.failure.message)
    if change.of == "node":
        return change_row(change, change.name, nodes.get(change.name))
    return change_row(change, function, None)


def _first(addresses: Iterator[str]) -> list[str]:
    return list(islice(addresses, _NODES))


# What runs are sorted by.
_KEYS: Final[dict[RunSort, Callable[[RunRecord], float | str | None]]] = {
    "started_at": lambda run: run.started_at,
    "name": lambda run: run.name.casefold(),
    "duration_sec": lambda run: run.duration_sec,
    "jobs": lambda run: run.jobs,
    "failed": lambda run: run.figures.failed,
    "median_sec": lambda run: run.summary.median_sec,
    "p95_sec": lambda run: run.summary.p95_sec,
    "cpu_time_sec": lambda run: run.summary.cpu_time_sec,
}


def _row(run: RunRecord) -> RunRow:
    summary, course = run.summary, None
    with suppress(*DAMAGE):
        course = course_of(summary.course)
    return {
        "id": run.id,
        "name": run.name,
        "tags": list(run.tags),
        "cluster": run.shown.cluster,
        "live": run.shown.figures is not None and run.figures.closed_at is None,
        "complete": run.figures.complete,
        "started_at": run.started_at,
        "ended_at": run.ended_at,
        "duration_sec": round(run.duration_sec, 3),
        "jobs": run.jobs,
        "failed": run.figures.failed,
        "median_sec": rounded(summary.median_sec, 6),
        "p95_sec": rounded(summary.p95_sec, 6),
        "cpu_time_sec": summary.cpu_time_sec,
        "course": None if course is None else course_row(course),
    }
