"""What the browser tests stand on: a server, clusters at the seam to dispy, pages that are watched.

A stage has one registry and one server. Its clusters are fakes (see dispy_objects.py) that report
dispy's own DispyNode and DispyJob objects; all between them and the pixels is the real thing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from axe_playwright_python.sync_playwright import Axe
from dispy import DispyJob, DispyNode
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from web.fakes import FakeCluster, make_node, watched_cluster

from flask_dispy import ClusterRegistry, DispyHTTPServer

__all__ = [
    "PAGES",
    "Audience",
    "Browsers",
    "Stage",
    "axe_violations",
    "becomes",
    "cells",
    "chooser",
    "dismiss",
    "fill_stage",
    "is_live",
    "job_ids",
    "job_search",
    "keys_shown",
    "rows",
    "serve",
    "tile",
]

PAGES = (
    "monitor.html", "node.html?host=10.0.0.2", "jobs.html", "timeline.html", "events.html",
    "manage.html",
)  # fmt: skip
_PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
_DESKTOP: dict[str, Any] = {"viewport": {"width": 1360, "height": 860}}

# Where tabs rest; a call of evaluate() would take 15 ms.
_FORGET_AT_REST = 'if (location.pathname.endsWith("/healthz")) localStorage.clear();'

# Tests share the machine with others: what takes 50 ms alone may take seconds.
_PATIENCE_SEC = 20.0
expect.set_options(timeout=_PATIENCE_SEC * 1000)

Value = TypeVar("Value")


def becomes(read: Callable[[], Value], wanted: Value) -> None:
    """Wait until ``read()`` returns what is wanted; on failure show what it returned instead."""
    give_up_at = time.monotonic() + _PATIENCE_SEC
    while (found := _read_or_lack(read)) != wanted and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert found == wanted


def _read_or_lack(read: Callable[[], Any]) -> Any:
    """Return what is read, or the error if the row in question is not there yet."""
    try:
        return read()
    except LookupError as error:
        return error


class Browsers:
    """What outlives a test: a desktop and a phone, their tabs, and the port of the servers.

    A tab in a process of its own costs more than all else in a test, and scripts are served for
    ever under one address. So tests share an origin and, one after the other, its tabs; whatever a
    test leaves in a tab is taken out again.
    """

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._shared: dict[bool, BrowserContext] = {}
        self._tabs: dict[bool, list[Page]] = {False: [], True: []}
        self._port = 0

    def server(self, registry: ClusterRegistry, **options: Any) -> DispyHTTPServer:
        """A server, at the port of the one before if that is still free."""
        try:
            server = DispyHTTPServer(None, "127.0.0.1", self._port, registry=registry, **options)
        except OSError:
            server = DispyHTTPServer(None, "127.0.0.1", 0, registry=registry, **options)
        self._port = server.port
        return server

    def context(self, *, phone: bool) -> BrowserContext:
        """A browser of its own: storage, cookies, cache."""
        context = self._browser.new_context(**(_PHONE if phone else _DESKTOP))
        context.set_default_timeout(_PATIENCE_SEC * 1000)
        return context

    def shared(self, *, phone: bool) -> BrowserContext:
        """The context that tests share."""
        if phone not in self._shared:
            context = self._shared[phone] = self.context(phone=phone)
            context.add_init_script(_FORGET_AT_REST)
            context.grant_permissions(["clipboard-read", "clipboard-write"])
        return self._shared[phone]

    def tab(self, *, phone: bool) -> Page:
        """A tab that a test before has left, or a new one."""
        tabs = self._tabs[phone]
        return tabs.pop() if tabs else self.shared(phone=phone).new_page()

    def take_back(self, page: Page, resting_place: str, *, phone: bool) -> None:
        """Make a tab as good as new, but for its cache, and let it rest within its origin."""
        page.unroute_all(behavior="ignoreErrors")
        # First, because a dashboard would lay itself out anew because of all that follows.
        page.goto(resting_place)
        page.emulate_media(
            media="null", color_scheme="null", reduced_motion="null", forced_colors="null"
        )
        viewport = (_PHONE if phone else _DESKTOP)["viewport"]
        if page.viewport_size != viewport:
            page.set_viewport_size(viewport)
        page.mouse.move(0, 0)
        page.context.clear_cookies()
        self._tabs[phone].append(page)

    def close(self) -> None:
        for context in self._shared.values():
            context.close()


class Audience:
    """Those who look at one server; each page is watched.

    A script error, a violation of the content policy, or a request to another origin than the
    server's is noted in ``complaints``; failed requests and the like only in ``logged``.
    """

    def __init__(self, browsers: Browsers, home: str) -> None:
        self._browsers = browsers
        self._home = home
        self._origin = "/".join(home.split("/")[:3]) + "/"
        self._contexts: list[BrowserContext] = []
        self._lent: list[tuple[Page, bool]] = []
        self._fresh: list[Page] = []
        self.complaints: list[str] = []
        self.logged: list[str] = []

    def page(self, *, phone: bool = False, fresh: bool = False, apart: bool = False) -> Page:
        """A page that has not gone anywhere yet.

        :param fresh: a tab that nobody else gets: for what can't be taken back.
        :param apart: a browser that shares nothing with the others.
        """
        if apart:
            self._contexts.append(self._browsers.context(phone=phone))
            page = self._contexts[-1].new_page()
        elif fresh:
            page = self._browsers.shared(phone=phone).new_page()
            self._fresh.append(page)
        else:
            page = self._browsers.tab(phone=phone)
            self._lent.append((page, phone))
        page.on("pageerror", self._note_error)
        page.on("console", self._hear)
        page.on("request", self._see)
        return page

    def _note_error(self, error: Any) -> None:
        self.complaints.append(f"script error: {error}")

    def _hear(self, message: Any) -> None:
        if re.search(r"Content.Security.Policy", message.text):
            self.complaints.append(message.text)
        elif message.type in ("error", "warning"):
            self.logged.append(message.text)

    def _see(self, request: Any) -> None:
        # Chromium reports the target of a redirect that no script follows as a request, too.
        if request.redirected_from is None and not request.url.startswith(self._origin):
            self.complaints.append(f"a request left the origin: {request.url}")

    def leave(self) -> None:
        """Let all pages rest or close, while the server still serves."""
        for page, phone in self._lent:
            if page.is_closed():
                continue
            page.remove_listener("pageerror", self._note_error)
            page.remove_listener("console", self._hear)
            page.remove_listener("request", self._see)
            self._browsers.take_back(page, f"{self._home}healthz", phone=phone)
        for page in self._fresh:
            page.evaluate("localStorage.clear()")
            page.close()
        for context in self._contexts:
            context.close()
        self._lent, self._fresh, self._contexts = [], [], []


class Stage:
    """A server with its registry, and what tests know of the clusters in it."""

    def __init__(self, server: DispyHTTPServer, audience: Audience) -> None:
        self.server = server
        self.registry = server.registry
        self.audience = audience
        self.cluster: FakeCluster
        self.nodes: dict[str, DispyNode] = {}
        self.jobs: dict[str, DispyJob] = {}

    def open(
        self, path: str = "", *, before: Callable[[Page], Any] | None = None, **how: Any
    ) -> Page:
        """Open a page.

        :param before: is given the page before it goes anywhere: to block requests and the like.
        :param how: see :meth:`Audience.page`.
        """
        page = self.audience.page(fresh=before is not None, **how)
        if before is not None:
            before(page)
        self.go(page, path)
        return page

    def go(self, page: Page, path: str) -> None:
        """Let a page go on to another."""
        page.goto(self.server.url + path)

    def joins(self, ip_addr: str, name: str = "", **how: Any) -> DispyNode:
        """Let a node join the first cluster."""
        node = self.nodes[ip_addr] = self.cluster.join(make_node(ip_addr, name, **how))
        return node

    def runs(
        self, ip_addr: str, *args: Any, job_id: Any, since_sec: float = 0, **kwargs: Any
    ) -> DispyJob:
        """Let a job run on a node, for some time already."""
        job = self.jobs[str(job_id)] = self.cluster.submit(
            *args, job_id=job_id, since_sec=since_sec, **kwargs
        )
        self.cluster.start(job, self.nodes[ip_addr], since_sec=since_sec)
        return job

    def ends(self, job: DispyJob, *, after_sec: float | None = None, **how: Any) -> None:
        """Let a job end on the node where it runs: now, or so many seconds after its start."""
        ended_at = None if after_sec is None else job.start_time + after_sec
        self.cluster.end(job, self.nodes[job.ip_addr], ended_at=ended_at, **how)


def fill_stage(stage: Stage) -> None:
    """Three nodes, a job in each state that matters."""
    stage.cluster = watched_cluster(stage.registry, "compute")
    for ip_addr, name, cpus in (
        ("10.0.0.2", "alpha", 4),
        ("10.0.0.9", "gamma", 2),
        ("10.0.0.10", "beta", 8),
    ):
        stage.joins(ip_addr, name, cpus=cpus)
    stage.ends(stage.runs("10.0.0.2", "first", n=1, job_id="done"), result="the result")
    failed = stage.runs("10.0.0.2", "second", job_id="broken")
    stage.ends(failed, exception="Traceback (most recent call last):\nValueError: no such thing")
    stage.runs("10.0.0.2", "third", n=3, job_id="busy")
    stage.runs("10.0.0.10", "fourth", job_id="also busy")
    stage.jobs["waiting"] = stage.cluster.submit("fifth", job_id="waiting")


@contextmanager
def serve(registry: ClusterRegistry, browsers: Browsers, **options: Any) -> Iterator[Stage]:
    """A stage for a test; on leaving it, nothing may have been complained about."""
    server = browsers.server(registry, **options)
    audience = Audience(browsers, server.url)
    try:
        yield Stage(server, audience)
    finally:
        try:
            audience.leave()
        finally:
            server.shutdown(wait=False)
    assert audience.complaints == []


# -- what is on a page ---------------------------------------------------------------------------


def is_live(page: Page) -> None:
    """Wait until a page is connected and has its data."""
    expect(page.locator("#connection")).to_have_attribute("data-state", "live")


def tile(page: Page, name: str) -> Locator:
    """The figure of a tile: "running", "CPUs busy"."""
    return page.locator(f"[data-tile='{name}'] .tile-value")


def chooser(page: Page) -> Locator:
    """The choice of a cluster."""
    return page.get_by_role("combobox", name="Cluster", exact=True).first


def dismiss(page: Page) -> None:
    """Take away the outcome of a command that is shown, before another is given."""
    page.get_by_role("group", name="Outcome").get_by_role("button", name="Dismiss").click()
    expect(page.locator(".notice")).to_have_count(0)


def rows(page: Page | Locator) -> Locator:
    """The rows of the tables on a page."""
    return page.locator(".tbody .tr")


def keys_shown(table: Page | Locator) -> list[str]:
    """Which rows a table shows, from top to bottom."""
    keys: list[str] = rows(table).evaluate_all(
        "rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex).map((row) => row.dataset.key)"
    )
    return keys


def cells(table: Page | Locator, column: str) -> list[str]:
    """What a column shows, from top to bottom."""
    texts: list[str] = rows(table).evaluate_all(
        """(rows, column) => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(`[data-column=${column}] .td-value`))
            .map((cell) => cell?.textContent ?? "")""",
        column,
    )
    return texts


def job_ids(page: Page) -> list[str]:
    """The ids of the jobs that a page lists, from top to bottom."""
    ids: list[str] = rows(page).evaluate_all(
        """rows => rows.sort((a, b) => a.ariaRowIndex - b.ariaRowIndex)
            .map((row) => row.querySelector(".job-link")?.textContent ?? "")"""
    )
    return ids


def job_search(page: Page) -> Locator:
    """The search box of Jobs."""
    return page.get_by_role("combobox", name="Search jobs")


_AXE_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_COLOUR_RULES = ["color-contrast", "link-in-text-block"]


def axe_violations(page: Page, place: str = "body", *, narrow: str = "dark") -> list[Any]:
    """What axe-core finds against WCAG 2.2 AA and its own best practices.

    :param place: where to look at colours, in both themes; on a narrow screen, whose colours are
        the same ones, in the theme *narrow* alone. All other rules look at the whole page, once.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    if place == "body" and page.evaluate("innerWidth <= 700"):
        page.emulate_media(color_scheme=narrow)  # type: ignore[arg-type]
        return _axe_run(page, "html", narrow, {"runOnly": _AXE_RULES})
    page.emulate_media(color_scheme="dark")
    if place == "body":
        found = _axe_run(page, "html", "dark", {"runOnly": _AXE_RULES})
    else:
        rules = {rule: {"enabled": False} for rule in _COLOUR_RULES}
        found = _axe_run(page, "html", "", {"runOnly": _AXE_RULES, "rules": rules})
        found += _axe_run(page, place, "dark", {"runOnly": _COLOUR_RULES})
    page.emulate_media(color_scheme="light")
    return found + _axe_run(page, place, "light", {"runOnly": _COLOUR_RULES})


def _axe_run(page: Page, place: str, theme: str, options: dict[str, Any]) -> list[Any]:
    rules = page.evaluate(
        "([place, options]) => axe.run(place, options).then((found) => found.violations)",
        [place, {"resultTypes": ["violations"], "preload": False, **options}],
    )
    return [(theme, rule["id"], [node["html"][:160] for node in rule["nodes"]]) for rule in rules]
