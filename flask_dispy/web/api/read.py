"""The JSON API's answers that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, Final

from flask import Response, request

from ...core.coloring import ColorBy
from ...core.errors import UnknownJob
from ...core.search.order import JOB_SORTS, NEWEST, JobOrder, Place
from ...core.timeline import LaneOrder
from ...report import render_report
from ...watching.views import View
from ...wire.answers import SettingsRow
from ...wire.errorkinds import ErrorOrder
from ...wire.exports import paths_of
from ...wire.node_list import matching, sorted_rows
from ...wire.shapes.jobs import JobDetail
from ..context import Web
from ..http.answers import json_answer
from ..http.errors import HttpError, invalid
from ..http.values import whole_number
from ..redirects import tidied
from .exports import JSON, export, in_chunks
from .lists import export_rows, link, most_rows, next_page, rows_answer

__all__ = [
    "cluster",
    "cluster_series",
    "clusters",
    "errors",
    "healthz",
    "hidden_fields",
    "job",
    "job_facets",
    "jobs",
    "no_such_route",
    "node",
    "node_loads",
    "node_series",
    "nodes",
    "offers",
    "report",
    "settings",
    "timeline",
    "visible",
    "what_if",
]

_RECENT: Final = 50

_ARGUMENTS: Final = ("args", "kwargs")
_OUTPUT: Final = ("error", "exception", "provisional_result", "result", "stderr", "stdout")


def clusters(web: Web, *, format: str) -> Response:
    """Answer with the summary of every cluster."""
    items = [view.summary() for view in web.registry.views()]
    if format != JSON:
        return export_rows(web, "clusters", "all", format, "Summary", items)
    return json_answer({"total": len(items), "items": items, "next": None})


def cluster(web: Web, name: str) -> Response:
    """Answer with one cluster's summary."""
    return json_answer(web.view(name).summary())


def what_if(
    web: Web, name: str, *, cpus: int | None, by: float | None, without: str
) -> Response:  # fmt: skip
    """Answer with when all would be done with other CPUs."""
    asked = [given for given in (cpus, by, without or None) if given is not None]
    if len(asked) != 1:
        raise invalid("cpus", "Ask for one of cpus, by and without.")
    return json_answer(web.view(name).what_if(cpus=cpus, by=by, without=without or None))


def nodes(
    web: Web,
    name: str,
    *,
    state: list[str],
    sort: str,
    order: str,
    q: str,
    limit: int,
    offset: int,
    format: str,
) -> Response:
    """Answer with a cluster's nodes: filtered, sorted, then a page of them."""
    view = web.view(name)
    found = matching(view.nodes(), q, state, view.name, view.tables.nodes.names)
    key = view.tables.nodes.sort_keys[sort]
    rows = sorted_rows(found, key, descending=order == "desc")
    if format != JSON:
        fields = [f for f in view.tables.nodes.fields if view.combined or f.combine != "listed"]
        chunks = in_chunks(rows[offset : offset + most_rows(limit, format)])
        return export(web, "nodes", view.name, format, paths=paths_of(fields), chunks=chunks)
    return rows_answer(rows, limit=limit, offset=offset)


def node(web: Web, name: str, host: str) -> Response:
    """Answer with one node, what happened to it, and the jobs that run or lately ended there."""
    view = web.view(name)
    row = view.node(host)
    hidden = hidden_fields(web)
    running = view.running_jobs(row["ip_addr"])
    recent, recent_total = view.ended_jobs(row["ip_addr"], _RECENT)
    return json_answer(
        {
            **row,
            "running_jobs": [visible(item, hidden) for item in running[:_RECENT]],
            "running_total": len(running),
            "recent_jobs": [visible(item, hidden) for item in recent],
            "recent_total": recent_total,
            "events": view.node_events(row["ip_addr"]),
        }
    )


def node_loads(web: Web, name: str) -> Response:
    """Answer with how busy all nodes were, beside each other."""
    return json_answer(web.view(name).node_loads())


def node_series(web: Web, name: str, host: str) -> Response:
    """Answer with a node's load over time."""
    view = web.view(name)
    return json_answer(view.node_series(view.node(host)["ip_addr"]))


