"""What a request asks for: a permission, and an answer of one kind."""

from __future__ import annotations

from typing import Final, Literal, get_args

__all__ = ["PERMISSIONS", "Access", "Kind", "Permission"]

Permission = Literal[
    "view", "see_arguments", "cancel_jobs", "rerun_jobs", "manage_nodes", "change_settings"
]

PERMISSIONS: Final[tuple[Permission, ...]] = get_args(Permission)

Access = Literal["public", Permission]
"""The permission that a route asks for; ``public`` is for answers without any of the clusters."""

Kind = Literal["page", "data", "asset", "document"]
"""Decides the form of errors, the caching and the content policy of a route's answers.

``page``: HTML for a person. ``data``: JSON, streams and texts, never readable cross-site.
``asset``: the package's own static files. ``document``: files of the user's DocumentRoot.
"""
