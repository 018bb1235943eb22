"""What happened: a page that lists it, marks on charts and timeline, a strip on coming back."""

from __future__ import annotations

import re
import time

from browser.stage import Stage, becomes, is_live
from playwright.sync_api import Locator, Page, Route, expect

from flask_dispy.watching.dashboard import board_of

ERROR = "New kind of error: ValueError: no such thing"


def lines(page: Page) -> list[str]:
    return page.locator(".event .event-what").all_inner_texts()


def marks(place: Page | Locator, look: str) -> Locator:
    return place.locator(f".event-mark.event-{look}")


def away(page: Page, minutes: int) -> None:
    """Let the browser have seen the cluster last so long ago, when nothing had happened yet."""
    page.evaluate(
        """(minutes) => {
            const all = JSON.parse(localStorage.getItem("dispy.since"));
            for (const seen of Object.values(all))
                Object.assign(seen, { at: seen.at - 60 * minutes, done: 0, failed: 0, event: 0 });
            localStorage.setItem("dispy.since", JSON.stringify(all));
        }""",
        minutes,
    )


def is_noted(page: Page) -> None:
    becomes(lambda: page.evaluate("localStorage.getItem('dispy.since') !== null"), True)


# -- the page ---------------------------------------------------------------------------------


def test_page_lists_the_newest_first_and_grows_and_its_address_keeps_the_kinds_chosen(
    stage: Stage,
) -> None:
    page = stage.open("events.html")
    becomes(lambda: lines(page), [ERROR, "3 nodes joined"])
    page.get_by_role("button", name="Problems").click()
    becomes(lambda: lines(page), [ERROR])
    assert page.url.endswith("show=problems")
    page.get_by_role("link", name=ERROR).click()
    expect(page.locator("#jobs .tbody .tr")).to_have_count(1)
    page.go_back()
    assert page.url.endswith("show=problems")
    becomes(lambda: lines(page), [ERROR])
    page.get_by_role("button", name="Changes").click()
    expect(page.get_by_text("Nothing to report")).to_be_visible()
    page.get_by_role("button", name="All").click()
    becomes(lambda: lines(page), [ERROR, "3 nodes joined"])
    stage.cluster.leave(stage.nodes["10.0.0.2"])
    becomes(lambda: lines(page)[0], "alpha was lost, 1 job ran there")
    assert lines(page)[1:] == [ERROR, "3 nodes joined"]
    page.get_by_role("link", name="alpha was lost").click()
    expect(page.locator("#node-title")).to_have_text("10.0.0.2")


def test_page_lists_events_of_kinds_that_it_does_not_know(stage: Stage) -> None:
    def newer(route: Route) -> None:
        answer = route.fetch()
        found = answer.json()
        found["items"][0] |= {"kind": "of_a_newer_server", "text": "Something new"}
        route.fulfill(response=answer, json=found)

    page = stage.open(
        "events.html", before=lambda page: page.route(re.compile(r"/events\?"), newer)
    )
    becomes(lambda: lines(page), ["Something new", "3 nodes joined"])


def test_long_list_is_read_on(stage: Stage) -> None:
    registry = stage.registry
    for number in range(130):
        registry.poll_sec = 11 + number
    page = stage.open("events.html")
    expect(page.locator("#shown")).to_have_text("Showing 100 of 134")
    page.get_by_role("button", name="Show earlier events").click()
    expect(page.locator("#shown")).to_have_text("Showing 134 of 134")


# -- marks ------------------------------------------------------------------------------------


def test_timeline_marks_events_with_a_tip_that_moves_with_its_mark(stage: Stage) -> None:
    page = stage.open("timeline.html")
    mark = marks(page.locator("#timeline"), "failed")
    expect(mark).to_have_count(1)
    mark.locator(".event-halo").hover()
    expect(page.locator(".timeline-stage .tip").filter(has_text=ERROR)).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.locator(".timeline-stage .tip:visible")).to_have_count(0)
    page.get_by_role("button", name="1 min", exact=True).click()
    page.get_by_role("slider", name="Events").focus()
    mark = page.locator(".timeline-events .event-mark")
    expect(mark).to_have_count(1)
    expect(page.locator(".timeline-stage .tip:visible")).to_have_count(1)
    places = """() => [".event-mark .event-shape", ".timeline-stage .tip:not([hidden])"].map(
        (selector) => document.querySelector(`#timeline ${selector}`).getBoundingClientRect())"""
    at_first, tip_at_first = page.evaluate(places)
    becomes(lambda: page.evaluate(places)[0]["x"] < at_first["x"] - 20, True)
    at_last, tip_at_last = page.evaluate(places)
    moved = at_last["x"] - at_first["x"]
    assert abs(tip_at_last["x"] - tip_at_first["x"] - moved) <= 2


EARLIER = "alpha uses 2 CPUs"


