"""Runs that are over, behind the same face as those that go on."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, cast

from ..core.cluster import ClusterState
from ..core.errors import HistoryError, NoCommands
from ..core.nodeseries import NodeCourse
from ..core.phrases import quantity
from ..core.prospects import Surroundings
from ..core.series import PAST_RESOLUTIONS, Measured, Series
from ..core.settings import MOST_JOBS, MOST_RUNS, Settings
from ..core.summary import summary_of
from ..core.whatif import Backlog
from ..engine.commands.control import Control
from ..history.oldruns import bring_up_to_date
from ..history.reader import PastFile, PastRun, refill
from ..history.runs import ShownRun
from ..wire.shapes.clusters import SeriesData, Summary
from ..wire.shapes.nodes import NodeLoadsData, NodeSeriesData, NoLoads
from ..wire.shapes.timeline import TimelineData
from .board import ALL_NAMES, Board, Member, free_name, unknown_cluster
from .dashboard import Dashboard
from .intervals import Intervals
from .loads import no_loads, node_series_data, past_loads
from .runs import Runs
from .stateviews import ClusterView, CombinedView, StateView
from .summaries import combined_summary, others_on
from .views import View

__all__ = ["PastRegistry"]

logger = logging.getLogger("flask_dispy.history")


class _Runs(Board[Member]):
    """The runs that were loaded, each as it was at its end: then is its now."""

    past = True

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings, Intervals())
        self._runs: dict[ClusterState, PastRun] = {}

    def fill(self, runs: Sequence[PastRun], names: Mapping[int, str]) -> None:
        """Show what the runs came to, under their names."""
        with self.lock:
            self._runs = {run.state: run for run in runs}
            for number, run in enumerate(runs, 1):
                run.state.name = names[run.id]
                self.enter(Member(run.state, number))
            # Runs share CPUs where they ran at the same time; how many is not kept.
            usages = [run.state.usage(run.ended_at) for run in runs]
            self.combined.meter.offered_sec = sum(usage.offered_sec for usage in usages)
            self.combined.meter.money = sum(usage.money or 0.0 for usage in usages)
            self.combined.priced = any(usage.money is not None for usage in usages)
            self.combined.series = Series(self.began_at(None), PAST_RESOLUTIONS)
            refill(
                self.combined.series,
                _sums(run.whole for run in runs),
                _sums(run.buckets for run in runs),
            )

    def ended_at(self, state: ClusterState | None) -> float:
        """Return when a run ended; with ``None`` the last of all."""
        if state is not None:
            return self._runs[state].ended_at
        ends = (run.ended_at for run in self._runs.values())
        return max(ends, default=self.combined.started_at)

    def began_at(self, state: ClusterState | None) -> float:
        """Return when a run began; with ``None`` the first of all."""
        states = self._runs if state is None else (state,)
        return min((one.started_at for one in states), default=self.combined.started_at)

    def one(self, state: ClusterState | None) -> PastRun | None:
        """Return a run; with ``None`` the only one, if there is only one."""
        if state is None and len(self._runs) == 1:
            (state,) = self._runs
        return None if state is None else self._runs[state]

    def loads(self, state: ClusterState | None) -> NodeLoadsData:
        """Return how busy a run's nodes were; with ``None`` those of the only run."""
        run = self.one(state)
        if run is None:
            return no_loads("several_runs")
        nodes = run.state.nodes
        return past_loads(run.loads, nodes) if run.loads or not nodes else no_loads("not_kept")

    # -- summaries ---------------------------------------------------------------------------

    def of(self, state: ClusterState, _now: float = 0.0) -> Summary:
        """Return what a run came to."""
        run, now = self._runs[state], self.ended_at(state)
        around = Surroundings(None, True, partial(others_on, self, state))
        summary = cast(Summary, summary_of(state, now, around))
        pending = summary["jobs"]["pending"]
        if pending:
            how = "it was closed" if run.complete else "it was cut off"
            summary["outlook"]["message"] = f"{quantity(pending, 'job')} not ended when {how}"
        bad = run.unreadable["jobs"]
        return {
            **summary,
            "watching": "history",
            "dropped_events": 0,
            "trouble": None,
            "rerun": False,
            "now": now,
            "jobs_per_sec": 0.0,  # nothing goes on any more
            "cpus": {"total": run.cpus, "busy": 0},
            "cut_off": not run.complete,
            "unreadable": {"jobs": bad, "of": bad + state.ledger.retained},
        }

    def backlog(self, state: ClusterState, now: float) -> Backlog | None:
        """Return what a run left undone, ``None`` if nothing."""
        return state.backlog(now)

    def all(self, _now: float = 0.0) -> list[Summary]:
        """Return what all runs came to, that of all together first."""
        each, ended_at = [self.of(state) for state in self.states()], self.ended_at(None)
        return [
            {
                **combined_summary(self, each, ended_at),
                "watching": "history",
                "state": "closed",  # even where there is no run
                "closed_at": ended_at,
                "cpus": {
                    "total": max((one["cpus"]["total"] for one in each), default=0),
                    "busy": 0,
                },
                "cut_off": any(one["cut_off"] for one in each),
                "unreadable": {
                    "jobs": sum(one["unreadable"]["jobs"] for one in each),
                    "of": sum(one["unreadable"]["of"] for one in each),
                },
            },
            *each,
        ]


