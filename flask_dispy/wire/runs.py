"""Runs of a history, and two of them side by side, as the API and the pages read them."""

from __future__ import annotations

from typing import Annotated, TypedDict

from ..core.runcomparison import Change, Side, Subject, Verdict, What
from .comparison import rounded
from .errorkinds import ErrorCourseRow
from .shapes.base import Count

__all__ = ["RunChange", "RunComparison", "RunRow", "RunSide", "change_row"]


class RunRow(TypedDict):
    """A run: one cluster, from when it was added to when it was removed or the program ended.

    Its median and 95th percentile are those of the jobs that finished.
    """

    id: int
    name: str
    tags: list[str]
    cluster: Annotated[
        str | None, ("description", "What its pages are under; null for a run without pages.")
    ]
    live: Annotated[bool, ("description", "Whether it goes on, watched by this program.")]
    complete: Annotated[bool, ("description", "False for a run that was cut off, or that goes on.")]
    started_at: float
    ended_at: Annotated[float, ("description", "The last that is known, where it goes on.")]
    duration_sec: float
    jobs: Count
    failed: Count
    median_sec: float | None
    p95_sec: float | None
    cpu_time_sec: float | None
    course: Annotated[
        ErrorCourseRow | None,
        ("description", "How many jobs ended when, in steps of step_sec from start_at on."),
    ]


class RunSide(TypedDict):
    """One run's part of a difference: figures of the jobs that finished, or finished or failed."""

    jobs: Count
    median_sec: float | None
    p95_sec: float | None
    failed: Count | None
    share: float | None


class RunChange(TypedDict):
    """A difference of the run b from the run a.

    ``name`` is the function, the type of the error or the node's address; ``detail`` the error's
    message, or the node's name. ``chance`` is that of such a difference if the runs were alike.
    """

    what: What
    of: Subject
    name: str
    detail: str | None
    a: RunSide
    b: RunSide
    times: float | None
    verdict: Verdict
    sure: bool
    chance: float


class RunComparison(TypedDict):
    """Two runs side by side: what got worse for sure comes first.

    ``nodes_only_a`` and ``nodes_only_b`` are the addresses of nodes that only one had, the first
    hundred.
    """

    a: RunRow
    b: RunRow
    total: Count
    items: list[RunChange]
    next: str | None
    nodes_only_a: list[str]
    nodes_only_b: list[str]


def change_row(change: Change, name: str, detail: str | None) -> RunChange:
    """Return a difference as the API has it."""
    return {
        "what": change.what,
        "of": change.of,
        "name": name,
        "detail": detail,
        "a": _side(change.first),
        "b": _side(change.second),
        "times": rounded(change.times, 3),
        "verdict": change.verdict,
        "sure": change.sure,
        "chance": float(f"{change.chance:.3g}"),
    }


def _side(side: Side) -> RunSide:
    return {
        "jobs": side.jobs,
        "median_sec": rounded(side.median_sec, 6),
        "p95_sec": rounded(side.p95_sec, 6),
        "failed": side.failed,
        "share": rounded(side.share, 6),
    }
