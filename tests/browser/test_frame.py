"""The frame of every page: theme, keyboard, focus, title, help, notifications."""

from __future__ import annotations

import re
import socket
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest
from browser.stage import (
    Browsers,
    Stage,
    becomes,
    is_live,
    keys_shown,
    rows,
    serve,
    tile,
)
from dispy import DispyNode
from impatience import SOON
from playwright.sync_api import Page, expect
from receivers import Receiver
from web.fakes import watched_cluster

from flask_dispy import ClusterRegistry, Webhook

_BACKGROUND = "getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(245, 246, 248)", "rgb(14, 17, 22)"


@pytest.fixture
def page(stage: Stage) -> Page:
    """Monitor with its rows."""
    page = stage.open()
    expect(rows(page)).to_have_count(3)
    return page


# -- theme ---------------------------------------------------------------------------------------


def test_theme_follows_the_system_or_is_switched_and_stands_before_the_first_paint(
    stage: Stage, page: Page
) -> None:
    for scheme, color in (("dark", DARK), ("light", LIGHT)):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        assert page.evaluate(_BACKGROUND) == color
    for theme, color in (("light", LIGHT), ("dark", DARK)):
        page.get_by_role("button", name="Theme:").click()
        expect(page.get_by_role("button", name=f"Theme: {theme}")).to_be_visible()
        assert page.evaluate(_BACKGROUND) == color
    # Without its scripts: or a dark room lights up at every page.
    page.route("**/bundle/*.js", lambda route: route.abort())
    page.reload()
    assert page.evaluate(_BACKGROUND) == DARK
    other = stage.open("jobs.html")
    assert other.evaluate(_BACKGROUND) == DARK
    other.get_by_role("button", name="Theme: dark").click()
    expect(other.get_by_role("button", name="Theme: system")).to_be_visible()
    assert other.evaluate(_BACKGROUND) == LIGHT


# -- keyboard and focus --------------------------------------------------------------------------


def _assert_focus_is_seen(page: Page) -> None:
    unseen = []
    for _ in range(30):
        page.keyboard.press("Tab")
        what = page.evaluate("""() => {
            const one = document.activeElement;
            if (one === document.body) return null;
            const parts = [one, one.closest("label"), one.parentElement].filter(Boolean);
            const seen = parts.some((part) => {
              const style = getComputedStyle(part);
              return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
            });
            return seen ? null : one.outerHTML.slice(0, 120);
        }""")
        if what:
            unseen.append(what)
    assert (page.url, unseen) == (page.url, [])
    page.evaluate("document.activeElement.blur()")


def _assert_menu_says(page: Page, name: str) -> None:
    current = page.get_by_role("navigation", name="Pages").locator("[aria-current=page]")
    expect(current).to_have_text(name.capitalize())
    expect(page.get_by_role("heading", level=1)).to_have_count(1)


def _assert_slash_leads_to(page: Page, label: str) -> None:
    page.keyboard.press("/")
    expect(page.get_by_label(label)).to_be_focused()
    expect(page.get_by_label(label)).to_have_value("")
    page.get_by_label(label).blur()


def test_keys_lead_through_rows_and_pages_of_which_each_is_said_and_shows_where_the_focus_is(
    page: Page,
) -> None:
    page.emulate_media(reduced_motion="reduce")
    order = keys_shown(page)
    for key, row in (("j", order[0]), ("j", order[1]), ("j", order[2]), ("k", order[1])):
        page.keyboard.press(key)
        expect(page.locator(".tr:focus")).to_have_attribute("data-key", row)
    page.keyboard.press("Space")
    expect(page.locator(".tr[aria-selected=true]")).to_have_attribute("data-key", order[1])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"node\.html\?host={re.escape(order[1])}"))
    is_live(page)
    _assert_focus_is_seen(page)
    _assert_menu_says(page, "node")
    searches = {
        "node": "Node: IP address or name",
        "jobs": "Search jobs",
        "manage": "Filter nodes",
        "monitor": "Filter nodes",
    }
    for letter, name in zip(
        "njteam", ("node", "jobs", "timeline", "events", "manage", "monitor"), strict=True
    ):
        page.keyboard.press("g")
        page.keyboard.press(letter)
        expect(page).to_have_url(re.compile(rf"/{name}\.html$"))
        is_live(page)
        _assert_menu_says(page, name)
        _assert_focus_is_seen(page)
        if name in searches:
            _assert_slash_leads_to(page, searches[name])
        if name == "timeline":
            page.keyboard.press("?")
            dialog = page.get_by_role("dialog", name="Keyboard map")
            for words in (
                "Follow now",
                "Lanes: earlier, later",
                "Lanes: zoom",
                "Lanes: everything",
            ):
                expect(dialog).to_contain_text(words)
            page.keyboard.press("Escape")


