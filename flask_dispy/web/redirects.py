"""Addresses that are nearly ours: the root without its slash, and slashes that are doubled.

Werkzeug redirects from these only where the host app's URL map says so, with a Location that
names the machine in the Host header, and before anything of the blueprint is asked. All links of
the pages are relative: below an address without its slash they lead nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from flask import Response, request
from werkzeug.routing import BaseConverter, Rule

from .context import Web
from .routing import Route

if TYPE_CHECKING:
    from flask.sansio.blueprints import BlueprintSetupState

__all__ = ["REDIRECT", "add_redirects", "tidied"]

_ENDPOINT: Final = "tidied"

# What RFC 3986 lets stand in a path, but for what would end it.
_UNQUOTED: Final = "/:@!$&'()*+,;=~"


def add_redirects(state: BlueprintSetupState, routes: Sequence[Route], view: Any) -> None:
    """Put the redirecting rules into the app that the blueprint is being registered with."""
    app = state.app
    prefix = (state.url_prefix or "").rstrip("/")
    endpoint = f"{state.name_prefix}.{state.name}.{_ENDPOINT}".lstrip(".")
    # Without the rule for the slash, an app with strict_slashes off would show the page here.
    app.view_functions[endpoint] = view
    rules = [f"{prefix}/<doubled:rest>", *([prefix] if prefix else [])]
    for rule in rules:
        made = _rule_of(_doubled(routes))(
            rule,
            endpoint=endpoint,
            subdomain=state.subdomain,
            defaults=state.url_defaults or None,
            strict_slashes=True,
        )
        app.url_map.add(made)


def tidied(rest: str) -> Response:
    """Redirect to *rest*, what follows the blueprint's root in the URL, with its slashes merged."""
    return _redirect("../" * rest.count("/") + _quoted(re.sub("/{2,}", "/", rest).lstrip("/")))


def _answer(_web: Web, **_variables: Any) -> Response:
    rest = (request.view_args or {}).get("rest")
    if rest is not None:
        return tidied(rest)
    # "./", because what stands before a colon in the first segment would be a scheme.
    return _redirect(f"./{_quoted(request.path.rpartition('/')[2])}/")


def _redirect(target: str) -> Response:
    query = request.query_string.decode("latin-1")
    answer = Response(status=308)
    answer.headers["Location"] = f"{target}?{query}" if query else target
    return answer


def _quoted(path: str) -> str:
    return quote(path, safe=_UNQUOTED)


REDIRECT: Final = Route(_ENDPOINT, "* /", _answer, permission="public")
"""What answers under these addresses, whatever the method."""


def _doubled(routes: Sequence[Route]) -> str:
    """Return the pattern of a path with doubled slashes that is one of ours without them.

    A host app that has mounted the blueprint at its root keeps its own.
    """
    heads = {route.rule.split("/")[1] for route in routes}
    own = "|".join(sorted(re.escape(head) for head in heads if head and "<" not in head))
    return rf"/+(?:(?:{own})(?:/.*)?)?|(?:{own})(?:/.*)?//.*"


def _rule_of(pattern: str) -> Callable[..., Rule]:
    """Return a kind of rule that knows the converter ``doubled``; the app's map need not."""

    class Doubled(BaseConverter):
        part_isolating = False
        regex = pattern
        weight = 1000  # after every other rule

    class DoubledRule(Rule):
        def get_converter(self, *_found: Any) -> BaseConverter:
            return Doubled(self.map)

    return DoubledRule
