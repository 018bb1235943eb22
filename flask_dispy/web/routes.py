"""Every route of the blueprint in one table: what it asks for, what it takes, what it answers.

A route's check of its query and body, and its part of OpenAPI, are made of what stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from flask.typing import ResponseReturnValue

from ..core.jobs import JOB_WORDS
from ..core.nodes import NODE_STATES
from ..core.search.query import MAX_QUERY_LENGTH
from ..core.settings import LONGEST_POLL_SEC
from ..core.timeline import DEFAULT_LIMIT
from ..engine.commands.outcomes import NODE_ACTIONS
from ..wire.fields import SORT_KEYS
from .access.permissions import Access
from .api import changes as stream
from .api import control as api_control
from .api import health, metrics, openapi, report
from .api import read as api_read
from .files.assets import ASSETS
from .http.values import Choice, Flag, Group, Integer, Number, Numbers, Text, Value, Words
from .legacy import routes as legacy
from .pages.files import asset, document
from .pages.pages import PAGES, page_answer
from .routing import Route

__all__ = ["API_ROOT", "CATCH_ALL", "DOCUMENT_ROUTES", "ROUTES"]

Answer = Callable[..., ResponseReturnValue]

API_ROOT: Final = "/api/v1"
_CLUSTER: Final = f"{API_ROOT}/clusters/<path:name>"
_NODE: Final = f"{_CLUSTER}/nodes/<host>"
_OFFER: Final = f"{_CLUSTER}/offers/<number>"

_PAGES: Final = tuple(
    Route(page, f"/{page}.html", "GET", "view", "page", page_answer(page)) for page in PAGES
)

_TEXT: Final = Text()
_QUERY: Final = Text(longest=MAX_QUERY_LENGTH)
_CLUSTER_NAME: Final = Text(default="*")
_LIMIT: Final = Integer(least=1, most=1_000, default=100)
_OFFSET: Final = Integer(least=0, default=0)
_SERIAL: Final = Integer(least=1)

_RESOLUTIONS: Final = (1, 10, 60, 600)


def _read(
    endpoint: str,
    rule: str,
    answer: Answer,
    summary: str,
    answers: str,
    *,
    permission: Access = "view",
    query: Mapping[str, Value] | None = None,
    errors: tuple[int, ...] = (),
    costly: bool = False,
) -> Route:
    """Return a route that changes nothing, and takes no parameters but those of *query*."""
    return Route(
        endpoint, rule, "GET", permission, "data", answer,
        costly=costly, query=query or {}, summary=summary, answers=answers, errors=errors,
    )  # fmt: skip


def _command(
    endpoint: str,
    request: str,
    permission: Access,
    answer: Answer,
    summary: str,
    answers: str = "Outcomes",
    *,
    body: Group | None = None,
    errors: tuple[int, ...] = (404, 409, 504),
) -> Route:
    """Return a route that changes something.

    :param request: its method and rule.
    """
    method, _, rule = request.partition(" ")
    return Route(
        endpoint, rule, method, permission, "data", answer,
        query={}, body=body, summary=summary, answers=answers, errors=errors,
    )  # fmt: skip


_READING: Final = (
    _read(
        "clusters",
        f"{API_ROOT}/clusters",
        api_read.clusters,
        "The summary of every cluster.",
        "Clusters",
    ),
    _read("cluster", _CLUSTER, api_read.cluster, "A cluster's summary.", "Summary", errors=(404,)),
    _read(
        "nodes",
        f"{_CLUSTER}/nodes",
        api_read.nodes,
        "A cluster's nodes, filtered, sorted and paged.",
        "Nodes",
        query={
            "state": Words(known=NODE_STATES),
            "sort": Choice(choices=SORT_KEYS, default="ip_addr"),
            "order": Choice(choices=("asc", "desc"), default="asc"),
            "q": _QUERY,
            "limit": Integer(least=1, most=20_000, default=1_000),
            "offset": _OFFSET,
        },
        errors=(404,),
        costly=True,
    ),
    _read(
        "node_detail",
        _NODE,
        api_read.node,
        "A node, and the jobs there.",
        "NodeDetail",
        errors=(404, 409),
        costly=True,
    ),
    _read(
        "node_series",
        f"{_NODE}/series",
        api_read.node_series,
        "A node's load over time.",
        "NodeSeries",
        errors=(404, 409),
        costly=True,
    ),
    _read(
        "offers",
        f"{_CLUSTER}/offers",
        api_read.offers,
        "The nodes that were asked to join and have not, with the likely reasons.",
        "Offers",
        query={"limit": _LIMIT, "offset": _OFFSET},
        errors=(404,),
    ),
    _read(
        "jobs_list",
        f"{_CLUSTER}/jobs",
        api_read.jobs,
        "A cluster's jobs, newest first, filtered and paged.",
        "Jobs",
        query={
            "state": Words(known=JOB_WORDS),
            "node": _TEXT,
            "q": _QUERY,
            "limit": _LIMIT,
            "before": _SERIAL,
        },
        errors=(404,),
        costly=True,
    ),
    _read(
        "job",
        f"{_CLUSTER}/jobs/<serial>",
        api_read.job,
        "One job, whole.",
        "JobDetail",
        errors=(404,),
    ),
    _read(
        "series",
        f"{_CLUSTER}/series",
        api_read.cluster_series,
        "A cluster's throughput, queue and CPUs over time.",
        "Series",
        query={"resolution_sec": Choice(choices=_RESOLUTIONS, default=1)},
        errors=(404,),
        costly=True,
    ),
    _read(
        "timeline_data",
        f"{_CLUSTER}/timeline",
        api_read.timeline,
        "What ran where in a window of time.",
        "Timeline",
        query={
            "from": Number(),
            "to": Number(),
            "limit": Integer(least=1, most=10_000, default=DEFAULT_LIMIT),
            "node": _TEXT,
        },
        errors=(404, 409),
        costly=True,
    ),
    _read(
        "report",
        f"{_CLUSTER}/report",
        report.report,
        "The run's report, one HTML file; without arguments and output for who may not see them.",
        "text/html",
        errors=(404,),
        costly=True,
    ),
    _read(
        "changes",
        f"{API_ROOT}/changes",
        stream.changes,
        "What changed since a cursor.",
        "Changes",
        query={
            "cluster": _CLUSTER_NAME,
            "since": _TEXT,
            "form": Choice(choices=("rows", "columns"), default="rows"),
        },
        errors=(404,),
    ),
    _read(
        "stream",
        f"{API_ROOT}/stream",
        stream.stream,
        "The changes as server-sent events; each event's id is the cursor.",
        "text/event-stream",
        query={
            "cluster": _CLUSTER_NAME,
            "since": _TEXT,
            "alive_sec": Integer(least=1, most=stream.KEEP_ALIVE_SEC),
        },
        errors=(404, 503),
    ),
    _read("settings", f"{API_ROOT}/settings", api_read.settings, "The settings.", "Settings"),
    _read(
        "openapi",
        f"{API_ROOT}/openapi.json",
        openapi.openapi,
        "This description.",
        "application/json",
        costly=True,
    ),
    _read(
        "metrics",
        "/metrics",
        metrics.metrics,
        "Figures for Prometheus.",
        "text/plain",
        errors=(501,),
        costly=True,
    ),
    _read(
        "healthz",
        "/healthz",
        health.healthz,
        "Whether the dashboard is well; details for who may view.",
        "Health",
        permission="public",
        errors=(503,),
    ),
)

_COMMANDS: Final = (
    _command(
        "cancel",
        f"POST {_CLUSTER}/jobs/cancel",
        "cancel_jobs",
        api_control.cancel_jobs,
        "Cancel the jobs listed, or all that match.",
        "Cancelled",
        body=Group(
            members={
                "serials": Numbers(most=api_control.MOST_SERIALS),
                "filter": Group(
                    members={"q": _QUERY, "state": Words(known=JOB_WORDS, most=20), "node": _TEXT}
                ),
                "dry_run": Flag(default=False),
                "limit": Integer(least=1, most=api_control.MOST_FILTERED, nullable=True),
                "before": Integer(least=1, nullable=True),
            },
            one_of=("serials", "filter"),
            needs={"limit": "filter", "before": "filter"},
        ),
        errors=(404, 504),
    ),
    _command(
        "add_node",
        f"POST {_CLUSTER}/nodes",
        "manage_nodes",
        api_control.add_node,
        "Offer a node to a cluster.",
        body=Group(
            members={
                "host": api_control.HOST,
                "port": api_control.PORT,
                "cpus": replace(api_control.CPUS, default=0, nullable=True),
            }
        ),
    ),
    _command(
        "ask_again",
        f"POST {_OFFER}/ask",
        "manage_nodes",
        api_control.ask_again,
        "Ask a node anew that was asked to join and has not.",
    ),
    _command(
        "withdraw",
        f"DELETE {_OFFER}",
        "manage_nodes",
        api_control.withdraw,
        "Take back the offer of a node that has not joined.",
    ),
    _command(
        "change_node",
        f"PATCH {_NODE}",
        "manage_nodes",
        api_control.change_node,
        "Set the CPUs that are used of a node.",
        body=Group(members={"cpus": replace(api_control.CPUS, required=True)}),
    ),
    *(
        _command(
            f"{action}_node",
            f"POST {_NODE}/{action}",
            "manage_nodes",
            api_control.node_action(action),
            f"{action.capitalize()} a node.",
        )
        for action in NODE_ACTIONS
    ),
    _command(
        "change_settings",
        f"PATCH {API_ROOT}/settings",
        "change_settings",
        api_control.change_settings,
        "Change the settings that are given.",
        "Settings",
        body=Group(
            members={
                "poll_sec": Number(least=-LONGEST_POLL_SEC, most=LONGEST_POLL_SEC),
                "show_job_args": Flag(),
            }
        ),
        errors=(),
    ),
)

_LEGACY: Final = (
    Route("legacy_cluster_status", "/cluster_status", "GET", "view", "data", legacy.cluster_status),
    Route(
        "legacy_cluster_updates", "/cluster_updates", "GET", "view", "data", legacy.cluster_updates
    ),
    Route("legacy_nodes", "/nodes", "GET", "view", "data", legacy.nodes, costly=True),
    # It changes nothing, but dispy's pages post it.
    Route("legacy_node_info", "/node_info", "POST", "view", "data", legacy.node_info, costly=True),
    Route("legacy_cancel_jobs", "/cancel_jobs", "POST", "cancel_jobs", "data", legacy.cancel_jobs),
    Route("legacy_add_node", "/add_node", "POST", "manage_nodes", "data", legacy.add_node),
    *(
        Route(
            f"legacy_{action}_node",
            f"/{action}_node",
            "POST",
            "manage_nodes",
            "data",
            legacy.node_action(action),
        )
        for action in NODE_ACTIONS
    ),
    Route("legacy_set_cpus", "/set_cpus", "POST", "manage_nodes", "data", legacy.set_cpus),
    Route("legacy_update", "/update", "POST", "change_settings", "data", legacy.update),
)

ROUTES: Final[tuple[Route, ...]] = (
    Route("index", "/", "GET", "view", "page", page_answer("monitor")),
    Route("index_html", "/index.html", "GET", "view", "page", page_answer("monitor")),
    *_PAGES,
    Route("asset", f"/{ASSETS}/<version>/<path:name>", "GET", "view", "asset", asset),
    *_READING,
    *_COMMANDS,
    *_LEGACY,
)
"""What every blueprint has."""

DOCUMENT_ROUTES: Final[tuple[Route, ...]] = (
    Route("document", "/<path:filename>", "GET", "view", "document", document),
)
"""What a blueprint with a DocumentRoot has besides."""

CATCH_ALL: Final = "/api/<path:rest>"
"""What is left over below the API's root, so that its errors have the API's shape."""
