"""The shapes of what views return and the JSON API sends.

OpenAPI's schemas are made of them, except those of the rows of nodes and jobs, which come from the
tables of fields; tests compare these, and ``static/js/data/types.js``, with the shapes here. Each
is open: more fields may join it. Times are seconds since the epoch, durations seconds, sizes bytes.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypedDict

from ...core.coloring import ColorBy, ColorClass
from ...core.events import JobState
from ...core.nodes import NodeChange, NodeState
from ...core.offers import Finding, Source
from ...core.outlook import REASONS, State

__all__ = [
    "AvailInfo",
    "Compared",
    "Cost",
    "Count",
    "JobCounts",
    "JobDetail",
    "JobRow",
    "NoLoads",
    "NodeCost",
    "NodeDetail",
    "NodeEvent",
    "NodeLoad",
    "NodeLoadsData",
    "NodeRow",
    "NodeSeriesData",
    "OfferRow",
    "OutlookRow",
    "SeriesData",
    "Summary",
    "TimelineData",
]

# What follows a type in "Annotated" joins its JSON Schema.
Count = Annotated[int, ("minimum", 0)]

_REASONS: Final = [reason for reasons in REASONS.values() for reason in reasons]

Column = list[float | None]


# -- clusters --------------------------------------------------------------------------------


class JobCounts(TypedDict):
    """A cluster's jobs. ``failed`` are among those ``terminated``, as dispy has it."""

    submitted: Count
    queued: Count
    running: Count
    finished: Count
    terminated: Count
    cancelled: Count
    abandoned: Count
    failed: Count
    done: Count
    pending: Count
    before_watching: Count


class Stuck(TypedDict):
    """The jobs that a stalled cluster waits for: each has run for longer than ``over_sec``."""

    jobs: Count | None
    nodes: Count | None
    oldest_sec: float | None
    usual_sec: float | None
    over_sec: float | None


class OutlookRow(TypedDict):
    """What will come of a cluster's jobs; docs/api.md explains the reasons."""

    state: State
    reason: Annotated[str, ("enum", _REASONS)]
    message: str
    cluster: Annotated[str, ("description", "Whose it is: in the combined view the worst one's.")]
    since: float | None
    eta_sec: float | None
    eta_early_sec: float | None
    eta_late_sec: float | None
    bound: Annotated[Count, ("description", "Queued jobs that are bound to a node that is gone.")]
    stuck: Stuck


class CpuCounts(TypedDict):
    """CPUs of a cluster's nodes, and those in use."""

    total: Count
    busy: Count


class NodeCounts(TypedDict):
    """A cluster's nodes by state, and all that are known."""

    known: Count
    up: Count
    silent: Count
    lost: Count
    closed: Count


class Attention(TypedDict):
    """What somebody should look at, as numbers of jobs, nodes and offers."""

    failed: Count
    abandoned: Count
    silent: Count
    lost: Count
    stragglers: Count
    slow: Count
    failing: Count
    clocks_off: Count
    offers: Count


class OfferCounts(TypedDict):
    """Nodes that were asked to join and have not; ``changes`` grows with whatever changes them."""

    waiting: Count
    overdue: Count
    changes: Count


class LatestEvent(TypedDict):
    """The serial number of the newest event, 0 before the first: it grows with each."""

    latest: Count


class Retained(TypedDict):
    """Ended jobs that are kept, how many may be, and how many had to go."""

    retained: Count
    limit: Count
    evicted: Count


class Unreadable(TypedDict):
    """How many of a past run's jobs in the file can't be read."""

    jobs: Count
    of: Count


class Cost(TypedDict):
    """What became of the nodes' CPU time: offered, used by jobs, idle, and lost to failures.

    ``lost_sec`` is what failed jobs and abandoned attempts used. The money is the price of what was
    offered; ``end_money`` is that by the end that the outlook expects, between the other two.
    Money is null without ``cpu_hour_price``, and that of the end where nobody knows when it is.
    """

    offered_sec: float
    used_sec: float
    idle_sec: float
    lost_sec: float
    money: float | None
    money_per_hour: float | None
    end_money: float | None
    end_early_money: float | None
    end_late_money: float | None


class _PastRun(TypedDict, total=False):
    cut_off: Annotated[
        bool,
        ("description", "Of a past run: its program ended without closing it, or goes on."),
    ]
    unreadable: Annotated[
        Unreadable,
        ("description", "Of a past run: how many of its jobs in the file can't be read."),
    ]


