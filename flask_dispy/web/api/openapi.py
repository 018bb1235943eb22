"""The OpenAPI 3.1 description of the JSON API; a test holds it against the routes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final

from flask import Response

from ...core.jobs import JOB_WORDS
from ...wire.fields import SORT_KEYS
from ..http.answers import encode, json_bytes_answer
from ..http.validation import read_parameters
from .changes import CHANGES_FORMS, KEEP_ALIVE_SEC
from .node_list import NODE_STATES
from .schemas import SCHEMAS, ref

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..context import Web

__all__ = ["OPERATIONS", "Operation", "build", "openapi", "path_of"]

_JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    :param answers: the schema of a good answer, or its media type where that is not JSON.
    :param body: the schema of the request's body.
    :param query: the query parameters' schemas.
    :param errors: the statuses that a client must expect, besides those of every operation.
    """

    method: str
    rule: str
    permission: str
    summary: str
    answers: str
    body: str | None = None
    query: Mapping[str, dict[str, Any]] | None = None
    errors: tuple[int, ...] = ()


def _text(most: int = 1000) -> dict[str, Any]:
    return {"type": "string", "maxLength": most}


def _integer(least: int, most: int, default: int | None = None) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "integer", "minimum": least, "maximum": most}
    return schema if default is None else {**schema, "default": default}


def _choice(choices: Any, default: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(choices), "default": default}


_CLUSTER: Final = "/api/v1/clusters/<path:name>"
_NODE: Final = f"{_CLUSTER}/nodes/<host>"
_OFFER: Final = f"{_CLUSTER}/offers/<number>"
_FEED_QUERY: Final = {"cluster": {**_text(), "default": "*"}, "since": _text()}

OPERATIONS: Final[Mapping[str, Operation]] = {
    "clusters": Operation(
        "GET", "/api/v1/clusters", "view", "The summary of every cluster.", "Clusters"
    ),
    "cluster": Operation("GET", _CLUSTER, "view", "A cluster's summary.", "Summary", errors=(404,)),
    "nodes": Operation(
        "GET",
        f"{_CLUSTER}/nodes",
        "view",
        "A cluster's nodes, filtered, sorted and paged.",
        "Nodes",
        query={
            "state": {
                "type": "array",
                "items": {"type": "string", "enum": list(NODE_STATES)},
                "maxItems": 100,
            },
            "sort": _choice(SORT_KEYS, "ip_addr"),
            "order": _choice(("asc", "desc"), "asc"),
            "q": _text(500),
            "limit": _integer(1, 20_000, 1000),
            "offset": _integer(0, 2**62, 0),
        },
        errors=(404,),
    ),
    "node_detail": Operation(
        "GET", _NODE, "view", "A node, and the jobs there.", "NodeDetail", errors=(404, 409)
    ),
    "node_series": Operation(
        "GET",
        f"{_NODE}/series",
        "view",
        "A node's load over time.",
        "NodeSeries",
        errors=(404, 409),
    ),
    "offers": Operation(
        "GET",
        f"{_CLUSTER}/offers",
        "view",
        "The nodes that were asked to join and have not, with the likely reasons.",
        "Offers",
        query={"limit": _integer(1, 1000, 100), "offset": _integer(0, 2**62, 0)},
        errors=(404,),
    ),
    "jobs_list": Operation(
        "GET",
        f"{_CLUSTER}/jobs",
        "view",
        "A cluster's jobs, newest first, filtered and paged.",
        "Jobs",
        query={
            "state": {
                "type": "array",
                "items": {"type": "string", "enum": list(JOB_WORDS)},
                "maxItems": 100,
            },
            "node": _text(),
            "q": _text(500),
            "limit": _integer(1, 1000, 100),
            "before": _integer(1, 2**62),
        },
        errors=(404,),
    ),
    "job": Operation(
        "GET", f"{_CLUSTER}/jobs/<serial>", "view", "One job, whole.", "JobDetail", errors=(404,)
    ),
    "series": Operation(
        "GET",
        f"{_CLUSTER}/series",
        "view",
        "A cluster's throughput, queue and CPUs over time.",
        "Series",
        query={"resolution_sec": {"type": "integer", "enum": [1, 10, 60, 600], "default": 1}},
        errors=(404,),
    ),
    "timeline_data": Operation(
        "GET",
        f"{_CLUSTER}/timeline",
        "view",
        "What ran where in a window of time.",
        "Timeline",
        query={
            "from": {"type": "number"},
            "to": {"type": "number"},
            "limit": _integer(1, 10_000, 1000),
            "node": _text(),
        },
        errors=(404, 409),
    ),
    "report": Operation(
        "GET",
        f"{_CLUSTER}/report",
        "view",
        "The run's report, one HTML file; without arguments and output for who may not see them.",
        "text/html",
        errors=(404,),
    ),
    "changes": Operation(
        "GET",
        "/api/v1/changes",
        "view",
        "What changed since a cursor.",
        "Changes",
        query={**_FEED_QUERY, "form": _choice(CHANGES_FORMS, "rows")},
        errors=(404,),
    ),
    "stream": Operation(
        "GET",
        "/api/v1/stream",
        "view",
        "The changes as server-sent events; each event's id is the cursor.",
        "text/event-stream",
        query={**_FEED_QUERY, "alive_sec": _integer(1, KEEP_ALIVE_SEC)},
        errors=(404, 503),
    ),
    "settings": Operation("GET", "/api/v1/settings", "view", "The settings.", "Settings"),
    "openapi": Operation(
        "GET", "/api/v1/openapi.json", "view", "This description.", "application/json"
    ),
    "metrics": Operation(
        "GET", "/metrics", "view", "Figures for Prometheus.", "text/plain", errors=(501,)
    ),
    "healthz": Operation(
        "GET",
        "/healthz",
        "public",
        "Whether the dashboard is well; details for who may view.",
        "Health",
        errors=(503,),
    ),
    "cancel": Operation(
        "POST",
        f"{_CLUSTER}/jobs/cancel",
        "cancel_jobs",
        "Cancel the jobs listed, or all that match.",
        "Cancelled",
        "CancelJobs",
        errors=(404, 504),
    ),
    "add_node": Operation(
        "POST",
        f"{_CLUSTER}/nodes",
        "manage_nodes",
        "Offer a node to a cluster.",
        "Outcomes",
        "AddNode",
        errors=(404, 409, 504),
    ),
    "ask_again": Operation(
        "POST",
        f"{_OFFER}/ask",
        "manage_nodes",
        "Ask a node anew that was asked to join and has not.",
        "Outcomes",
        errors=(404, 409, 504),
    ),
    "withdraw": Operation(
        "DELETE",
        _OFFER,
        "manage_nodes",
        "Take back the offer of a node that has not joined.",
        "Outcomes",
        errors=(404, 409, 504),
    ),
    "change_node": Operation(
        "PATCH",
        _NODE,
        "manage_nodes",
        "Set the CPUs that are used of a node.",
        "Outcomes",
        "ChangeNode",
        errors=(404, 409, 504),
    ),
    **{
        f"{action}_node": Operation(
            "POST",
            f"{_NODE}/{action}",
            "manage_nodes",
            f"{action.capitalize()} a node.",
            "Outcomes",
            errors=(404, 409, 504),
        )
        for action in ("allocate", "deallocate", "close")
    },
    "change_settings": Operation(
        "PATCH",
        "/api/v1/settings",
        "change_settings",
        "Change the settings that are given.",
        "Settings",
        "ChangeSettings",
    ),
}
"""Every operation by its route's endpoint."""

