"""Pages in apps that forbid, redirect and time out: what the host does is the real thing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browser.stage import PAGES, Audience, Browsers, Stage, becomes, is_live, rows
from flask import Flask, abort, redirect, request
from flask_login import LoginManager, UserMixin, current_user, login_user
from playwright.sync_api import Page, expect
from web.hosted import serving

from flask_dispy import create_blueprint


@contextmanager
def visiting(
    app: Flask, browsers: Browsers, prefix: str = "/dispy/"
) -> Iterator[Callable[..., Page]]:
    """A browser of its own at an app that holds the blueprint; nothing may be complained about."""
    with serving(app) as (address, port):
        home = f"http://{address}:{port}{prefix}"
        audience = Audience(browsers, home)
        page = audience.page(apart=True)

        def open_page(path: str = "") -> Page:
            page.goto(home + path)
            return page

        try:
            yield open_page
        finally:
            audience.leave()
    assert audience.complaints == []


def _policy_app(stage: Stage, *, talisman: bool) -> Flask:
    app = Flask("host")
    app.secret_key = "for tests"
    app.register_blueprint(create_blueprint(stage.registry), url_prefix="/dispy")
    if talisman:
        extension = pytest.importorskip("flask_talisman", exc_type=ImportError)
        extension.Talisman(app, force_https=False, session_cookie_secure=False)
    else:

        @app.after_request
        def forbid(answer):  # type: ignore[no-untyped-def]
            answer.headers["Content-Security-Policy"] = "default-src 'self'"
            return answer

    return app


@pytest.mark.parametrize("talisman", [True, False])
def test_pages_need_no_more_than_the_strictest_common_policy(
    stage: Stage, browsers: Browsers, talisman: bool
) -> None:
    with visiting(_policy_app(stage, talisman=talisman), browsers) as open_page:
        page = open_page("monitor.html?range=2h")
        expect(rows(page)).to_have_count(3)
        assert page.evaluate(
            "fetch(location).then((r) => r.headers.get('content-security-policy'))"
        )
        page.locator(".nodemap-link").focus()
        page.get_by_role("button", name="Update interval").click()
        page.get_by_role("button", name="Theme").click()
        page.get_by_role("button", name="Help").click()
        # The tab's picture fills with the run.
        favicon = page.locator("#favicon")
        becomes(lambda: "/ring-40-failed.svg" in (favicon.get_attribute("href") or ""), True)
        for path in (*PAGES, "jobs.html?job=1", "timeline.html?job=2"):
            is_live(open_page(path))


def test_icons_are_seen_under_the_policy(stage: Stage, browsers: Browsers) -> None:
    with visiting(_policy_app(stage, talisman=False), browsers) as open_page:
        page = open_page()
        is_live(page)
        icon = page.locator("#help .icon")
        shown = icon.screenshot()
        # A mask that can't be had hides all; one that lies beside the icon, too.
        icon.evaluate("icon => icon.style.setProperty('--at', '-1')")
        becomes(lambda: icon.screenshot() != shown, True)


# -- logins ----------------------------------------------------------------------------------------


class _Person(UserMixin):
    id = "ann"


def _login_app(stage: Stage, answer: str) -> Flask:
    """An app with the login that docs/embedding.md recommends; *answer* is what strangers get."""
    app = Flask("host")
    app.secret_key = "for tests"
    manager = LoginManager(app)
    manager.user_loader(lambda _name: _Person())

    form = "<!doctype html><title>Log in</title><form method=post><button>Enter</button></form>"

    @app.route("/login", methods=["GET", "POST"])
    def login() -> Any:
        if request.method == "POST":
            login_user(_Person())
            return redirect(request.args["next"])
        return form

    manager.login_view = "login"
    strangers: dict[str, Callable[[], Any]] = {
        "redirect": manager.unauthorized,
        "another site": lambda: redirect("http://127.0.0.9:1/sso"),
        "page": lambda: form,
        "401": lambda: abort(401),
        "empty": lambda: "",
        "portal": lambda: {"ok": True},
    }

    @app.before_request
    def login_first() -> Any:
        if request.blueprint == "flask_dispy" and not current_user.is_authenticated:
            wants_page = request.path.endswith((".html", "/"))
            return manager.unauthorized() if wants_page else strangers[answer]()
        return None

    app.register_blueprint(create_blueprint(stage.registry), url_prefix="/dispy")
    return app


_SAYS = {
    "redirect": "You have been logged out",
    "another site": "You have been logged out",
    "page": "a login page",
    "401": "You have been logged out",
    "empty": "The answer was empty",
    "portal": "The answer was not the dashboard's",
}


@pytest.mark.parametrize("answer", list(_SAYS))
def test_login_that_expired_is_said_and_leads_back(
    stage: Stage, browsers: Browsers, answer: str
) -> None:
    with visiting(_login_app(stage, answer), browsers) as open_page:
        page = open_page("manage.html?cluster=compute")
        page.get_by_role("button", name="Enter").click()
        is_live(page)
        page.context.clear_cookies()
        # What is told to a command is told to the page as well.
        page.get_by_role("checkbox", name="Select 10.0.0.9").check()
        page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
        page.get_by_role("button", name="Close 1 node").click()
        expect(page.locator(".notice-lines")).to_contain_text(_SAYS[answer])
        expect(page.locator(".notice-lines a")).to_be_visible()
        trouble = page.locator("#trouble")
        expect(trouble).to_contain_text(_SAYS[answer])
        trouble.get_by_role("link").click()
        page.get_by_role("button", name="Enter").click()
        expect(page).to_have_url(re.compile(r"/dispy/manage\.html\?cluster=compute$"))
        is_live(page)
        assert stage.cluster.calls == []
