"""What a client can read: a method for each route of the JSON API that changes nothing.

``cluster`` is a cluster's name, or ``*`` for all together. Results are the ``TypedDict`` shapes of
:mod:`flask_dispy.wire`; docs/api.md explains their fields. Times are seconds since the epoch.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, Literal, TypeVar

from ..core.coloring import ColorBy
from ..core.events import JobWord
from ..core.journal import EntryKind
from ..core.nodes import NodeState
from ..core.search.order import NEWEST
from ..core.search.runs import NEWEST_RUN, RunSort
from ..core.tally import TimedWord
from ..core.timeline import DEFAULT_LIMIT, LaneOrder
from ..core.whatif import WhatIf
from ..wire.answers import (
    MOST_NODES,
    ChangesRow,
    ClusterList,
    ComparisonList,
    ErrorList,
    EventList,
    Health,
    JobList,
    NodeList,
    OfferList,
    RunList,
    SettingsRow,
)
from ..wire.comparison import ComparedNode
from ..wire.durations import DurationsRow
from ..wire.errorkinds import ErrorKindRow, ErrorOrder
from ..wire.facets import JobFacetsRow
from ..wire.journal import EventRow
from ..wire.runs import RunChange, RunComparison, RunRow
from ..wire.shapes.clusters import SeriesData, Summary
from ..wire.shapes.jobs import JobDetail, JobRow, NodeDetail
from ..wire.shapes.nodes import NodeLoadsData, NodeRow, NodeSeriesData, OfferRow
from ..wire.shapes.timeline import TimelineData
from .blocking import File, Rows, finish, plain
from .files import AsyncFile
from .rows import AsyncRows
from .sending import API, CLUSTER, NODE, Request, Sender, get

__all__ = ["BlockingReads", "Reading"]

_Direction = Literal["asc", "desc"]

_T = TypeVar("_T")

_JOB: Final = f"{CLUSTER}/jobs/{{serial}}"


class Reading:
    """What can be read. A read that fails in passing is tried three times."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    async def _get(self, shape: type[_T], path: str, /, **values: Any) -> _T:
        return await self._sender.ask(get(shape, path, **values))

    # -- clusters ----------------------------------------------------------------------------

    def clusters(self) -> AsyncRows[Summary, ClusterList]:
        """Return the summaries of all clusters."""
        return AsyncRows(self._sender, get(ClusterList, f"{API}/clusters"), most=None)

    async def cluster(self, cluster: str = "*") -> Summary:
        """Return a cluster's summary."""
        return await self._get(Summary, CLUSTER, name=cluster)

    async def what_if(
        self,
        cluster: str = "*",
        *,
        cpus: int | None = None,
        by: float | None = None,
        without: str | None = None,
    ) -> WhatIf:
        """Return when all would be done with other CPUs. Give one of the three.

        :param cpus: with so many CPUs from now on.
        :param by: how many it takes to be done by that time.
        :param without: without that node.
        """
        values = {"cpus": cpus, "by": by, "without": without}
        return await self._get(WhatIf, f"{CLUSTER}/what-if", name=cluster, **values)

    async def series(
        self, cluster: str = "*", *, resolution_sec: Literal[1, 10, 60, 600] = 1
    ) -> SeriesData:
        """Return throughput, queue and CPUs over time."""
        return await self._get(
            SeriesData, f"{CLUSTER}/series", name=cluster, resolution_sec=resolution_sec
        )

    async def timeline(
        self,
        cluster: str = "*",
        *,
        start: float | None = None,
        end: float | None = None,
        node: str | None = None,
        color: ColorBy = "state",
        sort: LaneOrder = "address",
        lanes: Literal["nodes", "together"] = "nodes",
        limit: int = DEFAULT_LIMIT,
    ) -> TimelineData:
        """Return what ran where between two times, as bars, or aggregated beyond *limit* bars."""
        values = {"from": start, "to": end, "node": node, "limit": limit}
        look = {"color": color, "sort": sort, "lanes": lanes}
        return await self._get(TimelineData, f"{CLUSTER}/timeline", name=cluster, **values, **look)

    async def durations(
        self,
        cluster: str = "*",
        *,
        state: TimedWord | Collection[TimedWord] = (),
        node: str | None = None,
    ) -> DurationsRow:
        """Return how long jobs ran and waited, over the whole run."""
        return await self._get(
            DurationsRow, f"{CLUSTER}/durations", name=cluster, state=state, node=node
        )

    def events(
        self,
        cluster: str = "*",
        *,
        kind: EntryKind | Collection[EntryKind] = (),
        since: float | None = None,
        after: int | None = None,
        limit: int | None = None,
    ) -> AsyncRows[EventRow, EventList]:
        """Return what happened, the newest first.

        :param since: not before that time.
        :param after: only events with higher serial numbers.
        """
        values = {"name": cluster, "kind": kind, "since": since, "after": after}
        return AsyncRows(self._sender, get(EventList, f"{CLUSTER}/events", **values), limit)

    def errors(
        self,
        cluster: str = "*",
        *,
        sort: ErrorOrder = "count",
        order: _Direction = "desc",
        limit: int | None = None,
    ) -> AsyncRows[ErrorKindRow, ErrorList]:
        """Return the kinds of errors that jobs failed with, over the whole run."""
        values = {"name": cluster, "sort": sort, "order": order}
        return AsyncRows(self._sender, get(ErrorList, f"{CLUSTER}/errors", **values), limit)

    def report(self, cluster: str = "*") -> AsyncFile:
        """Return the run's report, one HTML file."""
        return AsyncFile(self._sender, get(bytes, f"{CLUSTER}/report", name=cluster))

    def trace(self, cluster: str = "*") -> AsyncFile:
        """Return all that ran, as a trace for Perfetto or chrome://tracing."""
        return AsyncFile(self._sender, get(bytes, f"{CLUSTER}/trace", name=cluster))

    # -- nodes -------------------------------------------------------------------------------

    def nodes(
        self,
        cluster: str = "*",
        *,
        q: str = "",
        state: NodeState | Collection[NodeState] = (),
        sort: str = "ip_addr",
        order: _Direction = "asc",
        limit: int | None = None,
    ) -> AsyncRows[NodeRow, NodeList]:
        """Return a cluster's nodes.

        :param q: a search, such as ``is:slow``.
        """
        values = {"name": cluster, "q": q, "state": state, "sort": sort, "order": order}
        request = get(NodeList, f"{CLUSTER}/nodes", **values)
        return AsyncRows(self._sender, request, limit, longest=MOST_NODES)

    async def node(self, host: str, cluster: str = "*") -> NodeDetail:
        """Return a node, by its address or name, what happened to it, and the jobs there."""
        return await self._get(NodeDetail, NODE, name=cluster, host=host)

    async def node_series(self, host: str, cluster: str = "*") -> NodeSeriesData:
        """Return a node's load over time."""
        return await self._get(NodeSeriesData, f"{NODE}/series", name=cluster, host=host)

    async def node_loads(self, cluster: str = "*") -> NodeLoadsData:
        """Return how busy all nodes were over the last twenty minutes."""
        return await self._get(NodeLoadsData, f"{CLUSTER}/loads", name=cluster)

    def comparison(
        self, cluster: str = "*", *, limit: int | None = None
    ) -> AsyncRows[ComparedNode, ComparisonList]:
        """Return how the nodes' jobs did beside each other, the worst node first."""
        request = get(ComparisonList, f"{CLUSTER}/comparison", name=cluster)
        return AsyncRows(self._sender, request, limit, longest=MOST_NODES)

    def offers(
        self, cluster: str = "*", *, limit: int | None = None
    ) -> AsyncRows[OfferRow, OfferList]:
        """Return the nodes that were asked to join and have not, with the likely reasons."""
        request = get(OfferList, f"{CLUSTER}/offers", name=cluster)
        return AsyncRows(self._sender, request, limit)

    # -- jobs --------------------------------------------------------------------------------

    def jobs(
        self,
        cluster: str = "*",
        *,
        q: str = "",
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
        sort: str = NEWEST.column,
        order: _Direction = "desc",
        limit: int | None = None,
    ) -> AsyncRows[JobRow, JobList]:
        """Return a cluster's jobs.

        :param q: a search, such as ``state:failed slower:30s``; see docs/api.md.
        """
        values = {"name": cluster, "q": q, "state": state, "node": node}
        request = get(JobList, f"{CLUSTER}/jobs", **values, sort=sort, order=order)
        return AsyncRows(self._sender, request, limit)

    async def job(self, serial: int, cluster: str = "*") -> JobDetail:
        """Return all that is known of a job."""
        return await self._get(JobDetail, _JOB, name=cluster, serial=serial)

    def job_texts(self, serial: int, cluster: str = "*") -> AsyncFile:
        """Return all texts that are kept of a job, as a file; its first line says what was cut."""
        values = {"name": cluster, "serial": serial}
        return AsyncFile(self._sender, get(bytes, f"{_JOB}/texts", **values))

    async def job_facets(
        self,
        cluster: str = "*",
        *,
        q: str = "",
        state: JobWord | Collection[JobWord] = (),
        node: str | None = None,
        limit: int = 10,
    ) -> JobFacetsRow:
        """Return how many jobs of a search are of each state, node, cluster and kind of error."""
        values = {"q": q, "state": state, "node": node, "limit": limit}
        return await self._get(JobFacetsRow, f"{CLUSTER}/jobs/facets", name=cluster, **values)

    # -- runs --------------------------------------------------------------------------------

    def runs(
        self,
        *,
        q: str = "",
        sort: RunSort = NEWEST_RUN.column,
        order: _Direction = "desc",
        limit: int | None = None,
    ) -> AsyncRows[RunRow, RunList]:
        """Return the runs of the history."""
        values = {"q": q, "sort": sort, "order": order}
        return AsyncRows(self._sender, get(RunList, f"{API}/runs", **values), limit)

    def compare_runs(
        self, a: int, b: int, *, limit: int | None = None
    ) -> AsyncRows[RunChange, RunComparison]:
        """Return how run *b* differs from run *a*, what got worse first."""
        request = get(RunComparison, f"{API}/runs/compare", a=a, b=b)
        return AsyncRows(self._sender, request, limit)

    # -- the dashboard -----------------------------------------------------------------------

    async def settings(self) -> SettingsRow:
        """Return what can be set while the dashboard runs."""
        return await self._get(SettingsRow, f"{API}/settings")

    async def healthz(self) -> Health:
        """Return how the dashboard is. One that is not well is no error: look at ``status``."""
        return await self._sender.ask(Request(Health, "GET", "healthz", good=frozenset((503,))))

    async def metrics(self) -> str:
        """Return the figures for Prometheus."""
        content = await AsyncFile(self._sender, get(bytes, "metrics")).read()
        return content.decode()

    async def openapi(self) -> dict[str, Any]:
        """Return the description of the JSON API."""
        return await self._get(dict[str, Any], f"{API}/openapi.json")

    async def changes(self, cluster: str = "*", *, since: str | None = None) -> ChangesRow:
        """Return what changed since the cursor of an earlier answer; all without one."""
        return await self._get(ChangesRow, f"{API}/changes", cluster=cluster, since=since)


