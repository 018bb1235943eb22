"""Requests drawn from the OpenAPI description, sent to a live server: none is a fault of ours.

Schemathesis draws parameters and bodies, right ones and wrong ones; every answer must be one that
the description announces, in the shape that it announces, and no 5xx.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CHECKS, load_all_checks
from web.fakes import FakeCluster, make_node

from flask_dispy import DispyHTTPServer
from flask_dispy.web.api.openapi import build
from flask_dispy.web.routes import ROUTES

load_all_checks()

_CHECKS = CHECKS.get_by_names(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    ]
)

# What there is, so that not every request ends with 404.
_THERE = {
    "name": ["compute", "*"],
    "host": ["10.0.0.2", "alpha"],
    "serial": ["1", "2", "3"],
    "number": ["1", "2"],
}


def _description() -> dict[str, Any]:
    document = build(ROUTES)
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation["parameters"]:
                if parameter["in"] == "path":
                    known = {"enum": _THERE[parameter["name"]]}
                    parameter["schema"] = {"anyOf": [known, parameter["schema"]]}
    return document


# The stream does not end by itself; test_stream.py reads it.
_OPERATIONS = sorted(
    operation["operationId"]
    for path in build(ROUTES)["paths"].values()
    for operation in path.values()
    if operation["operationId"] != "stream"
)

_SCHEMA = schemathesis.openapi.from_dict(_description())

# Where schemathesis does not expect it: a query that is far too long makes the URL too long.
_SCHEMA.config.checks.negative_data_rejection.expected_statuses += ["414"]

_getaddrinfo = socket.getaddrinfo


def _addresses_only(host: Any, port: Any, *_arguments: Any, **_named: Any) -> Any:
    """Resolve no name: made-up ones must not be asked for in the world."""
    return _getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DispyHTTPServer]:
    """A server over a cluster with two nodes and a job of each kind."""
    monkeypatch.setattr(socket, "getaddrinfo", _addresses_only)
    cluster = FakeCluster()
    server = DispyHTTPServer(cluster, "127.0.0.1", 0)
    alpha = cluster.join(make_node("10.0.0.2", "alpha"))
    cluster.join(make_node("10.0.0.10", load=False))
    finished, failed, running = (cluster.submit(number, key="\u202eé\x00") for number in range(3))
    for job in (finished, failed, running):
        cluster.start(job, alpha)
    cluster.end(finished, alpha, result={"a": [1, None]})
    cluster.end(failed, alpha, exception="Traceback\nValueError: \ud800 no")
    cluster.submit()
    yield server
    server.shutdown(wait=False)


def _test_of(operation_id: str) -> Callable[..., None]:
    @_SCHEMA.include(operation_id=operation_id).parametrize()
    @settings(
        max_examples=12,
        deadline=None,
        database=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=list(HealthCheck),
    )
    def test(case: schemathesis.Case, server: DispyHTTPServer) -> None:
        case.call_and_validate(base_url=server.url.rstrip("/"), checks=_CHECKS)

    return test


# A function each: pytest 9.2 gives the tests that schemathesis 4.32 makes of a function one id
# between them, and of such, pytest -n runs one.
for _operation in _OPERATIONS:
    globals()[f"test_every_answer_is_as_described_of_{_operation}"] = _test_of(_operation)
