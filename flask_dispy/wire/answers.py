"""The shapes of the JSON API's answers that are not a view's own: lists, changes, outcomes."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypedDict

from .comparison import ComparedNode
from .errorkinds import ErrorKindRow
from .journal import EventCounts, EventRow
from .runs import RunRow
from .shapes.base import Count
from .shapes.clusters import Summary
from .shapes.jobs import JobRow
from .shapes.nodes import NodeRow, OfferRow

__all__ = [
    "MOST_NODES",
    "MOST_ROWS",
    "Cancelled",
    "ChangesRow",
    "ClusterList",
    "ComparisonList",
    "ErrorList",
    "EventList",
    "Health",
    "JobList",
    "Matched",
    "NodeList",
    "OfferList",
    "OutcomeRow",
    "Outcomes",
    "RanAgain",
    "Refusal",
    "RemovedNode",
    "Rerunnable",
    "RunList",
    "SettingsRow",
    "WordCounts",
]


# -- lists -----------------------------------------------------------------------------------

MOST_ROWS: Final = 1_000
"""Rows of the longest page of most lists."""

MOST_NODES: Final = 20_000
"""Rows of the longest page of nodes."""


class _List(TypedDict):
    """A page of a list: ``total`` counts all pages' items, ``next`` links to the next page."""

    total: Count
    next: str | None


class ClusterList(_List):
    """All clusters."""

    items: list[Summary]


class NodeList(_List):
    """Some of a cluster's nodes."""

    items: list[NodeRow]


class OfferList(_List):
    """Some of the nodes that were asked to join and have not."""

    items: list[OfferRow]


class WordCounts(TypedDict):
    """How many jobs are in each state, by the words that people read."""

    queued: Count
    running: Count
    finished: Count
    failed: Count
    terminated: Count
    cancelled: Count
    abandoned: Count


class JobList(_List):
    """Some of a cluster's jobs; ``counts`` counts matches as if the search named no state."""

    items: list[JobRow]
    counts: WordCounts
    limit: Count
    next_before: int | None
    next_after: str | None


class ErrorList(_List):
    """Some kinds of errors; ``other`` of the ``failed`` jobs are in none of the kinds."""

    items: list[ErrorKindRow]
    failed: Count
    other: Count


class EventList(_List):
    """Some events, the newest first; ``latest`` is the newest serial number of all."""

    items: list[EventRow]
    next_before: int | None
    latest: Count
    counts: dict[str, EventCounts]


class ComparisonList(_List):
    """Some nodes beside each other, the worst first."""

    items: list[ComparedNode]


class RunList(_List):
    """Some runs of the history."""

    items: list[RunRow]
    next_after: str | None


# -- what changed ----------------------------------------------------------------------------


class RemovedNode(TypedDict):
    """A node whose row is gone."""

    ip_addr: str
    removed: Literal[True]


class _Blocks(TypedDict, total=False):
    blocks: list[dict[str, object]]


class ChangesRow(_Blocks):
    """What changed since a cursor; a ``snapshot`` replaces all that was known."""

    cursor: str
    snapshot: bool
    now: float
    clusters: list[Summary]
    nodes: list[NodeRow | RemovedNode]


# -- commands --------------------------------------------------------------------------------


class _OutcomeRow(TypedDict):
    cluster: str
    ok: bool
    code: str
    message: str


class OutcomeRow(_OutcomeRow, total=False):
    """What became of a command for one job or node; what does not apply is left out."""

    serial: int
    ip_addr: str
    cpus: int
    id: str
    rerun_as: int


class Outcomes(TypedDict):
    """What became of a command for nodes or offers."""

    outcomes: list[OutcomeRow]
    ok: bool


class Cancelled(TypedDict):
    """What became of a command to cancel jobs."""

    matched: Count
    outcomes: list[OutcomeRow]
    cancelled: Count
    failed: Count
    next_before: Count | None


class Matched(TypedDict):
    """What a command to cancel jobs would do."""

    matched: Count
    cancellable: Count


class RanAgain(TypedDict):
    """What became of a command to run jobs again: of each job, and how many of each kind."""

    matched: Count
    outcomes: list[OutcomeRow]
    dispatched: Count
    refused: Count
    failed: Count
    next_before: Count | None


class Refusal(TypedDict):
    """Why some jobs can't be run again."""

    code: str
    message: str
    jobs: Count


class Rerunnable(TypedDict):
    """What a command to run jobs again would do: ``again`` of them were run again before."""

    matched: Count
    rerunnable: Count
    again: Count
    refused: list[Refusal]


class SettingsRow(TypedDict):
    """What can be set while running."""

    poll_sec: Annotated[float, ("minimum", 0)]
    show_job_args: bool


class _HealthDetails(TypedDict, total=False):
    problems: list[str]
    streams: Count
    clusters: Count


class Health(_HealthDetails):
    """How the dashboard is: ``ok``, or ``degraded`` with its ``problems``; details if allowed."""

    status: str
