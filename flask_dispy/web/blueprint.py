"""The blueprint: everything of the dashboard, for any Flask app and under any prefix."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import MethodNotAllowed, default_exceptions

from ..watching.dashboard import Dashboard, board_of
from .access.credentials import Credentials
from .access.guard import Authorize, Guard
from .access.headers import ContentPolicy, harden
from .access.origins import checked_hosts
from .access.permissions import Kind
from .api.openapi import build
from .api.read import no_such_route
from .api.schemas import schemas_of
from .context import Web
from .files.assets import package_assets
from .files.document_root import DocumentRoot
from .http.answers import ByteCache, encode
from .http.audience import Audience
from .http.errors import error_answer
from .http.streams import StreamPlaces
from .http.turns import COSTLY_SHARE, Turns
from .http.validation import MAX_BODY_BYTES
from .redirects import REDIRECT, add_redirects
from .routes import CATCH_ALL, DOCUMENT_ROUTES, ROUTES, with_sort_keys
from .routing import Route

__all__ = ["create_blueprint"]

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")

# A delta of some hundred nodes is a few dozen KB; the readers at a time stand at a few cursors.
_SHARED_DELTAS: Final = 32
_SHARED_SEC: Final = 1.0

# Each keeps the jobs that it has yet to write, though the history may have dropped them meanwhile.
_MOST_EXPORTS: Final = 8


def create_blueprint(
    registry: Dashboard,
    *,
    name: str = "flask_dispy",
    authorize: Authorize | None = None,
    users: Mapping[str, tuple[str, str]] | None = None,
    tokens: Mapping[str, str] | None = None,
    read_only: bool = False,
    trusted_hosts: Sequence[str] | None = None,
    frame_ancestors: Sequence[str] = (),
    document_root: str | os.PathLike[str] | None = None,
    max_body_bytes: int = MAX_BODY_BYTES,
    max_streams: int = 512,
    costly_share: float = COSTLY_SHARE,
    costly_waiting: int = 16,
    costly_wait_sec: float = 10,
    audience: Audience | None = None,
    standalone: bool = False,
) -> Blueprint:
    """Return a blueprint that shows and manages the clusters of *registry*.

    Register it under any prefix. It sets nothing on the app but its own routes::

        app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")

    :param registry: a :class:`~flask_dispy.ClusterRegistry`, or a
        :class:`~flask_dispy.PastRegistry`, which takes no commands.
    :param name: the blueprint's name; a second blueprint in one app needs another.
    :param authorize: called as ``authorize(permission, request)`` for every request, with
        ``view``, ``see_arguments``, ``cancel_jobs``, ``rerun_jobs``, ``manage_nodes`` or
        ``change_settings``; returns ``True``, ``False``, or ``None`` to leave it to *users* and
        *tokens*.
    :param users: name to (hash made by ``werkzeug.security.generate_password_hash``, role) for
        HTTP Basic; the roles are ``viewer`` and ``operator``.
    :param tokens: Bearer token to role, for scripts.
    :param read_only: refuse everything that changes anything, whoever asks.
    :param trusted_hosts: names, besides addresses, localhost and the machine's own, under which
        an open server answers: ``.example.org`` for a domain and all below it, ``*`` for every
        name. In an app of yours the Host is looked at only if this is given.
    :param frame_ancestors: sources that may show the pages in a frame; none by default.
    :param document_root: a folder whose pages stand in for ours, as DispyHTTPServer's
        ``DocumentRoot``.
    :param max_body_bytes: the largest request body; a larger one is refused with 413.
    :param max_streams: how many event streams may be open at once; one more is refused with 503.
    :param costly_share: of one core, for all searches, reports, timelines and other costly answers
        together while jobs are queued or running; they are made one at a time. 1 or more: without
        pauses.
    :param costly_waiting: how many requests may wait for such an answer; one more is refused with
        503. Each holds a thread meanwhile.
    :param costly_wait_sec: how long each may wait before it is refused.
    :param audience: what a server that waits for its viewers asks; see ``DispyHTTPServer``.
    :param standalone: whether the blueprint is all that its server serves.
    :raises ValueError: an option that makes no sense; the message names it and the remedy.
    :raises TypeError: *registry* is no registry, or an option of the wrong type.
    """
    if not isinstance(registry, Dashboard):
        raise TypeError(
            f"{type(registry).__name__} object is no ClusterRegistry: make one, and add the "
            "clusters to it"
        )
    if not isinstance(max_body_bytes, int) or max_body_bytes < 1:
        raise ValueError("max_body_bytes must be a positive number of bytes")
    if not isinstance(max_streams, int) or max_streams < 0:
        raise ValueError("max_streams must be a whole number; 0 lets no stream open")
    if not costly_share > 0:
        raise ValueError("costly_share must be a share of a core, more than 0")
    if not isinstance(costly_waiting, int) or costly_waiting < 0:
        raise ValueError("costly_waiting must be a whole number; 0 lets no request wait")
    if not 0 < costly_wait_sec <= threading.TIMEOUT_MAX:
        raise ValueError("costly_wait_sec must be a number of seconds, more than 0")
    audience = audience or Audience()
    guard = Guard(
        authorize=authorize,
        credentials=Credentials(users, tokens),
        read_only=read_only,
        trusted_hosts=checked_hosts(trusted_hosts),
        standalone=standalone,
    )
    tables = board_of(registry).tables
    routes = with_sort_keys(ROUTES, tables)
    if document_root is not None:
        routes += DOCUMENT_ROUTES
    web = Web(
        registry=registry,
        guard=guard,
        policy=ContentPolicy(frame_ancestors),
        assets=package_assets(),
        streams=StreamPlaces(max_streams),
        exports=StreamPlaces(
            _MOST_EXPORTS, "too_many_exports", "exports are under way; ask again in a moment"
        ),
        packed_changes=ByteCache(_SHARED_DELTAS, _SHARED_SEC),
        frames=ByteCache(_SHARED_DELTAS, _SHARED_SEC),
        document_root=None if document_root is None else DocumentRoot(document_root),
        audience=audience,
        max_body_bytes=max_body_bytes,
        turns=Turns(
            share=costly_share,
            most_waiting=costly_waiting,
            wait_sec=costly_wait_sec,
            closing=audience.closing,
            at_work=lambda: board_of(registry).at_work(),
        ),
        description=cache(lambda: encode(build(routes, schemas_of(tables)))),
    )
    blueprint = Blueprint(name, __name__)
    _install(blueprint, web, _with_refusals(routes), standalone=standalone)
    return blueprint


# What answers each method of an endpoint.
_Answers = dict[str, Route]


def _install(
    blueprint: Blueprint, web: Web, endpoints: dict[str, _Answers], *, standalone: bool
) -> None:
    """Put the routes into *blueprint*, behind its one gate.

    :param standalone: give the errors of URLs that no route matches our shape, too.
    """
    reached = f"flask_dispy.reached.{id(web)}"

    def kind() -> Kind:
        answers = endpoints.get(_endpoint())
        return "data" if answers is None else answers[request.method].kind

    @blueprint.before_request
    def gate() -> None:
        request.environ[reached] = True
        limit = request.max_content_length
        # The host app's own limit stands where it is the narrower one.
        request.max_content_length = min(web.max_body_bytes, limit or web.max_body_bytes)
        route = endpoints[_endpoint()][request.method]
        web.guard.admit(route.permission, route.kind)

    @blueprint.after_request
    def finish(answer: Response) -> Response:
        # The app's own hooks come first: a page to log in on, say, is theirs, scripts and all.
        if reached not in request.environ:
            return answer
        return harden(answer, kind(), web.policy)

    def failed(error: Exception) -> ResponseReturnValue:
        return harden(error_answer(error, html=kind() in ("page", "document")), kind(), web.policy)

    # By code as well: an app's own handler of a code goes before a blueprint's of all exceptions.
    for code in default_exceptions:
        blueprint.register_error_handler(code, failed)
        if standalone:
            blueprint.app_errorhandler(code)(failed)
    blueprint.register_error_handler(Exception, failed)
    for endpoint, answers in endpoints.items():
        blueprint.add_url_rule(
            next(iter(answers.values())).rule,
            endpoint,
            _view(endpoint, answers, web),
            methods=list(answers),
            provide_automatic_options=False,
            strict_slashes=True,  # below "jobs.html/" no link of the page would lead anywhere
        )
    routes = [route for answers in endpoints.values() for route in answers.values()]
    redirects = endpoints[REDIRECT.endpoint] = dict.fromkeys(_METHODS, REDIRECT)
    view = _view(REDIRECT.endpoint, redirects, web)
    blueprint.record(lambda state: add_redirects(state, routes, view))


def _endpoint() -> str:
    # With a nested blueprint it has several dots.
    return (request.endpoint or "").rpartition(".")[2]


def _view(endpoint: str, answers: _Answers, web: Web) -> Callable[..., ResponseReturnValue]:
    """Return the view function of an endpoint."""

    def view(**variables: Any) -> ResponseReturnValue:
        return answers[request.method].respond(web, variables)

    view.__name__ = endpoint
    return view


def _with_refusals(routes: Sequence[Route]) -> dict[str, _Answers]:
    """Return the endpoints of the routes; of each rule, the first refuses what none takes.

    Flask answers an unknown URL or method before it knows the blueprint, so that no handler of
    ours could give that answer its shape: this can. It makes no rules of its own for that, because
    a rule takes Werkzeug a millisecond to make.
    """
    found: dict[str, _Answers] = {}
    by_rule: dict[str, list[Route]] = {}
    for route in routes:
        methods = (route.method, "HEAD") if route.method == "GET" else (route.method,)
        found[route.endpoint] = dict.fromkeys(methods, route)
        by_rule.setdefault(route.rule, []).append(route)
    for alike in by_rule.values():
        taken = {method for route in alike for method in found[route.endpoint]}
        refusal = _refusal(alike[0], sorted(taken))
        found[refusal.endpoint] |= {m: refusal for m in _METHODS if m not in taken}
    rest = Route("api_not_found", f"* {CATCH_ALL}", no_such_route)
    found[rest.endpoint] = dict.fromkeys(_METHODS, rest)
    return found


def _refusal(first: Route, allowed: list[str]) -> Route:
    def refuse(_web: Web, **_variables: str) -> ResponseReturnValue:
        raise MethodNotAllowed(allowed, f"This URL takes {_listed(allowed)} only.")

    return Route(first.endpoint, f"* {first.rule}", refuse, kind=first.kind)


def _listed(words: list[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last
