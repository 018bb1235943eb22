"""The description of the API, held against the routes and their answers."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from flask_dispy.web.api.openapi import OPERATIONS, build, path_of
from flask_dispy.web.routes import API_ROOT, ROUTES

DESCRIBED = [
    route
    for route in ROUTES
    if route.rule.startswith(API_ROOT) or route.rule in ("/healthz", "/metrics")
]


def test_description_is_valid() -> None:
    validate(build())


def test_every_route_is_described_and_nothing_else() -> None:
    routes = {r.endpoint: (r.method, r.rule, r.permission) for r in DESCRIBED}
    described = {name: (o.method, o.rule, o.permission) for name, o in OPERATIONS.items()}
    assert described == routes


def test_it_is_served_with_a_relative_server(make_client: Any) -> None:
    body = make_client(prefix="/dispy").get("/dispy/api/v1/openapi.json").json
    assert body["servers"] == [{"url": "../.."}]
    assert "/api/v1/clusters/{name}/jobs" in body["paths"]


def _check(document: dict[str, Any], answer: Any, method: str, rule: str) -> None:
    described = document["paths"][path_of(rule)][method]["responses"]
    assert str(answer.status_code) in described, f"{answer.status_code} is not described"
    content = described[str(answer.status_code)]["content"]
    media_type = answer.mimetype
    assert media_type in content
    schema = content[media_type].get("schema")
    if schema is not None:
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(answer.json)


VALUES = {
    "name": ["compute", "*", "none"],
    "host": ["10.0.0.2", "none"],
    "serial": ["1", "2", "3", "4", "0"],
}


def _urls(rule: str) -> list[str]:
    urls = [rule.replace("<path:name>", "<name>")]
    for name, values in VALUES.items():
        urls = [
            url.replace(f"<{name}>", value)
            for url in urls
            for value in (values if f"<{name}>" in url else [""])
        ]
    return urls


@pytest.mark.parametrize("endpoint", sorted(OPERATIONS))
def test_answers_are_as_described(client: Any, scene: Any, endpoint: str) -> None:
    operation = OPERATIONS[endpoint]
    if endpoint == "stream":
        return  # endless; test_stream.py reads it
    document = build()
    bodies: list[Any] = [None]
    if operation.method != "GET":
        bodies = [{}, {"cpus": 2}, {"host": "127.0.0.8"}]
    if endpoint == "cancel":
        bodies += [{"serials": [3]}, {"serials": [3], "dry_run": True}, {"filter": {}}]
    for url in _urls(operation.rule):
        for body in bodies:
            answer = client.open(url, method=operation.method, json=body)
            _check(document, answer, operation.method.lower(), operation.rule)


def test_hidden_rows_are_as_described(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission == "view")
    document = build()
    for endpoint in ("jobs_list", "job", "node_detail"):
        rule = OPERATIONS[endpoint].rule
        for url in _urls(rule):
            _check(document, client.get(url), "get", rule)
