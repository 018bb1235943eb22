"""The views of states that this process folds: of one cluster, and of all of them."""

from __future__ import annotations

import heapq
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from operator import attrgetter
from typing import Any, Final, Protocol, cast

from ..core.cluster import ClusterState
from ..core.combined import COMBINED_NAME
from ..core.errors import UnknownJob
from ..core.feed import Feed
from ..core.jobs import Job
from ..core.nodes import GONE_STATES
from ..core.search.blocks import JobBlock
from ..core.search.jobs import Found, find
from ..core.search.order import NEWEST, JobOrder, Place
from ..core.search.query import JobQuery
from ..core.series import NodeSeries, Series
from ..core.tally import TimedWord
from ..core.timeline import DEFAULT_CELLS, DEFAULT_LIMIT, Lane, Window, oldest_start, timeline
from ..core.whatif import Backlog, Loss, Question, WhatIf, what_if
from ..core.yielding import yield_now
from ..wire.comparison import ComparedNode, compared_nodes, ranked
from ..wire.durations import DurationsRow, durations_row
from ..wire.errorkinds import ErrorOrder, ErrorPage, error_page
from ..wire.packing import Sendable
from ..wire.rows import ClusterRows, CombinedRows, Rows, encode
from ..wire.shapes import (
    JobDetail,
    JobRow,
    NodeEvent,
    NodeRow,
    NodeSeriesData,
    OfferRow,
    SeriesData,
    Summary,
    TimelineData,
)
from ..wire.tables import JobTable, Tables
from .board import Board, Member
from .hosts import address_of, addresses_of
from .noderows import NodeRows
from .offerlist import offer_items
from .views import ANY_JOB, Changes, JobPage, NodeChanges, View

__all__ = ["ClusterView", "CombinedView", "StateView", "Sums"]

_serial_of: Final[Callable[[Job], int]] = attrgetter("serial")

# A job that was found, with its place in the order and its cluster.
_Placed = tuple[Place, ClusterState, Job]

# Rows of jobs that are made at a time: a millisecond under the lock.
_CHUNK: Final = 250

# Nodes at a time: some milliseconds under the lock.
_COMPARED_AT_ONCE: Final = 100

# Points of the timeline's queue depth, at most: one each 3 px on a wide screen.
QUEUE_POINTS: Final = 300


class Sums(Protocol):
    """What makes the summaries. Its callers hold the board's lock."""

    def of(self, state: ClusterState, now: float) -> Summary:
        """Return a cluster's summary."""

    def backlog(self, state: ClusterState, now: float) -> Backlog | None:
        """Return what a cluster has to do yet, ``None`` if nothing."""

    def all(self, now: float) -> list[Summary]:
        """Return all summaries, that of all clusters first."""


