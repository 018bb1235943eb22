"""Pages in apps that forbid, redirect and time out: what the host does is the real thing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from browser.stage import PAGES, Audience, Browsers, Stage, becomes, is_live, rows
from flask import Flask
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
