"""The JSON API's answers about the runs of a history."""

from __future__ import annotations

from flask import Response

from ...core.errors import UnknownRun
from ...core.search.runs import RunOrder, RunPlace, RunQuery, RunSort
from ...watching.runs import Runs
from ..context import Web
from ..http.answers import json_answer
from ..http.errors import invalid
from .exports import JSON
from .lists import export_rows, link, most_rows, next_page

__all__ = ["compare", "runs"]


def runs(
    web: Web, *, q: str, sort: RunSort, order: str, limit: int, after: str, format: str
) -> Response:
    """Answer with the runs of the history: filtered, sorted, then a page of them, or all."""
    page = _runs_of(web).page(
        RunQuery.parse(q),
        RunOrder(sort, order == "desc"),
        after=RunPlace.parse(after, sort) if after else None,
        limit=most_rows(limit, format),
    )
    if format != JSON:
        return export_rows(web, "runs", "all", format, "Run", page.items)
    next_after = None if page.end is None else str(page.end)
    return json_answer(
        {
            "total": page.total,
            "items": page.items,
            "next": None if next_after is None else link(after=next_after, limit=limit),
            "next_after": next_after,
        }
    )


def compare(web: Web, *, a: int | None, b: int | None, limit: int, offset: int) -> Response:
    """Answer with two runs side by side.

    The messages of errors are left out for a client that may not see what jobs were given.
    """
    if a is None or b is None:
        raise invalid("a" if a is None else "b", "Give the ids of two runs, a and b.")
    found = _runs_of(web).compare(a, b)
    end = offset + limit
    items = found["items"][offset:end]
    if not web.guard.allows("see_arguments"):
        items = [{**row, "detail": None} if row["of"] == "error_kind" else row for row in items]
    following = next_page(end, limit, found["total"])
    return json_answer({**found, "items": items, "next": following})


def _runs_of(web: Web) -> Runs:
    if web.board.runs is None:
        raise UnknownRun("No history is kept: give the registry history=FILE.")
    return web.board.runs
