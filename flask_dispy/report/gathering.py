"""What a report shows, gathered from a view: bounded in number and in length."""

from __future__ import annotations

import heapq
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from ..core.addresses import last_first
from ..core.jobs import count_of, job_title
from ..core.series import RESOLUTIONS
from ..core.text import bounded, ending
from ..core.versions import version_of
from ..core.yielding import chunks
from ..wire.journal import by_whom
from ..wire.shapes.clusters import JobCounts, SeriesData, Summary
from ..wire.wording import Clock, value_text
from .axes import DAY_SEC
from .charts import Span, charts
from .histograms import histograms
from .lanes import draw_lanes

if TYPE_CHECKING:
    from ..core.events import JobWord
    from ..core.jobs import Job
    from ..watching.views import View
    from ..wire.durations import DurationsRow
    from ..wire.fields import Field
    from ..wire.tables import JobTable, NodeTable

__all__ = ["MOST_CLUSTERS", "MOST_EVENTS", "MOST_JOBS", "MOST_NODES", "gather"]

MOST_NODES: Final = 500
MOST_JOBS: Final = 50
MOST_EVENTS: Final = 200
MOST_CLUSTERS: Final = 50

# Cells of an aggregated timeline, in all and for each node: columns 8 px wide, in which the
# pattern of what failed can be seen. A cell takes 90 bytes at most.
_CELLS: Final = 6_000
_CELLS_A_NODE: Final = 120

# From the left of the bar of all jobs: what has ended first.
_SHARES: Final[tuple[JobWord, ...]] = (
    "finished", "failed", "terminated", "cancelled", "abandoned", "running", "queued",
)  # fmt: skip

# Characters kept of each text, whatever the registry keeps: each may take five bytes when it is
# escaped, and the whole must stay below 2 MB.
_TEXT: Final = {"id": 80, "args": 200, "kwargs": 120, "error": 200, "node": 60}
_TRACEBACK: Final = 2_000
_NAME: Final = 60
_VALUE: Final = 40

# Custom columns of nodes that are shown, and of jobs.
MOST_COLUMNS: Final = 5


def gather(view: View, *, arguments: bool) -> dict[str, Any]:
    """Return what the template shows of a view, as it is now.

    :param arguments: whether the reader may see what jobs were given and what they put out.
    """
    summary = view.summary()
    made_at = summary["now"]
    clock = Clock(made_at)
    durations = view.durations()
    span = _span(view, summary)
    # The series go on where the history of jobs has ended.
    course = Span(max(summary["started_at"], span.end - DAY_SEC), span.end)
    course = course if summary["history"]["evicted"] and course.start < span.start else span
    cells = min(_CELLS, _CELLS_A_NODE * summary["nodes"]["known"])
    slowest, total_ran = _ranked(
        view,
        lambda job: job.started_at is not None,
        _took_sec,
        clock,
        arguments=arguments,
    )
    return {
        "summary": summary,
        "name": "All clusters" if view.combined else bounded(summary["name"], _NAME),
        "clock": clock,
        "made_at": made_at,
        "span": span,
        "clusters": _clusters(view) if view.combined else [],
        "total_clusters": len(view.members()),
        "shares": _shares(summary["jobs"]),
        "terminated": count_of(summary["jobs"], "terminated"),
        "throughput": _throughput(summary, span),
        "charts": charts(_series(view, course), course, clock),
        "histograms": histograms(durations),
        "functions": _functions(durations),
        "timeline": draw_lanes(
            view.timeline(start=span.start, end=span.end, cells=cells), span, clock
        ),
        "nodes": _nodes(view, clock),
        "node_columns": [bounded(field.label, _VALUE) for field in _custom(view.tables.nodes)],
        "job_columns": [
            bounded(field.label, _VALUE) for field in _custom(view.tables.jobs) if arguments
        ],
        "total_nodes": summary["nodes"]["known"],
        "total_node_columns": len(view.tables.nodes.names),
        "total_job_columns": len(view.tables.jobs.names) if arguments else 0,
        "slowest": slowest,
        "total_ran": total_ran,
        **_errors(view, arguments=arguments),
        **_events(view, arguments=arguments),
        "arguments": arguments and view.show_job_args,
        "output": arguments,
        "versions": _versions(),
    }


