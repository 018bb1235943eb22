"""The shapes of clusters: their summaries and figures over time."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypedDict

from ...core.outlook import REASONS, State
from .base import Column, Count, From

__all__ = ["Cost", "JobCounts", "OutlookRow", "SeriesData", "Summary"]

_REASONS: Final = [reason for reasons in REASONS.values() for reason in reasons]


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
    rerun: Annotated[
        bool,
        ("description", "Whether its program says how jobs are run again, and it is open."),
    ]
    now: float


class SeriesData(From):
    """A cluster's figures over time, by column, oldest first; ``None`` marks a gap.

    Value i covers ``resolution_sec`` seconds from ``from + i * resolution_sec`` on.
    """

    resolution_sec: float
    columns: dict[str, Column]