def offers(web: Web, name: str, *, limit: int, offset: int, format: str) -> Response:
    """Answer with the nodes that were asked to join and have not, the first asked first."""
    view = web.view(name)
    items = view.offers()
    if not web.guard.allows("see_arguments"):
        items = [{**item, "asked_by": None} for item in items]
    if format != JSON:
        shown = items[offset : offset + most_rows(limit, format)]
        return export_rows(web, "offers", view.name, format, "Offer", shown)
    return rows_answer(items, limit=limit, offset=offset)


def jobs(
    web: Web,
    name: str,
    *,
    state: list[str],
    node: str,
    q: str,
    sort: str,
    order: str,
    limit: int,
    before: int | None,
    after: str,
    format: str,
) -> Response:
    """Answer with a cluster's jobs: filtered, sorted, then a page of them, or all."""
    query, columns = web.job_query(q, state, node), web.job_columns()
    by = JobOrder(sort, order == "desc", columns.index(sort) if sort in columns else None)
    if by.place is None and sort not in JOB_SORTS:
        raise invalid("sort", f"Sorting by {sort} takes the permission see_arguments.")
    place = _place(by, before, after)
    view, hidden = web.view(name), hidden_fields(web)
    if format != JSON:
        found = view.job_chunks(
            query,
            order=by,
            limit=most_rows(limit, format),
            after=place,
            private=web.hides_arguments(),
        )
        chunks = ([visible(row, hidden) for row in rows] for rows in found)
        paths = paths_of(view.tables.jobs.fields)
        return export(web, "jobs", view.name, format, paths=paths, chunks=chunks)
    # Before the rows: what changes meanwhile is asked for again.
    timed = query.depends_on_time or by.depends_on_time
    tag = None if timed else _tag(view.jobs_mark(), *hidden)
    if tag is not None and request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    private = web.hides_arguments()
    page = view.jobs(query, order=by, limit=limit, after=place, private=private)
    on: dict[str, Any] = {}
    if page.end is not None:
        on = {"before": page.end.serial} if by == NEWEST else {"after": str(page.end)}
    answer = json_answer(
        {
            "total": page.total,
            "items": [visible(item, hidden) for item in page.items],
            "next": link(**on, limit=limit) if on else None,
            "next_before": on.get("before"),
            "next_after": on.get("after"),
            "counts": page.counts,
            "limit": limit,
        }
    )
    return answer if tag is None else _tagged(answer, tag)


def job_facets(
    web: Web, name: str, *, state: list[str], node: str, q: str, limit: int
) -> Response:  # fmt: skip
    """Answer with what the jobs of a search have in common."""
    query = web.job_query(q, state, node)
    found = web.view(name).job_facets(
        query,
        limit=limit,
        private=web.hides_arguments(),
        messages=web.guard.allows("see_arguments"),
    )
    return json_answer(found)


def _place(order: JobOrder, before: int | None, after: str) -> Place | None:
    """Return where a page of jobs begins: behind which place, ``None`` for the first."""
    if after:
        return Place.parse(after, order.column)
    if before is None:
        return None
    if order != NEWEST:
        raise invalid("before", "before goes with the newest first; in other orders give after.")
    return Place.before(before)


def errors(
    web: Web,
    name: str,
    *,
    sort: ErrorOrder,
    order: str,
    limit: int,
    offset: int,
    format: str,
) -> Response:
    """Answer with the kinds of errors that a cluster's jobs failed with, over the whole run."""
    view = web.view(name)
    page = view.error_kinds(
        sort=sort,
        descending=order == "desc",
        limit=most_rows(limit, format),
        offset=offset,
    )
    rows: list[dict[str, Any]] = [{**row} for row in page.items]
    if not web.guard.allows("see_arguments"):
        rows = [{**row, "message": None, "sample": None, "sample_truncated": False} for row in rows]
    if format != JSON:
        return export_rows(web, "errors", view.name, format, "ErrorKind", rows)
    return json_answer(
        {
            "total": page.total,
            "items": rows,
            "next": next_page(offset + limit, limit, page.total),
            "failed": page.failed,
            "other": page.other,
        }
    )