class StateView(ABC):
    """What views of one cluster and of all have in common; see :class:`View`.

    Reads under the board's lock, for as short as it can.
    """

    def __init__(self, board: Board[Any], sums: Sums, number: int, feed: Feed, rows: Rows) -> None:
        self._board = board
        self._sums = sums
        self._feed = feed
        self._rows = rows
        self._jobs: JobTable = board.tables.jobs
        self.node_rows = NodeRows(board, number, feed, rows)

    @property
    @abstractmethod
    def name(self) -> str:
        """The name that the cluster is shown under."""

    @abstractmethod
    def members(self) -> Sequence[View]:
        """Return the views of the single clusters that this one shows."""

    # What the two have of their own. Called under the lock, all but the first.

    @abstractmethod
    def _states(self) -> list[ClusterState]: ...

    @abstractmethod
    def _series(self) -> Series: ...

    @abstractmethod
    def _summary(self, now: float) -> Summary: ...

    @property
    def tables(self) -> Tables:
        return self._board.tables

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""
        return self._board.settings.show_job_args

    @contextmanager
    def _folded(self) -> Iterator[float]:
        """Fold what waits and hold the lock; gives the time that the answer is to be of."""
        with self._board.folded() as now:
            yield now

    # -- summary and series ------------------------------------------------------------------

    def summary(self) -> Summary:
        with self._folded() as now:
            return self._summary(now)

    def what_if(
        self, *, cpus: int | None = None, by: float | None = None, without: str | None = None
    ) -> WhatIf:
        with self._folded() as now:
            ip_addr = None if without is None else self._address(without)
            states = self._states()
            # The jobs of a closed cluster wait for nothing, where others still go on.
            states = [state for state in states if state.closed_at is None] or states
            parts = [(self._sums.backlog(state, now), state.nodes) for state in states]
            cpus_now = self._summary(now)["cpus"]["total"]
            lost = [Loss.of(nodes.get(ip_addr)) for _, nodes in parts] if ip_addr else None
        backlogs = [backlog for backlog, _ in parts]
        return what_if(Question(cpus, by, lost), backlogs, cpus_now, now)

    def series(self, resolution_sec: int) -> SeriesData:
        with self._folded() as now:
            return cast(SeriesData, self._series().as_dict(resolution_sec, now))

    # -- nodes -------------------------------------------------------------------------------

    def nodes(self) -> list[NodeRow]:
        with self._folded():
            return list(map(self._rows.row, self._feed.keys()))

    def _address(self, host: str) -> str:
        return address_of(self._states(), self.name, host)

    def address(self, host: str) -> str:
        with self._folded():
            return self._address(host)

    def addresses(self, hosts: Iterable[str]) -> dict[str, str]:
        with self._folded():
            return addresses_of(self._states(), hosts)

    def node(self, host: str) -> NodeRow:
        with self._folded():
            return self._rows.row(self._address(host))

    def node_series(self, host: str) -> NodeSeriesData:
        with self._folded():
            ip_addr = self._address(host)
            nodes = [state.nodes[ip_addr] for state in self._states() if ip_addr in state.nodes]
            # The machine's load is the same for all clusters; its jobs are each one's own.
            latest = max(nodes, key=lambda node: node.updated_at)
            series = latest.series or NodeSeries()
            others = [node.series for node in nodes if node.series and node is not latest]
            columns = series.as_dict(others)
        head = {"ip_addr": ip_addr, "resolution_sec": NodeSeries.STEP_SEC}
        return cast(NodeSeriesData, head | columns)

    def node_events(self, host: str) -> list[NodeEvent]:
        with self._folded():
            ip_addr = self._address(host)
            found = [
                NodeEvent(at=at, event=event, cluster=state.name)
                for state in self._states()
                if ip_addr in state.nodes
                for at, event in state.nodes[ip_addr].past or ()
            ]
        return sorted(found, key=lambda entry: -entry["at"])

    def offers(self) -> list[OfferRow]:
        states = self._states()
        with self._folded() as now:
            waiting = [
                (member.name, member.cluster, offer)
                for member in self._board.members()
                if member.state in states
                for offer in member.state.offers.waiting.values()
            ]
        return offer_items(waiting, now)

    # -- jobs --------------------------------------------------------------------------------

    def job(self, serial: int) -> JobDetail:
        with self._folded() as now:
            for state in self._states():
                job = state.ledger.jobs.get(serial)
                if job is not None:
                    return self._jobs.detail(job, state.name, now)
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
            return error_page(
                self._states(), now, sort=sort, descending=descending, limit=limit, offset=offset
            )

    def pick_jobs(self, choose: Callable[[list[Job], float], list[Job]]) -> list[JobDetail]:
        with self._folded():
            states = self._states()
            jobs = list(chain.from_iterable(state.ledger.jobs.values() for state in states))
        now = time.time()
        chosen = choose(jobs, now)
        with self._board.lock:
            return [
                self._jobs.detail(job, state.name, now)
                for job in chosen
                for state in states
                if job.serial in state.ledger.jobs
            ]

    def _candidates(
        self, query: JobQuery
    ) -> tuple[float, list[tuple[ClusterState, list[JobBlock]]]]:
        """Return the time, and the jobs to search, in lists that need no lock."""
        with self._folded() as now:
            return now, [
                (state, _blocks(state, query, now))
                for state in self._states()
                if query.wants_cluster(state.name)
            ]

    def comparison(self) -> list[ComparedNode]:
        with self._folded():
            states = self._states()
            addresses = list(dict.fromkeys(chain.from_iterable(s.nodes for s in states)))
        rows = []
        for start in range(0, len(addresses), _COMPARED_AT_ONCE):
            with self._board.lock:
                rows += compared_nodes(states, addresses[start : start + _COMPARED_AT_ONCE])
            yield_now()
        return ranked(rows)

    def durations(
        self, *, node: str | None = None, words: Sequence[TimedWord] = ()
    ) -> DurationsRow:
        with self._folded():
            if node is None:
                return durations_row({s.name: s.tallies.total for s in self._states()}, words, None)
            ip_addr = self._address(node)
            there = [state for state in self._states() if ip_addr in state.nodes]
            tallies = {state.name: state.nodes[ip_addr].tally for state in there}
            return durations_row(tallies, words, ip_addr)

    def timeline(
        self,
        *,
        start: float | None = None,
        end: float | None = None,
        limit: int = DEFAULT_LIMIT,
        node: str | None = None,
        cells: int = DEFAULT_CELLS,
    ) -> TimelineData:
        with self._folded() as now:
            only = None if node is None else self._address(node)
            states = self._states()
            jobs = list(chain.from_iterable(state.ledger.jobs.values() for state in states))
            lanes = _lanes(states)
            queued = sum(state.ledger.counts["queued"] for state in states)
            known_from = min((state.started_at for state in states), default=now)
        oldest = min(known_from if (first := oldest_start(jobs)) is None else first, now)
        window = Window.of(start, end, now=now, oldest=oldest)
        found = timeline(
            jobs, lanes, window, now=now, oldest=oldest, limit=limit, cells=cells, node=only
        )
        with self._board.lock:
            times, depths = self._series().gauge(
                "queued", *window, now=now, points=QUEUE_POINTS - 1
            )
        if window.start <= now <= window.end:
            times, depths = [*times, now], [*depths, queued]
        head = {"from": window.start, "to": window.end, "now": now, "oldest": oldest}
        queue = {"t": times, "depth": depths}
        return cast(TimelineData, {**head, **found, "queue": queue})

    # -- changes -----------------------------------------------------------------------------

    def is_long_since(self, since: str | None) -> bool:
        with self._folded():
            return self.node_rows.is_long(since)

    def changes(self, since: str | None = None, *, by_column: bool = False) -> Changes:
        with self._board.folded() as now:
            found = self.node_rows.since(since, "columns" if by_column else "rows")
            summaries = self._sums.all(now)
        head = encode(
            {"cursor": found.cursor, "snapshot": found.snapshot, "now": now, "clusters": summaries}
        )
        gone = (encode({"ip_addr": ip_addr, "removed": True}) for ip_addr in found.removed)
        rows = self.node_rows.joined(found, gone)
        opening = '"nodes":[],"blocks":[' if found.snapshot and by_column else '"nodes":['
        body = Sendable(f"{head[:-1]},{opening}".encode(), *rows, b"]}")
        return Changes(found.cursor, found.snapshot, body, found.version)

    def node_changes(self, since: str | None = None) -> NodeChanges:
        with self._folded():
            found = self.node_rows.since(since, "own")
            jobs = Counter[str]()
            for state in self._states():
                jobs.update(state.ledger.as_dict())
        return NodeChanges(found.cursor, found.version, jobs, self.node_rows.joined(found))


