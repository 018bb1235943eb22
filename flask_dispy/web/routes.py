"""Every route of the blueprint, with the permission that it asks for, in one table."""

from __future__ import annotations

from typing import Final

from ..engine.commands.control import NodeAction
from .api import changes as stream
from .api import control as api_control
from .api import health, metrics, openapi, report
from .api import read as api_read
from .files.assets import ASSETS
from .legacy import routes as legacy
from .pages.files import asset, document
from .pages.pages import PAGES, page_answer
from .routing import Route

__all__ = ["API_ROOT", "CATCH_ALL", "DOCUMENT_ROUTES", "ROUTES"]

API_ROOT: Final = "/api/v1"
_CLUSTER: Final = f"{API_ROOT}/clusters/<path:name>"
_NODE: Final = f"{_CLUSTER}/nodes/<host>"
_OFFER: Final = f"{_CLUSTER}/offers/<number>"

_ACTIONS: Final[tuple[NodeAction, ...]] = ("allocate", "deallocate", "close")

_PAGES: Final = tuple(
    Route(page, f"/{page}.html", "GET", "view", "page", page_answer(page)) for page in PAGES
)

_READING: Final = (
    Route("clusters", f"{API_ROOT}/clusters", "GET", "view", "data", api_read.clusters),
    Route("cluster", _CLUSTER, "GET", "view", "data", api_read.cluster),
    Route("nodes", f"{_CLUSTER}/nodes", "GET", "view", "data", api_read.nodes, costly=True),
    Route("node_detail", _NODE, "GET", "view", "data", api_read.node, costly=True),
    Route(
        "node_series", f"{_NODE}/series", "GET", "view", "data", api_read.node_series, costly=True
    ),
    Route("offers", f"{_CLUSTER}/offers", "GET", "view", "data", api_read.offers),
    Route("jobs_list", f"{_CLUSTER}/jobs", "GET", "view", "data", api_read.jobs, costly=True),
    Route("job", f"{_CLUSTER}/jobs/<serial>", "GET", "view", "data", api_read.job),
    Route(
        "series", f"{_CLUSTER}/series", "GET", "view", "data", api_read.cluster_series, costly=True
    ),
    Route(
        "timeline_data",
        f"{_CLUSTER}/timeline",
        "GET",
        "view",
        "data",
        api_read.timeline,
        costly=True,
    ),
    Route("report", f"{_CLUSTER}/report", "GET", "view", "data", report.report, costly=True),
    Route("changes", f"{API_ROOT}/changes", "GET", "view", "data", stream.changes),
    Route("stream", f"{API_ROOT}/stream", "GET", "view", "data", stream.stream),
    Route("settings", f"{API_ROOT}/settings", "GET", "view", "data", api_read.settings),
    Route(
        "openapi", f"{API_ROOT}/openapi.json", "GET", "view", "data", openapi.openapi, costly=True
    ),
    Route("metrics", "/metrics", "GET", "view", "data", metrics.metrics, costly=True),
    Route("healthz", "/healthz", "GET", "public", "data", health.healthz),
)

_COMMANDS: Final = (
    Route(
        "cancel", f"{_CLUSTER}/jobs/cancel", "POST", "cancel_jobs", "data", api_control.cancel_jobs
    ),
    Route("add_node", f"{_CLUSTER}/nodes", "POST", "manage_nodes", "data", api_control.add_node),
    Route("ask_again", f"{_OFFER}/ask", "POST", "manage_nodes", "data", api_control.ask_again),
    Route("withdraw", _OFFER, "DELETE", "manage_nodes", "data", api_control.withdraw),
    Route("change_node", _NODE, "PATCH", "manage_nodes", "data", api_control.change_node),
    *(
        Route(
            f"{action}_node",
            f"{_NODE}/{action}",
            "POST",
            "manage_nodes",
            "data",
            api_control.node_action(action),
        )
        for action in _ACTIONS
    ),
    Route(
        "change_settings",
        f"{API_ROOT}/settings",
        "PATCH",
        "change_settings",
        "data",
        api_control.change_settings,
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
        for action in _ACTIONS
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
