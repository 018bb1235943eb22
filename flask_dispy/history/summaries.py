"""The summary of a run for the table of runs, as the run's row keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from ..core.cluster import ClusterState
from ..core.errorkinds import Course
from ..core.tally import Tally, Times
from .checking import course, figure, json_of, or_none, text

__all__ = [
    "RunSummary",
    "SummaryDue",
    "course_of",
    "summary_of_row",
    "summary_of_run",
]

_EVERY_SEC: Final = 10.0


class RunSummary(NamedTuple):
    """Figures of a run, in the order of the table's columns.

    ``median_sec`` and ``p95_sec`` are of the jobs that finished; ``course`` is JSON: how many jobs
    ended when.
    """

    function: str | None
    median_sec: float | None
    p95_sec: float | None
    cpu_time_sec: float | None
    course: str | None


def summary_of_run(
    function: str, total: Tally, cpu_time_sec: float | None, course: Course | None
) -> RunSummary:
    """Return the figures of a run.

    :param total: the tally of all its jobs.
    """
    ran, said = (total.finished or Times()).ran, None
    if course is not None:
        said = json.dumps([round(course.start, 3), course.step_sec, *course.counts])
    return RunSummary(function, ran.quantile(0.5), ran.quantile(0.95), cpu_time_sec, said)


def course_of(value: Any) -> Course | None:
    """Return the course that a row contains."""
    return None if value is None else course(json_of(value, list))


def summary_of_row(row: tuple[Any, ...]) -> RunSummary:
    """Return the summary that a row contains."""
    function, *figures, course = row
    known = (or_none(figure, one) for one in figures)
    return RunSummary._make((or_none(text, function), *known, or_none(text, course)))


class SummaryDue:
    """Follows one cluster and decides when to write the summary of its run."""

    def __init__(self, state: ClusterState) -> None:
        self._state = state
        self._course = Course(state.started_at)
        self._done = state.ledger.done
        self._taken_at = 0.0
        self._taken: RunSummary | None = None

    def now(self, at: float) -> RunSummary:
        """Return the summary as it is now."""
        self._note_ends(at)
        return summary_of_run(
            self._state.error_kinds.function,
            self._state.tallies.total,
            round(self._state.roster.census.cpu_time, 3),
            self._course,
        )

    def take(self, at: float, *, last: bool = False) -> Iterator[RunSummary]:
        """Yield the summary if it changed, each ten seconds and at *last*."""
        self._note_ends(at)
        if not last and abs(at - self._taken_at) < _EVERY_SEC:
            return
        self._taken_at = at
        found = self.now(at)
        if found != self._taken:
            self._taken = found
            yield found

    def _note_ends(self, at: float) -> None:
        done = self._state.ledger.done
        if done != self._done:
            self._course.add(at, done - self._done)
            self._done = done
