"""How pages keep up: the stream, polling, the Update button, and what happens when they fail."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from browser.stage import PAGES, Stage, becomes, dismiss, is_live, rows, tile
from playwright.sync_api import Page, Route, expect

from flask_dispy import DispyHTTPServer

CHANGES = re.compile(r"/api/v1/changes\?")
STREAM = re.compile(r"/api/v1/stream\?")


def _connection(page: Page) -> Any:
    return page.locator("#connection .connection-text")


def _requests(page: Page, address: re.Pattern[str]) -> Callable[[], int]:
    """Count the requests to an address from now on."""
    seen: list[str] = []
    page.on(
        "request", lambda request: seen.append(request.url) if address.search(request.url) else None
    )

    def count() -> int:
        page.title()  # Playwright hands out events only while it is called
        return len(seen)

    return count


def _requests_under_way(page: Page) -> Callable[[], int]:
    """Count the requests, but for the stream, that have not come to an end."""
    under_way: set[Any] = set()
    page.on("request", lambda request: STREAM.search(request.url) or under_way.add(request))
    for end in ("requestfinished", "requestfailed"):
        page.on(end, lambda request: under_way.discard(request))  # noqa: PLW0108 - takes no builtin

    def count() -> int:
        page.title()  # Playwright hands out events only while it is called
        return len(under_way)

    return count


def _no_stream(page: Page) -> None:
    """As behind a proxy that lets no stream through."""
    page.route(STREAM, lambda route: route.abort())
    page.add_init_script("Math.random = () => 0")  # the share of a second until it is tried again


class _Line:
    """The way to the server, which can be cut and mended; it lets no stream through."""

    def __init__(self, page: Page) -> None:
        self.works = True
        _no_stream(page)
        page.route(CHANGES, self._pass)

    def _pass(self, route: Route) -> None:
        if self.works:
            route.continue_()
        else:
            route.abort("connectionrefused")


def _set_interval(page: Page, seconds: str) -> None:
    page.get_by_role("button", name="Update interval").click()
    box = page.get_by_label("Update Interval Seconds")
    box.fill(seconds)
    box.press("Enter")
    page.keyboard.press("Escape")


# -- live ----------------------------------------------------------------------------------------


def test_changes_appear_unasked_are_not_read_out_and_wait_while_the_page_is_hidden(
    stage: Stage,
) -> None:
    page = stage.open()
    expect(_connection(page)).to_have_text("Live")
    expect(tile(page, "finished")).to_have_text("1")
    page.evaluate("""() => {
        window.spoken = [];
        const watch = new MutationObserver((all) => {
          spoken.push(...all.map(({ target }) => target.textContent));
        });
        const regions = "[aria-live], [role=status], [role=alert]";
        for (const region of document.querySelectorAll(regions)) {
          watch.observe(region, { childList: true, characterData: true, subtree: true });
        }
    }""")
    asked = _requests(page, CHANGES)
    stage.ends(stage.jobs["busy"])
    expect(tile(page, "finished")).to_have_text("2")
    assert asked() == 0
    for number in range(5):
        stage.ends(stage.runs("10.0.0.2", job_id=f"job {number}"))
    expect(tile(page, "finished")).to_have_text("7")
    assert page.evaluate("window.spoken") == []

    # A hidden page closes its stream, for six open ones would stall a browser.
    hide = """hidden => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    with page.expect_event("requestfailed", lambda request: "stream" in request.url):
        page.evaluate(hide, True)
    stage.ends(stage.jobs["also busy"])
    page.evaluate(hide, False)
    expect(tile(page, "finished")).to_have_text("8")
    expect(_connection(page)).to_have_text("Live")


_NOTE_FIRST_SIGHT = """
  new MutationObserver((_changes, observer) => {
    const content = document.getElementById("main");
    if (!content || !document.querySelector(".tile-value") || content.hidden) return;
    observer.disconnect();
    window.firstSeen = document.querySelector('[data-tile="Nodes up"] .tile-value').textContent;
  }).observe(document, { subtree: true, childList: true, attributes: true });
"""


def test_content_is_first_seen_with_its_figures(stage: Stage) -> None:
    def before(page: Page) -> None:
        page.add_init_script(_NOTE_FIRST_SIGHT)
        # However slow the machine is, the figures come before the page gives them up.
        page.add_init_script(
            "const wait = setTimeout; "
            "window.setTimeout = (act, ms, ...given) => wait(act, ms && ms + 30_000, ...given);"
        )

    page = stage.open(before=before)
    expect(tile(page, "Nodes up")).to_contain_text("3")
    assert page.evaluate("window.firstSeen") == "3 / 3"


def test_content_is_seen_while_figures_let_themselves_be_waited_for(stage: Stage) -> None:
    page = stage.open(before=lambda page: page.route(CHANGES, lambda _route: None))
    expect(tile(page, "Nodes up")).to_have_text("\u2013")


