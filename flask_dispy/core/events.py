"""What can happen to a cluster, as frozen values.

An event carries all that the state needs, its time included: the core reads no clock and touches
no object of dispy or of a user. Texts arrive rendered and bounded. A ``JobKey`` is the engine's
name of a job, unique among the jobs that are remembered; the serial number that readers see is the
core's own.

These are named tuples because up to three are made for every job, and a frozen dataclass takes
three times as long to make.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal, NamedTuple, TypeAlias

from .columns import ColumnValue

__all__ = [
    "Departure",
    "EndState",
    "Event",
    "JobEnded",
    "JobKey",
    "JobProgressed",
    "JobQueued",
    "JobStarted",
    "JobState",
    "JobText",
    "JobValues",
    "Load",
    "NodeClosed",
    "NodeSeen",
    "NodeValues",
    "PendingCounted",
    "QueueSeen",
    "TextField",
    "WatchingEnded",
]

JobKey: TypeAlias = Hashable
Load: TypeAlias = tuple[float, float, float, float]
"""What is available on a node: CPU in percent, memory and disk in bytes, swap in percent."""

EndState = Literal["finished", "terminated", "cancelled", "abandoned"]
Departure = Literal["given_up", "ended", "closed", "deallocated"]
"""Why a node is no longer a cluster's.

``given_up``: its pulses stopped, it could not be reached, it was restarted, or it said goodbye;
dispy reports all of these alike. ``ended``: the cluster ended. ``closed`` and ``deallocated``:
somebody asked for it.
"""
JobState = Literal["queued", "running", "finished", "terminated", "cancelled", "abandoned"]
JobWord = Literal["queued", "running", "finished", "failed", "terminated", "cancelled", "abandoned"]
TextField = Literal[
    "id", "args", "kwargs", "result", "provisional_result", "stdout", "stderr", "exception"
]


class JobQueued(NamedTuple):
    """A job entered the queue: submitted, or, with *requeued*, put back after its node died."""

    key: JobKey
    at: float
    id: str
    args: str | None
    kwargs: str | None
    requeued: bool = False


class JobStarted(NamedTuple):
    """A node accepted the job."""

    key: JobKey
    at: float
    submitted_at: float
    node: str
    id: str
    args: str | None
    kwargs: str | None


class JobProgressed(NamedTuple):
    """The job sent an interim result."""

    key: JobKey
    at: float
    submitted_at: float
    node: str | None
    id: str
    provisional_result: str


class JobEnded(NamedTuple):
    """The job ended, in *state*. A field is ``None`` if it is unknown, or was reported before."""

    key: JobKey
    at: float
    submitted_at: float
    started_at: float | None
    node: str | None
    state: EndState
    id: str
    result: str | None
    stdout: str | None
    stderr: str | None
    exception: str | None


class JobText(NamedTuple):
    """A text that was rendered after the event that it belongs to."""

    serial: int
    field: TextField
    text: str


class JobValues(NamedTuple):
    """The values of a job's custom columns, in their order."""

    serial: int
    values: tuple[ColumnValue, ...]


class NodeSeen(NamedTuple):
    """A node's figures, as dispy has them now.

    *load* is ``None`` if it is unknown. *updated_at* is dispy's own ``update_time``, 0 before the
    node's first sign of life. *joined* means that the node was just set up, at *at* if that is
    known; *pulse* that it sent a pulse at *at*, whether or not dispy noted the time.
    *clock_offset_sec* is how far its clock is ahead of ours, ``None`` if negligible or unknown.
    """

    ip_addr: str
    name: str
    cpus: int
    avail_cpus: int
    busy: int
    jobs_done: int
    cpu_time: float
    tx: int
    rx: int
    updated_at: float
    load: Load | None
    joined: bool
    pulse: bool
    at: float = 0.0
    clock_offset_sec: float | None = None


class NodeValues(NamedTuple):
    """The values of a node's custom columns, in their order."""

    ip_addr: str
    values: tuple[ColumnValue, ...]


class NodeClosed(NamedTuple):
    """A node is no longer the cluster's, for the reason *why*."""

    ip_addr: str
    at: float
    why: Departure


class PendingCounted(NamedTuple):
    """At *at*, dispy had *pending* unfinished jobs, known ones included."""

    at: float
    pending: int


class QueueSeen(NamedTuple):
    """What dispy's scheduler can't start, if that changed since the last such event.

    *bound* are the queued jobs that it keeps for a node that is gone, with that node's address.
    *full* is whether, by dispy's count, each CPU of the cluster runs a job, of whatever cluster.
    """

    bound: tuple[tuple[JobKey, str], ...]
    full: bool


class WatchingEnded(NamedTuple):
    """The cluster was closed: it takes no more jobs or commands."""

    at: float


Event: TypeAlias = (
    JobQueued
    | JobStarted
    | JobProgressed
    | JobEnded
    | JobText
    | JobValues
    | NodeSeen
    | NodeValues
    | NodeClosed
    | PendingCounted
    | QueueSeen
    | WatchingEnded
)
