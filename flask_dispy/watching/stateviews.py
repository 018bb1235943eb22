"""The views of what is in this process: one cluster, all of them, or a past run."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Protocol, cast

from ..core.cluster import ClusterState
from ..core.coloring import ColorBy, coloring
from ..core.combined import COMBINED_NAME
from ..core.comparison import combined_standing
from ..core.feed import Feed
from ..core.journal import EntryKind
from ..core.loads import Loads
from ..core.nodes import GONE_STATES
from ..core.runs import oldest_start
from ..core.series import Series
from ..core.tally import TimedWord
from ..core.timeline import DEFAULT_CELLS, DEFAULT_LIMIT, Lane, LaneOrder, Window, timeline
from ..core.trace import TraceEvent, trace_events
from ..core.whatif import Backlog, Loss, WhatIf, what_if
from ..wire.durations import DurationsRow, durations_row
from ..wire.journal import EventPage, event_page, gathered
from ..wire.packing import Sendable
from ..wire.rows import ClusterRows, CombinedRows, Rows, encode
from ..wire.shapes.clusters import SeriesData, Summary
from ..wire.shapes.timeline import TimelineData
from ..wire.tables import Tables
from .board import Board, Member
from .noderows import NodeRows
from .nodeviews import NodesView
from .views import Changes, NodeChanges, View

__all__ = ["ClusterView", "CombinedView", "StateView", "Sums"]

# Points of the timeline's queue depth before that of now: one each 3 px on a wide screen.
_QUEUE_POINTS: Final = 299


class Sums(Protocol):
    """What makes the summaries. Its callers hold the board's lock."""

    def of(self, state: ClusterState, now: float) -> Summary:
        """Return a cluster's summary."""

    def backlog(self, state: ClusterState, now: float) -> Backlog | None:
        """Return what a cluster has to do yet, ``None`` if nothing."""

    def all(self, now: float) -> list[Summary]:
        """Return all summaries, that of all clusters first."""


