"""The HTML pages. They hold no data but their configuration; scripts fetch the rest."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import current_app, make_response, request
from flask.typing import ResponseReturnValue
from jinja2 import Environment, PackageLoader, StrictUndefined

from ...core.addresses import MOST_PORT
from ...core.combined import COMBINED_NAME
from ...core.errors import WrongProcess
from ...core.search.query import MAX_QUERY_LENGTH
from ...core.settings import LONGEST_POLL_SEC
from ...core.versions import version_of
from ..api.control import MOST_SERIALS
from ..context import Web
from .files import document

__all__ = ["PAGES", "index", "page_answer"]

PAGES = ("monitor", "node", "jobs", "timeline", "events", "manage", "runs")


def page_answer(page: str, web: Web) -> ResponseReturnValue:
    """Answer with *page*; a page of the same name in DocumentRoot stands in for ours."""
    name = f"{page}.html"
    if web.document_root is not None and web.document_root.read(name) is not None:
        return document(web, name)
    template = _templates().get_template(f"flask_dispy/{name}")
    return make_response(
        template.render(
            page=page, config=_config(web), asset_url=web.assets.url, page_url=_page_url
        )
    )


def index(web: Web) -> ResponseReturnValue:
    """Answer with the first page: past runs open on their table."""
    return page_answer("runs" if web.board.past else "monitor", web)


@cache
def _templates() -> Environment:
    """Return what makes our pages, whatever the host app has made of its own Jinja.

    It may write its variables in other brackets, leave text unescaped, or have a context
    processor that knows nothing of our requests.
    """
    return Environment(
        loader=PackageLoader("flask_dispy"), autoescape=True, undefined=StrictUndefined
    )


def _page_url(name: str, **query: str) -> str:
    """Return the URL of a page, such as ``node.html``, from any other: all are at one depth."""
    return f"{name}?{urlencode(query)}" if query else name


def _config(web: Web) -> dict[str, Any]:
    """Return what the page's scripts need before they can ask for anything."""
    chosen, tables = request.args.get("cluster", "*"), web.board.tables
    return {
        "api": "api/v1/",
        # A cluster that is gone stays chosen: what is done next must not hit all the others.
        "cluster": "*" if chosen in ("", COMBINED_NAME) else chosen,
        "clusters": _names(web),
        "past": web.board.past,
        "runs": web.board.runs is not None,
        "poll_sec": web.registry.poll_sec,
        "show_job_args": web.registry.show_job_args,
        "permissions": web.guard.permissions(),
        "user": web.guard.user(),
        "csrf_token": _csrf_token(),
        "version": version_of("flask_dispy"),
        "node_fields": tables.nodes.of_pages(),
        "job_fields": tables.jobs.of_pages(custom=web.guard.allows("see_arguments")),
        "limits": {
            "poll_sec": LONGEST_POLL_SEC,
            "port": MOST_PORT,
            "query_letters": MAX_QUERY_LENGTH,
            "serials": MOST_SERIALS,
        },
    }


def _names(web: Web) -> list[str]:
    """Return the clusters' names; in a fork none, and the page says why, as it does of any read."""
    try:
        return web.registry.names()
    except WrongProcess:
        return []


def _csrf_token() -> str | None:
    """Return the host app's token, where Flask-WTF's CSRFProtect or the like gives one."""
    make = current_app.jinja_env.globals.get("csrf_token")
    return str(make()) if callable(make) else None
