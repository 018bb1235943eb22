"""What views answer about jobs: single ones, those of a node, and searches."""

from __future__ import annotations

import heapq
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import chain, islice
from typing import Any, Final

from ..core.cluster import ClusterState
from ..core.errors import UnknownJob
from ..core.jobs import Job
from ..core.search.facets import count_facets
from ..core.search.jobs import Candidates, Found, find
from ..core.search.order import NEWEST, JobOrder, Place
from ..core.search.query import JobQuery
from ..wire.errorkinds import ErrorOrder, ErrorPage, KnownErrors
from ..wire.facets import JobFacetsRow, job_facets
from ..wire.shapes.jobs import JobDetail, JobRow
from ..wire.tables import JobTable
from .board import Board
from .views import ANY_JOB, JobPage

__all__ = ["JobsView"]

# A job that was found, with its place in the order and its cluster.
_Placed = tuple[Place, ClusterState, Job]

# Rows of jobs that are made at a time: a millisecond under the lock.
_CHUNK: Final = 250


class JobsView(ABC):
    """The jobs' part of a :class:`~flask_dispy.View`.

    Reads under the board's lock, for as short as it can.
    """

    def __init__(self, board: Board[Any]) -> None:
        self._board = board
        self._jobs: JobTable = board.tables.jobs

    @property
    @abstractmethod
    def name(self) -> str:
        """The name that the cluster is shown under."""

    @abstractmethod
    def _states(self) -> list[ClusterState]:
        """Return the states that are viewed. Called under the lock."""

    def _folded(self) -> AbstractContextManager[float]:
        """Fold what waits and hold the lock; gives the time that the answer is to be of."""
        return self._board.folded()

    def job(self, serial: int) -> JobDetail:
        with self._folded() as now:
            for state in self._states():
                job = state.ledger.jobs.get(serial)
                if job is not None:
                    return self._jobs.detail(job, state, now)
        raise UnknownJob(
            f"{self.name} retains no job #{serial}: it never had it, or has forgotten it since.",
            field="serial",
        )

    def running_jobs(self, ip_addr: str, limit: int | None = None) -> list[JobRow]:
        with self._folded() as now:
            return [
                self._jobs.row(job, state.name, now)
                for state in self._states()
                if ip_addr in state.nodes
                for job in islice(state.nodes[ip_addr].running.values(), limit)
            ][:limit]

    def ended_jobs(self, ip_addr: str, limit: int) -> tuple[list[JobRow], int]:
        with self._folded() as now:
            found = [
                (job.serial, state.name, job)
                for state in self._states()
                for job in state.ledger.ended()
                if job.node == ip_addr
            ]
            newest = heapq.nlargest(limit, found)
            return [self._jobs.row(job, name, now) for _, name, job in newest], len(found)

    def jobs(
        self,
        query: JobQuery = ANY_JOB,
        *,
        order: JobOrder = NEWEST,
        limit: int = 100,
        after: Place | None = None,
        private: bool = False,
    ) -> JobPage:
        found, jobs = self._found(query, order, after, private)
        page = list(islice(jobs, limit + 1))
        following = page[limit - 1][0] if len(page) > limit else None
        return JobPage(found.total, self._job_rows(page[:limit]), following, found.counts)

    def job_chunks(
        self,
        query: JobQuery = ANY_JOB,
        *,
        order: JobOrder = NEWEST,
        limit: int | None = None,
        after: Place | None = None,
        private: bool = False,
    ) -> Iterator[list[JobRow]]:
        _, found = self._found(query, order, after, private)
        jobs = islice(found, limit)
        return iter(lambda: self._job_rows(list(islice(jobs, _CHUNK))), [])

    def job_facets(
        self,
        query: JobQuery = ANY_JOB,
        *,
        limit: int = 10,
        private: bool = False,
        messages: bool = True,
    ) -> JobFacetsRow:
        now, candidates = self._candidates(query)
        found = find(query, candidates, now, private=private)
        counts = count_facets(found)
        with self._folded():
            return job_facets(
                found.total, counts, self._states(), limit=limit, private=not messages
            )

    def _found(
        self, query: JobQuery, order: JobOrder, after: Place | None, private: bool
    ) -> tuple[Found, Iterator[_Placed]]:
        """Return what a search finds, and its jobs in order; pages after the first as that was."""
        now, candidates = self._candidates(query)
        as_of = now if after is None or order == NEWEST else after.as_of
        found = find(query, candidates, as_of, private=private)
        return found, found.ordered(order, as_of, after)

    def _job_rows(self, jobs: list[_Placed]) -> list[JobRow]:
        with self._folded() as now:
            return [self._jobs.row(job, state.name, now) for _, state, job in jobs]

    def jobs_mark(self) -> str:
        with self._folded():
            changes = [f"{state.started_at}:{state.job_changes}" for state in self._states()]
        return f"{self._board.epoch} {' '.join(changes)}"

    def error_kinds(
        self,
        *,
        sort: ErrorOrder = "count",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> ErrorPage:
        with self._folded() as now:
            known = KnownErrors(self._states())
        chosen = known.chosen(sort=sort, descending=descending, limit=limit, offset=offset)
        with self._board.lock:
            return known.page(chosen, now)

    def pick_jobs(self, choose: Callable[[list[Job], float], list[Job]]) -> list[JobDetail]:
        with self._folded():
            states = self._states()
            jobs = list(chain.from_iterable(state.ledger.jobs.values() for state in states))
        now = time.time()
        chosen = choose(jobs, now)
        with self._board.lock:
            return [
                self._jobs.detail(job, state, now)
                for job in chosen
                for state in states
                if job.serial in state.ledger.jobs
            ]

    def _candidates(self, query: JobQuery) -> tuple[float, list[Candidates]]:
        """Return the time, and the jobs to search, in lists that need no lock."""
        named = query.kinds_named
        with self._folded() as now:
            return now, [
                (state, state.ledger.blocks(), {kind: _SERIALS[kind](state, now) for kind in named})
                for state in self._states()
                if query.wants_cluster(state.name)
            ]


# Which jobs "is:" finds. The caller holds the lock.
_SERIALS: Final[dict[str, Callable[[ClusterState, float], list[int]]]] = {
    "straggler": lambda state, now: [job.serial for job in state.stragglers(now)],
    "bound": lambda state, _: list(state.ledger.bound),
    "rerun": lambda state, _: list(state.ledger.rerun),
}
