"""The OpenAPI 3.1 description of the JSON API, made of what the routes declare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from ...core.versions import version_of
from ..http.answers import json_bytes_answer
from ..routing import Route
from .schemas import SCHEMAS, name_of, ref, schema_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..context import Web

__all__ = ["build", "openapi"]

_JSON: Final = "application/json"

_ERRORS: Final[Mapping[int, str]] = {
    400: "What was sent cannot be read.",
    401: "Log in first.",
    403: "Not allowed, or sent by another site.",
    404: "No such cluster, node, job, offer or run.",
    409: "dispy refused, or the cluster is closed.",
    413: "The body is too large.",
    414: "The URL is too long.",
    415: "The body is not JSON.",
    422: "A value makes no sense; field names it.",
    429: "Too many failed logins; Retry-After says how long to wait.",
    500: "A fault; the message has the reference under which the server logged it.",
    501: "An extra is not installed.",
    503: "Not now.",
    504: "dispy did not answer in time.",
}


def openapi(web: Web) -> Response:
    """Answer with the API's description."""
    return json_bytes_answer(web.description())


def build(routes: Sequence[Route], schemas: Mapping[str, Any] = SCHEMAS) -> dict[str, Any]:
    """Return the description of those of the *routes* that have a summary.

    :param schemas: those to which the others refer, or that no shape describes alone.
    """
    shapes = [route.answers for route in routes if not isinstance(route.answers, str)]
    own = {name_of(shape): schema_of(shape) for shape in shapes}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.summary:
            paths.setdefault(route.path, {})[route.method.lower()] = _described(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flask_dispy",
            "version": version_of("flask_dispy"),
            "description": "dispy clusters: their nodes and jobs. Times are seconds since the "
            "epoch, durations seconds, sizes bytes. A name in a path is URL-encoded; * stands "
            "for all clusters together.",
        },
        # Relative to this document's own URL, so that it holds under any prefix.
        "servers": [{"url": "../.."}],
        "security": [{}, {"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": {**own, **schemas},
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _described(route: Route) -> dict[str, Any]:
    statuses = [*_common_errors(route), *route.errors]
    described: dict[str, Any] = {
        "operationId": route.endpoint,
        "summary": route.summary,
        "x-permission": route.permission,
        "parameters": [
            *(_parameter(name, "path", {"type": "string"}) for name in route.variables),
            *(_parameter(name, "query", value.schema()) for name, value in route.query.items()),
        ],
        "responses": {
            "200": _good_answer(route),
            **{str(status): _error_answer(status) for status in sorted(set(statuses))},
        },
    }
    if route.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": route.body.schema()}},
        }
    if route.permission == "public":
        described["security"] = [{}]
    return described


def _common_errors(route: Route) -> list[int]:
    statuses = [403, 414, 422, 500]
    names = {*route.variables, *route.query}
    if route.permission != "public":
        statuses += [401, 429, 503]
    if names & {"name", "cluster"}:
        statuses.append(404)
    if "host" in names:
        statuses.append(409)  # several nodes have that name
    if route.method != "GET":
        statuses += [400, 413, 415]
        if "name" in names:
            statuses += [409, 504]
    return statuses


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": where, "required": where == "path", "schema": schema}


def _good_answer(route: Route) -> dict[str, Any]:
    files: dict[str, Any] = {media_type: {} for media_type in route.files}
    answers = route.answers
    if isinstance(answers, str) and "/" in answers:
        return {"description": "Good.", "content": {answers: {}, **files}}
    schema = {"schema": ref(answers if isinstance(answers, str) else name_of(answers))}
    return {"description": "Good.", "content": {_JSON: schema, **files}}


def _error_answer(status: int) -> dict[str, Any]:
    if status == 414:
        # The server refuses it before it knows what it is for.
        return {"description": _ERRORS[status], "content": {"text/plain": {}}}
    # /healthz sends its status with 503.
    schema = {"anyOf": [ref("Error"), ref("Health")]} if status == 503 else ref("Error")
    return {"description": _ERRORS[status], "content": {_JSON: {"schema": schema}}}
