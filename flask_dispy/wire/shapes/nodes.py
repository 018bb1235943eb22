"""The shapes of nodes, and of those that were asked to join and have not."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...core.nodes import NodeChange, NodeState
from ...core.offers import Finding, Source
from .base import Column, Count

__all__ = [
    "AvailInfo",
    "Compared",
    "NoLoads",
    "NodeCost",
    "NodeEvent",
    "NodeLoad",
    "NodeLoadsData",
    "NodeRow",
    "NodeSeriesData",
    "OfferReason",
    "OfferRow",
]


class AvailInfo(TypedDict):
    """What is available on a node: of CPU and swap in percent."""

    cpu: float
    memory: float
    disk: float
    swap: float


class _CombinedNode(TypedDict, total=False):
    clusters: list[str]


class Compared(TypedDict):
    """How a node's jobs did beside those of the other nodes, over the whole run."""

    failed: Count
    failed_share: float | None
    median_sec: float | None
    p95_sec: float | None
    times_others: float | None
    lost_sec: float
    slow: bool
    failing: bool


class NodeCost(TypedDict):
    """What became of a node's CPU time, up to its last change."""

    used_sec: float
    idle_sec: float
    money: float | None


class NodeRow(_CombinedNode):
    """A node in one cluster, or over all of them, which ``clusters`` lists."""

    ip_addr: str
    name: str
    cpus: int
    avail_cpus: int
    busy: int
    jobs_done: Count
    cpu_time: float
    tx: float
    rx: float
    update_time: float
    avail_info: AvailInfo | None
    state: NodeState
    running: Count
    clock_offset_sec: float | None
    avail_info_age_sec: float | None
    compared: Compared | None
    cost: NodeCost | None


class NodeEvent(TypedDict):
    """Something that happened to a node in a cluster."""

    at: float
    event: NodeChange
    cluster: str


NoLoads = Literal["not_kept", "several_runs"]
"""Why nothing is known of a past run: its file does not keep it, or it is several runs."""


class NodeSeriesData(TypedDict):
    """A node's load over its latest signs of life, by column; ``None`` marks what is unknown.

    Of a past run, it is that of the whole run; ``unavailable`` says why there is nothing.
    """

    ip_addr: str
    resolution_sec: float
    t: list[float]
    cpu_avail: Column
    memory_avail_bytes: Column
    swap_avail: Column
    disk_avail_bytes: Column
    running: Column
    unavailable: NoLoads | None


class NodeLoad(TypedDict):
    """How busy a node was, in percent of its CPUs; ``None`` without CPUs."""

    ip_addr: str
    name: str
    busy: list[int | None]


class NodeLoadsData(TypedDict):
    """How busy the nodes that are there were, in percent of their CPUs, at some times.

    Up to twelve are in ``nodes``, each with a line; of more there are bands: the least busy, the
    quartiles, and the most busy. ``unavailable`` says why a past run has neither.
    """

    t: list[float]
    nodes: list[NodeLoad]
    least: list[int]
    low: list[int]
    median: list[int]
    high: list[int]
    most: list[int]
    unavailable: NoLoads | None


class OfferReason(TypedDict):
    """Why a node may not have joined, and the command that shows whether that is why."""

    code: str
    text: str
    where: Literal["here", "node", "output"]
    command: str


class OfferRow(TypedDict):
    """A node that was asked to join and has not, the likeliest reason first."""

    number: int
    cluster: str
    host: str
    ip_addr: str
    port: int | None
    cpus: int
    source: Source
    asked_by: str | None
    asked_at: float
    overdue: bool
    finding: Finding
    message: str
    reasons: list[OfferReason]
