"""What a reader sees of one cluster, or of all of them combined.

A view folds what waits in the inboxes before it answers, so that no answer is older than its
question, and reads under the registry's lock, for as short as it can.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from ..core.addresses import address_key, without_brackets
from ..core.cluster import ClusterState
from ..core.combined import COMBINED_NAME
from ..core.errors import AmbiguousNode, UnknownJob, UnknownNode
from ..core.feed import Feed
from ..core.jobs import Job
from ..core.nodes import GONE_STATES
from ..core.search.blocks import JobBlock
from ..core.search.jobs import find
from ..core.search.query import JobQuery
from ..core.series import NodeSeries
from ..core.timeline import DEFAULT_CELLS, DEFAULT_LIMIT, Lane, Window, oldest_start, timeline
from ..wire.jobs import job_detail, job_row
from ..wire.packing import Piece, Sendable
from ..wire.rows import ClusterRows, CombinedRows, Rows, encode
from .noderows import NodeRows
from .offerlist import offer_items

if TYPE_CHECKING:
    from ..registry import ClusterRegistry

__all__ = ["Changes", "JobPage", "NodeChanges", "View"]

_ANY: Final = JobQuery()

_serial_of: Final[Callable[[Job], int]] = attrgetter("serial")

# Points of the timeline's queue depth, at most: one each 3 px on a wide screen.
QUEUE_POINTS: Final = 300


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of a jobs search, newest first.

    ``total`` counts all matches, ``counts`` those of each state as if the search named no state,
    ``next_before`` is the serial to go on before, ``None`` at the end.
    """

    total: int
    items: list[dict[str, Any]]
    next_before: int | None
    counts: dict[str, int] = field(default_factory=dict)


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


