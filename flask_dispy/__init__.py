"""A live dashboard and JSON API for dispy clusters."""

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