class BlockingReads:
    """The same as plain methods, for a ``Blocking`` over a :class:`Reading`."""

    clusters = plain(Reading.clusters, Rows)
    cluster = plain(Reading.cluster, finish)
    what_if = plain(Reading.what_if, finish)
    series = plain(Reading.series, finish)
    timeline = plain(Reading.timeline, finish)
    durations = plain(Reading.durations, finish)
    events = plain(Reading.events, Rows)
    errors = plain(Reading.errors, Rows)
    report = plain(Reading.report, File)
    trace = plain(Reading.trace, File)

    nodes = plain(Reading.nodes, Rows)
    node = plain(Reading.node, finish)
    node_series = plain(Reading.node_series, finish)
    node_loads = plain(Reading.node_loads, finish)
    comparison = plain(Reading.comparison, Rows)
    offers = plain(Reading.offers, Rows)

    jobs = plain(Reading.jobs, Rows)
    job = plain(Reading.job, finish)
    job_texts = plain(Reading.job_texts, File)
    job_facets = plain(Reading.job_facets, finish)

    runs = plain(Reading.runs, Rows)
    compare_runs = plain(Reading.compare_runs, Rows)

    settings = plain(Reading.settings, finish)
    healthz = plain(Reading.healthz, finish)
    metrics = plain(Reading.metrics, finish)
    openapi = plain(Reading.openapi, finish)

    changes = plain(Reading.changes, finish)