def job(web: Web, name: str, serial: str) -> Response:
    """Answer with all that is known of one job."""
    return json_answer(visible(job_of(web.view(name), serial), hidden_fields(web)))


def job_of(view: View, serial: str) -> JobDetail:
    """Return the job with the serial number that stands in a URL.

    :raises UnknownJob: there is none.
    """
    number = whole_number(serial)
    if number is None:
        raise UnknownJob(f"{serial[:40]!r} is no job's serial number.")
    return view.job(number)


def cluster_series(web: Web, name: str, *, resolution_sec: int) -> Response:
    """Answer with a cluster's time series."""
    return json_answer(web.view(name).series(resolution_sec))


def timeline(
    web: Web,
    name: str,
    *,
    from_: float | None,
    to: float | None,
    limit: int,
    node: str,
    color: ColorBy,
    sort: LaneOrder,
    lanes: str,
) -> Response:
    """Answer with what ran where in a window of time."""
    if from_ is not None and to is not None and from_ >= to:
        raise invalid("to", "The window must end after it begins.")
    view = web.view(name)
    only = view.node(node)["ip_addr"] if node else None
    found = view.timeline(
        start=from_,
        end=to,
        limit=limit,
        node=only,
        color=color,
        sort=sort,
        together=lanes == "together",
    )
    if color == "error" and not web.guard.allows("see_arguments"):
        found["classes"] = [{**each, "detail": None} for each in found["classes"]]
    return json_answer(found)


def report(web: Web, name: str) -> Response:
    """Answer with the report of a cluster's run, as a file to save.

    A client that may not see what jobs were given and put out gets a report without it.
    """
    text = render_report(web.view(name), arguments=web.guard.allows("see_arguments"))
    answer = Response(text, content_type="text/html; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="dispy-report.html")
    return answer


def healthz(web: Web) -> Response:
    """Answer 200 if the dashboard itself is well, else 503; a client that may view gets details."""
    health = web.registry.health()
    body = {"status": health["status"]}
    if web.guard.allows("view"):
        body = {**health, "streams": web.streams.taken}
    return json_answer(body, 200 if health["status"] == "ok" else 503)


def settings(web: Web) -> Response:
    """Answer with what can be set while running."""
    registry = web.registry
    return json_answer(
        SettingsRow(poll_sec=registry.poll_sec, show_job_args=registry.show_job_args)
    )


def no_such_route(_web: Web, rest: str) -> Response:
    """Refuse a URL below the API's root that means nothing."""
    if "//" in rest:
        return tidied(f"api/{rest}")
    raise HttpError(404, "not_found", "There is nothing here; api/v1/openapi.json lists what is.")


def hidden_fields(web: Web) -> tuple[str, ...]:
    """Return the fields of jobs that the current client may not see.

    A result or a traceback shows what a job was given as well as its arguments do, and so may a
    custom column.
    """
    if not web.guard.allows("see_arguments"):
        return (*_ARGUMENTS, *_OUTPUT, *web.board.tables.jobs.names)
    return () if web.registry.show_job_args else _ARGUMENTS


def visible(row: Mapping[str, Any], hidden: Collection[str]) -> Mapping[str, Any]:
    """Return a job's row without the *hidden* fields, and marked so if there are any."""
    if not hidden:
        return row
    empty = {field: None for field in hidden if field in row}
    whole = {f"{field}_truncated": False for field in hidden if f"{field}_truncated" in row}
    cut = {name: why for name, why in (row["texts_cut"] or {}).items() if name not in hidden}
    return {**row, "hidden": True, **empty, **whole, "texts_cut": cut or None}


def _tag(*parts: str) -> str:
    """Return an entity tag of what an answer to this request depends on."""
    said = "\n".join((request.full_path, *parts))
    return blake2b(said.encode(errors="surrogateescape"), digest_size=12).hexdigest()


def _tagged(answer: Response, tag: str) -> Response:
    answer.set_etag(tag, weak=True)  # the durations of running jobs go on under the same tag
    return answer
