"""The replacement of ``dispy.httpd``: our server under the names that programs import."""

from __future__ import annotations

from ..server import DispyHTTPServer, cluster_status

__all__ = ["DispyHTTPServer", "cluster_status"]
