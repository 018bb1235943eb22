"""What a reader sees of one cluster, of all of them, or of a past run: one face for all of these.

Nothing that reads a view asks which of them it is, or looks behind it. A view folds what waits in
the inboxes before it answers, so that no answer is older than its question.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ..core.coloring import ColorBy
from ..core.jobs import Job
from ..core.journal import EntryKind
from ..core.search.order import NEWEST, JobOrder, Place
from ..core.search.query import JobQuery
from ..core.tally import TimedWord
from ..core.timeline import DEFAULT_CELLS, DEFAULT_LIMIT, LaneOrder
from ..core.trace import TraceEvent
from ..core.whatif import WhatIf
from ..wire.comparison import ComparedNode
from ..wire.durations import DurationsRow
from ..wire.errorkinds import ErrorOrder, ErrorPage
from ..wire.facets import JobFacetsRow
from ..wire.journal import EventPage
from ..wire.packing import Piece, Sendable
from ..wire.shapes.clusters import SeriesData, Summary
from ..wire.shapes.jobs import JobDetail, JobRow
from ..wire.shapes.nodes import NodeEvent, NodeLoadsData, NodeRow, NodeSeriesData, OfferRow
from ..wire.shapes.timeline import TimelineData
from ..wire.tables import Tables

__all__ = ["ANY_JOB", "Changes", "JobPage", "NodeChanges", "View"]

ANY_JOB: Final = JobQuery()
"""The search that finds all jobs."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of a jobs search.

    ``total`` counts all matches, ``counts`` those of each state as if the search named no state,
    ``end`` is the place to go on after, ``None`` at the end.
    """

    total: int
    items: list[JobRow]
    end: Place | None
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since a cursor: the JSON answer, ready made, and where it leaves the reader."""

    cursor: str
    snapshot: bool
    body: Sendable
    version: int


@dataclass(frozen=True, slots=True)
class NodeChanges:
    """What changed of a view's nodes since a cursor, and its job counts.

    ``rows`` are of JSON, with commas between them, of dispy's own fields alone.
    """

    cursor: str
    version: int
    jobs: dict[str, int]
    rows: Sequence[bytes | Piece]


