"""Every route of the blueprint: what it asks for, what it takes, what it answers.

A route's check of its query and body, and its part of OpenAPI, are made from its declaration.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from ...core.search.order import NEWEST
from ...wire.tables import Tables
from ..files.assets import ASSETS
from ..http.values import Choice
from ..pages.files import asset, document
from ..pages.pages import PAGES, index, page_answer
from ..routing import Route
from .clusters import CLUSTERS
from .jobs import JOBS
from .legacy import LEGACY
from .nodes import NODES
from .parameters import API_ROOT
from .program import PROGRAM

__all__ = ["API_ROOT", "CATCH_ALL", "DOCUMENT_ROUTES", "ROUTES", "with_sort_keys"]

ROUTES: Final[tuple[Route, ...]] = (
    Route("index", "GET /", index, kind="page"),
    Route("index_html", "GET /index.html", index, kind="page"),
    *(Route(page, f"GET /{page}.html", partial(page_answer, page), kind="page") for page in PAGES),
    Route("asset", f"GET /{ASSETS}/<version>/<path:name>", asset, kind="asset"),
    *CLUSTERS,
    *NODES,
    *JOBS,
    *PROGRAM,
    *LEGACY,
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
