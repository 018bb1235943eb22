"""Runs that are over, behind the same face as those that go on."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import TYPE_CHECKING, Any

from ..core.cluster import ClusterState
from ..core.phrases import quantity
from ..core.series import PAST_RESOLUTIONS, Measured, Series
from ..core.settings import MOST_JOBS, MOST_RUNS
from ..history.reader import load, refill
from ..registry import ClusterRegistry
from .summaries import Summaries
from .views import View

if TYPE_CHECKING:
    from .watched import Watched

__all__ = ["PastRegistry"]

logger = logging.getLogger("flask_dispy.history")


class PastView(View):
    """A past run as it was at its end: then is its now."""

    _registry: PastRegistry

    @contextmanager
    def _folded(self) -> Iterator[float]:
        with super()._folded():
            yield self._registry.ended_at(self._state)

    def series(self, resolution_sec: int) -> dict[str, Any]:
        """Return the time series, up to what was measured last."""
        found = super().series(resolution_sec)
        columns = found["columns"]
        # The last that is known of the run may be of a later step.
        last = max(
            (i for c in columns.values() for i, v in enumerate(c) if v is not None), default=-1
        )
        return {**found, "columns": {name: c[: last + 1] for name, c in columns.items()}}

    def timeline(
        self, *, start: float | None = None, end: float | None = None, **options: Any
    ) -> dict[str, Any]:
        """Return what ran where, in the whole run if not asked for less.

        ``past`` tells that its now stands still.
        """
        if start is None and end is None:
            began_at = self._registry.began_at(self._state)
            start = began_at if began_at < self._registry.ended_at(self._state) else None
        return {**super().timeline(start=start, end=end, **options), "past": True}


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
        # Nothing goes on any more.
        cpus = {"total": self._registry.cpus_of(state), "busy": 0}
        cut_off, pending = self._registry.was_cut_off(state), summary["jobs"]["pending"]
        outlook = summary["outlook"]
        if pending:
            how = "it was cut off" if cut_off else "it was closed"
            outlook = {**outlook, "message": f"{quantity(pending, 'job')} not ended when {how}"}
        return {
            **summary,
            "outlook": outlook,
            "jobs_per_sec": 0.0,
            "cpus": cpus,
            "cut_off": cut_off,
            "unreadable": self._registry.unreadable_of(state),
        }

    def _combined(
        self,
        each: list[dict[str, Any]],
        now: float,  # noqa: ARG002
    ) -> dict[str, Any]:
        ended_at = self._registry.ended_at(None)
        summary = super()._combined(each, ended_at)
        return {
            **summary,
            "watching": "history",
            "closed_at": ended_at,
            "cpus": {"total": max((one["cpus"]["total"] for one in each), default=0), "busy": 0},
            "cut_off": any(one["cut_off"] for one in each),
            "unreadable": {
                name: sum(one["unreadable"][name] for one in each) for name in ("jobs", "of")
            },
        }


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

    past = True
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
        self.unreadable = past.unreadable
        """How many rows of the file can't be read, by what they are of: ``jobs``, ``nodes``..."""
        self._runs = {run.state: run for run in past.runs}
        if self.unreadable:
            logger.warning("The history %s is damaged: %s.", path, self.damage())
        super().__init__(show_job_args=show_job_args)
        for run in past.runs:
            self._enter(None, "history", run.state.name, run.state).mode = "history"
        self.combined.series = Series(self.began_at(None), PAST_RESOLUTIONS)
        refill(
            self.combined.series,
            _sums(run.whole for run in past.runs),
            _sums(run.buckets for run in past.runs),
        )

    def ended_at(self, state: ClusterState | None) -> float:
        """Return when a run ended; with ``None`` the last of all."""
        if state is not None:
            return self._runs[state].ended_at
        ends = (run.ended_at for run in self._runs.values())
        return max(ends, default=self.combined.started_at)

    def damage(self) -> str:
        """Return what of the file can't be read, in words; nothing while all can."""
        bad, total = self.unreadable, {"jobs": self.total_jobs, "runs": self.total_runs}
        parts = [f"{bad[kind]:,} of {total[kind]:,} {kind}" for kind in total if bad[kind]]
        parts += [f"{bad[kind]:,} rows of {kind}" for kind in sorted(bad.keys() - total.keys())]
        return f"{', '.join(parts)} can't be read" if parts else ""

    def unreadable_of(self, state: ClusterState) -> dict[str, int]:
        """Return how many of the jobs that a run's file had could not be read."""
        bad = self._runs[state].unreadable["jobs"]
        return {"jobs": bad, "of": bad + state.ledger.retained}

    def began_at(self, state: ClusterState | None) -> float:
        """Return when a run began; with ``None`` the first of all."""
        states = self._runs if state is None else (state,)
        return min((one.started_at for one in states), default=self.combined.started_at)

    def cpus_of(self, state: ClusterState) -> int:
        """Return how many CPUs a run had, at the most."""
        return self._runs[state].cpus

    def was_cut_off(self, state: ClusterState) -> bool:
        """Whether a run's program ended without an end in good order, or may still go on."""
        return not self._runs[state].complete


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