class StateView(NodesView):
    """A :class:`~flask_dispy.View` that answers from the states of clusters."""

    combined: bool
    """Whether this is the view over all clusters."""

    def __init__(self, board: Board[Any], sums: Sums, number: int, feed: Feed, rows: Rows) -> None:
        super().__init__(board, feed, rows)
        self._sums = sums
        self._node_rows = NodeRows(board, number, feed, rows)

    @abstractmethod
    def members(self) -> Sequence[View]:
        """Return the views of the single clusters that this one shows."""

    # What the two have of their own, besides. Called under the lock.

    @abstractmethod
    def _series(self) -> Series: ...

    @abstractmethod
    def _summary(self, now: float) -> Summary: ...

    @property
    def tables(self) -> Tables:
        return self._board.tables

    @property
    def show_job_args(self) -> bool:
        return self._board.settings.show_job_args

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
        return what_if(backlogs, cpus_now, now, cpus=cpus, by=by, lost=lost)

    def series(self, resolution_sec: int) -> SeriesData:
        with self._folded() as now:
            return cast(SeriesData, self._series().as_dict(resolution_sec, now))

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
        with self._folded():
            found = gathered(self._states(), kinds)
        return event_page(
            found, since=since, after=after, before=before, limit=limit, private=private
        )

    # -- durations and timeline --------------------------------------------------------------

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
        color: ColorBy = "state",
        sort: LaneOrder = "address",
        together: bool = False,
    ) -> TimelineData:
        with self._folded() as now:
            only = None if node is None else self._address(node)
            states = self._states()
            groups = [(s.error_kinds.function, list(s.ledger.jobs.values())) for s in states]
            lanes = _lanes(states, sort)
            colors = coloring(color, states)
            queued = sum(state.ledger.counts["queued"] for state in states)
            known_from = min((state.started_at for state in states), default=now)
            ended_at = self._ended_at(states)
        starts = [oldest_start(jobs) for _, jobs in groups]
        oldest = min(min((at for at in starts if at is not None), default=known_from), now)
        window = Window.of(start, end, now=now, oldest=oldest)
        found = timeline(
            groups,
            lanes,
            window,
            now=now,
            oldest=oldest,
            limit=limit,
            cells=cells,
            node=only,
            colors=colors,
            sort=sort,
            together=together,
        )
        with self._board.lock:
            times, depths = self._series().gauge("queued", *window, now=now, points=_QUEUE_POINTS)
        if window.start <= now <= window.end:
            times, depths = [*times, now], [*depths, queued]
        head = {"from": window.start, "to": window.end, "now": now, "oldest": oldest,
                "ended_at": ended_at}  # fmt: skip
        queue = {"t": times, "depth": depths}
        return cast(TimelineData, {**head, **found, "queue": queue})

    def _ended_at(self, states: list[ClusterState]) -> float | None:
        """Return when the last job ended, ``None`` if jobs go on or none was there."""
        ledgers = [state.ledger for state in states]
        if not self._board.past and any(one.pending + one.before_watching for one in ledgers):
            return None
        ends = (state.prospects.ended_at for state in states)
        return max((at for at in ends if at is not None), default=None)

    def trace(self) -> tuple[float, Iterator[list[TraceEvent]]]:
        with self._folded() as now:
            states = self._states()
            groups = [(s.error_kinds.function, list(s.ledger.jobs.values())) for s in states]
            names = {ip: node.name for state in states for ip, node in state.nodes.items()}
        starts = [oldest_start(jobs) for _, jobs in groups]
        oldest = min((at for at in starts if at is not None), default=now)
        return oldest, trace_events(groups, names, oldest=oldest, now=now)

    # -- changes -----------------------------------------------------------------------------

    def is_long_since(self, since: str | None) -> bool:
        with self._folded():
            return self._node_rows.is_long(since)

    def changes(self, since: str | None = None, *, by_column: bool = False) -> Changes:
        with self._board.folded() as now:
            found = self._node_rows.since(since, "columns" if by_column else "rows")
            summaries = self._sums.all(now)
        head = encode(
            {"cursor": found.cursor, "snapshot": found.snapshot, "now": now, "clusters": summaries}
        )
        gone = (encode({"ip_addr": ip_addr, "removed": True}) for ip_addr in found.removed)
        rows = self._node_rows.joined(found, gone)
        opening = '"nodes":[],"blocks":[' if found.snapshot and by_column else '"nodes":['
        body = Sendable(f"{head[:-1]},{opening}".encode(), *rows, b"]}")
        return Changes(found.cursor, found.snapshot, body, found.version)

    def node_changes(self, since: str | None = None) -> NodeChanges:
        with self._folded():
            found = self._node_rows.since(since, "own")
            jobs = Counter[str]()
            for state in self._states():
                jobs.update(state.ledger.as_dict())
        return NodeChanges(found.cursor, found.version, jobs, self._node_rows.joined(found))


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

    def _loads(self) -> Loads:
        return self._state.roster.loads

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

    def _loads(self) -> Loads:
        return self._board.combined.loads

    def _summary(self, now: float) -> Summary:
        return self._sums.all(now)[0]


def _lanes(states: list[ClusterState], sort: LaneOrder) -> dict[str, Lane]:
    """Return the nodes' lanes; one that has left has its own only while something ran there."""
    lanes: dict[str, Lane] = {}
    for state in states:
        for ip_addr, node in state.nodes.items():
            lane = Lane(node.name, node.cpus or node.avail_cpus, node.state not in GONE_STATES)
            known = lanes.get(ip_addr)
            if known is None or (lane.always, lane.cpus) > (known.always, known.cpus):
                lanes[ip_addr] = lane
    if sort not in _STANDING:
        return lanes
    return {ip: lane._replace(figure=_standing(states, ip, sort)) for ip, lane in lanes.items()}


# By which figure of its standing a node's lane is sorted.
_STANDING: Final = {"slow": "times_others", "failing": "failed_share"}


def _standing(states: list[ClusterState], ip_addr: str, sort: LaneOrder) -> float | None:
    found = combined_standing([state.nodes[ip_addr] for state in states if ip_addr in state.nodes])
    return None if found is None else getattr(found, _STANDING[sort])
