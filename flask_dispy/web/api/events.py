"""The JSON API's answer about what happened."""

from __future__ import annotations

import sys
from functools import partial

from flask import Response, request

from ...core.journal import ENTRY_KINDS, EntryKind
from ..context import Web
from ..http.answers import json_answer
from ..http.errors import invalid
from .exports import JSON, export, in_chunks, schema_paths
from .read import link
from .schemas import SCHEMAS

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
    kinds = [_kind(text) for text in kind]
    private = not web.guard.allows("see_arguments")
    ask = partial(view.events, kinds, since=since, after=after or 0, private=private)
    if format != JSON:
        most = limit if "limit" in request.args else sys.maxsize
        paths, chunks = (
            schema_paths(SCHEMAS["Event"]),
            in_chunks(ask(before=before, limit=most).items),
        )
        return export(web, "events", view.name, format, paths=paths, chunks=chunks)
    page = ask(before=before, limit=limit)
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


def _kind(text: str) -> EntryKind:
    for kind in ENTRY_KINDS:
        if text.casefold() == kind:
            return kind
    raise invalid("kind", f"{text[:80]!r} is none of {', '.join(ENTRY_KINDS)}.")
