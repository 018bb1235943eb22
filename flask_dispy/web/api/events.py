"""The JSON API's answer about what happened."""

from __future__ import annotations

from flask import Response

from ...core.journal import ENTRY_KINDS
from ..context import Web
from ..http.answers import json_answer
from ..http.values import word_of
from .exports import JSON
from .lists import export_rows, link, most_rows

__all__ = ["events"]


def events(
    web: Web,
    name: str,
    *,
    kind: list[str],
    since: float | None,
    after: int | None,
    before: int | None,
    limit: int,
    format: str,
) -> Response:
    """Answer with what happened in a cluster, the newest first: filtered, then a page of it."""
    view = web.view(name)
    page = view.events(
        [word_of("kind", text, ENTRY_KINDS) for text in kind],
        since=since,
        after=after or 0,
        before=before,
        limit=most_rows(limit, format),
        private=not web.guard.allows("see_arguments"),
    )
    if format != JSON:
        return export_rows(web, "events", view.name, format, "Event", page.items)
    return json_answer(
        {
            "total": page.total,
            "items": page.items,
            "next": None if page.end is None else link(before=page.end, limit=limit),
            "next_before": page.end,
            "latest": page.latest,
            "counts": page.counts,
        }
    )
