"""The report of a run, as one file to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from .errors import HttpError
from .validation import read_parameters

if TYPE_CHECKING:
    from .context import Web

__all__ = ["report"]


def report(web: Web, name: str) -> Response:
    """Answer with the report of a cluster's run, as a file to save."""
    read_parameters()
    view = web.view(name)
    render = getattr(web.registry, "report", None)
    if render is None:
        raise HttpError(501, "no_report", "This version writes no reports.")
    answer = Response(render(view.name), content_type="text/html; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="dispy-report.html")
    return answer