class _PastView(StateView):
    """What a past run's view has of its own, and that of all of them."""

    _board: _Runs
    _run: ClusterState | None = None

    @contextmanager
    def _folded(self) -> Iterator[float]:
        with super()._folded():
            yield self._board.ended_at(self._run)

    def series(self, resolution_sec: int) -> SeriesData:
        """Return the time series, up to what was measured last."""
        found = super().series(resolution_sec)
        columns = found["columns"]
        # The last that is known of the run may be of a later step.
        last = max(
            (i for c in columns.values() for i, v in enumerate(c) if v is not None), default=-1
        )
        return {**found, "columns": {name: c[: last + 1] for name, c in columns.items()}}

    def node_series(self, host: str) -> NodeSeriesData:
        """Return the node's load over the whole run, which is read from the file.

        :raises HistoryError: the file can't be read now.
        """
        with self._folded():
            ip_addr, run = self._address(host), self._board.one(self._run)
        runs = self._board.runs
        if run is None or runs is None:
            return node_series_data(ip_addr, NodeCourse(), unavailable="several_runs")
        course = runs.node_course(run.id, ip_addr)
        unavailable: NoLoads | None = "not_kept" if course is None else None
        return node_series_data(ip_addr, course or NodeCourse(), unavailable=unavailable)

    def node_loads(self) -> NodeLoadsData:
        with self._folded():
            return self._board.loads(self._run)

    def timeline(
        self, *, start: float | None = None, end: float | None = None, **options: Any
    ) -> TimelineData:
        """Return what ran where, in the whole run if not asked for less.

        ``past`` says that its now stands still.
        """
        if start is None and end is None:
            began_at = self._board.began_at(self._run)
            start = began_at if began_at < self._board.ended_at(self._run) else None
        return {**super().timeline(start=start, end=end, **options), "past": True}


class _RunView(_PastView, ClusterView):
    def __init__(self, board: _Runs, member: Member) -> None:
        self._run = member.state
        super().__init__(board, board, member)


class _RunsView(_PastView, CombinedView):
    pass


