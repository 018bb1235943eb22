"""Every route of the blueprint in one table: what it asks for, what it takes, what it answers.

A route's check of its query and body, and its part of OpenAPI, are made of what stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ...core.coloring import COLORS_BY
from ...core.jobs import JOB_WORDS
from ...core.journal import ENTRY_KINDS
from ...core.nodes import NODE_STATES
from ...core.search.order import JOB_SORTS, NEWEST
from ...core.search.query import MAX_QUERY_LENGTH
from ...core.search.runs import NEWEST_RUN, RUN_SORTS
from ...core.settings import LONGEST_POLL_SEC
from ...core.tally import TIMED_WORDS
from ...core.timeline import DEFAULT_LIMIT, LANE_ORDERS
from ...engine.commands.outcomes import MOST_CPUS, NODE_ACTIONS
from ...watching.intervals import Intervals
from ...wire.errorkinds import ERROR_ORDERS
from ...wire.tables import NodeTable, Tables
from ..api import changes as stream
from ..api import control as api_control
from ..api import events, files, metrics, openapi, spreads
from ..api import read as api_read
from ..api import runs as api_runs
from ..api.exports import FORMATS, MEDIA_TYPES
from ..files.assets import ASSETS
from ..http.values import Choice, Flag, Group, Integer, Number, Numbers, Text, Words
from ..legacy import routes as legacy
from ..pages.files import asset, document
from ..pages.pages import PAGES, index, page_answer
from ..routing import Route

__all__ = ["API_ROOT", "CATCH_ALL", "DOCUMENT_ROUTES", "ROUTES", "with_sort_keys"]

API_ROOT: Final = "/api/v1"
_CLUSTER: Final = f"{API_ROOT}/clusters/<path:name>"
_NODE: Final = f"{_CLUSTER}/nodes/<host>"
_OFFER: Final = f"{_CLUSTER}/offers/<number>"

_TEXT: Final = Text()
_QUERY: Final = Text(longest=MAX_QUERY_LENGTH)
_CLUSTER_NAME: Final = Text(default="*")
_LIMIT: Final = Integer(least=1, most=1_000, default=100)
_NODES: Final = Integer(least=1, most=20_000, default=1_000)
_OFFSET: Final = Integer(least=0, default=0)
_SERIAL: Final = Integer(least=1)
_FORMAT: Final = Choice(choices=FORMATS, default=FORMATS[0])

_OWN_SORT_KEYS: Final = tuple(NodeTable().sort_keys)
_RESOLUTIONS: Final = (1, 10, 60, 600)

_READING: Final = (
    Route(
        "clusters",
        f"GET {API_ROOT}/clusters",
        api_read.clusters,
        "The summary of every cluster.",
        "Clusters",
        MEDIA_TYPES,
        query={"format": _FORMAT},
    ),
    Route(
        "cluster",
        f"GET {_CLUSTER}",
        api_read.cluster,
        "A cluster's summary.",
        "Summary",
    ),
    Route(
        "what_if",
        f"GET {_CLUSTER}/what-if",
        api_read.what_if,
        "When a cluster would be done with so many CPUs, how many it takes to be done by a time, "
        "or what it would take without a node.",
        "WhatIf",
        query={"cpus": Integer(least=1, most=MOST_CPUS), "by": Number(), "without": _TEXT},
        errors=(409,),
        costly=True,
    ),
    Route(
        "nodes",
        f"GET {_CLUSTER}/nodes",
        api_read.nodes,
        "A cluster's nodes, filtered, sorted and paged.",
        "Nodes",
        MEDIA_TYPES,
        query={
            "state": Words(known=NODE_STATES),
            "sort": Choice(choices=_OWN_SORT_KEYS, default="ip_addr"),
            "order": Choice(choices=("asc", "desc"), default="asc"),
            "q": _QUERY,
            "limit": _NODES,
            "offset": _OFFSET,
            "format": _FORMAT,
        },
        costly=True,
    ),
    Route(
        "node_detail",
        f"GET {_NODE}",
        api_read.node,
        "A node, and the jobs there.",
        "NodeDetail",
        costly=True,
    ),
    Route(
        "node_series",
        f"GET {_NODE}/series",
        api_read.node_series,
        "A node's load over time.",
        "NodeSeries",
        costly=True,
    ),
    Route(
        "offers",
        f"GET {_CLUSTER}/offers",
        api_read.offers,
        "The nodes that were asked to join and have not, with the likely reasons.",
        "Offers",
        MEDIA_TYPES,
        query={"limit": _LIMIT, "offset": _OFFSET, "format": _FORMAT},
    ),
    Route(
        "jobs_list",
        f"GET {_CLUSTER}/jobs",
        api_read.jobs,
        "A cluster's jobs, filtered, sorted and paged.",
        "Jobs",
        MEDIA_TYPES,
        query={
            "state": Words(known=JOB_WORDS),
            "node": _TEXT,
            "q": _QUERY,
            "sort": Choice(choices=JOB_SORTS, default=NEWEST.column),
            "order": Choice(choices=("asc", "desc"), default="desc"),
            "limit": _LIMIT,
            "before": _SERIAL,
            "after": _TEXT,
            "format": _FORMAT,
        },
        costly=True,
    ),
    Route(
        "job_facets",
        f"GET {_CLUSTER}/jobs/facets",
        api_read.job_facets,
        "How many jobs of a search are of each state, node, cluster and kind of error.",
        "JobFacets",
        query={
            "state": Words(known=JOB_WORDS),
            "node": _TEXT,
            "q": _QUERY,
            "limit": Integer(least=1, most=1_000, default=10),
        },
        costly=True,
    ),
    Route(
        "errors",
        f"GET {_CLUSTER}/errors",
        api_read.errors,
        "The kinds of errors that a cluster's jobs failed with, sorted and paged.",
        "Errors",
        MEDIA_TYPES,
        query={
            "sort": Choice(choices=ERROR_ORDERS, default="count"),
            "order": Choice(choices=("asc", "desc"), default="desc"),
            "limit": _LIMIT,
            "offset": _OFFSET,
            "format": _FORMAT,
        },
        costly=True,
    ),
    Route(
        "events_list",
        f"GET {_CLUSTER}/events",
        events.events,
        "What happened in a cluster, the newest first, filtered and paged.",
        "Events",
        MEDIA_TYPES,
        query={
            "kind": Words(known=ENTRY_KINDS),
            "since": Number(),
            "after": Integer(least=0),
            "before": _SERIAL,
            "limit": _LIMIT,
            "format": _FORMAT,
        },
        costly=True,
    ),
    Route(
        "job",
        f"GET {_CLUSTER}/jobs/<serial>",
        api_read.job,
        "One job, whole.",
        "JobDetail",
    ),
    Route(
        "job_texts",
        f"GET {_CLUSTER}/jobs/<serial>/texts",
        files.job_texts,
        "All texts that are kept of a job, as a file, whose first line says what was cut.",
        "text/plain",
    ),
    Route(
        "series",
        f"GET {_CLUSTER}/series",
        api_read.cluster_series,
        "A cluster's throughput, queue and CPUs over time.",
        "Series",
        query={"resolution_sec": Choice(choices=_RESOLUTIONS, default=1)},
        costly=True,
    ),
    Route(
        "node_loads",
        f"GET {_CLUSTER}/loads",
        api_read.node_loads,
        "How busy all nodes were over the last twenty minutes, beside each other.",
        "NodeLoads",
    ),
    Route(
        "comparison",
        f"GET {_CLUSTER}/comparison",
        spreads.comparison,
        "How the nodes' jobs did beside each other, the worse nodes first.",
        "Comparison",
        query={"limit": _NODES, "offset": _OFFSET},
        costly=True,
    ),
    Route(
        "durations",
        f"GET {_CLUSTER}/durations",
        spreads.durations,
        "How long jobs ran and waited: histograms over the whole run.",
        "Durations",
        query={"state": Words(known=TIMED_WORDS), "node": _TEXT},
        errors=(409,),
        costly=True,
    ),
    Route(
        "timeline_data",
        f"GET {_CLUSTER}/timeline",
        api_read.timeline,
        "What ran where in a window of time.",
        "Timeline",
        query={
            "from": Number(),
            "to": Number(),
            "limit": Integer(least=1, most=10_000, default=DEFAULT_LIMIT),
            "node": _TEXT,
            "color": Choice(choices=COLORS_BY, default="state"),
            "sort": Choice(choices=LANE_ORDERS, default="address"),
            "lanes": Choice(choices=("nodes", "together"), default="nodes"),
        },
        errors=(409,),
        costly=True,
    ),
    Route(
        "trace",
        f"GET {_CLUSTER}/trace",
        files.trace,
        "All that ran, as a trace for Perfetto or chrome://tracing.",
        "application/json",
        costly=True,
    ),
    Route(
        "report",
        f"GET {_CLUSTER}/report",
        api_read.report,
        "The run's report, one HTML file; without arguments and output for who may not see them.",
        "text/html",
        costly=True,
    ),
    Route(
        "runs_list",
        f"GET {API_ROOT}/runs",
        api_runs.runs,
        "The runs of the history, filtered, sorted and paged.",
        "Runs",
        MEDIA_TYPES,
        query={
            "q": _QUERY,
            "sort": Choice(choices=RUN_SORTS, default=NEWEST_RUN.column),
            "order": Choice(choices=("asc", "desc"), default="desc"),
            "limit": _LIMIT,
            "after": _TEXT,
            "format": _FORMAT,
        },
        errors=(404,),
        costly=True,
    ),
    Route(
        "compare_runs",
        f"GET {API_ROOT}/runs/compare",
        api_runs.compare,
        "Two runs side by side: what got worse in b comes first.",
        "RunComparison",
        query={"a": _SERIAL, "b": _SERIAL, "limit": _LIMIT, "offset": _OFFSET},
        errors=(404,),
        costly=True,
    ),
    Route(
        "changes",
        f"GET {API_ROOT}/changes",
        stream.changes,
        "What changed since a cursor.",
        "Changes",
        query={
            "cluster": _CLUSTER_NAME,
            "since": _TEXT,
            "form": Choice(choices=("rows", "columns"), default="rows"),
        },
    ),
    Route(
        "stream",
        f"GET {API_ROOT}/stream",
        stream.stream,
        "The changes as server-sent events; each event's id is the cursor.",
        "text/event-stream",
        query={
            "cluster": _CLUSTER_NAME,
            "since": _TEXT,
            "alive_sec": Integer(least=1, most=int(Intervals().keep_alive_sec)),
        },
    ),
    Route("settings", f"GET {API_ROOT}/settings", api_read.settings, "The settings.", "Settings"),
    Route(
        "openapi",
        f"GET {API_ROOT}/openapi.json",
        openapi.openapi,
        "This description.",
        "application/json",
        costly=True,
    ),
    Route(
        "metrics",
        "GET /metrics",
        metrics.metrics,
        "Figures for Prometheus.",
        "text/plain",
        errors=(501,),
        costly=True,
    ),
    Route(
        "healthz",
        "GET /healthz",
        api_read.healthz,
        "Whether the dashboard is well; details for who may view.",
        "Health",
        permission="public",
        errors=(503,),
    ),
)

_COMMANDS: Final = (
    Route(
        "cancel",
        f"POST {_CLUSTER}/jobs/cancel",
        api_control.cancel_jobs,
        "Cancel the jobs listed, or all that match.",
        "Cancelled",
        permission="cancel_jobs",
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
    ),
    Route(
        "add_node",
        f"POST {_CLUSTER}/nodes",
        api_control.add_node,
        "Offer a node to a cluster.",
        "Outcomes",
        permission="manage_nodes",
        body=Group(
            members={
                "host": api_control.HOST,
                "port": api_control.PORT,
                "cpus": replace(api_control.CPUS, default=0, nullable=True),
            }
        ),
    ),
    Route(
        "ask_again",
        f"POST {_OFFER}/ask",
        api_control.ask_again,
        "Ask a node anew that was asked to join and has not.",
        "Outcomes",
        permission="manage_nodes",
    ),
    Route(
        "withdraw",
        f"DELETE {_OFFER}",
        api_control.withdraw,
        "Take back the offer of a node that has not joined.",
        "Outcomes",
        permission="manage_nodes",
    ),
    Route(
        "change_node",
        f"PATCH {_NODE}",
        api_control.change_node,
        "Set the CPUs that are used of a node.",
        "Outcomes",
        permission="manage_nodes",
        body=Group(members={"cpus": replace(api_control.CPUS, required=True)}),
    ),
    *(
        Route(
            f"{action}_node",
            f"POST {_NODE}/{action}",
            api_control.node_action(action),
            f"{action.capitalize()} a node.",
            "Outcomes",
            permission="manage_nodes",
        )
        for action in NODE_ACTIONS
    ),
    Route(
        "change_settings",
        f"PATCH {API_ROOT}/settings",
        api_control.change_settings,
        "Change the settings that are given.",
        "Settings",
        permission="change_settings",
        body=Group(
            members={
                "poll_sec": Number(least=-LONGEST_POLL_SEC, most=LONGEST_POLL_SEC),
                "show_job_args": Flag(),
            }
        ),
    ),
)

_LEGACY: Final = (
    Route("legacy_cluster_status", "GET /cluster_status", legacy.cluster_status),
    Route("legacy_cluster_updates", "GET /cluster_updates", legacy.cluster_updates),
    Route("legacy_nodes", "GET /nodes", legacy.nodes, costly=True),
    # It changes nothing, but dispy's pages post it.
    Route("legacy_node_info", "POST /node_info", legacy.node_info, costly=True),
    Route("legacy_cancel_jobs", "POST /cancel_jobs", legacy.cancel_jobs, permission="cancel_jobs"),
    Route("legacy_add_node", "POST /add_node", legacy.add_node, permission="manage_nodes"),
    *(
        Route(
            f"legacy_{action}_node",
            f"POST /{action}_node",
            legacy.node_action(action),
            permission="manage_nodes",
        )
        for action in NODE_ACTIONS
    ),
    Route("legacy_set_cpus", "POST /set_cpus", legacy.set_cpus, permission="manage_nodes"),
    Route("legacy_update", "POST /update", legacy.update, permission="change_settings"),
)

ROUTES: Final[tuple[Route, ...]] = (
    Route("index", "GET /", index, kind="page"),
    Route("index_html", "GET /index.html", index, kind="page"),
    *(Route(page, f"GET /{page}.html", page_answer(page), kind="page") for page in PAGES),
    Route("asset", f"GET /{ASSETS}/<version>/<path:name>", asset, kind="asset"),
    *_READING,
    *_COMMANDS,
    *_LEGACY,
)
"""What every blueprint has."""

DOCUMENT_ROUTES: Final = (Route("document", "GET /<path:filename>", document, kind="document"),)
"""What a blueprint with a DocumentRoot has besides."""

CATCH_ALL: Final = "/api/<path:rest>"
"""What is left over below the API's root, so that its errors have the API's shape."""


def with_sort_keys(routes: Sequence[Route], tables: Tables) -> tuple[Route, ...]:
    """Return the routes for a registry whose nodes and jobs have custom columns."""
    sorts = {
        "nodes": Choice(choices=tuple(tables.nodes.sort_keys), default="ip_addr"),
        "jobs_list": Choice(choices=tables.jobs.sort_keys, default=NEWEST.column),
    }
    return tuple(
        replace(route, query={**route.query, "sort": sorts[route.endpoint]})
        if route.endpoint in sorts
        else route
        for route in routes
    )