def earlier(stage: Stage, seconds: float) -> None:
    """Have something have happened so long ago."""
    board = board_of(stage.registry)
    with board.lock:
        (state,) = board.states()
        state.journal.add("cpus_set", time.time() - seconds, node="10.0.0.2", name="alpha",
                          cpus=2, cpus_before=4)  # fmt: skip


def test_timelines_marks_are_one_tab_stop_with_arrows_between(stage: Stage) -> None:
    earlier(stage, 150)
    job = stage.cluster.submit("old", job_id="old", since_sec=300)
    stage.cluster.start(job, stage.nodes["10.0.0.9"], since_sec=299)
    page = stage.open(f"timeline.html?from={time.time() - 300:.0f}&to={time.time() + 60:.0f}")
    slider = page.get_by_role("slider", name="Events")
    expect(slider).to_have_attribute("aria-valuemax", "2")
    tip = page.locator(".timeline-stage .tip:visible")
    slider.focus()
    expect(tip).to_contain_text(ERROR)
    expect(slider).to_have_attribute("aria-valuetext", re.compile(ERROR))
    slider.press("ArrowLeft")
    expect(tip).to_contain_text(EARLIER)
    expect(slider).to_have_attribute("aria-valuenow", "1")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(EARLIER))
    expect(page.locator(".timeline-events .is-current")).to_have_count(1)
    slider.press("Escape")
    expect(tip).to_have_count(0)
    slider.press("End")
    expect(tip).to_contain_text(ERROR)
    slider.press("Tab")
    expect(page.locator(".timeline-lanes")).to_be_focused()
    expect(tip).to_have_count(0)


def test_charts_mark_events_which_tips_name_and_comma_and_point_go_between(stage: Stage) -> None:
    earlier(stage, 150)
    board = board_of(stage.registry)
    with board.lock:
        for state in (*board.states(), board.combined):
            series = state.series
            series._sampled_at = time.time() - 300
            for ago in range(300, 0, -1):
                series.add(time.time() - ago, state.sample())
    page = stage.open("monitor.html")
    plot = page.locator("#throughput .chart-plot")
    expect(plot.locator(".event-mark")).to_have_count(2)
    expect(marks(plot, "failed")).to_have_count(1)  # the joins were at the same time
    plot.focus()
    page.keyboard.press("End")
    for _ in range(30):  # which of the last samples is nearest depends on when it happened
        if ERROR in (plot.get_attribute("aria-valuetext") or ""):
            break
        page.keyboard.press("ArrowLeft")
    expect(plot.locator(".tip")).to_contain_text(ERROR)
    expect(plot.locator(".tip")).to_contain_text("3 nodes joined")
    page.keyboard.press("Escape")
    plot.press(",")
    expect(plot.locator(".tip")).to_contain_text(ERROR)
    plot.press(",")
    expect(plot.locator(".tip")).to_contain_text(EARLIER)
    plot.press(".")
    expect(plot.locator(".tip")).to_contain_text(ERROR)
    expect(plot).to_have_attribute("aria-valuetext", re.compile(ERROR))


def test_nodes_page_marks_what_concerns_it(stage: Stage) -> None:
    page = stage.open("node.html?host=10.0.0.10")
    expect(marks(page.locator("#lane"), "up")).to_have_count(1)
    expect(marks(page, "failed")).to_have_count(0)


# -- the strip --------------------------------------------------------------------------------


def test_strip_says_what_happened_meanwhile_and_a_key_or_its_button_dismisses_it(
    stage: Stage,
) -> None:
    page = stage.open("monitor.html")
    is_noted(page)
    strip = page.locator("#since")
    expect(strip).to_be_hidden()
    away(page, 1)  # that is no while
    page.reload()
    is_live(page)
    expect(strip).to_be_hidden()
    away(page, 30)
    page.reload()
    expect(strip).to_contain_text("2 done, 1 failed (new: ValueError), ")
    expect(strip).to_contain_text(" joined")
    stage.cluster.leave(stage.nodes["10.0.0.9"])
    stage.cluster.abandon(stage.runs("10.0.0.2", job_id="x"), reentrant=True)
    stage.ends(stage.runs("10.0.0.2", job_id="y"))
    expect(strip).to_contain_text("3 done, 1 failed")
    stage.go(page, "jobs.html")  # it stays until it is dismissed
    expect(strip).to_contain_text("3 done, 1 failed")
    page.keyboard.press("x")
    expect(strip).to_be_hidden()
    page.reload()
    is_live(page)
    expect(strip).to_be_hidden()
    page.keyboard.press("?")
    expect(page.get_by_text("Dismiss what happened since")).to_be_visible()
    away(page, 30)
    page.reload()
    page.get_by_role("button", name="Dismiss", exact=True).click()
    expect(strip).to_be_hidden()


def test_browser_that_keeps_nothing_shows_no_strip(stage: Stage) -> None:
    def forbid(page: Page) -> None:
        page.add_init_script(
            "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no'); } })"
        )

    page = stage.audience.page(apart=True)
    forbid(page)
    stage.go(page, "monitor.html")
    is_live(page)
    expect(page.locator("#since")).to_be_hidden()
