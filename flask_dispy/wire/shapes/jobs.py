"""The shapes of jobs."""

from __future__ import annotations

from typing import Literal, TypedDict

from ...core.events import JobState
from ...core.jobs import TextSetting
from .base import Count
from .nodes import NodeEvent, NodeRow

__all__ = ["ComparedJob", "ComparedTime", "JobDetail", "JobRow", "NodeDetail"]


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
    rerun_of: Count | None
    rerun_as: Count | None
    reruns: Count
    texts_cut: dict[str, TextSetting] | None


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
