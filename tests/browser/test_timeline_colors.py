"""Timeline: its colours, the order of its lanes, the map of the run, and what its tip says."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes
from playwright.sync_api import Locator, Page, expect
from web.fakes import make_node, watched_cluster


@pytest.fixture
def page(stage: Stage) -> Page:
    """Half an hour of two clusters; on 10.0.0.9 jobs fail."""
    for number in range(30):
        since_sec = 1800 - number * 60
        stage.ends(stage.runs("10.0.0.2", job_id=f"a{number}", since_sec=since_sec), after_sec=50)
        error = "Traceback\nKeyError: 'key'" if number % 2 else None
        job = stage.runs("10.0.0.9", "beta", n=3, job_id=f"b{number}", since_sec=since_sec)
        stage.ends(job, after_sec=50, exception=error)
    other = watched_cluster(stage.registry, "render")
    node = other.join(make_node("10.0.0.10", "beta", cpus=8))
    other.start(other.submit(job_id="r", since_sec=300), node, since_sec=300)
    page = stage.open("timeline.html?span=600")
    expect(page.locator(".timeline-summary")).to_contain_text("In this window")
    return page


def _legend(page: Page) -> Locator:
    return page.get_by_role("list", name="Key").get_by_role("listitem")


def _map(page: Page) -> Locator:
    return page.get_by_role("slider", name="Window in the whole run")


def test_colour_is_chosen_and_kept_in_the_address_and_the_browser(stage: Stage, page: Page) -> None:
    colour = page.get_by_role("combobox", name="Colour")
    expect(colour).to_have_value("state")
    expect(_legend(page).filter(has_text="running")).to_contain_text("3")
    colour.select_option("function")
    expect(_legend(page)).to_have_text([re.compile(r"^compute\d+$"), "render1"])
    expect(page).to_have_url(re.compile("color=function"))
    colour.select_option("error")
    expect(_legend(page)).to_have_text(
        [
            re.compile(r"^no error\d+$"),
            re.compile(r"^KeyError'…'\d+$"),
            re.compile(r"^ValueError.*1$"),
        ]
    )
    page.get_by_text("Show as a table").click()
    expect(page.get_by_role("columnheader", name="Error")).to_be_visible()
    # Without an address, this browser remembers.
    again = stage.open("timeline.html")
    expect(again.get_by_role("combobox", name="Colour")).to_have_value("error")
    expect(_legend(again)).to_contain_text(["no error", "KeyError"])


def test_many_jobs_are_summed_up_in_the_classes_of_the_bars(stage: Stage) -> None:
    for number in range(2100):
        stage.ends(stage.runs("10.0.0.9", job_id=number))
    page = stage.open("timeline.html?span=600&color=error")
    expect(page.locator(".timeline-mode")).to_contain_text(
        "height: CPUs busy; zoom in for single jobs"
    )
    expect(_legend(page)).to_have_text(["no error2,101", re.compile(r"^ValueError.*1$")])


def test_map_moves_and_stretches_the_window_by_keys_and_mouse(page: Page) -> None:
    slider, summary = _map(page), page.locator(".timeline-summary")
    assert slider.get_attribute("aria-valuenow") != "0"
    slider.press("Home")
    expect(slider).to_have_attribute("aria-valuenow", "0")
    expect(summary).not_to_contain_text("running")
    expect(page).to_have_url(re.compile(r"from=\d+"))
    slider.press("End")
    expect(summary).to_contain_text("running")
    expect(page).not_to_have_url(re.compile("from="))
    box = slider.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    def now() -> int:
        return int(slider.get_attribute("aria-valuenow") or -1)

    # The window ends at the right edge of the map, and is stretched from its left end.
    edge = slider.evaluate(
        """(slider) => {
            const value = (name) => Number(slider.getAttribute(`aria-value${name}`));
            const [gutter, ahead] = [148, 0.03];
            const whole = value("max") / (1 - 2 * ahead);
            return gutter + (value("now") / whole + ahead) * (slider.clientWidth - gutter);
        }"""
    )
    before = now()
    page.mouse.move(box["x"] + edge, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + edge - 200, middle, steps=4)
    page.mouse.up()
    becomes(lambda: now() < before - 100, True)
    expect(summary).to_contain_text("running")

    shown = slider.get_attribute("aria-valuetext") or ""
    for _ in range(3):
        slider.press("+")
    expect(slider).not_to_have_attribute("aria-valuetext", shown)
    # A press beside the window brings it there; then it is dragged back by its middle.
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    becomes(lambda: now() < 1100, True)
    before = now()
    page.mouse.move(box["x"] + box["width"] / 2 + 100, middle, steps=4)
    page.mouse.up()
    becomes(lambda: now() > before, True)
    expect(page).to_have_url(re.compile(r"from=\d+"))


def _point_at_a_bar_of(page: Page, text: str, share: float = 0.5) -> None:
    """Move the mouse down a still window, near a share of its width, until the tip names such one.

    The second way down is some 20 s from the first: between two jobs are 10 s.
    """
    box = page.locator(".timeline-canvas").bounding_box()
    assert box is not None
    for place in (share, share + 0.03):
        for y in range(2, int(box["height"]), 4):
            page.mouse.move(box["x"] + box["width"] * place, box["y"] + y)
            page.evaluate(
                "() => new Promise((done) => "
                "requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            if page.locator(".tip:visible").filter(has_text=text).count():
                return
    raise AssertionError(f"no such bar at {share}")


def test_tip_shows_a_jobs_arguments_unless_they_are_hidden_and_lanes_are_sorted_by_what_fails(
    stage: Stage, page: Page
) -> None:
    # A bar of a window that follows the present leaves the pointer, and takes the tip along.
    follow = page.get_by_role("button", name="Follow now")
    follow.click()
    expect(follow).to_have_attribute("aria-pressed", "false")
    page.evaluate("document.documentElement.scrollTop = 0")
    tip = page.locator(".tip").filter(has_text="Job b")
    stage.registry.show_job_args = False
    with page.expect_response(re.compile(r"/jobs\?q=serial")):
        _point_at_a_bar_of(page, "Job b")
    expect(tip).to_contain_text("Function")
    expect(tip).not_to_contain_text("Arguments")
    stage.registry.show_job_args = True
    _point_at_a_bar_of(page, "Job b", 0.3)  # another, for what is known of a job stays
    expect(tip).to_contain_text(re.compile("Function ?compute"))
    expect(tip).to_contain_text(re.compile("Arguments ?beta, n=3"))

    order = page.get_by_label("Lanes by")
    with page.expect_response(re.compile(r"/timeline\?.*sort=failing")) as answered:
        order.select_option("failing")
    first = answered.value.json()["lanes"][0]["node"]
    expect(page).to_have_url(re.compile("sort=failing"))
    lanes = page.locator(".timeline-lanes")
    with page.expect_navigation(url=re.compile(f"host={re.escape(first)}")):
        lanes.click(position={"x": 20, "y": 12})