class PastRegistry(Dashboard):
    """The runs of a history file, for the same pages, API and report as live clusters.

    Each run is a closed cluster, named after its cluster and the time it began, the newest
    first. They were read once: what a program adds to the file later is in the table of runs
    alone. Commands have nothing to act on; make the blueprint or server ``read_only=True``, that
    pages offer none.

    :param path: the history file. It is not changed, but for what an earlier version wrote, which
        is brought up to date.
    :param most_jobs: jobs that are loaded, those of the newest runs first. Runs keep their
        counts, whatever of their jobs is loaded.
    :param most_runs: runs that are loaded.
    :param show_job_args: whether pages show the jobs' arguments.
    :param lazy: load the runs when they are first asked for: their table is there at once. See
        :meth:`wait`.
    :raises HistoryError: there is no history at *path*, or it can't be read; says why.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        most_jobs: int = MOST_JOBS,
        most_runs: int = MOST_RUNS,
        show_job_args: bool = True,
        lazy: bool = False,
    ) -> None:
        self._path = Path(path)
        self._file = PastFile(self._path, most_runs=most_runs)
        self.total_runs = self._file.total_runs
        """How many runs the file holds."""
        self.total_jobs = 0
        """How many jobs the file holds; known once they are loaded."""
        self.unreadable = Counter[str]()
        """How many rows of the file can't be read, by what they are of: ``jobs``, ``nodes``..."""
        self._names = _free_names(self._file.labels())
        columns = self._file.columns
        self._runs = _Runs(
            Settings(
                show_job_args=show_job_args,
                node_columns=columns.nodes,
                job_columns=columns.jobs,
            )
        )
        shown = {run: ShownRun(name) for run, name in self._names.items()}
        self._runs.runs = Runs(self._path, lambda: shown)
        self._views: dict[str, View] = {}
        self._combined = _RunsView(self._runs, self._runs, self.views)
        self._closed = threading.Event()
        self._loaded = Future[None]()
        self._loader = threading.Thread(
            target=self._load, args=(most_jobs,), name="flask_dispy-past", daemon=True
        )
        self._starting = threading.Lock()
        if not lazy:
            self.wait()

    def wait(self) -> None:
        """Wait until the runs and their jobs are loaded; the first call begins that.

        :raises HistoryError: they can't be read, or it was closed before; says why.
        """
        with self._starting:
            if self._loader.ident is None:
                self._loader.start()
        error = self._loaded.exception()
        if error is not None:
            # A new one each time: one that is shared would keep the frames of all its callers.
            raise HistoryError(str(error)) from error

    def _load(self, most_jobs: int) -> None:
        try:
            past = self._file.load(most_jobs)
            self.total_jobs, self.unreadable = past.total_jobs, past.unreadable
            if self.unreadable:
                logger.warning("The history %s is damaged: %s.", self._path, self.damage())
            runs = self._runs
            runs.fill(past.runs, self._names)
            self._views = {member.name: _RunView(runs, member) for member in runs.members()}
        except BaseException as error:
            self._loaded.set_exception(error)
        else:
            self._loaded.set_result(None)
            bring_up_to_date(self._path, self._closed.is_set)

    def damage(self) -> str:
        """Return what of the file can't be read, in words; nothing while all can."""
        bad, total = self.unreadable, {"jobs": self.total_jobs, "runs": self.total_runs}
        parts = [f"{bad[kind]:,} of {total[kind]:,} {kind}" for kind in total if bad[kind]]
        parts += [f"{bad[kind]:,} rows of {kind}" for kind in sorted(bad.keys() - total.keys())]
        return f"{', '.join(parts)} can't be read" if parts else ""

    @property
    def _board(self) -> _Runs:
        return self._runs

    @property
    def control(self) -> Control:
        raise NoCommands("These are runs that are over: no command reaches them.")

    def view(self, name: str) -> View:
        self._board.check_process()
        self.wait()
        found = self._combined if name in ALL_NAMES else self._views.get(name)
        if found is None:
            raise unknown_cluster(name)
        return found

    def views(self) -> list[View]:
        self._board.check_process()
        self.wait()
        return list(self._views.values())

    def names(self) -> list[str]:
        self._board.check_process()
        return list(self._names.values())

    def health(self) -> dict[str, Any]:
        self._board.check_process()
        return {
            "status": "ok",
            "problems": [],
            "pump": {"alive": False, "lag_sec": 0.0, "faults": 0, "died": 0},
            "inbox": {"length": 0, "limit": 0, "dropped": 0, "unreadable": 0},
            "engine": {"in_flight": 0, "stuck": 0, "limit": 0, "longest_sec": 0.0, "calls": []},
            "render": {"waiting": 0, "stuck": 0},
            "columns": {"waiting": 0, "stuck": 0, "unknown": {}},
            "history": None,
            "clusters": len(self._names),
        }

    def close(self) -> None:
        self._closed.set()
        self._file.close()
        self._board.close()
        with self._starting:
            if self._loader.ident is None:
                self._loader.start()  # it closes the file
        self._loader.join()


def _free_names(labels: Mapping[int, str]) -> dict[int, str]:
    """Return the names that runs are shown under, each its own."""
    names: dict[int, str] = {}
    for run, label in labels.items():
        names[run] = free_name(label, names.values())
    return names


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