def test_server_that_starts_anew_is_taken_up(stage: Stage) -> None:
    page = stage.open(before=lambda _page: None)
    expect(_connection(page)).to_have_text("Live")
    stage.server.shutdown(wait=False)
    expect(page.locator("#trouble")).to_contain_text("The server can't be reached")
    stage.joins("10.0.0.77", "meanwhile")
    again = DispyHTTPServer(None, host="127.0.0.1", port=stage.server.port, registry=stage.registry)
    try:
        expect(rows(page)).to_have_count(4)
        expect(page.locator("#trouble")).to_be_hidden()
        stage.audience.leave()
    finally:
        again.shutdown(wait=False)


# -- without the stream ----------------------------------------------------------------------------


def test_every_page_polls_without_the_stream(stage: Stage) -> None:
    stage.registry.poll_sec = 0.2
    page = stage.open(before=_no_stream)
    expect(_connection(page)).to_have_text("Polling")
    stage.ends(stage.jobs["busy"])
    expect(tile(page, "finished")).to_have_text("2")
    for path in PAGES[1:]:
        stage.go(page, path)
        expect(_connection(page)).to_have_text("Polling")
        expect(page.locator("#trouble")).to_be_hidden()


def test_browser_without_event_sources_polls(stage: Stage) -> None:
    stage.registry.poll_sec = 0.2
    page = stage.open(before=lambda page: page.add_init_script("delete window.EventSource"))
    expect(_connection(page)).to_have_text("Polling")
    stage.joins("10.0.0.77", "late")
    expect(rows(page)).to_have_count(4)


# -- the update interval ---------------------------------------------------------------------------


def test_interval_is_chosen_for_one_browser_which_polls_pauses_updates_once_or_is_live_again(
    stage: Stage,
) -> None:
    page, other = stage.open(), stage.open()
    expect(_connection(other)).to_have_text("Live")
    _set_interval(page, "")
    expect(page.get_by_label("Update Interval Seconds")).to_have_attribute("aria-invalid", "true")
    expect(_connection(page)).to_have_text("Live")
    page.keyboard.press("Escape")
    _set_interval(page, "0.6")
    expect(_connection(page)).to_have_text("Polling")
    expect(page.locator(".interval-value")).to_have_text("0.6 s")
    stage.ends(stage.jobs["busy"])
    for each in (page, other):
        expect(tile(each, "finished")).to_have_text("2")

    for off in ("0", "-1"):
        _set_interval(page, off)
        expect(_connection(page)).to_have_text("Paused")
        expect(page.locator(".interval-value")).to_have_text("Off")
    asked = _requests(page, re.compile("/api/v1/(changes|stream)"))
    stage.ends(stage.jobs["also busy"])
    expect(tile(other, "finished")).to_have_text("3")  # and so would the first have, by now
    assert asked() == 0
    expect(tile(page, "finished")).to_have_text("2")
    page.get_by_role("button", name="Update", exact=True).click()
    expect(tile(page, "finished")).to_have_text("3")
    expect(_connection(page)).to_have_text("Paused")

    page.reload()
    expect(_connection(page)).to_have_text("Paused")
    page.get_by_role("button", name="Update interval").click()
    page.get_by_label("Live, as it happens").check()
    expect(_connection(page)).to_have_text("Live")
    stage.joins("10.0.0.77", "late")
    stage.ends(stage.runs("10.0.0.77", job_id="last"))
    for each in (page, other):
        expect(tile(each, "finished")).to_have_text("4")
        expect(rows(each)).to_have_count(4)


def test_interval_is_bounded_by_what_a_timer_can_keep_and_can_be_made_the_servers(
    stage: Stage,
) -> None:
    page = stage.open()
    for typed, used in (("2200000", "86400 s"), ("1e308", "86400 s"), ("0.001", "0.5 s")):
        _set_interval(page, typed)
        expect(page.locator(".interval-value")).to_have_text(used)
        # As a browser may have kept it from a version before, too.
        page.evaluate("text => localStorage.setItem('dispy.interval', text)", typed)
        page.reload()
        expect(page.locator(".interval-value")).to_have_text(used)
        expect(_connection(page)).to_have_text("Polling")
        if used != "0.5 s":
            asked = _requests(page, re.compile("/api/v1/changes"))
            page.get_by_role("button", name="Update", exact=True).click()
            page.get_by_role("button", name="Update interval").click()
            expect(page.get_by_label("Update Interval Seconds")).to_have_value(used.split()[0])
            assert asked() <= 2
            page.keyboard.press("Escape")

    _set_interval(page, "-1")
    for seconds, title in (
        ("-1", re.compile("only when somebody presses Update")),
        ("7", re.compile("^The server's update interval is now 7 s$")),
    ):
        page.get_by_role("button", name="Update interval").click()
        page.get_by_label("Update Interval Seconds").fill(seconds)
        page.get_by_role("button", name="Make these seconds the server's default").click()
        expect(page.locator(".notice-title")).to_have_text(title)
        assert stage.registry.poll_sec == max(0, int(seconds))
        dismiss(page)


