"""The table of routes: each asks for a permission, and each answers in the one error shape."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from flask import Flask

from flask_dispy.web.access.permissions import PERMISSIONS, Access
from flask_dispy.web.blueprint import create_blueprint
from flask_dispy.web.routes import DOCUMENT_ROUTES, ROUTES

_VALUES = {
    "name": "compute",
    "host": "10.0.0.2",
    "serial": "1",
    "number": "1",
    "version": "0",
    "filename": "x.js",
}


def _url(rule: str) -> str:
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda match: _VALUES[match[1]], rule)


@pytest.mark.parametrize("route", ROUTES + DOCUMENT_ROUTES, ids=lambda r: f"{r.method} {r.rule}")
def test_route_has_a_permission(route: Any) -> None:
    assert route.permission in get_args(Access)


def test_only_the_health_check_is_public() -> None:
    assert [route.rule for route in ROUTES if route.permission == "public"] == ["/healthz"]


def test_every_rule_of_the_blueprint_is_in_the_table(registry: Any, tmp_path: Path) -> None:
    app = Flask("host", static_folder=None)
    app.register_blueprint(create_blueprint(registry, document_root=tmp_path))
    known = {(route.rule, route.method) for route in ROUTES + DOCUMENT_ROUTES}
    served = {
        (rule.rule, method)
        for rule in app.url_map.iter_rules()
        for method in rule.methods or ()
        if method != "HEAD"
        and rule.endpoint not in ("flask_dispy.api_not_found", "flask_dispy.tidied")
    }
    client = app.test_client()
    answers = {
        (rule, method): client.open(_url(rule), method=method).status_code
        for rule, method in served - known
    }
    assert known <= served
    assert set(answers.values()) == {405}


@pytest.mark.parametrize("route", ROUTES, ids=lambda r: f"{r.method} {r.rule}")
def test_route_asks_before_it_answers(make_client: Any, scene: Any, route: Any) -> None:
    asked: list[str] = []

    def deny(permission: str, request: Any) -> bool:
        asked.append(permission)
        return False

    client = make_client(authorize=deny)
    answer = client.open(_url(route.rule), method=route.method, json={})
    if route.permission == "public":
        assert answer.status_code == 200
    else:
        assert answer.status_code == 403
        assert asked[0] == route.permission
    assert scene.cluster.calls == []


@pytest.mark.parametrize("permission", PERMISSIONS)
def test_each_permission_opens_its_own_routes_only(
    make_client: Any, scene: Any, permission: str
) -> None:
    client = make_client(authorize=lambda asked, _request: asked == permission)
    for route in ROUTES:
        answer = client.open(_url(route.rule), method=route.method, json={})
        refused = route.permission not in ("public", permission)
        assert (answer.status_code == 403) is refused, route.rule
        answer.close()


@pytest.mark.parametrize("url", ["/api/v1/nothing", "/api/v1/", "/api/v2/clusters", "/api/v1"])
def test_unknown_url_below_the_api_gets_the_error_shape(make_client: Any, url: str) -> None:
    answer = make_client(prefix="/dispy").get(f"/dispy{url}")
    assert answer.status_code == 404
    assert answer.json["error"]["code"] == "not_found"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE"])
def test_wrong_method_gets_the_error_shape(client: Any, method: str) -> None:
    answer = client.open("/api/v1/clusters", method=method)
    assert answer.status_code == 405
    assert answer.json["error"]["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET, HEAD"


def test_refused_method_names_the_allowed_ones(client: Any) -> None:
    answer = client.delete("/api/v1/settings")
    assert answer.json["error"]["message"] == "This URL takes GET, HEAD and PATCH only."
    answer = client.get("/node_info")
    assert answer.json["error"]["message"] == "This URL takes POST only."


def test_command_is_not_taken_by_get(client: Any, scene: Any) -> None:
    for url in ("/cancel_jobs?uid=3", "/update?timeout=1", "/api/v1/clusters/compute/jobs/cancel"):
        assert client.get(url).status_code in (404, 405)
    assert scene.cluster.calls == []


def test_host_apps_own_error_pages_do_not_replace_ours(registry: Any) -> None:
    app = Flask("host")
    app.register_error_handler(404, lambda error: ("<h1>Not here</h1>", 404))
    app.register_error_handler(413, lambda error: ("<h1>Too large</h1>", 413))
    app.register_blueprint(create_blueprint(registry, max_body_bytes=10), url_prefix="/dispy")
    client = app.test_client()
    assert client.get("/dispy/api/v1/clusters/none").json["error"]["code"] == "unknown_cluster"
    answer = client.patch("/dispy/api/v1/settings", json={"poll_sec": 123456789})
    assert (answer.status_code, answer.json["error"]["code"]) == (413, "too_large")
    assert client.get("/elsewhere").text == "<h1>Not here</h1>"


def test_unexpected_error_gives_a_reference_and_nothing_else(
    client: Any, registry: Any, monkeypatch: Any, caplog: Any
) -> None:
    def fail() -> None:
        raise RuntimeError("the secret of the server")

    monkeypatch.setattr(registry, "views", fail)
    answer = client.get("/api/v1/clusters")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    reference = re.search(r"under ([0-9a-f]{8})", answer.json["error"]["message"])
    assert reference is not None
    assert reference[1] in caplog.text
    assert "the secret of the server" in caplog.text


def test_head_is_get_without_the_body(client: Any, scene: Any) -> None:
    answer = client.head("/api/v1/clusters")
    assert (answer.status_code, answer.data) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 100


@pytest.mark.parametrize("url", ["/none", "/cluster_status/x", "/api/v1/clusters/a%0Ab/nodes"])
def test_standalone_server_gives_every_error_our_shape(make_client: Any, url: str) -> None:
    answer = make_client(standalone=True).get(url)
    assert (answer.status_code, answer.json["error"]["code"]) == (404, "not_found")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
