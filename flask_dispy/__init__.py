"""A live dashboard and JSON API for dispy clusters."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from .patching import patch_dispy
    from .registry import ClusterRegistry
    from .report import save_report
    from .server import DispyHTTPServer, cluster_status
    from .web.blueprint import create_blueprint

__all__ = [
    "ClusterRegistry",
    "DispyHTTPServer",
    "cluster_status",
    "create_blueprint",
    "patch_dispy",
    "save_report",
]

# Loaded when first asked for: ``flask-dispy node`` runs on every node of a cluster, and needs
# neither Flask nor the dashboard.
_HOMES: Final = {
    "ClusterRegistry": ".registry",
    "DispyHTTPServer": ".server",
    "cluster_status": ".server",
    "create_blueprint": ".web.blueprint",
    "patch_dispy": ".patching",
    "save_report": ".report",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name], __name__), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
