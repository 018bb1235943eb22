"""Timeline: its window is moved by every means, and stays what the address says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from browser.stage import Stage, becomes
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster


def _fill(stage: Stage) -> None:
    """Jobs of half an hour on two nodes, one each minute, of 50 s."""
    for number in range(30):
        for address in ("10.0.0.2", "10.0.0.9"):
            job = stage.runs(address, job_id=f"{address} {number}", since_sec=1800 - number * 60)
            stage.ends(job, after_sec=50)


@pytest.fixture
def page(stage: Stage) -> Page:
    """Timeline with its bars."""
    _fill(stage)
    page = stage.open("timeline.html?span=600")
    expect(_summary(page)).to_contain_text("In this window")
    return page


def _summary(page: Page) -> Locator:
    return page.locator(".timeline-summary")


def _range(page: Page) -> Locator:
    return page.locator(".timeline-range")


def _follows(page: Page) -> Locator:
    return page.get_by_role("button", name="Follow now")


def test_whole_run_ends_with_its_last_job(make_stage: Callable[..., Stage]) -> None:
    stage = make_stage()
    stage.cluster = watched_cluster(stage.registry)
    stage.joins("10.0.0.2")
    for job_id, ago in (("one", 1800), ("two", 1200)):
        job = stage.runs("10.0.0.2", job_id=job_id, since_sec=ago)
        stage.ends(job, after_sec=300)
    page = stage.open("timeline.html")
    expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(_range(page)).to_contain_text(re.compile(r"\(1[56] min( \d+ s)?\)$"))
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")
    _follows(page).click()
    expect(_range(page)).to_contain_text(re.compile(r"^last 1[56] min"))
    expect(_follows(page)).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="All", exact=True).click()
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")
    stage.runs("10.0.0.2", job_id="three")
    expect(_range(page)).to_contain_text(re.compile(r"^last 3\d min"))


def test_window_is_described_in_words_chosen_by_buttons_and_kept_in_the_address(page: Page) -> None:
    expect(_range(page)).to_have_text(re.compile(r"^last 10 min, times in UTC"))
    expect(_summary(page)).to_contain_text(re.compile(r"on 3 nodes: .*2 running.*finished"))
    for name, words, address in (
        ("1 min", "last 1 min,", "span=60"),
        ("1 h", "last", "span="),
        ("All", "last", "span=all"),
        ("1 min", "last 1 min,", "span=60"),
    ):
        page.get_by_role("button", name=name, exact=True).click()
        expect(_range(page)).to_contain_text(words)
        expect(page).to_have_url(re.compile(address))
    page.reload()
    expect(_range(page)).to_contain_text("last 1 min,")
    page.locator(".timeline-lanes").press("Home")
    expect(page).to_have_url(re.compile(r"from=\d+"))
    expect(_summary(page)).not_to_contain_text("running")
    words = _summary(page).inner_text()
    page.reload()
    expect(_summary(page)).to_have_text(words)
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")


def test_keyboard_zooms_pans_and_goes_to_the_oldest_to_now_and_to_everything(page: Page) -> None:
    lanes = page.locator(".timeline-lanes")
    expect(_follows(page)).to_have_attribute("aria-pressed", "true")
    lanes.press("ArrowLeft")
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"from=\d+"))
    lanes.press("+")
    becomes(lambda: _length(page) < 600, True)
    near = _length(page)
    lanes.press("-")
    lanes.press("-")
    becomes(lambda: _length(page) > near, True)
    lanes.press("End")
    expect(_follows(page)).to_have_attribute("aria-pressed", "true")
    expect(_summary(page)).to_contain_text("2 running")
    lanes.press("Home")
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")
    expect(_summary(page)).not_to_contain_text("running")
    # Times are said in one form, and their zone once.
    spell = re.compile(
        r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \u2013 (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d UTC\S* \(.*\)$"
    )
    expect(_range(page)).to_have_text(spell)
    lanes.press("0")
    expect(page.get_by_role("button", name="All", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(_summary(page)).to_contain_text("61 finished")


def test_mouse_zooms_with_ctrl_scrolls_the_page_without_and_drags_the_window(page: Page) -> None:
    canvas = page.locator(".timeline-canvas")
    canvas.hover(position={"x": 600, "y": 20})
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    becomes(lambda: _length(page) < 500, True)
    expect(page).to_have_url(re.compile(r"from=\d+"))

    page.locator(".timeline-lanes").press("End")
    expect(_follows(page)).to_have_attribute("aria-pressed", "true")
    expect(page).not_to_have_url(re.compile("from="))
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 400, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 700, box["y"] + 30, steps=5)
    page.mouse.up()
    expect(_follows(page)).to_have_attribute("aria-pressed", "false")
    expect(page).to_have_url(re.compile(r"from=\d+"))

    page.set_viewport_size({"width": 1200, "height": 400})
    length = _length(page)
    canvas.hover(position={"x": 600, "y": 20})
    page.mouse.wheel(0, 200)
    becomes(lambda: page.evaluate("scrollY") > 0, True)
    assert _length(page) == length


def _length(page: Page) -> float:
    """The window's length in seconds, as the words say it."""
    found = re.search(
        r"(?:last |\()(?:(\d+) h ?)?(?:(\d+) min ?)?(?:([\d.]+) s)?[,)]", _range(page).inner_text()
    )
    assert found is not None
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds


def test_fingers_zoom(stage: Stage) -> None:
    _fill(stage)
    page = stage.open("timeline.html?span=600", phone=True)
    expect(_summary(page)).to_contain_text("In this window")
    box = page.locator(".timeline-canvas").bounding_box()
    assert box is not None
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: float) -> None:
        points = [{"x": x, "y": box["y"] + 20, "id": i} for i, x in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 200)
    touch("touchStart", 200, 240)
    for step in range(10):
        touch("touchMove", 200 - 5 * step, 240 + 9 * step)
    touch("touchEnd")
    becomes(lambda: _length(page) < 400, True)


def _point_at_a_bar(page: Page) -> None:
    """Move the mouse down the middle of the window, until it is on a bar."""
    box = page.locator(".timeline-canvas").bounding_box()
    assert box is not None
    for y in range(2, int(box["height"]), 4):
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + y)
        page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        if page.locator(".timeline-stage.is-on-bar").count():
            return
    raise AssertionError("no bar in the middle")


def test_click_on_a_bar_opens_its_job_which_back_closes_wherever_the_window_is(
    stage: Stage, page: Page
) -> None:
    stage.runs("10.0.0.2", job_id="long", since_sec=120)
    page.get_by_role("button", name="1 min", exact=True).click()
    expect(page).to_have_url(re.compile("span=60"))
    expect(_summary(page)).to_contain_text("3 running")
    _point_at_a_bar(page)
    tip = page.locator(".tip:visible")
    expect(tip).to_contain_text(re.compile("running|finished"))
    expect(tip).to_contain_text(re.compile(r"Job (long|10.0.0.[29] 29) #\d+"))
    page.mouse.down()
    page.mouse.up()
    title = page.locator("#job-title")
    expect(title).to_have_text(re.compile("^(long|10.0.0.[29] 29)$"))
    expect(page).to_have_url(re.compile(r"job=\d+"))
    entries = page.evaluate("history.length")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_forward()
    expect(title).to_have_text(re.compile("^(long|10.0.0.[29] 29)$"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".timeline-lanes")).to_be_focused()

    page.go_forward()
    expect(title).to_be_visible()
    page.locator(".timeline-lanes").press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"job=\d+.*from=\d+"))
    moved = re.search("from=.*", page.url)
    assert moved is not None
    page.keyboard.press("Escape")
    expect(page.locator("#job")).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job="))
    expect(page).to_have_url(re.compile(re.escape(moved.group())))  # as the window is still shown
    page.go_forward()
    expect(title).to_be_visible()
    expect(page).to_have_url(re.compile(r"job=\d+.*" + re.escape(moved.group())))
    assert page.evaluate("history.length") == entries


def test_new_jobs_appear_and_the_same_jobs_stand_in_a_table_that_holds_its_shape(
    stage: Stage, page: Page
) -> None:
    stage.runs("10.0.0.9", job_id="late")
    expect(_summary(page)).to_contain_text("3 running")
    for number in range(30):
        stage.ends(stage.runs("10.0.0.9", job_id=number))
    stage.ends(stage.runs("10.0.0.9", job_id="x" * 5_000), exception="KeyError: 1")
    # A table that is read stands still: it is opened once the jobs are there.
    expect(_summary(page)).to_contain_text("2 failed")
    page.get_by_text("Show as a table").click()
    table = page.get_by_role("region", name="What the timeline shows, as a table")
    expect(table.get_by_role("row").nth(1)).to_contain_text("failed")
    expect(table.get_by_role("row").nth(2)).to_contain_text(re.compile("running|finished"))
    expect(page.locator(".timeline-list .caption")).to_have_text(
        re.compile(r"Showing \d+ jobs, newest first.")
    )
    # A long id leaves the other columns in view.
    expect(table.get_by_text("xxxx")).to_be_visible()
    table = page.locator(".timeline-table")
    assert table.evaluate("(table) => table.scrollWidth <= table.clientWidth")
    # The head covers the rows beneath.
    becomes(lambda: table.locator("tbody tr").count() > 20, True)
    on_top = table.evaluate("""(table) => {
        const head = table.querySelector("thead th:nth-child(2)");
        const row = table.querySelector("tbody tr:nth-child(5)");
        table.scrollTop += row.getBoundingClientRect().top - head.getBoundingClientRect().top;
        const mark = row.querySelector(".mark").getBoundingClientRect();
        return document.elementFromPoint(mark.x + 6, mark.y + 6) === head;
    }""")
    assert on_top


def test_without_a_job_the_page_says_so(stage: Stage) -> None:
    watched_cluster(stage.registry, "idle")
    page = stage.open("timeline.html?cluster=idle")
    expect(page.locator(".timeline-empty")).to_be_visible()


def test_failure_to_load_is_reported(stage: Stage) -> None:
    page = stage.open(
        "timeline.html",
        before=lambda page: page.route("**/timeline?*", lambda route: route.abort()),
    )
    expect(page.locator(".timeline-error")).to_contain_text("The timeline can't be loaded")
