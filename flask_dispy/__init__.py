"""A live dashboard and JSON API for dispy clusters."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec as _find_spec
from typing import TYPE_CHECKING, Any, Final

from .core.errors import (
    AmbiguousNode,
    BadRequest,
    EngineTimeout,
    FlaskDispyError,
    HistoryError,
    NoCommands,
    UnknownCluster,
    UnknownJob,
    UnknownNode,
    UnknownOffer,
    UnknownRun,
    WrongProcess,
)

if TYPE_CHECKING:
    from .client import AsyncClient, Client
    from .core.columns import Column
    from .core.trace import TraceEvent
    from .core.webhook import Webhook
    from .core.whatif import WhatIf
    from .engine.commands.control import Control
    from .engine.commands.outcomes import Outcome
    from .patching import patch_dispy
    from .registry import ClusterRegistry, progress
    from .report import render_report, save_report
    from .server import DispyHTTPServer, cluster_status
    from .terminal.progress import Progress
    from .watching.past import PastRegistry
    from .watching.views import Changes, JobPage, NodeChanges, View
    from .web.blueprint import create_blueprint
    from .wire.answers import OutcomeRow
    from .wire.comparison import ComparedNode
    from .wire.durations import DurationsRow
    from .wire.errorkinds import ErrorPage
    from .wire.facets import JobFacetsRow
    from .wire.journal import EventPage, EventRow
    from .wire.runs import RunComparison, RunRow
    from .wire.shapes.clusters import OutlookRow, SeriesData, Summary
    from .wire.shapes.jobs import JobDetail, JobRow
    from .wire.shapes.nodes import NodeEvent, NodeLoadsData, NodeRow, NodeSeriesData, OfferRow
    from .wire.shapes.timeline import TimelineData
    from .wire.tables import Tables

__all__ = [
    "AmbiguousNode",
    "AsyncClient",
    "BadRequest",
    "Changes",
    "Client",
    "ClusterRegistry",
    "Column",
    "ComparedNode",
    "Control",
    "DispyHTTPServer",
    "DurationsRow",
    "EngineTimeout",
    "ErrorPage",
    "EventPage",
    "EventRow",
    "FlaskDispyError",
    "HistoryError",
    "JobDetail",
    "JobFacetsRow",
    "JobPage",
    "JobRow",
    "NoCommands",
    "NodeChanges",
    "NodeEvent",
    "NodeLoadsData",
    "NodeRow",
    "NodeSeriesData",
    "OfferRow",
    "Outcome",
    "OutcomeRow",
    "OutlookRow",
    "PastRegistry",
    "Progress",
    "RunComparison",
    "RunRow",
    "SeriesData",
    "Summary",
    "Tables",
    "TimelineData",
    "TraceEvent",
    "UnknownCluster",
    "UnknownJob",
    "UnknownNode",
    "UnknownOffer",
    "UnknownRun",
    "View",
    "Webhook",
    "WhatIf",
    "WrongProcess",
    "cluster_status",
    "create_blueprint",
    "patch_dispy",
    "progress",
    "render_report",
    "save_report",
]

if _find_spec("httpx") is None:
    # Listed but absent, they break "import *" and inspect.getmembers(). Access still raises the
    # ImportError that names the remedy.
    __all__.remove("AsyncClient")
    __all__.remove("Client")

# Loaded when first asked for: ``flask-dispy node`` runs on every node of a cluster, and needs
# neither Flask nor the dashboard.
_HOMES: Final = {
    "Column": ".core.columns",
    "ComparedNode": ".wire.comparison",
    "Control": ".engine.commands.control",
    "DurationsRow": ".wire.durations",
    "ErrorPage": ".wire.errorkinds",
    "JobFacetsRow": ".wire.facets",
    "Outcome": ".engine.commands.outcomes",
    "OutcomeRow": ".wire.answers",
    "PastRegistry": ".watching.past",
    "Progress": ".terminal.progress",
    "Tables": ".wire.tables",
    "TimelineData": ".wire.shapes.timeline",
    "TraceEvent": ".core.trace",
    "Webhook": ".core.webhook",
    "WhatIf": ".core.whatif",
    "create_blueprint": ".web.blueprint",
    "patch_dispy": ".patching",
    **dict.fromkeys(("AsyncClient", "Client"), ".client"),
    **dict.fromkeys(("ClusterRegistry", "progress"), ".registry"),
    **dict.fromkeys(("Changes", "JobPage", "NodeChanges", "View"), ".watching.views"),
    **dict.fromkeys(("DispyHTTPServer", "cluster_status"), ".server"),
    **dict.fromkeys(("EventPage", "EventRow"), ".wire.journal"),
    **dict.fromkeys(("JobDetail", "JobRow"), ".wire.shapes.jobs"),
    **dict.fromkeys(
        ("NodeEvent", "NodeLoadsData", "NodeRow", "NodeSeriesData", "OfferRow"),
        ".wire.shapes.nodes",
    ),
    **dict.fromkeys(("OutlookRow", "SeriesData", "Summary"), ".wire.shapes.clusters"),
    **dict.fromkeys(("RunComparison", "RunRow"), ".wire.runs"),
    **dict.fromkeys(("render_report", "save_report"), ".report"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = import_module(_HOMES[name], __name__)
    value = globals()[name] = getattr(home, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
