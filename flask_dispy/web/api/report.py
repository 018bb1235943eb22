"""The report of a run, as one file to keep."""

from __future__ import annotations

from flask import Response

from ...report import render_report
from ..context import Web

__all__ = ["report"]


def report(web: Web, name: str) -> Response:
    """Answer with the report of a cluster's run, as a file to save.

    Who may not see what jobs were given and put out gets a report without it.
    """
    text = render_report(web.view(name), arguments=web.guard.allows("see_arguments"))
    answer = Response(text, content_type="text/html; charset=utf-8")
    answer.headers.set("Content-Disposition", "attachment", filename="dispy-report.html")
    return answer