def test_skip_link_comes_first_and_escape_leaves_what_is_open_and_nothing_moves_on_wish(
    page: Page,
) -> None:
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    button = page.get_by_role("button", name="Choose columns")
    button.click()
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    page.emulate_media(reduced_motion="reduce")
    moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return parseFloat(transitionDuration) > 0.01 || animationName !== "none";
    }).map((one) => one.className)""")
    assert moving == []


def test_single_keys_are_shown_mean_nothing_while_text_is_typed_and_can_be_turned_off(
    page: Page,
) -> None:
    with page.expect_request(re.compile(r"/api/v1/changes\?")):
        page.keyboard.press("u")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard map")
    for words in (
        "Go to Jobs",
        "Filter the nodes",
        "Next row",
        "Update now",
        "Select the row",
        "Rows: previous, next",
        "Charts: oldest, newest",
        "Node map: open the node",
    ):
        expect(dialog).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    box = page.get_by_role("searchbox", name="Filter nodes")
    box.focus()
    page.keyboard.type("gj?u")
    expect(box).to_have_value("gj?u")
    expect(page.get_by_role("dialog")).to_have_count(0)
    box.fill("")
    # As WCAG 2.1.4 asks for those who dictate.
    page.get_by_role("button", name="Help").click()
    page.get_by_label("Single keys do something").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(rows(page)).to_have_count(3)
    page.keyboard.press("?")
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Filter nodes")).not_to_be_focused()
    expect(page.get_by_role("dialog")).to_have_count(0)


# -- notices and alerts --------------------------------------------------------------------------


_NOTIFIED = """
    window.told = [];
    window.Notification = class {
      static permission = "granted";
      static requestPermission = async () => "granted";
      constructor(title, { body }) {
        this.shown = [title, body];
        window.told.push(this.shown);
      }
      close() { window.told = window.told.filter((shown) => shown !== this.shown); }
    };
"""


def test_end_of_a_run_is_notified_if_the_box_is_checked(stage: Stage) -> None:
    def before(page: Page) -> None:
        page.clock.install()
        page.add_init_script(_NOTIFIED)

    page = stage.open(before=before)
    expect(tile(page, "running")).to_have_text("2")
    page.get_by_role("button", name="Update interval").click()
    page.get_by_label("Notify me when a run ends, stalls or goes wrong").check()
    for name in ("busy", "also busy"):
        stage.ends(stage.jobs[name])
    waiting = stage.jobs["waiting"]
    stage.cluster.start(waiting, stage.nodes["10.0.0.9"])
    stage.ends(waiting)
    expect(tile(page, "finished")).to_have_text("4")
    assert page.evaluate("told") == []
    page.clock.fast_forward(5000)  # a loop may submit the next job at once
    page.clock.run_for(2000)
    becomes(
        lambda: page.evaluate("told"), [["compute: all 5 jobs are done", "4 finished, 1 failed"]]
    )


def test_trouble_is_notified_only_while_the_box_is_checked(stage: Stage) -> None:
    page = stage.open(before=lambda page: page.add_init_script(_NOTIFIED))
    expect(tile(page, "running")).to_have_text("2")
    stage.cluster.report(
        DispyNode.Closed, stage.nodes["10.0.0.10"], None
    )  # lost, because jobs wait
    expect(page.locator(".nodemap-summary")).to_have_text("2 up · 1 lost")
    page.get_by_role("button", name="Update interval").click()
    box = page.get_by_label("Notify me when a run ends, stalls or goes wrong")
    expect(box).not_to_be_checked()
    box.check()
    stage.ends(stage.jobs["busy"], exception="Traceback\nKeyError: 'Ann'")
    becomes(
        lambda: page.evaluate("told"),
        [["compute: new kind of error", "New kind of error: KeyError: '…'"]],
    )
    box.uncheck()
    stage.cluster.report(DispyNode.Closed, stage.nodes["10.0.0.9"], None)
    expect(page.locator(".nodemap-summary")).to_have_text("1 up · 2 lost")
    assert len(page.evaluate("told")) == 1


def test_notices_stay_off_where_a_page_can_show_none(stage: Stage) -> None:
    page = stage.open(
        before=lambda page: page.add_init_script("""
            window.Notification = class {
              static permission = "granted";
              static requestPermission = async () => "granted";
              constructor() { throw new TypeError("Illegal constructor"); }  // Chrome on Android
            };
        """)
    )
    page.get_by_role("button", name="Update interval").click()
    box = page.get_by_label("Notify me when a run ends, stalls or goes wrong")
    box.click()
    expect(page.locator(".notice")).to_contain_text("It has none for pages.")
    expect(box).not_to_be_checked()


def test_settings_show_how_the_alerts_of_the_server_fare(browsers: Browsers) -> None:
    with ExitStack() as ends, socket.socket() as taken:
        receiver = ends.enter_context(closing(Receiver()))
        taken.bind(("127.0.0.1", 0))  # and does not listen
        away = f"http://127.0.0.1:{taken.getsockname()[1]}/secret"
        options: dict[str, Any] = {"events": ["node_joined"], "allow_private": True}
        registry = ClusterRegistry(
            alerts=[
                Webhook(f"{receiver.url}/secret", service="slack", name="team", **options),
                Webhook(away, name="pager", **options),
            ],
            _intervals=replace(SOON, alert_waits_sec=()),
        )
        ends.callback(registry.close)
        stage = ends.enter_context(serve(registry, browsers))
        stage.cluster = watched_cluster(registry)
        registry.on("node_joined", lambda _: 1 // 0)
        stage.joins("10.0.0.2")

        def sent() -> list[int]:
            found = registry.health()["alerts"]["webhooks"]
            return [one["delivered"] + one["failed"] for one in found]

        becomes(sent, [1, 1])
        page = stage.open("jobs.html")
        page.get_by_role("button", name="Update interval").click()
        lines = page.locator(".alerts-list > li")
        expect(lines).to_have_text([
            re.compile(r"^team \(slack\)1 delivered, the last at \d\d:\d\d"),
            "pager0 delivered, 1 failed. The last was not delivered: connection refused",
            "1 callback1 call, 1 failed, 0 dropped",
        ])  # fmt: skip
        expect(page.locator(".alerts-list .mark-failed")).to_have_count(2)