# -- failures --------------------------------------------------------------------------------------


def test_failed_update_is_reported_and_mends_by_itself(stage: Stage) -> None:
    stage.registry.poll_sec = 0.2
    lines: list[_Line] = []
    page = stage.open(before=lambda page: lines.append(_Line(page)))
    expect(tile(page, "finished")).to_have_text("1")
    lines[0].works = False
    expect(_connection(page)).to_have_text("Retrying")
    expect(page.locator("#trouble")).to_contain_text("The server can't be reached")
    expect(page.locator("#trouble")).to_contain_text("Next try")
    stage.ends(stage.jobs["busy"])
    lines[0].works = True
    expect(tile(page, "finished")).to_have_text("2")
    expect(page.locator("#trouble")).to_be_hidden()


def test_retries_come_ever_more_seldom(stage: Stage) -> None:
    stage.registry.poll_sec = 3600  # so that no poll falls into the time that is skipped
    lines: list[_Line] = []

    def before(page: Page) -> None:
        page.clock.install()
        lines.append(_Line(page))
        page.add_init_script("Math.random = () => 0.999")  # no part of a wait is left to chance

    page = stage.open(before=before, apart=True)  # the clock is that of all pages of a browser
    expect(_connection(page)).to_have_text("Polling")
    page.clock.pause_at(page.evaluate("Date.now() / 1000 + 30"))
    asked = _requests(page, CHANGES)
    lines[0].works = False
    page.get_by_role("button", name="Update", exact=True).click()
    for tries, wait_ms in enumerate((1000, 2000, 4000, 8000), start=1):
        expect(page.locator("#trouble")).to_contain_text(_next_try(wait_ms))
        page.clock.run_for(wait_ms - 100)
        assert asked() == tries
        page.clock.run_for(100)
        becomes(asked, tries + 1)
    lines[0].works = True
    page.get_by_role("button", name="Try now").click()
    expect(page.locator("#trouble")).to_be_hidden()


def _next_try(wait_ms: int) -> str:
    return "Next try now" if wait_ms == 1000 else f"Next try in {wait_ms // 1000 - 1} s"


def test_old_data_is_called_old(stage: Stage) -> None:
    lines: list[_Line] = []
    page = stage.open(
        before=lambda page: (page.clock.install(), lines.append(_Line(page))), apart=True
    )
    expect(_connection(page)).to_have_text("Polling")
    lines[0].works = False
    page.clock.fast_forward(60_000)
    page.get_by_role("button", name="Update", exact=True).click()
    expect(_connection(page)).to_have_text("Disconnected")
    expect(page.locator("#trouble")).to_contain_text("Data from 1 min ago")


def test_refusal_shows_the_servers_words(stage: Stage) -> None:
    error = '{"error": {"code": "closing", "message": "The server is closing."}}'

    def refuse(route: Route) -> None:
        route.fulfill(status=503, content_type="application/json", body=error)

    page = stage.open(before=lambda page: page.route(CHANGES, refuse))
    expect(page.locator("#trouble")).to_contain_text("The server is closing.")


# -- calm ------------------------------------------------------------------------------------------

_WATCH_SHIFTS = """
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (entry.hadRecentInput) continue;
        const what = entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
        window.shifts.push([entry.value, ...what]);
      }
    }).observe({ type: "layout-shift", buffered: true });
"""


def test_data_are_asked_for_once_and_nothing_moves_on_updates(stage: Stage) -> None:
    counts: list[Callable[[], int]] = []

    def before(page: Page) -> None:
        page.add_init_script(_WATCH_SHIFTS)
        counts.extend((_requests_under_way(page), _requests(page, CHANGES)))

    page = stage.open(PAGES[0], before=before)
    under_way, asked = counts
    for pages, path in enumerate(PAGES, start=1):
        if pages > 1:
            stage.go(page, path)
        is_live(page)
        becomes(under_way, 0)
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")  # what came is painted
        page.evaluate("window.shifts = []")
        for number in range(6):
            stage.ends(stage.runs("10.0.0.2", "x" * 30 * number, job_id=f"job {number}"))
        stage.runs("10.0.0.9", job_id="long")
        progress = stage.registry.view("compute").summary()["progress"]
        expect(page).to_have_title(re.compile(rf"^\(\d\) {int(100 * progress + 0.5)} %"))
        page.evaluate("() => new Promise((done) => setTimeout(done, 200))")  # what follows settles
        shifts = page.evaluate("window.shifts")
        assert sum(shift[0] for shift in shifts) < 0.02, (path, shifts)
        assert (path, asked()) == (path, pages)
