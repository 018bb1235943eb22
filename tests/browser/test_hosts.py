"""Pages in apps that forbid, redirect and time out: what the host does is the real thing."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from browser.stage import Audience, Browsers, Stage, becomes, is_live, rows, tile
from flask import Flask, abort, redirect, request
from flask_login import LoginManager, UserMixin, current_user, login_user
from playwright.sync_api import Page, Request, expect
from web.fakes import watched_cluster
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
        becomes(lambda: "/ring-40-1.svg" in (favicon.get_attribute("href") or ""), True)
        if not talisman:
            _assert_icons_are_seen(page)
        for path in (
            "node.html?host=10.0.0.2",
            "jobs.html?job=1",
            "timeline.html?job=2",
            "events.html",
            "manage.html",
        ):
            is_live(open_page(path))


def _assert_icons_are_seen(page: Page) -> None:
    page.keyboard.press("Escape")  # leaves the help
    icon = page.locator("#help .icon")
    shown = icon.screenshot()
    # A mask that can't be had hides all; one that lies beside the icon, too.
    icon.evaluate("icon => icon.style.setProperty('--at', '-1')")
    becomes(lambda: icon.screenshot() != shown, True)


# -- logins ----------------------------------------------------------------------------------------


class _Person(UserMixin):
    id = "ann"


def _login_app(stage: Stage, answer: list[str]) -> Flask:
    """An app with the login that docs/embedding.md recommends; *answer* is what strangers get.

    It is a list of one, so that another can take its place.
    """
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
            return manager.unauthorized() if wants_page else strangers[answer[0]]()
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


def test_login_that_expired_is_said_and_leads_back(stage: Stage, browsers: Browsers) -> None:
    now = [""]
    with visiting(_login_app(stage, now), browsers) as open_page:
        page = open_page("manage.html?cluster=compute")
        page.get_by_role("button", name="Enter").click()
        is_live(page)
        for now[0], words in _SAYS.items():
            page.context.clear_cookies()
            # What is told to a command is told to the page as well.
            page.get_by_role("checkbox", name="Select 10.0.0.9").check()
            page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
            page.get_by_role("button", name="Close 1 node").click()
            expect(page.locator(".notice-lines"), now[0]).to_contain_text(words)
            expect(page.locator(".notice-lines a"), now[0]).to_be_visible()
            trouble = page.locator("#trouble")
            expect(trouble, now[0]).to_contain_text(words)
            trouble.get_by_role("link").click()
            page.get_by_role("button", name="Enter").click()
            expect(page, now[0]).to_have_url(re.compile(r"/dispy/manage\.html\?cluster=compute$"))
            is_live(page)
            assert (now[0], stage.cluster.calls) == (now[0], [])


# -- streams that are held back --------------------------------------------------------------------

_NOTE_STATES = """
  window.seenStates = new Set();
  new MutationObserver(() => {
    const state = document.getElementById("connection")?.dataset.state;
    if (state) window.seenStates.add(state);
  }).observe(document, { subtree: true, childList: true, attributes: true });
"""


def test_stream_that_a_proxy_holds_back_is_polled_and_never_called_live(
    stage: Stage, browsers: Browsers
) -> None:
    ended = threading.Event()
    app = Flask("host")
    app.register_blueprint(create_blueprint(stage.registry), url_prefix="/dispy")
    passed_on = app.wsgi_app

    def held(environ: Any, start_response: Any) -> Any:
        if not environ["PATH_INFO"].endswith("/stream"):
            return passed_on(environ, start_response)
        ended.wait(60)
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return [b""]

    app.wsgi_app = held  # type: ignore[method-assign]
    stage.registry.poll_sec = 2
    with visiting(app, browsers) as open_page:
        try:
            page = open_page("healthz")
            page.context.add_init_script(_NOTE_STATES)
            open_page()
            connection = page.locator("#connection")
            expect(connection).to_have_attribute("data-state", "polling")
            for finished, job in (("2", "busy"), ("3", "also busy")):
                stage.ends(stage.jobs[job])
                expect(tile(page, "finished")).to_have_text(finished)
            expect(connection).to_have_attribute("data-state", "polling")
            assert "live" not in page.evaluate("[...window.seenStates]")
        finally:
            ended.set()


# -- many windows ----------------------------------------------------------------------------------


def _windows(stage: Stage, paths: list[str]) -> tuple[list[Page], Callable[[], int]]:
    """Windows of one browser, and what counts the streams that they have open."""
    first = stage.audience.page(apart=True)
    streams: set[Request] = set()

    def begins(asked: Request) -> None:
        if "/stream?" in asked.url:
            streams.add(asked)

    def ends(asked: Request) -> None:
        streams.discard(asked)

    first.context.on("request", begins)
    first.context.on("requestfinished", ends)
    first.context.on("requestfailed", ends)
    pages = [first, *(first.context.new_page() for _ in paths[1:])]
    for page, path in zip(pages, paths, strict=True):
        stage.go(page, path)

    def count() -> int:
        pages[-1].evaluate("0")  # events come in while something is asked
        return len(streams)

    return pages, count


def _commands_are_answered(pages: list[Page]) -> None:
    for page in pages:
        status = page.evaluate(
            "fetch('api/v1/settings', {method: 'PATCH', body: '{}',"
            " headers: {'Content-Type': 'application/json'}}).then((answer) => answer.status)"
        )
        assert status == 200


def test_windows_of_one_browser_share_a_stream(stage: Stage) -> None:
    pages, streams = _windows(stage, ["monitor.html", "jobs.html", *["monitor.html"] * 4])
    for page in pages:
        is_live(page)
    becomes(streams, 1)  # two that begin at once agree a moment later
    _commands_are_answered(pages)
    stage.ends(stage.jobs["busy"])
    for page in pages[2:]:
        expect(tile(page, "finished")).to_have_text("2")
    # The one that has the stream goes; the others go on with another.
    pages[0].close()
    stage.ends(stage.jobs["also busy"])
    for page in pages[2:]:
        expect(tile(page, "finished")).to_have_text("3")
        is_live(page)


def test_windows_that_look_at_many_clusters_leave_room_for_commands(stage: Stage) -> None:
    names = ["compute"]
    for number in range(7):
        watched_cluster(stage.registry, f"other {number}")
        names.append(f"other {number}")
    pages, streams = _windows(stage, [f"monitor.html?cluster={name}" for name in names])
    states = [page.locator("#connection") for page in pages]
    for state in states:
        expect(state).to_have_attribute("data-state", re.compile("live|polling"))
    _commands_are_answered(pages)
    becomes(lambda: streams() <= 3, True)