class ClusterView(StateView):
    """The view of one cluster."""

    combined = False

    def __init__(self, board: Board[Any], sums: Sums, member: Member) -> None:
        self._state = member.state
        super().__init__(
            board, sums, member.number, member.feed, ClusterRows(member.state.nodes, board.rows)
        )

    @property
    def name(self) -> str:
        return self._state.name

    def members(self) -> Sequence[View]:
        return [self]

    def _states(self) -> list[ClusterState]:
        return [self._state]

    def _series(self) -> Series:
        return self._state.series

    def _summary(self, now: float) -> Summary:
        return self._sums.of(self._state, now)


class CombinedView(StateView):
    """The view of all clusters.

    :param views: returns the views of the single ones.
    """

    combined = True
    name = COMBINED_NAME

    def __init__(self, board: Board[Any], sums: Sums, views: Callable[[], Sequence[View]]) -> None:
        self._views = views
        super().__init__(
            board, sums, 0, board.combined_feed, CombinedRows(board.combined, board.rows)
        )

    def members(self) -> Sequence[View]:
        return self._views()

    def _states(self) -> list[ClusterState]:
        return self._board.states()

    def _series(self) -> Series:
        return self._board.combined.series

    def _summary(self, now: float) -> Summary:
        return self._sums.all(now)[0]


def _blocks(state: ClusterState, query: JobQuery, now: float) -> list[JobBlock]:
    """Return the jobs of a cluster that a search may find. The caller holds the lock."""
    if query.only_stragglers:
        # One that runs is not bound: those are queued.
        found = [] if query.only_bound else state.stragglers(now)
    elif query.only_bound:
        jobs = state.ledger.jobs
        found = [jobs[serial] for serial in state.ledger.bound]
    else:
        return state.ledger.blocks()
    return [JobBlock(sorted(found, key=_serial_of))]


def _lanes(states: list[ClusterState]) -> dict[str, Lane]:
    """Return the nodes' lanes; one that has left has its own only while something ran there."""
    lanes: dict[str, Lane] = {}
    for state in states:
        for ip_addr, node in state.nodes.items():
            lane = Lane(node.name, node.cpus or node.avail_cpus, node.state not in GONE_STATES)
            known = lanes.get(ip_addr)
            if known is None or (lane.always, lane.cpus) > (known.always, known.cpus):
                lanes[ip_addr] = lane
    return lanes