def _events(view: View, *, arguments: bool) -> dict[str, Any]:
    """Return what happened last, in the order in which it did, and how much did in all."""
    page = view.events(limit=MOST_EVENTS, private=not arguments)
    events = [
        {
            "at": row["at"],
            "text": bounded(row["text"], _TEXT["error"]),
            "who": by_whom(row),
            "cluster": bounded(row["cluster"] or "", _NAME),
        }
        for row in reversed(page.items)
    ]
    happened = sum(count["happened"] for count in page.counts.values())
    return {"events": events, "total_events": happened}


def _errors(view: View, *, arguments: bool) -> dict[str, Any]:
    """Return the commonest kinds of errors, cut to what fits, and how many there are."""
    page = view.error_kinds(limit=MOST_JOBS)
    kinds = [
        {
            **kind,
            "type": bounded(kind["type"], _TEXT["error"]),
            "message": bounded(kind["message"] or "", _TEXT["error"]) if arguments else None,
            "sample": ending(kind["sample"] or "", _TRACEBACK) if arguments else None,
            "function": bounded(kind["function"], _NAME),
            "nodes": [
                {**node, "ip_addr": bounded(node["ip_addr"], _NAME)} for node in kind["nodes"]
            ],
        }
        for kind in page.items
    ]
    return {"kinds": kinds, "total_kinds": page.total, "other_failed": page.other}


def _span(view: View, summary: Summary) -> Span:
    """Return the time of the run: from the first job that is retained to the last, or to now."""
    now = summary["now"]
    oldest = view.timeline(start=now - 1, end=now, limit=0, cells=0)["oldest"]
    end = now
    if not summary["jobs"]["running"]:
        last = view.pick_jobs(_latest)
        end = (last[0]["ended_at"] if last else None) or now
    width = max(1.0, end - oldest)
    return Span(oldest - width * 0.01, oldest + width * 1.01)


def _latest(jobs: list[Job], _now: float) -> list[Job]:
    return heapq.nlargest(
        1,
        (job for piece in chunks(jobs) for job in piece if job.started_at and job.ended_at),
        key=lambda j: j.ended_at or 0,
    )


def _ranked(
    view: View,
    among: Callable[[Job], bool],
    by: Callable[[Job, float], float],
    clock: Clock,
    *,
    arguments: bool,
) -> tuple[list[dict[str, Any]], int]:
    """Return the jobs with the highest rank, with what the reader may see, and of how many."""
    total = 0

    def choose(jobs: list[Job], now: float) -> list[Job]:
        nonlocal total
        found = [job for piece in chunks(jobs) for job in piece if among(job)]
        total = len(found)
        return heapq.nlargest(MOST_JOBS, found, key=lambda job: by(job, now))

    hidden = set() if arguments and view.show_job_args else {"args", "kwargs"}
    if not arguments:
        hidden |= {"error", "exception"}
    table = view.tables.jobs
    return [
        {**_shown(job, hidden), "columns": _values(table, job, clock) if arguments else []}
        for job in view.pick_jobs(choose)
    ], total


def _custom(table: NodeTable | JobTable) -> Sequence[Field]:
    return [field for field in table.fields if field.name in table.names][:MOST_COLUMNS]


def _values(table: NodeTable | JobTable, row: Mapping[str, Any], clock: Clock) -> list[str]:
    """Return a row's values of custom columns, as text."""
    return [
        bounded(value_text(row[field.name], field.unit, clock), _VALUE) for field in _custom(table)
    ]


def _took_sec(job: Job, now: float) -> float:
    # Each is read once: without the lock the job may change between two readings.
    start, end = job.started_at, job.ended_at
    return 0.0 if start is None else (now if end is None else end) - start


