"""The JSON API's answers that change nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Response, request

from ...core.errors import UnknownJob
from ...core.search.query import JobQuery
from ..http.answers import json_answer
from ..http.errors import HttpError, invalid
from ..http.values import whole_number
from ..redirects import tidied
from .job_privacy import hide_arguments, hide_output
from .node_list import matching, sorted_rows
from .shapes import SettingsRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..context import Web

__all__ = [
    "cluster",
    "cluster_series",
    "clusters",
    "hiding",
    "job",
    "jobs",
    "no_such_route",
    "node",
    "node_series",
    "nodes",
    "offers",
    "parse_query",
    "settings",
    "timeline",
]

_RECENT: Final = 50


def clusters(web: Web) -> Response:
    """Answer with the summary of every cluster."""
    items = [view.summary() for view in web.registry.views()]
    return json_answer({"total": len(items), "items": items, "next": None})


def cluster(web: Web, name: str) -> Response:
    """Answer with one cluster's summary."""
    return json_answer(web.view(name).summary())


def nodes(
    web: Web, name: str, *, state: list[str], sort: str, order: str, q: str, limit: int, offset: int
) -> Response:
    """Answer with a cluster's nodes: filtered, sorted, then a page of them."""
    view = web.view(name)
    found = matching(view.nodes(), q, state, view.name)
    rows = sorted_rows(found, sort, descending=order == "desc")
    end = offset + limit
    following = _link(offset=end, limit=limit) if end < len(rows) else None
    return json_answer({"total": len(rows), "items": rows[offset:end], "next": following})


def node(web: Web, name: str, host: str) -> Response:
    """Answer with one node, what happened to it, and the jobs that run or lately ended there."""
    view = web.view(name)
    row = view.node(host)
    hide = hiding(web)
    running = view.running_jobs(row["ip_addr"])
    recent, recent_total = view.ended_jobs(row["ip_addr"], _RECENT)
    return json_answer(
        {
            **row,
            "running_jobs": [hide(item) for item in running[:_RECENT]],
            "running_total": len(running),
            "recent_jobs": [hide(item) for item in recent],
            "recent_total": recent_total,
            "events": view.node_events(row["ip_addr"]),
        }
    )


def node_series(web: Web, name: str, host: str) -> Response:
    """Answer with a node's load over time."""
    view = web.view(name)
    return json_answer(view.node_series(view.node(host)["ip_addr"]))


def offers(web: Web, name: str, *, limit: int, offset: int) -> Response:
    """Answer with the nodes that were asked to join and have not, the first asked first."""
    items = web.view(name).offers()
    end = offset + limit
    following = _link(offset=end, limit=limit) if end < len(items) else None
    return json_answer({"total": len(items), "items": items[offset:end], "next": following})


def jobs(
    web: Web, name: str, *, state: list[str], node: str, q: str, limit: int, before: int | None
) -> Response:
    """Answer with a cluster's jobs, newest first: filtered, then a page of them."""
    query = parse_query(q, state, node)
    view, hide = web.view(name), hiding(web)
    # Before the rows: what changes meanwhile is asked for again.
    tag = None if query.depends_on_time else _tag(view.jobs_mark(), hide.__name__)
    if tag is not None and request.if_none_match.contains_weak(tag):
        return _tagged(Response(status=304), tag)
    page = web.jobs(view, query, limit=limit, before=before)
    following = None
    if page.next_before is not None:
        following = _link(before=page.next_before, limit=limit)
    answer = json_answer(
        {
            "total": page.total,
            "items": [hide(item) for item in page.items],
            "next": following,
            "next_before": page.next_before,
            "counts": page.counts,
            "limit": limit,
        }
    )
    return answer if tag is None else _tagged(answer, tag)


def job(web: Web, name: str, serial: str) -> Response:
    """Answer with all that is known of one job."""
    view = web.view(name)
    number = whole_number(serial)
    if number is None:
        raise UnknownJob(f"{serial[:40]!r} is no job's serial number.")
    return json_answer(hiding(web)(view.job(number)))


def cluster_series(web: Web, name: str, *, resolution_sec: int) -> Response:
    """Answer with a cluster's time series."""
    return json_answer(web.view(name).series(resolution_sec))


def timeline(
    web: Web, name: str, *, from_: float | None, to: float | None, limit: int, node: str
) -> Response:
    """Answer with what ran where in a window of time."""
    if from_ is not None and to is not None and from_ >= to:
        raise invalid("to", "The window must end after it begins.")
    view = web.view(name)
    only = view.node(node)["ip_addr"] if node else None
    return json_answer(view.timeline(start=from_, end=to, limit=limit, node=only))


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


def parse_query(q: str, states: list[str], node: str) -> JobQuery:
    """Return the search that a client gave.

    :raises BadRequest: it makes no sense; ``field`` says which part.
    """
    return JobQuery.parse(q, states, node or None)


def hiding(web: Web) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Return what takes out of a job's row all that the current client may not see."""
    if not web.guard.allows("see_arguments"):
        return hide_output
    if not web.registry.show_job_args:
        return hide_arguments
    return _hide_nothing


def _hide_nothing(row: dict[str, Any]) -> dict[str, Any]:
    return row


def _tag(*parts: str) -> str:
    """Return an entity tag of what an answer to this request depends on."""
    said = "\n".join((request.full_path, *parts))
    return blake2b(said.encode(errors="surrogateescape"), digest_size=12).hexdigest()


def _tagged(answer: Response, tag: str) -> Response:
    answer.set_etag(tag, weak=True)  # the durations of running jobs go on under the same tag
    return answer


def _link(**changed: int) -> str:
    """Return the link to another page of this list, relative to this one."""
    query = [(key, value) for key, value in request.args.items(multi=True) if key not in changed]
    return "?" + urlencode([*query, *((key, str(value)) for key, value in changed.items())])