class Summary(_PastRun):
    """A cluster's figures, or those of all clusters together."""

    name: str
    combined: bool
    kind: str
    state: Literal["open", "closed"]
    job_changes: Annotated[Count, ("description", "Grows with whatever changes a job's row.")]
    jobs: JobCounts
    cpus: CpuCounts
    nodes: NodeCounts
    jobs_per_sec: float
    cpu_time_sec: float
    cost: Cost
    progress: float | None
    outlook: OutlookRow
    eta_sec: float | None
    eta_confidence: Literal["none", "low", "good"]
    started_at: float
    closed_at: float | None
    job_p95_sec: float | None
    attention: Attention
    offers: OfferCounts
    events: LatestEvent
    history: Retained
    watching: Literal["callback", "polling", "history", "removed"]
    dropped_events: Count
    trouble: Annotated[
        str | None,
        ("description", "What is wrong with the cluster as a whole, such as a lost scheduler."),
    ]
    now: float


_From = TypedDict("_From", {"from": float})  # a word of Python's


class SeriesData(_From):
    """A cluster's figures over time, by column, oldest first; ``None`` marks a gap.

    Value i covers ``resolution_sec`` seconds from ``from + i * resolution_sec`` on.
    """

    resolution_sec: float
    columns: dict[str, Column]


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


# -- nodes -----------------------------------------------------------------------------------


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


class NodeSeriesData(TypedDict):
    """A node's load over its latest signs of life, by column; ``None`` marks what is unknown."""

    ip_addr: str
    resolution_sec: float
    t: list[float]
    cpu_avail: Column
    memory_avail_bytes: Column
    swap_avail: Column
    disk_avail_bytes: Column
    running: Column


class NodeLoad(TypedDict):
    """How busy a node was, in percent of its CPUs; ``None`` without CPUs."""

    ip_addr: str
    name: str
    busy: list[int | None]


NoLoads = Literal["not_kept", "several_runs"]


class NodeLoadsData(TypedDict):
    """How busy the nodes that are there were, in percent of their CPUs, at some times.

    Up to twelve are in ``nodes``, each with a line; of more there are bands: the least busy, the
    quartiles, and the most busy. ``unavailable`` says why a past run has neither: an earlier
    version wrote its file, or it is several runs.
    """

    t: list[float]
    nodes: list[NodeLoad]
    least: list[int]
    low: list[int]
    median: list[int]
    high: list[int]
    most: list[int]
    unavailable: NoLoads | None


# -- jobs ------------------------------------------------------------------------------------


class _HiddenJob(TypedDict, total=False):
    hidden: Literal[True]


class JobRow(_HiddenJob):
    """A job in a list; ``hidden`` if the client may not see its arguments, or its output."""

    serial: int
    id: str
    cluster: str
    state: JobState
    failed: bool
    node: str | None
    args: str | None
    kwargs: str | None
    submitted_at: float
    started_at: float | None
    ended_at: float | None
    duration_sec: float | None
    waited_sec: float
    attempts: Count
    error: str | None
    error_kind: str | None


class JobStep(TypedDict):
    """A state that a job went into, when, and on which node."""

    state: JobState
    at: float
    node: str | None


class ComparedTime(TypedDict):
    """A job's time beside the medians of finished jobs: in its cluster, and on its node.

    Medians of fewer than five jobs are unknown.
    """

    median_sec: float | None
    times: float | None
    node_median_sec: float | None
    node_times: float | None


class ComparedJob(TypedDict):
    """A job's times beside those of its function's jobs, over the whole run."""

    function: str
    ran: ComparedTime
    waited: ComparedTime


class JobDetail(JobRow):
    """All that is known of a job."""

    id_truncated: bool
    args_truncated: bool
    kwargs_truncated: bool
    texts_dropped: bool
    queue_sec: float | None
    compared: ComparedJob
    history: list[JobStep]
    result: str | None
    result_truncated: bool
    stdout: str | None
    stdout_truncated: bool
    stderr: str | None
    stderr_truncated: bool
    exception: str | None
    exception_truncated: bool
    provisional_result: str | None
    provisional_result_truncated: bool


class NodeDetail(NodeRow):
    """A node, what happened to it, and the jobs that run or lately ended there."""

    running_jobs: list[JobRow]
    running_total: Count
    recent_jobs: list[JobRow]
    recent_total: Count
    events: list[NodeEvent]


# -- timeline --------------------------------------------------------------------------------


class _LaneFigure(TypedDict, total=False):
    figure: float | None


class Lane(_LaneFigure):
    """A node's place in the timeline, as many slots high as it has CPUs, or as jobs ran at once.

    ``figure`` is there where lanes are sorted by one.
    """

    node: str
    name: str
    slots: Count


class QueueData(TypedDict):
    """How many jobs were queued at which times."""

    t: Column
    depth: Column


class _Jobs(TypedDict, total=False):
    bars: dict[str, list[object]]
    buckets: dict[str, object]
    past: bool


class TimelineData(_From, _Jobs):
    """What ran where in a window of time: ``bars``, or in ``buckets`` where they are too many."""

    to: float
    now: float
    oldest: float
    mode: Literal["bars", "aggregate"]
    total: Count
    color: ColorBy
    classes: list[ColorClass]
    lanes: list[Lane]
    queue: QueueData