def _shown(job: Mapping[str, Any], hidden: set[str]) -> dict[str, Any]:
    """Return of a job what the reader may see, cut to what fits."""
    row: dict[str, Any] = {name: None if name in hidden else job[name] for name in _JOB_FIELDS}
    for name, limit in _TEXT.items():
        row[name] = bounded(row[name], limit) if row[name] else row[name]
    if row["exception"]:
        row["exception"] = ending(row["exception"], _TRACEBACK)
    row["cluster"] = bounded(job["cluster"], _NAME)
    row["word"] = "failed" if job["failed"] else job["state"]
    row["title"] = job_title(row["id"], job["serial"])
    return row


_JOB_FIELDS: Final = (
    "serial", "id", "cluster", "state", "failed", "node", "args", "kwargs", "submitted_at",
    "started_at", "ended_at", "duration_sec", "queue_sec", "attempts", "error", "exception",
)  # fmt: skip


def _clusters(view: View) -> list[dict[str, Any]]:
    summaries = [member.summary() for member in view.members()[:MOST_CLUSTERS]]
    return [
        {
            **each,
            "name": bounded(each["name"], _NAME),
            "terminated": count_of(each["jobs"], "terminated"),
        }
        for each in summaries
    ]


def _functions(durations: DurationsRow) -> list[dict[str, Any]]:
    """Return the durations of each function, those of most jobs if there are too many."""
    known = [one for one in durations["functions"] if one["jobs"]]
    most = heapq.nlargest(MOST_CLUSTERS, known, key=lambda one: one["jobs"])
    return [{**one, "cluster": bounded(one["cluster"], _NAME)} for one in most]


def _nodes(view: View, clock: Clock) -> list[dict[str, Any]]:
    """Return the nodes by address; of too many, those that worked most."""
    compared = {row["ip_addr"]: row for row in view.comparison()}
    found = view.nodes()
    if len(found) > MOST_NODES:
        found = heapq.nlargest(MOST_NODES, found, key=lambda row: row["cpu_time"])
    rows: list[dict[str, Any]] = [
        {
            **row,
            "name": bounded(row["name"], _NAME),
            "ip_addr": bounded(row["ip_addr"], _NAME),
            "compared": compared.get(row["ip_addr"]),
            "sec_per_job": row["cpu_time"] / row["jobs_done"] if row["jobs_done"] else None,
            "columns": _values(view.tables.nodes, row, clock),
        }
        for row in found
    ]
    by_address = {row["ip_addr"]: row for row in rows}
    return [by_address[address] for address in last_first(by_address)]


def _throughput(summary: Summary, span: Span) -> float | None:
    """Return the jobs that ended a second in *span*; ``None`` where that is not all of the run."""
    if summary["history"]["evicted"] or not summary["jobs"]["done"]:
        return None
    return float(summary["jobs"]["done"] / (span.end - span.start))


def _series(view: View, span: Span) -> SeriesData:
    """Return the finest series that reaches back to the beginning, else the longest."""
    found = view.series(max(RESOLUTIONS))
    longest = found["from"] + max(RESOLUTIONS)
    for resolution_sec in sorted(RESOLUTIONS):
        found = view.series(resolution_sec)
        if found["from"] <= max(span.start, longest):
            break
    return found


def _shares(jobs: JobCounts) -> list[tuple[str, float, float]]:
    """Return (word, offset, width) of each state's share of all jobs, in percent."""
    shares: list[tuple[str, float, float]] = []
    offset = 0.0
    whole = jobs["submitted"] + jobs["before_watching"]
    for word in _SHARES:
        width = 100.0 * count_of(jobs, word) / whole if whole else 0.0
        if width:
            shares.append((word, offset, width))
            offset += width
    return shares


def _versions() -> list[tuple[str, str]]:
    return [
        ("flask_dispy", version_of("flask_dispy")),
        ("dispy", version_of("dispy")),
        ("Python", f"{platform.python_implementation()} {platform.python_version()}"),
        ("platform", bounded(platform.platform(), 120)),
    ]
