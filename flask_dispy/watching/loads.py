"""The load of one node, and how busy nodes are beside each other, as views answer it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final, cast

from ..core.cluster import ClusterState
from ..core.loads import LINES, Band, Load, percent_of
from ..core.nodes import GONE_STATES, Node
from ..core.nodeseries import NodeSeries
from ..wire.shapes.nodes import NodeLoad, NodeLoadsData, NodeSeriesData, NoLoads

__all__ = ["no_loads", "node_series_data", "past_loads", "present_loads"]

# Nodes that are looked through for those that are there, where few may be.
_LOOKED_AT: Final = 1_000


def node_series_data(
    ip_addr: str,
    series: NodeSeries,
    others: Iterable[NodeSeries] = (),
    *,
    unavailable: NoLoads | None = None,
) -> NodeSeriesData:
    """Return a node's load over time.

    :param others: what other clusters know of the node.
    :param unavailable: why nothing is known of a past run's node.
    """
    head = {"ip_addr": ip_addr, "resolution_sec": series.step_sec, "unavailable": unavailable}
    return cast(NodeSeriesData, head | series.as_dict(others))


def no_loads(unavailable: NoLoads) -> NodeLoadsData:
    """Return that nothing is known, and why."""
    return {**_data([], None), "unavailable": unavailable}


def present_loads(
    states: Sequence[ClusterState], bands: Sequence[Band], now: float
) -> NodeLoadsData:
    """Return how busy the nodes that are there were at the times of the *bands*."""
    there = dict.fromkeys(
        ip_addr
        for state in states
        for ip_addr, node in islice(state.nodes.items(), _LOOKED_AT)
        if node.state not in GONE_STATES
    )
    few = len(there) <= LINES and all(len(state.nodes) <= _LOOKED_AT for state in states)
    times = [band.t for band in bands]
    lines = [_line(states, ip_addr, times, now) for ip_addr in there] if few else None
    return _data(bands, lines)


def past_loads(loads: Sequence[Load], nodes: Mapping[str, Node]) -> NodeLoadsData:
    """Return how busy a past run's *nodes* were, as its file keeps it."""
    # In the order they came; of each time the nodes are known if they were few.
    seen = dict.fromkeys(ip_addr for load in loads for ip_addr in load.nodes or ())
    few = len(seen) <= LINES and all(load.nodes is not None for load in loads)
    lines = [
        NodeLoad(
            ip_addr=ip_addr,
            name=nodes[ip_addr].name if ip_addr in nodes else "",
            busy=[load.nodes.get(ip_addr) for load in loads if load.nodes is not None],
        )
        for ip_addr in seen
    ]
    return _data([load.band for load in loads], lines if few else None)


def _data(bands: Sequence[Band], lines: list[NodeLoad] | None) -> NodeLoadsData:
    """Return lines or, if they are ``None``, bands."""
    shown = bands if lines is None else []
    return NodeLoadsData(
        t=[band.t for band in bands],
        nodes=lines or [],
        least=[band.least for band in shown],
        low=[band.low for band in shown],
        median=[band.median for band in shown],
        high=[band.high for band in shown],
        most=[band.most for band in shown],
        unavailable=None,
    )


def _line(
    states: Sequence[ClusterState], ip_addr: str, times: Sequence[float], now: float
) -> NodeLoad:
    """Return how busy a node was at some times, of which the last is now."""
    nodes = [state.nodes[ip_addr] for state in states if ip_addr in state.nodes]
    there = [node for node in nodes if node.state not in GONE_STATES]
    cpus = max(node.cpus for node in there)
    known = [node.series for node in nodes if node.series]
    busy = [percent_of(round(sum(one.running_at(at) for one in known)), cpus) for at in times]
    if times and times[-1] == now:
        busy[-1] = percent_of(sum(len(node.running) for node in there), cpus)
    return NodeLoad(ip_addr=ip_addr, name=there[0].name, busy=busy)
