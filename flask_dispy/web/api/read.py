"""The JSON API's answers that change nothing."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from flask import Response, request

from ...core.errors import UnknownJob
from ...core.search.query import MAX_QUERY_LENGTH, JobQuery
from ...wire.fields import SORT_KEYS
from ..http.answers import json_answer
from ..http.errors import HttpError, invalid
from ..http.validation import read_parameters, whole_number
from ..redirects import tidied
from .job_privacy import hide_arguments, hide_output
from .node_list import matching, sorted_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..context import Web

__all__ = [
    "LARGEST",
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

MOST_ITEMS: Final = 1000
MOST_NODES: Final = 20_000
MOST_BARS: Final = 10_000
_RECENT: Final = 50
LARGEST: Final = 2**62
_RESOLUTIONS: Final = ("1", "10", "60", "600")


def clusters(web: Web) -> Response:
    """Answer with the summary of every cluster."""
    read_parameters()
    items = [view.summary() for view in web.registry.views()]
    return json_answer({"total": len(items), "items": items, "next": None})


def cluster(web: Web, name: str) -> Response:
    """Answer with one cluster's summary."""
    read_parameters()
    return json_answer(web.view(name).summary())


def nodes(web: Web, name: str) -> Response:
    """Answer with a cluster's nodes: filtered, sorted, then a page of them."""
    parameters = read_parameters("state", "sort", "order", "q", "limit", "offset")
    column = parameters.choice("sort", list(SORT_KEYS), "ip_addr")
    order = parameters.choice("order", ("asc", "desc"), "asc")
    limit = parameters.integer("limit", MOST_ITEMS, least=1, most=MOST_NODES)
    offset = parameters.integer("offset", 0, least=0, most=LARGEST)
    view = web.view(name)
    words = parameters.text("q", longest=MAX_QUERY_LENGTH)
    found = matching(view.nodes(), words, parameters.texts("state"), view.name)
    rows = sorted_rows(found, column, descending=order == "desc")
    end = offset + limit
    following = _link(offset=end, limit=limit) if end < len(rows) else None
    return json_answer({"total": len(rows), "items": rows[offset:end], "next": following})


def node(web: Web, name: str, host: str) -> Response:
    """Answer with one node, what happened to it, and the jobs that run or lately ended there."""
    read_parameters()
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
    read_parameters()
    view = web.view(name)
    return json_answer(view.node_series(view.node(host)["ip_addr"]))


def offers(web: Web, name: str) -> Response:
    """Answer with the nodes that were asked to join and have not, the first asked first."""
    parameters = read_parameters("limit", "offset")
    limit = parameters.integer("limit", 100, least=1, most=MOST_ITEMS)
    offset = parameters.integer("offset", 0, least=0, most=LARGEST)
    items = web.view(name).offers()
    end = offset + limit
    following = _link(offset=end, limit=limit) if end < len(items) else None
    return json_answer({"total": len(items), "items": items[offset:end], "next": following})


def jobs(web: Web, name: str) -> Response:
    """Answer with a cluster's jobs, newest first: filtered, then a page of them."""
    parameters = read_parameters("state", "node", "q", "limit", "before")
    query = parse_query(
        parameters.text("q", longest=MAX_QUERY_LENGTH),
        parameters.texts("state"),
        parameters.text("node"),
    )
    limit = parameters.integer("limit", 100, least=1, most=MOST_ITEMS)
    before = parameters.optional_integer("before", least=1, most=LARGEST)
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
    read_parameters()
    view = web.view(name)
    number = whole_number(serial)
    if number is None:
        raise UnknownJob(f"{serial[:40]!r} is no job's serial number.")
    return json_answer(hiding(web)(view.job(number)))


def cluster_series(web: Web, name: str) -> Response:
    """Answer with a cluster's time series."""
    parameters = read_parameters("resolution_sec")
    resolution = parameters.choice("resolution_sec", _RESOLUTIONS, "1")
    return json_answer(web.view(name).series(int(resolution)))


def timeline(web: Web, name: str) -> Response:
    """Answer with what ran where in a window of time."""
    parameters = read_parameters("from", "to", "limit", "node")
    start, end = parameters.optional_number("from"), parameters.optional_number("to")
    if start is not None and end is not None and start >= end:
        raise invalid("to", "The window must end after it begins.")
    limit = parameters.integer("limit", MOST_ITEMS, least=1, most=MOST_BARS)
    view = web.view(name)
    host = parameters.text("node")
    only = view.node(host)["ip_addr"] if host else None
    return json_answer(view.timeline(start=start, end=end, limit=limit, node=only))


def settings(web: Web) -> Response:
    """Answer with what can be set while running."""
    read_parameters()
    registry = web.registry
    return json_answer({"poll_sec": registry.poll_sec, "show_job_args": registry.show_job_args})


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
