"""All commands for running dashboards, put together."""

from __future__ import annotations

from . import acting, exporting, lists, watching
from .group import cli, run

__all__ = ["acting", "cli", "exporting", "lists", "run", "watching"]
