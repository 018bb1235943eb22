"""The blueprint as a guest in somebody else's app."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, abort, session
from flask_login import LoginManager, UserMixin, current_user, login_user
from flask_wtf import CSRFProtect
from web.fakes import watched_cluster
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_dispy import ClusterRegistry
from flask_dispy.web.blueprint import create_blueprint

PAGES = (
    "", "monitor.html", "node.html", "jobs.html", "timeline.html", "events.html", "manage.html",
    "index.html",
)  # fmt: skip
API = "api/v1"


def _config(page: str) -> dict[str, Any]:
    match = re.search(r"data-config=(['\"])(.*?)\1", page, re.DOTALL)
    assert match is not None
    config: dict[str, Any] = json.loads(unescape(match[2]))
    return config


def _app(registry: ClusterRegistry, prefix: str = "/dispy", **options: Any) -> Flask:
    app = Flask("host")
    app.secret_key = "for tests"
    app.register_blueprint(create_blueprint(registry, **options), url_prefix=prefix)
    return app


@pytest.mark.parametrize("prefix", ["", "/dispy", "/ops/clusters/dispy"])
def test_pages_hold_relative_links_only(registry: Any, prefix: str) -> None:
    client = _app(registry, prefix or "/").test_client()
    for page in PAGES:
        answer = client.get(f"{prefix}/{page}")
        assert answer.status_code == 200
        for link in re.findall(r"(?:href|src|action)=[\"']([^\"']*)", answer.text):
            assert not re.match(r"[a-z]+:|/", link), link
        assert _config(answer.text)["api"] == "api/v1/"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_served(registry: Any, page: str) -> None:
    client = _app(registry).test_client()
    text = client.get(f"/dispy/{page}").text
    assets = re.findall(r"(?:href|src)=[\"'](dispy-assets/[^\"']*)", text)
    assert assets
    for link in assets:
        assert client.get(f"/dispy/{link}").status_code == 200, link


@pytest.mark.parametrize("page", PAGES)
def test_page_holds_nothing_inline(registry: Any, page: str) -> None:
    text = _app(registry).test_client().get(f"/dispy/{page}").text
    assert re.findall(r"<script(?![^>]*\bsrc=)[^>]*>", text) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", text) == []


def _resolved(base: str, location: str) -> str:
    """Resolve a relative reference by RFC 3986, 5.2, as browsers do; urljoin drops empty parts."""
    found: list[str] = base.partition("?")[0].split("/")[:-1]
    path, mark, query = location.partition("?")
    *folders, last = path.split("/")
    for part in folders:
        if part == "..":
            found.pop()
        elif part != ".":
            found.append(part)
    return "/".join((*found, last)) + mark + query


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("prefix", ["/dispy", "/ops/a:b"])
@pytest.mark.parametrize(
    ("asked", "reached"),
    [
        ("", ""),
        ("?cluster=a%20b&q=1", "?cluster=a%20b&q=1"),
        ("//", ""),
        ("//jobs.html?q=1", "jobs.html?q=1"),
        ("/api//v1/clusters", "api/v1/clusters"),
        ("/api/v1//clusters", "api/v1/clusters"),
        ("///api/v1///settings", "api/v1/settings"),
    ],
)
def test_address_that_is_nearly_ours_leads_to_ours(
    registry: Any, strict: bool, prefix: str, asked: str, reached: str
) -> None:
    app = _app(registry, prefix)
    app.url_map.strict_slashes = strict
    answer = app.test_client().get(f"{prefix}{asked}", headers={"Host": "evil.example"})
    assert answer.status_code == 308
    assert "evil" not in answer.headers["Location"]
    assert _resolved(f"{prefix}{asked}", answer.headers["Location"]) == f"{prefix}/{reached}"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_links_work_from_every_address_of_a_page(registry: Any) -> None:
    app = _app(registry)
    app.url_map.strict_slashes = False
    for page in PAGES[1:]:
        assert app.test_client().get(f"/dispy/{page}/").status_code == 404


def test_host_at_whose_root_we_are_keeps_its_addresses(registry: Any) -> None:
    app = Flask("host")
    app.add_url_rule("/reports/new", view_func=lambda: "new", endpoint="new")
    app.register_blueprint(create_blueprint(registry))
    client = app.test_client()
    assert client.get("/reports//new", follow_redirects=True).text == "new"
    answer = client.get("/none//new")
    assert (answer.status_code, answer.headers.get("X-Content-Type-Options")) == (404, None)


def test_host_at_whose_root_we_are_keeps_its_static_folders(registry: Any, tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "img" / "logo.txt").write_text("the host's")
    app = Flask("host", static_folder=tmp_path, static_url_path="/static")
    app.register_blueprint(create_blueprint(registry))
    client = app.test_client()
    with client.get("/static/img/logo.txt") as answer:
        assert answer.text == "the host's"
    assert not any(rule.rule.startswith("/static/<v") for rule in app.url_map.iter_rules())


def test_page_knows_the_chosen_cluster_and_the_permissions(registry: Any) -> None:
    watched_cluster(registry, "compute")
    app = _app(registry, authorize=lambda permission, _request: permission != "manage_nodes")
    config = _config(app.test_client().get("/dispy/?cluster=compute").text)
    assert (config["cluster"], config["clusters"]) == ("compute", ["compute"])
    assert config["permissions"] == {
        "view": True,
        "see_arguments": True,
        "cancel_jobs": True,
        "rerun_jobs": True,
        "manage_nodes": False,
        "change_settings": True,
    }
    assert config["csrf_token"] is None


def test_cluster_that_is_gone_stays_chosen(registry: Any) -> None:
    config = _config(_app(registry).test_client().get("/dispy/?cluster=gone").text)
    assert config["cluster"] == "gone"


@pytest.mark.parametrize("name", ["</script><b>", "'\"><b>", "&quot;", "\u202e\x00"])
def test_hostile_names_stay_text(registry: Any, name: str) -> None:
    watched_cluster(registry, name)
    name = registry.names()[0]  # control characters are escaped when a cluster is added
    answer = _app(registry).test_client().get("/dispy/", query_string={"cluster": name})
    assert "<b>" not in answer.text
    assert _config(answer.text)["clusters"] == [name]


def test_blueprint_sets_nothing_on_the_host_app(registry: Any) -> None:
    def facts(app: Flask) -> dict[str, Any]:
        return {
            "config": dict(app.config),
            "extensions": dict(app.extensions),
            "globals": set(app.jinja_env.globals),
            "filters": set(app.jinja_env.filters),
            "converters": dict(app.url_map.converters),
            "before": dict(app.before_request_funcs.get(None) or {}),
            "after": list(app.after_request_funcs.get(None) or []),
            "teardown": list(app.teardown_request_funcs.get(None) or []),
            "errors": {c: h for c, h in app.error_handler_spec.get(None, {}).items() if h},
            "context": len(app.template_context_processors[None]),
            "static": app.static_folder,
        }

    app = Flask("host")
    before = facts(app)
    app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
    app.test_client().get("/dispy/")
    assert facts(app) == before


def test_host_apps_answers_are_left_alone(registry: Any) -> None:
    app = _app(registry)
    app.add_url_rule("/own", "own", lambda: "own page")
    answer = app.test_client().get("/own", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.text == "own page"
    assert "Content-Security-Policy" not in answer.headers
    assert "Cache-Control" not in answer.headers
    assert "Content-Security-Policy" not in app.test_client().get("/none").headers


def test_host_apps_own_templates_do_not_meet_ours(registry: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    for name in ("base.html", "monitor.html"):
        (tmp_path / "templates" / name).write_text("the host's own")
    app = Flask("host", root_path=str(tmp_path))
    app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
    assert "the host's own" not in app.test_client().get("/dispy/").text


def _write_variables_in_other_brackets(app: Flask) -> None:
    app.jinja_options = {"variable_start_string": "[[", "variable_end_string": "]]"}


def _know_nothing_of_our_requests(app: Flask) -> None:
    app.context_processor(lambda: {"tenant": session["tenant"]})


def _encode_own_things_only(app: Flask) -> None:
    app.json.dumps = lambda value, **_: value.as_json()  # type: ignore[method-assign]


@pytest.mark.parametrize(
    "change",
    [_write_variables_in_other_brackets, _know_nothing_of_our_requests, _encode_own_things_only],
)
def test_host_apps_own_jinja_and_json_do_not_change_our_pages(registry: Any, change: Any) -> None:
    watched_cluster(registry, "<b>bold</b>")
    page = _app(registry).test_client().get("/dispy/?cluster=<b>bold</b>").text
    app = Flask("host")
    change(app)
    app.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
    client = app.test_client()
    assert client.get("/dispy/?cluster=<b>bold</b>").text == page
    assert client.get(f"/dispy/{API}/clusters").status_code == 200


def test_variables_of_the_prefix_are_the_host_apps(registry: Any) -> None:
    watched_cluster(registry)
    asked = []

    def authorize(permission: str, request: Any) -> bool:
        asked.append(request.view_args["tenant"])
        return request.view_args["tenant"] == "acme"

    client = _app(registry, "/<tenant>/dispy", authorize=authorize).test_client()
    assert client.get("/acme/dispy/").status_code == 200
    assert client.get(f"/acme/dispy/{API}/clusters/compute").json["name"] == "compute"
    assert client.get(f"/other/dispy/{API}/clusters/compute").status_code == 403
    assert set(asked) == {"acme", "other"}


def test_answer_of_the_hosts_own_hook_keeps_its_headers(registry: Any) -> None:
    app = _app(registry)
    app.before_request(lambda: "<script>logIn()</script>")
    answer = app.test_client().get("/dispy/")
    assert answer.text == "<script>logIn()</script>"
    assert "Content-Security-Policy" not in answer.headers
    assert "Cache-Control" not in answer.headers


def test_error_of_the_hosts_own_hook_is_hardened_like_any(registry: Any) -> None:
    app = _app(registry)
    app.before_request(lambda: abort(403))
    answer = app.test_client().get(f"/dispy/{API}/clusters")
    assert answer.json["error"]["code"] == "forbidden"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_behind_a_proxy_with_a_prefix_of_its_own(registry: Any) -> None:
    app = _app(registry)
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1, x_host=1, x_proto=1)  # type: ignore[method-assign]
    client = app.test_client()
    proxied = {
        "X-Forwarded-Prefix": "/tools",
        "X-Forwarded-Host": "ops.example",
        "X-Forwarded-Proto": "https",
    }
    answer = client.get("/dispy", headers=proxied)
    assert answer.headers["Location"] == "./dispy/"
    answer = client.get("/dispy/cluster_status", headers=proxied)
    cookie = answer.headers["Set-Cookie"]
    assert "Path=/tools/dispy/" in cookie
    assert "Secure" in cookie
    same = {**proxied, "Origin": "https://ops.example"}
    assert client.patch("/dispy/api/v1/settings", json={}, headers=same).status_code == 200
    other = {**proxied, "Origin": "https://localhost"}
    assert client.patch("/dispy/api/v1/settings", json={}, headers=other).status_code == 403


def test_two_blueprints_with_two_registries(registry: Any) -> None:
    second = ClusterRegistry()
    try:
        watched_cluster(registry, "one")
        watched_cluster(second, "two")
        app = Flask("host")
        app.register_blueprint(create_blueprint(registry, name="first"), url_prefix="/a")
        app.register_blueprint(
            create_blueprint(second, name="second", read_only=True), url_prefix="/b"
        )
        client = app.test_client()
        names = [
            [item["name"] for item in client.get(f"/{prefix}/{API}/clusters").json["items"]]
            for prefix in "ab"
        ]
        assert names == [["one"], ["two"]]
        statuses = [
            client.patch(f"/{prefix}/{API}/settings", json={"poll_sec": 3}).status_code
            for prefix in "ab"
        ]
        assert statuses == [200, 403]
        assert (registry.poll_sec, second.poll_sec) == (3, 10)
    finally:
        second.close()


def test_nested_in_another_blueprint(registry: Any) -> None:
    from flask import Blueprint

    parent = Blueprint("parent", "parent")
    parent.register_blueprint(create_blueprint(registry), url_prefix="/dispy")
    app = Flask("host")
    app.register_blueprint(parent, url_prefix="/admin")
    client = app.test_client()
    assert client.get("/admin/dispy/").status_code == 200
    assert client.get(f"/admin/dispy/{API}/none").json["error"]["code"] == "not_found"


class TestCsrfProtect:
    """Under Flask-WTF's app-wide protection: the pages bring its token, scripts are exempted."""

    @pytest.fixture
    def app(self, registry: Any) -> Flask:
        app = _app(registry)
        CSRFProtect(app)
        return app

    def test_page_brings_the_token(self, app: Flask) -> None:
        client = app.test_client()
        token = _config(client.get("/dispy/").text)["csrf_token"]
        url = f"/dispy/{API}/settings"
        sent = client.patch(url, json={"poll_sec": 2}, headers={"X-CSRFToken": token})
        assert sent.json["poll_sec"] == 2

    def test_request_without_the_token_gets_our_error_shape(self, app: Flask) -> None:
        answer = app.test_client().patch(f"/dispy/{API}/settings", json={"poll_sec": 2})
        assert answer.status_code == 400
        assert "CSRF" in answer.json["error"]["message"]

    def test_token_may_come_as_a_form_field(self, app: Flask, registry: Any) -> None:
        client = app.test_client()
        token = _config(client.get("/dispy/").text)["csrf_token"]
        answer = client.post("/dispy/update", data={"csrf_token": token, "timeout": "7"})
        assert answer.status_code == 200
        assert registry.poll_sec == 7

    def test_referrer_policy_lets_its_check_on_https_pass(self, app: Flask) -> None:
        client = app.test_client()
        base = "https://ops.example"
        page = client.get("/dispy/", base_url=base)
        assert page.headers["Referrer-Policy"] == "same-origin"
        answer = client.patch(
            f"/dispy/{API}/settings",
            json={"poll_sec": 2},
            base_url=base,
            headers={
                "X-CSRFToken": _config(page.text)["csrf_token"],
                "Referer": f"{base}/dispy/",
            },
        )
        assert answer.status_code == 200

    def test_exempt_blueprint_takes_scripts(self, registry: Any) -> None:
        app = Flask("host")
        app.secret_key = "for tests"
        csrf = CSRFProtect(app)
        blueprint = create_blueprint(registry)
        csrf.exempt(blueprint)
        app.register_blueprint(blueprint, url_prefix="/dispy")
        client = app.test_client()
        assert client.patch(f"/dispy/{API}/settings", json={"poll_sec": 2}).status_code == 200
        crossed = client.patch(
            f"/dispy/{API}/settings", json={}, headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert crossed.status_code == 403


def test_flask_login_decides_by_the_hosts_user(registry: Any) -> None:
    class User(UserMixin):
        def __init__(self, name: str) -> None:
            self.id = name

    def authorize(permission: str, _request: Any) -> bool:
        if not current_user.is_authenticated:
            return False
        return permission in ("view", "see_arguments") or current_user.id == "operator"

    app = _app(registry, authorize=authorize)
    manager = LoginManager(app)
    manager.user_loader(User)

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session.clear()
        login_user(User(name))
        return name

    client = app.test_client()
    url = f"/dispy/{API}/settings"
    assert client.get("/dispy/").status_code == 403
    client.get("/login/viewer")
    assert client.get("/dispy/").status_code == 200
    assert client.patch(url, json={"poll_sec": 4}).status_code == 403
    client.get("/login/operator")
    assert client.patch(url, json={"poll_sec": 4}).status_code == 200
