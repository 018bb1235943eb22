"""A live dashboard and JSON API for dispy clusters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .core.columns import Column
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
        WrongProcess,
    )
    from .patching import patch_dispy
    from .registry import ClusterRegistry
    from .report import render_report, save_report
    from .server import DispyHTTPServer, cluster_status
    from .watching.past import PastRegistry
    from .web.blueprint import create_blueprint

__all__ = [
    "AmbiguousNode",
    "BadRequest",
    "ClusterRegistry",
    "Column",
    "DispyHTTPServer",
    "EngineTimeout",
    "FlaskDispyError",
    "HistoryError",
    "NoCommands",
    "PastRegistry",
    "UnknownCluster",
    "UnknownJob",
    "UnknownNode",
    "UnknownOffer",
    "WrongProcess",
    "cluster_status",
    "create_blueprint",
    "patch_dispy",
    "render_report",
    "save_report",
]

# Loaded when first asked for: ``flask-dispy node`` runs on every node of a cluster, and needs
# neither Flask nor the dashboard.
_HOMES: Final = {
    "AmbiguousNode": ".core.errors",
    "BadRequest": ".core.errors",
    "ClusterRegistry": ".registry",
    "Column": ".core.columns",
    "DispyHTTPServer": ".server",
    "EngineTimeout": ".core.errors",
    "FlaskDispyError": ".core.errors",
    "HistoryError": ".core.errors",
    "NoCommands": ".core.errors",
    "PastRegistry": ".watching.past",
    "UnknownCluster": ".core.errors",
    "UnknownJob": ".core.errors",
    "UnknownNode": ".core.errors",
    "UnknownOffer": ".core.errors",
    "WrongProcess": ".core.errors",
    "cluster_status": ".server",
    "create_blueprint": ".web.blueprint",
    "patch_dispy": ".patching",
    "render_report": ".report",
    "save_report": ".report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