_ERRORS: Final[Mapping[int, str]] = {
    400: "What was sent cannot be read.",
    401: "Log in first.",
    403: "Not allowed, or sent by another site.",
    404: "No such cluster, node, job or offer.",
    409: "dispy refused, or the cluster is closed.",
    413: "The body is too large.",
    414: "The URL is too long.",
    415: "The body is not JSON.",
    422: "A value makes no sense; field names it.",
    429: "Too many failed logins; Retry-After tells how long to wait.",
    500: "A fault; the message has the reference under which the server logged it.",
    501: "An extra is not installed.",
    503: "Not now.",
    504: "dispy did not answer in time.",
}

_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")


def openapi(_web: Web) -> Response:
    """Answer with the API's description."""
    read_parameters()
    return json_bytes_answer(_encoded())


@lru_cache(maxsize=1)
def _encoded() -> bytes:
    return encode(build())


def build() -> dict[str, Any]:
    """Return the description as a dict."""
    paths: dict[str, dict[str, Any]] = {}
    for endpoint, operation in OPERATIONS.items():
        path = paths.setdefault(path_of(operation.rule), {})
        path[operation.method.lower()] = _described(endpoint, operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "flask_dispy",
            "version": _version(),
            "description": "dispy clusters: their nodes and jobs. Times are seconds since the "
            "epoch, durations seconds, sizes bytes. A name in a path is URL-encoded; * stands "
            "for all clusters together.",
        },
        # Relative to this document's own URL, so that it holds under any prefix.
        "servers": [{"url": "../.."}],
        "security": [{}, {"basic": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "basic": {"type": "http", "scheme": "basic"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def path_of(rule: str) -> str:
    """Return the path template that a route's rule stands for."""
    return _VARIABLE.sub(r"{\1}", rule)


def _described(endpoint: str, operation: Operation) -> dict[str, Any]:
    statuses = [*_common_errors(operation), *operation.errors]
    described: dict[str, Any] = {
        "operationId": endpoint,
        "summary": operation.summary,
        "x-permission": operation.permission,
        "parameters": [
            *(_path_parameter(name) for name in _VARIABLE.findall(operation.rule)),
            *(_query_parameter(name, s) for name, s in (operation.query or {}).items()),
        ],
        "responses": {
            "200": _good_answer(operation.answers),
            **{str(status): _error_answer(status) for status in sorted(set(statuses))},
        },
    }
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {_JSON: {"schema": ref(operation.body)}},
        }
    if operation.permission == "public":
        described["security"] = [{}]
    return described


def _common_errors(operation: Operation) -> list[int]:
    statuses = [403, 414, 422, 500]
    if operation.permission != "public":
        statuses += [401, 429, 503]
    if operation.method != "GET":
        statuses += [400, 413, 415]
    return statuses


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _good_answer(answers: str) -> dict[str, Any]:
    if "/" in answers:
        return {"description": "Good.", "content": {answers: {}}}
    return {"description": "Good.", "content": {_JSON: {"schema": ref(answers)}}}


def _error_answer(status: int) -> dict[str, Any]:
    if status == 414:
        # The server refuses it before it knows what it is for.
        return {"description": _ERRORS[status], "content": {"text/plain": {}}}
    # /healthz tells its status with 503, hence the open schema there.
    return {"description": _ERRORS[status], "content": {_JSON: {"schema": _error_schema(status)}}}


def _error_schema(status: int) -> dict[str, Any]:
    if status == 503:
        return {"anyOf": [ref("Error"), ref("Health")]}
    return ref("Error")


def _version() -> str:
    try:
        return version("flask_dispy")
    except PackageNotFoundError:
        return "unknown"
