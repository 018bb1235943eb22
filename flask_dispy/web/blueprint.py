"""The blueprint: everything of the dashboard, for any Flask app and under any prefix."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, default_exceptions

from ..registry import ClusterRegistry
from .answers import ByteCache
from .api_read import no_such_route
from .assets import package_assets
from .context import Web
from .credentials import Credentials
from .document_root import DocumentRoot
from .errors import error_answer
from .headers import ContentPolicy, harden
from .routes import CATCH_ALL, DOCUMENT_ROUTES, ROUTES
from .routing import Kind, Route
from .security import Authorize, Guard
from .stream import StreamPlaces

if TYPE_CHECKING:
    from .audience import Audience

__all__ = ["create_blueprint"]

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# A delta of some hundred nodes is a few dozen KB; the readers at a time stand at a few cursors.
_SHARED_DELTAS: Final = 32
_SHARED_SEC: Final = 1.0


def create_blueprint(
    registry: ClusterRegistry,
    *,
    name: str = "flask_dispy",
    authorize: Authorize | None = None,
    users: Mapping[str, tuple[str, str]] | None = None,
    tokens: Mapping[str, str] | None = None,
    read_only: bool = False,
    trusted_hosts: Sequence[str] | None = None,
    frame_ancestors: Sequence[str] = (),
    document_root: str | os.PathLike[str] | None = None,
    max_body_bytes: int = 65_536,
    max_streams: int = 512,
    audience: Audience | None = None,
    standalone: bool = False,
) -> Blueprint:
    """Return a blueprint that shows and manages the clusters of *registry*.

    Register it under any prefix. It sets nothing on the app but its own routes::

        app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")

    :param name: the blueprint's name; a second blueprint in one app needs another.
    :param authorize: called as ``authorize(permission, request)`` for every request, with
        ``view``, ``see_arguments``, ``cancel_jobs``, ``manage_nodes`` or ``change_settings``;
        returns ``True``, ``False``, or ``None`` to leave it to *users* and *tokens*.
    :param users: name to (hash made by ``werkzeug.security.generate_password_hash``, role) for
        HTTP Basic; the roles are ``viewer`` and ``operator``.
    :param tokens: Bearer token to role, for scripts.
    :param read_only: refuse everything that changes anything, whoever asks.
    :param trusted_hosts: names, besides addresses, localhost and the machine's own, under which
        an open standalone server takes commands.
    :param frame_ancestors: sources that may show the pages in a frame; none by default.
    :param document_root: a folder whose pages stand in for ours, as DispyHTTPServer's
        ``DocumentRoot``.
    :param max_body_bytes: the largest request body; a larger one is refused with 413.
    :param max_streams: how many event streams may be open at once; one more is refused with 503.
    :param audience: what a server that waits for its viewers asks; see ``DispyHTTPServer``.
    :param standalone: whether the blueprint is all that its server serves.
    :raises ValueError: an option that makes no sense; the message names it and the remedy.
    :raises TypeError: *registry* is no registry, or an option of the wrong type.
    """
    if not isinstance(registry, ClusterRegistry):
        raise TypeError(
            f"{type(registry).__name__} object is no ClusterRegistry: make one, and add the "
            "clusters to it"
        )
    if not isinstance(max_body_bytes, int) or max_body_bytes < 1:
        raise ValueError("max_body_bytes must be a positive number of bytes")
    if not isinstance(max_streams, int) or max_streams < 0:
        raise ValueError("max_streams must be a whole number; 0 lets no stream open")
    guard = Guard(
        authorize=authorize,
        credentials=Credentials(users, tokens),
        read_only=read_only,
        trusted_hosts=_names(trusted_hosts),
        standalone=standalone,
    )
    web = Web(
        registry=registry,
        guard=guard,
        policy=ContentPolicy(frame_ancestors),
        assets=package_assets(),
        streams=StreamPlaces(max_streams),
        packed_changes=ByteCache(_SHARED_DELTAS, _SHARED_SEC),
        frames=ByteCache(_SHARED_DELTAS, _SHARED_SEC),
        document_root=None if document_root is None else DocumentRoot(document_root),
        audience=audience,
        closing=threading.Event() if audience is None else audience.closing,
        max_body_bytes=max_body_bytes,
    )
    routes = ROUTES if document_root is None else ROUTES + DOCUMENT_ROUTES
    blueprint = Blueprint(name, __name__)
    _install(blueprint, web, _with_refusals(routes))
    if standalone:
        _answer_for_the_app(blueprint, web)
    return blueprint


def _install(blueprint: Blueprint, web: Web, routes: Sequence[tuple[Route, list[str]]]) -> None:
    """Put the routes into *blueprint*, behind its one gate."""
    by_endpoint = {route.endpoint: route for route, _ in routes}
    reached = f"flask_dispy.reached.{id(web)}"

    def current() -> Route | None:
        # With a nested blueprint the endpoint has several dots.
        return by_endpoint.get((request.endpoint or "").rpartition(".")[2])

    @blueprint.before_request
    def gate() -> None:
        request.environ[reached] = True
        limit = request.max_content_length
        # The host app's own limit stands where it is the narrower one.
        request.max_content_length = min(web.max_body_bytes, limit or web.max_body_bytes)
        web.guard.admit(by_endpoint[(request.endpoint or "").rpartition(".")[2]])

    @blueprint.after_request
    def finish(answer: Response) -> Response:
        # The app's own hooks come first: a page to log in on, say, is theirs, scripts and all.
        if reached not in request.environ:
            return answer
        return harden(answer, _kind_of(current()), web.policy)

    def failed(error: Exception) -> ResponseReturnValue:
        kind = _kind_of(current())
        return harden(error_answer(error, html=kind in ("page", "document")), kind, web.policy)

    # By code as well: an app's own handler of a code goes before a blueprint's of all exceptions.
    for code in default_exceptions:
        blueprint.register_error_handler(code, failed)
    blueprint.register_error_handler(Exception, failed)
    for route, methods in routes:
        blueprint.add_url_rule(
            route.rule,
            route.endpoint,
            route.bind(web),
            methods=methods,
            provide_automatic_options=False,
        )


def _answer_for_the_app(blueprint: Blueprint, web: Web) -> None:
    """Give the errors of URLs that no route matches our shape too: the whole app is ours."""

    def failed(error: Exception) -> ResponseReturnValue:
        return harden(error_answer(error), "data", web.policy)

    for code in default_exceptions:
        blueprint.app_errorhandler(code)(failed)


def _with_refusals(routes: Sequence[Route]) -> list[tuple[Route, list[str]]]:
    """Return the routes with their methods, and for each rule one that refuses all others.

    Flask answers an unknown URL or method before it knows the blueprint, so that no handler of
    ours could give that answer its shape: these routes can.
    """
    by_rule: dict[str, list[Route]] = {}
    for route in routes:
        by_rule.setdefault(route.rule, []).append(route)
    found = [(route, [route.method]) for route in routes]
    for rule, there in by_rule.items():
        taken = {route.method for route in there} | ({"HEAD"} if _has_get(there) else set())
        refused = [method for method in _METHODS if method not in taken]
        found.append((_refusal(rule, there[0], sorted(taken)), refused))
    rest = Route("api_not_found", CATCH_ALL, "GET", "view", "data", no_such_route)
    found.append((rest, list(_METHODS)))
    return found


def _has_get(routes: Sequence[Route]) -> bool:
    return any(route.method == "GET" for route in routes)


def _refusal(rule: str, like: Route, allowed: list[str]) -> Route:
    def refuse(_web: Web, **_variables: str) -> ResponseReturnValue:
        raise MethodNotAllowed(allowed, f"This URL takes {_listed(allowed)} only.")

    return Route(f"{like.endpoint}_refused", rule, "", "view", like.kind, refuse)


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _kind_of(route: Route | None) -> Kind:
    return "data" if route is None else route.kind


def _names(trusted_hosts: Sequence[str] | None) -> tuple[str, ...]:
    if isinstance(trusted_hosts, str):
        raise ValueError("trusted_hosts is a sequence of names, not one name")
    names = tuple(trusted_hosts or ())
    if not all(isinstance(name, str) for name in names):
        raise ValueError("trusted_hosts holds something that is no name")
    return names