class View(Protocol):
    """One cluster's face, or that of all clusters. Thread-safe."""

    @property
    def name(self) -> str:
        """The name that the cluster is shown under."""

    @property
    def combined(self) -> bool:
        """Whether this is the view over all clusters."""

    @property
    def tables(self) -> Tables:
        """The fields of its nodes and jobs."""

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""

    def members(self) -> Sequence[View]:
        """Return the views of the single clusters that this one shows."""

    def summary(self) -> Summary:
        """Return the cluster's summary."""

    def what_if(
        self, *, cpus: int | None = None, by: float | None = None, without: str | None = None
    ) -> WhatIf:
        """Return when all would be done with other CPUs: one of the three is asked.

        :param cpus: with so many CPUs from now on.
        :param by: how many it takes to be done by that time, in epoch seconds.
        :param without: without a node, by its address or name.
        :raises BadRequest: *by* is past.
        :raises UnknownNode: there is no such node.
        :raises AmbiguousNode: several nodes have that name.
        """

    def series(self, resolution_sec: int) -> SeriesData:
        """Return the time series at a resolution of 1, 10 or 60 seconds.

        :raises BadRequest: there is none of that resolution.
        """

    def nodes(self) -> list[NodeRow]:
        """Return the rows of all nodes, in no particular order."""

    def address(self, host: str) -> str:
        """Return the address of the node with that address or name.

        :raises UnknownNode: the cluster knows no such node.
        :raises AmbiguousNode: several nodes have that name.
        """

    def addresses(self, hosts: Iterable[str]) -> dict[str, str]:
        """Return the address of each of *hosts*, addresses or names, that is a known node.

        Many are found in one pass over the nodes.

        :raises AmbiguousNode: several nodes have one of these names.
        """

    def node(self, host: str) -> NodeRow:
        """Return one node's row, by its address or name.

        :raises UnknownNode: the cluster knows no such node.
        :raises AmbiguousNode: several nodes have that name.
        """

    def node_series(self, host: str) -> NodeSeriesData:
        """Return the node's load over its latest signs of life, of a past run over all of it.

        :raises UnknownNode: the cluster knows no such node.
        """

    def node_loads(self) -> NodeLoadsData:
        """Return how busy the nodes that are there were over the last twenty minutes.

        Up to twelve each have a line; of more there are the least, the quartiles and the most.
        """

    def clock_offsets(self, most: int) -> dict[str, float]:
        """Return how many seconds the present nodes' clocks are ahead, by address, where known.

        :param most: the most nodes that are wanted: those that are furthest off.
        """

    def node_events(self, host: str) -> list[NodeEvent]:
        """Return what happened to a node in each of the clusters, the latest first.

        :raises UnknownNode: the cluster knows no such node.
        """

    def offers(self) -> list[OfferRow]:
        """Return the nodes that were asked to join and have not, the first asked first."""

    def job(self, serial: int) -> JobDetail:
        """Return all that is known of one job.

        :raises UnknownJob: no such job is retained here.
        """

    def running_jobs(self, ip_addr: str, limit: int | None = None) -> list[JobRow]:
        """Return the jobs that run on a node, the longest running first."""

    def ended_jobs(self, ip_addr: str, limit: int) -> tuple[list[JobRow], int]:
        """Return the newest retained jobs that ended on a node, and how many there are in all.

        It looks at the history alone, however many jobs are queued or running.
        """

    def jobs(
        self,
        query: JobQuery = ANY_JOB,
        *,
        order: JobOrder = NEWEST,
        limit: int = 100,
        after: Place | None = None,
        private: bool = False,
    ) -> JobPage:
        """Return a page of the jobs that match *query*: first filter, then sort, then page.

        :param after: the place where the page before this one ended.
        :param private: search as for a client that may not see arguments.
        """

    def job_chunks(
        self,
        query: JobQuery = ANY_JOB,
        *,
        order: JobOrder = NEWEST,
        limit: int | None = None,
        after: Place | None = None,
        private: bool = False,
    ) -> Iterator[list[JobRow]]:
        """Return all jobs that match *query* now, in order, some hundred at a time.

        Each is as it is when its chunk is made. What the history drops meanwhile is there too.

        :param limit: the most that are wanted.
        """

    def job_facets(
        self,
        query: JobQuery = ANY_JOB,
        *,
        limit: int = 10,
        private: bool = False,
        messages: bool = True,
    ) -> JobFacetsRow:
        """Return how many of the jobs that match *query* are of each state, node and so on.

        :param limit: the most values of each that are listed.
        :param private: search as for a client that may not see arguments.
        :param messages: whether the titles of kinds of errors have the errors' messages.
        """

    def jobs_mark(self) -> str:
        """Return a text that is another one whenever a row of a job may have changed."""

    def error_kinds(
        self,
        *,
        sort: ErrorOrder = "count",
        descending: bool = True,
        limit: int = 100,
        offset: int = 0,
    ) -> ErrorPage:
        """Return the kinds of errors that jobs failed with, over the whole run."""

    def events(
        self,
        kinds: Collection[EntryKind] = (),
        *,
        since: float | None = None,
        after: int = 0,
        before: int | None = None,
        limit: int = 100,
        private: bool = False,
    ) -> EventPage:
        """Return what happened, the newest first.

        :param kinds: only events of these kinds; of all if empty.
        :param since: only those that happened then or later, in epoch seconds.
        :param after: only those with higher serial numbers.
        :param before: go on with those with lower serial numbers.
        :param private: leave out who gave commands, and messages of errors.
        """

    def pick_jobs(self, choose: Callable[[list[Job], float], list[Job]]) -> list[JobDetail]:
        """Return all that is known of a few jobs.

        :param choose: picks them out of all retained jobs; called with these and the time, and
            without a lock.
        """

    def comparison(self) -> list[ComparedNode]:
        """Return how the nodes' jobs did beside each other, the worse first."""

    def durations(
        self, *, node: str | None = None, words: Sequence[TimedWord] = ()
    ) -> DurationsRow:
        """Return how long the jobs of the whole run took and waited, whatever is retained of them.

        :param node: only jobs that ended on this node, by its address or name.
        :param words: only jobs that ended so; all that ran to an end if empty.
        :raises UnknownNode: the cluster knows no such node.
        """

    def timeline(
        self,
        *,
        start: float | None = None,
        end: float | None = None,
        limit: int = DEFAULT_LIMIT,
        node: str | None = None,
        cells: int = DEFAULT_CELLS,
        color: ColorBy = "state",
        sort: LaneOrder = "address",
        together: bool = False,
    ) -> TimelineData:
        """Return what ran where between two times, and how many jobs were queued meanwhile.

        :param start: epoch seconds; ten minutes before *end* if not given.
        :param end: epoch seconds; now if not given.
        :param limit: jobs up to which each is a bar; more come as aggregates.
        :param node: only this node, by its address or name.
        :param cells: how fine aggregates are; see :func:`~flask_dispy.core.timeline.timeline`.
        :param color: what runs are coloured by.
        :param sort: what lanes are sorted by.
        :param together: aggregate all nodes in one lane.
        :raises BadRequest: *start* or *end* is no time, or *start* is not before *end*.
        :raises UnknownNode: the cluster knows no such node.
        """

    def trace(self) -> tuple[float, Iterator[list[TraceEvent]]]:
        """Return when the first retained job began, and all that ran since, as a trace.

        Events come some at a time; no lock is held from one to the next.
        """

    def is_long_since(self, since: str | None) -> bool:
        """Whether what changed since a cursor is all, or much: an answer that takes its time."""

    def changes(self, since: str | None = None, *, by_column: bool = False) -> Changes:
        """Return what changed since the cursor *since*, or all, if it is none of ours.

        :param by_column: all nodes come as ``blocks``, see
            :class:`~flask_dispy.wire.columns.Block`; what changed comes in rows all the same.
        """

    def node_changes(self, since: str | None = None) -> NodeChanges:
        """Return what changed of the nodes since the cursor *since*, or all of them."""