class View:
    """One cluster's face, or that of all clusters. Thread-safe."""

    def __init__(
        self, registry: ClusterRegistry, number: int, feed: Feed, state: ClusterState | None
    ) -> None:
        self._registry = registry
        self._feed = feed
        self._state = state
        self._rows: Rows = (
            CombinedRows(registry.combined) if state is None else ClusterRows(state.nodes)
        )
        self.node_rows = NodeRows(registry, number, feed, self._rows)

    @property
    def name(self) -> str:
        """The name that the cluster is shown under."""
        return COMBINED_NAME if self._state is None else self._state.name

    @property
    def combined(self) -> bool:
        """Whether this is the view over all clusters."""
        return self._state is None

    @property
    def show_job_args(self) -> bool:
        """Whether job arguments are shown."""
        return self._registry.show_job_args

    def members(self) -> list[View]:
        """Return the views of the single clusters that this one shows."""
        return self._registry.views() if self._state is None else [self]

    def _states(self) -> list[ClusterState]:
        return self._registry.states() if self._state is None else [self._state]

    def _folded(self) -> AbstractContextManager[float]:
        """Fold what waits and hold the lock; gives the time that the answer is to be of."""
        return self._registry.folded()

    # -- summary and series ------------------------------------------------------------------

    def summary(self) -> dict[str, Any]:
        """Return the cluster's summary."""
        with self._folded() as now:
            return self._registry.summaries.of(self._state, now)

    def series(self, resolution_sec: int) -> dict[str, Any]:
        """Return the time series at a resolution of 1, 10 or 60 seconds.

        :raises BadRequest: there is none of that resolution.
        """
        with self._folded() as now:
            series = (self._state or self._registry.combined).series
            return series.as_dict(resolution_sec, now)

    # -- nodes -------------------------------------------------------------------------------

    def _node_addresses(self) -> list[str]:
        return self._feed.keys()

    def nodes(self) -> list[dict[str, Any]]:
        """Return the rows of all nodes, in no particular order."""
        with self._folded():
            return [self._rows.row(ip_addr) for ip_addr in self._node_addresses()]

    def _address(self, host: str) -> str:
        """Return the address of the node with that address or name, as DNS compares names."""
        host = without_brackets(host)
        if any(host in state.nodes for state in self._states()):
            return host
        named = {
            node.ip_addr
            for state in self._states()
            for node in state.nodes.values()
            if host and node.name.lower() == host.lower()
        }
        if not named:
            raise UnknownNode(
                f"{self.name} knows no node {host[:80]!r}: it is listed once it has joined.",
                field="node",
            )
        return _only(named, host)

    def address(self, host: str) -> str:
        """Return the address of the node with that address or name.

        :raises UnknownNode: the cluster knows no such node.
        :raises AmbiguousNode: several nodes have that name.
        """
        with self._folded():
            return self._address(host)

    def addresses(self, hosts: Iterable[str]) -> dict[str, str]:
        """Return the address of each of *hosts*, addresses or names, that is a known node.

        Many are found in one pass over the nodes.

        :raises AmbiguousNode: several nodes have one of these names.
        """
        with self._folded():
            names: dict[str, set[str]] = {}
            known: set[str] = set()
            for state in self._states():
                known.update(state.nodes)
                for ip_addr, node in state.nodes.items():
                    if node.name:
                        names.setdefault(node.name.lower(), set()).add(ip_addr)
        found = {}
        for host in hosts:
            if (bare := without_brackets(host)) in known:
                found[host] = bare
            elif named := names.get(host.lower()):
                found[host] = _only(named, host)
        return found

    def node(self, host: str) -> dict[str, Any]:
        """Return one node's row, by its address or name.

        :raises UnknownNode: the cluster knows no such node.
        :raises AmbiguousNode: several nodes have that name.
        """
        with self._folded():
            return self._rows.row(self._address(host))

    def node_series(self, host: str) -> dict[str, Any]:
        """Return the node's load over its latest signs of life.

        :raises UnknownNode: the cluster knows no such node.
        """
        with self._folded():
            ip_addr = self._address(host)
            nodes = [state.nodes[ip_addr] for state in self._states() if ip_addr in state.nodes]
            # The machine's load is the same for all clusters; its jobs are each one's own.
            latest = max(nodes, key=lambda node: node.updated_at)
            series = latest.series or NodeSeries()
            others = [node.series for node in nodes if node.series and node is not latest]
            return {
                "ip_addr": ip_addr,
                "resolution_sec": NodeSeries.STEP_SEC,
                **series.as_dict(others),
            }

    def node_events(self, host: str) -> list[dict[str, Any]]:
        """Return what happened to a node in each of the clusters, the latest first.

        :raises UnknownNode: the cluster knows no such node.
        """
        with self._folded():
            ip_addr = self._address(host)
            found = [
                {"at": at, "event": event, "cluster": state.name}
                for state in self._states()
                if ip_addr in state.nodes
                for at, event in state.nodes[ip_addr].past or ()
            ]
        return sorted(found, key=lambda entry: -entry["at"])

    def offers(self) -> list[dict[str, Any]]:
        """Return the nodes that were asked to join and have not, the first asked first."""
        states = self._states()
        with self._folded() as now:
            watched = [w for w in self._registry.watched() if w.state in states]
            waiting = [
                (one.name, one.cluster, offer)
                for one in watched
                for offer in one.state.offers.waiting.values()
            ]
        return offer_items(waiting, now)

    # -- jobs --------------------------------------------------------------------------------

    def job(self, serial: int) -> dict[str, Any]:
        """Return all that is known of one job.

        :raises UnknownJob: no such job is retained here.
        """
        with self._folded() as now:
            for state in self._states():
                job = state.ledger.jobs.get(serial)
                if job is not None:
                    return job_detail(job, state.name, now)
        raise UnknownJob(
            f"{self.name} retains no job #{serial}: it never had it, or has forgotten it since.",
            field="serial",
        )

    def running_jobs(self, ip_addr: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Return the jobs that run on a node, the longest running first."""
        with self._folded() as now:
            return [
                job_row(job, state.name, now)
                for state in self._states()
                if ip_addr in state.nodes
                for job in islice(state.nodes[ip_addr].running.values(), limit)
            ][:limit]

    def ended_jobs(self, ip_addr: str, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Return the newest retained jobs that ended on a node, and how many there are in all.

        It looks at the history alone, however many jobs are queued or running.
        """
        with self._folded() as now:
            found = [
                (job.serial, state.name, job)
                for state in self._states()
                for job in state.ledger.ended()
                if job.node == ip_addr
            ]
            newest = heapq.nlargest(limit, found)
            return [job_row(job, name, now) for _, name, job in newest], len(found)

    def jobs(
        self,
        query: JobQuery = _ANY,
        *,
        limit: int = 100,
        before: int | None = None,
        private: bool = False,
    ) -> JobPage:
        """Return a page of the jobs that match *query*, newest first: first filter, then page.

        :param before: only jobs with a serial below it, for the pages after the first.
        :param private: search as for a reader who may not see arguments.
        """
        now = time.time()
        found = find(query, self._candidates(query), now, private=private)
        page = found.newest(limit + 1, before)
        with self._registry.lock:
            items = [job_row(job, state.name, now) for state, job in page[:limit]]
        following = page[limit - 1][1].serial if len(page) > limit else None
        return JobPage(found.total, items, following, found.counts)

    def jobs_mark(self) -> str:
        """Return a text that is another one whenever a row of a job may have changed."""
        with self._folded():
            changes = [f"{state.started_at}:{state.job_changes}" for state in self._states()]
        return f"{self._registry.epoch} {' '.join(changes)}"

    def pick_jobs(self, choose: Callable[[list[Job], float], list[Job]]) -> list[dict[str, Any]]:
        """Return all that is known of a few jobs.

        :param choose: picks them out of all retained jobs; called with these and the time, and
            without a lock.
        """
        with self._folded():
            states = self._states()
            jobs = list(chain.from_iterable(state.ledger.jobs.values() for state in states))
        now = time.time()
        chosen = choose(jobs, now)
        with self._registry.lock:
            return [
                job_detail(job, state.name, now)
                for job in chosen
                for state in states
                if job.serial in state.ledger.jobs
            ]

    def _candidates(self, query: JobQuery) -> list[tuple[ClusterState, list[JobBlock]]]:
        """Return the jobs to search, in lists of their own, so that the search needs no lock."""
        with self._folded() as now:
            return [
                (state, _blocks(state, query, now))
                for state in self._states()
                if query.wants_cluster(state.name)
            ]

    def timeline(
        self,
        *,
        start: float | None = None,
        end: float | None = None,
        limit: int = DEFAULT_LIMIT,
        node: str | None = None,
        cells: int = DEFAULT_CELLS,
    ) -> dict[str, Any]:
        """Return what ran where between two times, and how many jobs were queued meanwhile.

        :param start: epoch seconds; ten minutes before *end* if not given.
        :param end: epoch seconds; now if not given.
        :param limit: jobs up to which each is a bar; more come as aggregates.
        :param node: only this node, by its address or name.
        :param cells: how fine aggregates are; see :func:`~flask_dispy.core.timeline.timeline`.
        :raises BadRequest: *start* or *end* is no time, or *start* is not before *end*.
        :raises UnknownNode: the cluster knows no such node.
        """
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
        with self._registry.lock:
            series = (self._state or self._registry.combined).series
            times, depths = series.gauge("queued", *window, now=now, points=QUEUE_POINTS - 1)
        if window.start <= now <= window.end:
            times, depths = [*times, now], [*depths, queued]
        return {
            "from": window.start,
            "to": window.end,
            "now": now,
            "oldest": oldest,
            **found,
            "queue": {"t": times, "depth": depths},
        }

    # -- changes -----------------------------------------------------------------------------

    def is_long_since(self, since: str | None) -> bool:
        """Whether what changed since a cursor is all, or much: an answer that takes its time."""
        with self._folded():
            return self.node_rows.is_long(since)

    def changes(
        self, since: str | None = None, *, by_column: bool = False, streamed: bool = False
    ) -> Changes:
        """Return what changed since the cursor *since*, or all, if it is none of ours.

        :param by_column: all nodes come as ``blocks``, see
            :func:`~flask_dispy.wire.columns.packed_block`; what changed comes in rows all the same.
        :param streamed: for a stream, which asks at the ticks of the clock, not for one who polls.
        """
        with self._registry.folded() as now:
            found = self.node_rows.since(
                since, "columns" if by_column else "rows", streamed=streamed
            )
            summaries = self._registry.summaries.all(now)
        head = encode(
            {"cursor": found.cursor, "snapshot": found.snapshot, "now": now, "clusters": summaries}
        )
        gone = (encode({"ip_addr": ip_addr, "removed": True}) for ip_addr in found.removed)
        rows = self.node_rows.joined(found, gone)
        opening = '"nodes":[],"blocks":[' if found.snapshot and by_column else '"nodes":['
        body = Sendable(f"{head[:-1]},{opening}".encode(), *rows, b"]}")
        return Changes(found.cursor, found.snapshot, body, found.version)

    def node_changes(self, since: str | None = None) -> NodeChanges:
        """Return what changed of the nodes since the cursor *since*, or all of them."""
        with self._folded():
            found = self.node_rows.since(since, "own")
            jobs = Counter[str]()
            for state in self._states():
                jobs.update(state.ledger.as_dict())
        return NodeChanges(found.cursor, found.version, jobs, self.node_rows.joined(found))


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


def _only(addresses: Collection[str], host: str) -> str:
    """Return the one address.

    :raises AmbiguousNode: there are more.
    """
    if len(addresses) > 1:
        shown = sorted(addresses, key=address_key)
        more = f" and {len(shown) - 10} more" * (len(shown) > 10)
        raise AmbiguousNode(
            f"{len(shown)} nodes are called {host[:80]!r}: {', '.join(shown[:10])}{more}. "
            "Name one by its address.",
            field="node",
        )
    return next(iter(addresses))


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
