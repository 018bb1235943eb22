"""Lists: a page of one as JSON, or what is asked for of it as a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from ..context import Web
from ..http.answers import json_answer
from .exports import JSON, Row, export, in_chunks, schema_paths
from .schemas import SCHEMAS

__all__ = ["export_rows", "link", "most_rows", "next_page", "rows_answer"]


def most_rows(limit: int, format: str) -> int:
    """Return how many rows are asked for: in a file all, if the request names no limit."""
    return limit if format == JSON or "limit" in request.args else sys.maxsize


def export_rows(
    web: Web, what: str, cluster: str, format: str, shape: str, rows: Sequence[Row]
) -> Response:
    """Answer with rows that are there already as a file, in the columns of their *shape*."""
    paths = schema_paths(SCHEMAS[shape])
    return export(web, what, cluster, format, paths=paths, chunks=in_chunks(rows))


def rows_answer(rows: Sequence[Row], *, limit: int, offset: int) -> Response:
    """Answer with a page of rows that are all there."""
    end = offset + limit
    following = next_page(end, limit, len(rows))
    return json_answer({"total": len(rows), "items": rows[offset:end], "next": following})


def next_page(end: int, limit: int, total: int) -> str | None:
    """Return the link to the page that begins at *end*, ``None`` if there is none."""
    return link(offset=end, limit=limit) if end < total else None


def link(**changed: Any) -> str:
    """Return the link to another page of this list, relative to this one."""
    query = [(key, value) for key, value in request.args.items(multi=True) if key not in changed]
    return "?" + urlencode([*query, *((key, str(value)) for key, value in changed.items())])
