"""Pages as guests: in another app, under a prefix, behind a proxy; and what a reader may not do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from browser.stage import PAGES, Audience, Browsers, Stage, becomes, fill_stage, is_live, rows, tile
from flask import Flask
from flask_wtf import CSRFProtect
from playwright.sync_api import Page, expect
from web.hosted import serving
from werkzeug.middleware.proxy_fix import ProxyFix

from flask_dispy import ClusterRegistry, create_blueprint

_PREFIX = "/tools"


def _behind_a_proxy(app: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """What a reverse proxy at /tools makes of requests: the prefix is off, and told in a header."""

    def proxy(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(f"{_PREFIX}/"):
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"the proxy knows no such place"]
        environ["PATH_INFO"] = path.removeprefix(_PREFIX)
        environ["HTTP_X_FORWARDED_PREFIX"] = _PREFIX
        environ["HTTP_X_FORWARDED_HOST"] = environ["HTTP_HOST"]
        return app(environ, start_response)

    return proxy


@pytest.fixture
def host(stage: Stage, browsers: Browsers) -> Iterator[Callable[[str], Page]]:
    """The stage's registry in somebody's app, with its own CSRF protection, behind a proxy."""
    app = Flask("host")
    app.secret_key = "for tests"
    CSRFProtect(app)
    app.register_blueprint(create_blueprint(stage.registry), url_prefix="/ops/dispy")
    app.wsgi_app = ProxyFix(app.wsgi_app, x_prefix=1, x_host=1)  # type: ignore[method-assign]
    with serving(_behind_a_proxy(app)) as (address, port):
        home = f"http://{address}:{port}{_PREFIX}/ops/dispy/"
        audience = Audience(browsers, home)

        def open_page(path: str) -> Page:
            page.goto(home + path)
            return page

        page = audience.page(apart=True)
        yield open_page
        audience.leave()
    assert audience.complaints == []
    assert audience.logged == []


def test_pages_links_updates_and_commands_work_under_a_prefix_with_the_hosts_own_csrf_protection(
    stage: Stage, host: Callable[[str], Page]
) -> None:
    page = host("")
    is_live(page)
    expect(tile(page, "finished")).to_have_text("1")
    stage.ends(stage.jobs["busy"])
    expect(tile(page, "finished")).to_have_text("2")
    page.locator("[data-tile=failed]").click()
    expect(page).to_have_url(re.compile(r"/tools/ops/dispy/jobs\.html"))
    is_live(page)
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Manage").click()
    expect(page).to_have_url(re.compile(r"/tools/ops/dispy/manage\.html$"))
    is_live(page)
    page.get_by_role("checkbox", name="Select 10.0.0.9").check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.locator(".notice-title")).to_have_text("Closed 1 node")
    assert stage.cluster.calls == [("close_node", ("10.0.0.9",))]
    for path in PAGES:
        if not path.startswith(("monitor", "jobs", "manage")):  # where it has been
            is_live(host(path))


# -- read-only -------------------------------------------------------------------------------------


@pytest.fixture
def read_only(make_stage: Callable[..., Stage]) -> Stage:
    stage = make_stage(read_only=True)
    fill_stage(stage)
    return stage


def test_reader_sees_everything_but_is_offered_no_action_and_commands_are_refused(
    read_only: Stage,
) -> None:
    offered = re.compile("Terminate|[Aa]llocate|Close node|Set")
    page = read_only.open()
    expect(rows(page)).to_have_count(3)
    expect(tile(page, "running")).to_have_text("2")
    for method, path, body in (
        ("POST", "clusters/compute/nodes/10.0.0.9/close", {}),
        ("POST", "clusters/compute/jobs/cancel", {"serials": [3]}),
        ("POST", "clusters/compute/nodes", {"host": "10.0.0.50"}),
        ("PATCH", "settings", {"poll_sec": 3}),
    ):
        status = page.evaluate(
            """([method, path, body]) => fetch("api/v1/" + path, {
                method, body, headers: { "Content-Type": "application/json" },
            }).then((answer) => answer.status)""",
            [method, path, json.dumps(body)],
        )
        assert (path, status) == (path, 403)
    for path in ("", *PAGES[1:], "jobs.html?job=3"):
        if path:
            read_only.go(page, path)
        is_live(page)
        expect(page.locator("#main").get_by_role("button", name=offered)).to_have_count(0)
        expect(page.locator("main input[type=checkbox]:visible")).to_have_count(0)
    assert read_only.cluster.calls == []


def test_reader_without_permission_for_arguments_is_informed(
    make_stage: Callable[..., Stage], registry: ClusterRegistry
) -> None:
    stage = make_stage(authorize=lambda permission, _request: permission == "view")
    fill_stage(stage)
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    becomes(lambda: set(page.locator("[data-column=args] .td-value").all_inner_texts()), {"hidden"})
    page.locator(".job-link").first.click()
    expect(page.locator(".job-hidden")).to_have_text("You may not see arguments and output.")


# -- security --------------------------------------------------------------------------------------


def test_pages_ask_for_nothing_that_their_policy_forbids_and_it_stops_injected_scripts(
    stage: Stage,
) -> None:
    """Every stage fails its test for that; here each page is seen with its parts in use."""
    page = stage.open("monitor.html?range=2h")
    page.locator(".nodemap-link").focus()
    page.get_by_role("button", name="Update interval").click()
    page.get_by_role("button", name="Help").click()
    for path in (
        "jobs.html?job=1",
        "timeline.html?job=2",
        "manage.html",
        "node.html?host=10.0.0.2",
    ):
        stage.go(page, path)
        is_live(page)
    assert stage.audience.complaints == []
    assert stage.audience.logged == []
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "window.hit = 1";
        document.body.append(script);
    }""")
    assert page.evaluate("window.hit") is None
    becomes(
        lambda: (
            page.title() and any("Content Security Policy" in c for c in stage.audience.complaints)
        ),
        True,
    )
    stage.audience.complaints.clear()
