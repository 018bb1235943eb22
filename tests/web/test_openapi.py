"""The description of the API, held against the routes and their answers."""

from __future__ import annotations

import inspect
from keyword import iskeyword
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from flask_dispy.web import blueprint
from flask_dispy.web.api.openapi import build
from flask_dispy.web.http.answers import json_answer
from flask_dispy.web.http.values import Integer
from flask_dispy.web.routes import API_ROOT, ROUTES
from flask_dispy.web.routing import Route

DESCRIBED = {
    route.endpoint: route
    for route in ROUTES
    if route.rule.startswith(API_ROOT) or route.rule in ("/healthz", "/metrics")
}


def test_description_is_valid() -> None:
    validate(build(ROUTES))


def test_every_route_of_the_api_is_described_and_nothing_else() -> None:
    described = {
        operation["operationId"]: (method.upper(), path, operation["x-permission"])
        for path, methods in build(ROUTES)["paths"].items()
        for method, operation in methods.items()
    }
    assert described == {r.endpoint: (r.method, r.path, r.permission) for r in DESCRIBED.values()}


@pytest.mark.parametrize("endpoint", sorted(DESCRIBED))
def test_answer_takes_what_the_route_declares_and_nothing_else(endpoint: str) -> None:
    route = DESCRIBED[endpoint]
    members = () if route.body is None else route.body.members
    declared = {name + "_" * iskeyword(name) for name in (*route.query, *members)}
    _web, *taken = inspect.signature(route.answer).parameters
    assert set(taken) == declared | set(route.variables)


def test_route_with_a_query_parameter_is_declared_in_one_place(
    registry: Any, monkeypatch: Any
) -> None:
    stranger = Route(
        "double",
        f"GET {API_ROOT}/double",
        lambda _web, n: json_answer({"doubled": 2 * n}),
        "Twice a number.",
        "application/json",
        query={"n": Integer(least=1, most=50, default=21)},
    )
    monkeypatch.setattr(blueprint, "ROUTES", (*ROUTES, stranger))
    app = Flask("host", static_folder=None)
    app.register_blueprint(blueprint.create_blueprint(registry))
    client = app.test_client()
    url = f"{API_ROOT}/double"
    assert client.get(url).json == {"doubled": 42}
    assert client.get(f"{url}?n=4").json == {"doubled": 8}
    refused = client.get(f"{url}?n=51")
    assert (refused.status_code, refused.json["error"]["field"]) == (422, "n")
    assert refused.json["error"]["message"] == "n must be a whole number from 1 to 50."
    assert client.get(f"{url}?m=1").json["error"]["message"].endswith("there are: n.")
    described = client.get(f"{API_ROOT}/openapi.json").json["paths"][url]["get"]
    assert described["parameters"] == [
        {
            "name": "n",
            "in": "query",
            "required": False,
            "schema": {"type": "integer", "minimum": 1, "maximum": 50, "default": 21},
        }
    ]


def test_document_names_its_server_by_a_relative_url(make_client: Any) -> None:
    body = make_client(prefix="/dispy").get("/dispy/api/v1/openapi.json").json
    assert body["servers"] == [{"url": "../.."}]
    assert "/api/v1/clusters/{name}/jobs" in body["paths"]


def _check(document: dict[str, Any], answer: Any, method: str, rule: str) -> None:
    described = document["paths"][rule][method]["responses"]
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


@pytest.mark.parametrize("endpoint", sorted(DESCRIBED))
def test_answers_are_as_described(client: Any, scene: Any, endpoint: str) -> None:
    operation = DESCRIBED[endpoint]
    if endpoint == "stream":
        return  # endless; test_stream.py reads it
    document = build(ROUTES)
    bodies: list[Any] = [None]
    if operation.method != "GET":
        bodies = [{}, {"cpus": 2}, {"host": "127.0.0.8"}]
    if endpoint == "cancel":
        bodies += [{"serials": [3]}, {"serials": [3], "dry_run": True}, {"filter": {}}]
    for url in _urls(operation.rule):
        for body in bodies:
            answer = client.open(url, method=operation.method, json=body)
            _check(document, answer, operation.method.lower(), operation.path)


def test_hidden_rows_are_as_described(make_client: Any, scene: Any) -> None:
    client = make_client(authorize=lambda permission, _request: permission == "view")
    document = build(ROUTES)
    for endpoint in ("jobs_list", "job", "node_detail"):
        route = DESCRIBED[endpoint]
        for url in _urls(route.rule):
            _check(document, client.get(url), "get", route.path)
