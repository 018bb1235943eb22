"""The client's methods, held against the description of the API."""

from __future__ import annotations

import inspect
import re
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, get_origin, get_type_hints, is_typeddict

import pytest

from flask_dispy import AsyncClient, Client, client
from flask_dispy.client.blocking import finish
from flask_dispy.client.clients import Asking
from flask_dispy.client.files import AsyncFile
from flask_dispy.client.rows import AsyncRows
from flask_dispy.client.sending import Request
from flask_dispy.web.api.openapi import build
from flask_dispy.web.routes import ROUTES

# What a list's iteration, and its files, add by themselves; and what is for browsers alone.
BY_ITSELF = {"before", "after", "offset", "limit", "format", "form"}
SAMPLES = {
    "host": "10.0.0.2", "serial": 1, "number": 1, "cpus": 2, "a": 1, "b": 2, "serials": None,
    "cluster": "compute", "q": "x", "state": "failed", "kind": "done", "node": "10.0.0.2",
    "limit": 5, "sort": "id", "order": "asc", "by": 1.0, "without": "alpha", "resolution_sec": 10,
    "start": 1.0, "end": 2.0, "color": "ran", "lanes": "together", "since": 1.0, "after": 1,
    "before": 9, "port": 51348, "poll_sec": 5.0, "show_job_args": False,
}  # fmt: skip
NAMES = {"start": "from", "end": "to"}
GOING_ON = {"follow", "follow_events", "wait"}


class Asked(Exception):
    """Carries the request that was to be sent."""


class Recorder:
    """Stands for the sender: sends nothing."""

    async def ask(self, request: Request[Any]) -> Any:
        raise Asked(request)

    open = ask


def methods() -> dict[str, Any]:
    public = inspect.getmembers(Asking, inspect.isfunction)
    return {name: m for name, m in public if not name.startswith("_") and name not in GOING_ON}


def request_of(name: str) -> Request[Any]:
    """Return what a method sends where all is given that it takes."""
    method = methods()[name]
    given = {p: SAMPLES.get(p, 1) for p in inspect.signature(method).parameters if p != "self"}
    found = method(Asking(Recorder()), **given)  # type: ignore[arg-type]
    if isinstance(found, (AsyncFile, AsyncRows)):
        found = found.read() if isinstance(found, AsyncFile) else found.page()
    assert isinstance(found, Coroutine)
    with pytest.raises(Asked) as asked:
        finish(found)
    request: Request[Any] = asked.value.args[0]
    return request


def described() -> dict[tuple[str, str], Any]:
    paths = build(ROUTES)["paths"]
    return {
        (method.upper(), path): operation
        for path, operations in paths.items()
        for method, operation in operations.items()
    }


def limited_lists() -> list[str]:
    """Return the names of the methods that return a list with a limit."""
    returned = {name: get_type_hints(method)["return"] for name, method in methods().items()}
    lists = {name for name, shape in returned.items() if get_origin(shape) is AsyncRows}
    return sorted(lists - {"clusters"})


@pytest.mark.parametrize("name", limited_lists())
def test_page_of_a_long_list_asks_for_the_longest_that_the_server_makes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SAMPLES, "limit", 1_000_000)
    request = request_of(name)
    parameters = described()[request.method, f"/{request.path}"]["parameters"]
    (longest,) = [one["schema"]["maximum"] for one in parameters if one["name"] == "limit"]
    assert int(request.query["limit"]) == longest


def test_every_route_of_the_api_has_a_method() -> None:
    requests = [request_of(name) for name in methods()]
    # The stream is what "follow" listens to: see test_following.py.
    found = {("GET", "/api/v1/stream")} | {(r.method, f"/{r.path}") for r in requests}
    assert found == set(described())


@pytest.mark.parametrize("name", sorted(methods()))
def test_method_takes_every_parameter_of_its_route(name: str) -> None:
    request = request_of(name)
    route = described()[request.method, f"/{request.path}"]
    theirs = {parameter["name"] for parameter in route["parameters"]}
    sent = {*request.variables, *request.query}
    assert sent <= theirs
    assert theirs - sent <= BY_ITSELF
    schema = {} if "requestBody" not in route else route["requestBody"]["content"]
    body = schema["application/json"]["schema"]["properties"] if schema else {}
    assert set(request.body or ()) <= set(body)
    if name not in ("cancel_dry_run", "rerun_dry_run"):  # of two that share a route
        assert set(body) - set(request.body or ()) <= {"serials", "dry_run"}


def fields(schema: dict[str, Any], schemas: dict[str, Any]) -> set[str]:
    """Return the names of an object's fields, whatever its schema is put together of."""
    if "$ref" in schema:
        return fields(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    parts = schema.get("allOf", [])
    return set(schema.get("properties", ())).union(*(fields(part, schemas) for part in parts))


@pytest.mark.parametrize("name", sorted(methods()))
def test_method_returns_the_shape_that_its_route_answers_with(name: str) -> None:
    request = request_of(name)
    document = build(ROUTES)
    content = described()[request.method, f"/{request.path}"]["responses"]["200"]["content"]
    schemas = document["components"]["schemas"]
    if not is_typeddict(request.shape):
        assert request.shape is bytes or get_origin(request.shape) is dict
        assert all("schema" not in each for each in content.values())
        return
    schema = content["application/json"]["schema"]
    alternatives = schemas[schema["$ref"].rpartition("/")[2]].get("anyOf", [schema])
    ours = set(get_type_hints(request.shape))
    known = [fields(each, schemas) - {"hidden"} for each in alternatives]
    # Of health, only those who may view get more than the status.
    assert ours - {"hidden"} in known or request.path == "healthz"


def test_both_clients_have_the_same_methods() -> None:
    ours = {name for name in dir(AsyncClient) if not name.startswith("_")}
    assert {name for name in dir(Client) if not name.startswith("_")} == ours - {"aclose"} | {
        "close"
    }


@pytest.mark.parametrize("name", sorted({*methods(), *GOING_ON}))
def test_blocking_method_has_the_signature_of_the_async_one(name: str) -> None:
    plain, other = getattr(Client, name), getattr(AsyncClient, name)
    assert plain.__doc__ == other.__doc__
    assert str(inspect.signature(plain)) == str(inspect.signature(other)).replace("Async", "")


def test_every_method_and_error_is_documented() -> None:
    text = (Path(__file__).parents[3] / "docs" / "client.md").read_text()
    documented = set(re.findall(r"`(\w+)(?:\([^`]*\))?`", text))
    assert {name for name in dir(AsyncClient) if not name.startswith("_")} - documented == set()
    assert {error.__name__ for error in client.ClientError.__subclasses__()} - documented == set()
