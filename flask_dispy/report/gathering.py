"""What a report shows, gathered from a view: bounded in number and in length."""

from __future__ import annotations

import heapq
import platform
from collections.abc import Mapping, Sequence
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
from .axes import DAY_SEC, Span
from .charts import charts
from .histograms import histograms
from .lanes import draw_lanes

if TYPE_CHECKING:
    from ..core.events import JobWord
    from ..core.jobs import Job
    from ..watching.views import View
    from ..wire.durations import DurationsRow
    from ..wire.fields import Field
    from ..wire.shapes.jobs import JobDetail
    from ..wire.tables import JobTable, NodeTable

__all__ = ["gather"]

_MOST_NODES: Final = 500
_MOST_JOBS: Final = 50
_MOST_EVENTS: Final = 200
_MOST_CLUSTERS: Final = 50

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
_TEXT: Final = 200
_KEYWORDS: Final = 120
_TRACEBACK: Final = 2_000
_ID: Final = 80
_NAME: Final = 60
_VALUE: Final = 40

# Custom columns of nodes that are shown, and of jobs.
_MOST_COLUMNS: Final = 5


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
        "total_node_columns": len(view.tables.nodes.names),
        "total_job_columns": len(view.tables.jobs.names) if arguments else 0,
        **_slowest(view, clock, arguments=arguments),
        **_errors(view, arguments=arguments),
        **_events(view, arguments=arguments),
        "arguments": arguments and view.show_job_args,
        "output": arguments,
        "versions": _versions(),
    }


def _events(view: View, *, arguments: bool) -> dict[str, Any]:
    """Return what happened last, in the order in which it did, and how much did in all."""
    page = view.events(limit=_MOST_EVENTS, private=not arguments)
    events = [
        {
            "at": row["at"],
            "text": bounded(row["text"], _TEXT),
            "who": by_whom(row),
            "cluster": bounded(row["cluster"] or "", _NAME),
        }
        for row in reversed(page.items)
    ]
    happened = sum(count["happened"] for count in page.counts.values())
    return {"events": events, "total_events": happened}


def _errors(view: View, *, arguments: bool) -> dict[str, Any]:
    """Return the commonest kinds of errors, cut to what fits, and how many there are."""
    page = view.error_kinds(limit=_MOST_JOBS)
    kinds = [
        {
            **kind,
            "type": bounded(kind["type"], _TEXT),
            "message": bounded(kind["message"] or "", _TEXT) if arguments else None,
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


def _slowest(view: View, clock: Clock, *, arguments: bool) -> dict[str, Any]:
    """Return the jobs that took longest, with what the reader may see, and how many ran."""
    total = 0

    def choose(jobs: list[Job], now: float) -> list[Job]:
        nonlocal total
        ran = [job for piece in chunks(jobs) for job in piece if job.started_at is not None]
        total = len(ran)
        return heapq.nlargest(_MOST_JOBS, ran, key=lambda job: job.duration_sec(now) or 0.0)

    shows_arguments = arguments and view.show_job_args
    rows = [
        {
            "title": job_title(bounded(job["id"], _ID), job["serial"]),
            "cluster": bounded(job["cluster"], _NAME),
            "word": "failed" if job["failed"] else job["state"],
            "node": bounded(job["node"], _NAME) if job["node"] else None,
            "ran_sec": job["duration_sec"],
            "queued_sec": job["queue_sec"],
            "started_at": job["started_at"],
            "columns": _values(view.tables.jobs, job, clock) if arguments else [],
            "arguments": _arguments(job) if shows_arguments else "",
        }
        for job in view.pick_jobs(choose)
    ]
    return {"slowest": rows, "total_ran": total}


def _arguments(job: JobDetail) -> str:
    texts = bounded(job["args"] or "", _TEXT), bounded(job["kwargs"] or "", _KEYWORDS)
    return ", ".join(filter(None, texts))


def _custom(table: NodeTable | JobTable) -> Sequence[Field]:
    return [field for field in table.fields if field.name in table.names][:_MOST_COLUMNS]


def _values(table: NodeTable | JobTable, row: Mapping[str, Any], clock: Clock) -> list[str]:
    """Return a row's values of custom columns, as text."""
    return [
        bounded(value_text(row[field.name], field.unit, clock), _VALUE) for field in _custom(table)
    ]


def _clusters(view: View) -> list[dict[str, Any]]:
    return [
        {
            **each,
            "name": bounded(each["name"], _NAME),
            "terminated": count_of(each["jobs"], "terminated"),
        }
        for each in (member.summary() for member in view.members()[:_MOST_CLUSTERS])
    ]


def _functions(durations: DurationsRow) -> list[dict[str, Any]]:
    """Return the durations of each function, those of most jobs if there are too many."""
    known = [one for one in durations["functions"] if one["jobs"]]
    most = heapq.nlargest(_MOST_CLUSTERS, known, key=lambda one: one["jobs"])
    return [{**one, "cluster": bounded(one["cluster"], _NAME)} for one in most]


def _nodes(view: View, clock: Clock) -> list[dict[str, Any]]:
    """Return the nodes by address; of too many, those that worked most."""
    compared = {row["ip_addr"]: row for row in view.comparison()}
    found = view.nodes()
    if len(found) > _MOST_NODES:
        found = heapq.nlargest(_MOST_NODES, found, key=lambda row: row["cpu_time"])
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
