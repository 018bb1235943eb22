"""What views answer about nodes: their rows, their load, and how their jobs did."""

from __future__ import annotations

import heapq
from abc import abstractmethod
from collections.abc import Iterable
from itertools import chain
from typing import Any, Final

from ..core.feed import Feed
from ..core.loads import Loads
from ..core.nodes import GONE_STATES
from ..core.nodeseries import NodeSeries
from ..core.yielding import yield_now
from ..wire.comparison import ComparedNode, compared_nodes, ranked
from ..wire.rows import Rows
from ..wire.shapes.nodes import NodeEvent, NodeLoadsData, NodeRow, NodeSeriesData, OfferRow
from .board import Board
from .hosts import address_of, addresses_of
from .jobviews import JobsView
from .loads import node_series_data, present_loads
from .offerlist import offer_items

__all__ = ["NodesView"]

# Nodes at a time: some milliseconds under the lock.
_COMPARED_AT_ONCE: Final = 100


class NodesView(JobsView):
    """The nodes' part of a :class:`~flask_dispy.View`, which has the jobs' part, too."""

    def __init__(self, board: Board[Any], feed: Feed, rows: Rows) -> None:
        super().__init__(board)
        self._feed = feed
        self._rows = rows

    @abstractmethod
    def _loads(self) -> Loads:
        """Return how busy the nodes are. Called under the lock."""

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
            return node_series_data(ip_addr, series, others)

    def node_loads(self) -> NodeLoadsData:
        with self._folded() as now:
            return present_loads(self._states(), self._loads().bands(now), now)

    def clock_offsets(self, most: int) -> dict[str, float]:
        with self._folded():
            known = {
                ip_addr: node.clock_offset_sec
                for state in self._states()
                for ip_addr, node in state.nodes.items()
                if node.clock_offset_sec is not None and node.state not in GONE_STATES
            }
        return dict(heapq.nlargest(most, known.items(), key=lambda one: abs(one[1])))

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
                (member.name, member.cluster, offer, member.state.offers.is_overdue(offer, now))
                for member in self._board.members()
                if member.state in states
                for offer in member.state.offers.waiting.values()
            ]
        return offer_items(waiting)

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
