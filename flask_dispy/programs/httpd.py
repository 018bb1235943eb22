"""What stands in for ``dispy.httpd``: the names that programs take from there, and ours behind."""

from __future__ import annotations

from ..server import DispyHTTPServer, cluster_status

__all__ = ["DispyHTTPServer", "cluster_status"]
