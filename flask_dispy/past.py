"""Runs that are over, behind the same face as those that go on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from .core.cluster import ClusterState
from .core.series import Measured
from .core.settings import MOST_JOBS, MOST_RUNS
from .history.reader import load
from .history.recorder import SERIES_SEC
from .registry import ClusterRegistry
from .summaries import Summaries
from .views import View

if TYPE_CHECKING:
    from .watched import Watched

__all__ = ["PastRegistry"]


class PastView(View):
    """A past run as it was at its end: then is its now."""

    _registry: PastRegistry

    @contextmanager
    def _folded(self) -> Iterator[float]:
        with super()._folded():
            yield self._registry.ended_at(self._state)

    def timeline(self, **options: Any) -> dict[str, Any]:
        """Return what ran where; ``past`` tells that its now stands still."""
        return {**super().timeline(**options), "past": True}


class PastSummaries(Summaries):
    """What past runs came to, as of their ends."""

    _registry: PastRegistry

    def _single(
        self,
        watched: Watched | None,
        state: ClusterState,
        now: float,  # noqa: ARG002 - a past run's is the one it ended at
    ) -> dict[str, Any]:
        summary = super()._single(watched, state, self._registry.ended_at(state))
        return {**summary, "jobs_per_sec": 0.0}  # nothing goes on any more

    def _combined(
        self,
        each: list[dict[str, Any]],
        now: float,  # noqa: ARG002
    ) -> dict[str, Any]:
        summary = super()._combined(each, self._registry.ended_at(None))
        return {**summary, "watching": "history"}


class PastRegistry(ClusterRegistry):
    """The runs of a history file, for the same pages, API and report as live clusters.

    Each run is a closed cluster, named after its cluster and the time it began, the newest
    first. They were read once: what a program adds to the file later is not shown. Commands have
    nothing to act on; make the blueprint or server ``read_only=True``, that pages offer none.

    :param path: the history file. It is not changed, but for a schema that is out of date.
    :param most_jobs: jobs that are loaded, those of the newest runs first. Runs keep their
        counts, whatever of their jobs is loaded.
    :param most_runs: runs that are loaded.
    :param show_job_args: whether pages show the jobs' arguments.
    :raises HistoryError: there is no history at *path*, or it can't be read; says why.
    """

    _view_type = PastView
    _summaries_type = PastSummaries

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        most_jobs: int = MOST_JOBS,
        most_runs: int = MOST_RUNS,
        show_job_args: bool = True,
    ) -> None:
        past = load(path, most_jobs=most_jobs, most_runs=most_runs)
        self.total_runs = past.total_runs
        """How many runs the file holds."""
        self.total_jobs = past.total_jobs
        """How many jobs the file holds."""
        self._ended_at = {run.state: run.ended_at for run in past.runs}
        super().__init__(show_job_args=show_job_args)
        for run in past.runs:
            self._enter(None, "history", run.state.name, run.state).mode = "history"
        for bucket in _sums(run.buckets for run in past.runs):
            self.combined.series.refill(SERIES_SEC, bucket)

    def ended_at(self, state: ClusterState | None) -> float:
        """Return when a run ended; with ``None`` the last of all."""
        if state is not None:
            return self._ended_at[state]
        return max(self._ended_at.values(), default=self.combined.started_at)


def _sums(runs: Iterable[list[Measured]]) -> list[Measured]:
    """Return what several runs measured, added up bucket by bucket."""
    sums: dict[float, Measured] = {}
    for bucket in chain.from_iterable(runs):
        other = sums.get(bucket.start)
        sums[bucket.start] = bucket if other is None else _sum(bucket, other)
    return [sums[start] for start in sorted(sums)]


def _sum(one: Measured, other: Measured) -> Measured:
    added = Measured(one.start, *(a + b for a, b in zip(one[1:], other[1:], strict=True)))
    # The clusters of a program share its nodes.
    cpus = max(one.cpus_total, other.cpus_total, added.cpus_busy)
    return added._replace(span_sec=max(one.span_sec, other.span_sec), cpus_total=cpus)
