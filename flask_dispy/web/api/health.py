"""Whether the dashboard itself is well: for load balancers and for people who look after it."""

from __future__ import annotations

from flask import Response

from ..context import Web
from ..http.answers import json_answer

__all__ = ["healthz"]


def healthz(web: Web) -> Response:
    """Answer 200 if all is well, else 503; with details for who may view."""
    health = web.registry.health()
    status = str(health.get("status", "ok"))
    well = status == "ok"
    body: dict[str, object] = {"status": status}
    if web.guard.allows("view"):
        body = {**health, "status": status, "streams": web.streams.taken}
    return json_answer(body, 200 if well else 503)
