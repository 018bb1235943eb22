"""Jobs: the panel of one job, its keys and its address."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, job_search, rows
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def page(stage: Stage) -> Page:
    """Jobs with its rows."""
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    return page


def _open(page: Page, job_id: str) -> Locator:
    page.locator(".job-link", has_text=re.compile(f"^{job_id}$")).click()
    panel = page.get_by_role("dialog")
    expect(panel.locator("#job-title")).to_have_text(job_id)
    return panel


# -- what it shows ---------------------------------------------------------------------------------


def test_panel_shows_how_its_job_fared_as_texts_that_click_or_space_copies(page: Page) -> None:
    number = page.locator(".tr", has_text="broken").locator(".job-number").inner_text()
    panel = _open(page, "broken")
    expect(panel.locator("#job-number")).to_have_text(number)
    expect(page.get_by_role("dialog", name=f"broken {number}")).to_be_visible()
    expect(panel.locator(".job-head .state")).to_have_text("failed")
    expect(panel.locator(".job-pre-exception")).to_contain_text("ValueError: no such thing")
    expect(panel.locator(".job-pre-args")).to_contain_text("second")
    becomes(
        lambda: panel.locator(".job-step-state").all_inner_texts(),
        ["queued", "running on 10.0.0.2", "failed"],
    )
    copy = panel.get_by_role("button", name="Copy: Traceback")
    for press in (copy.click, lambda: page.keyboard.press("Space")):
        page.evaluate("navigator.clipboard.writeText('nothing')")
        copy.focus()
        press()
        becomes(
            lambda: page.evaluate("navigator.clipboard.readText()"),
            "Traceback (most recent call last):\nValueError: no such thing",
        )
    expect(page.locator(".tr[aria-selected=true]")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".tr:focus .job-link")).to_have_text("broken")
    page.keyboard.press("Space")
    expect(page.locator(".tr[aria-selected=true] .job-link")).to_have_text("broken")
    panel = _open(page, "done")
    expect(panel.locator(".job-pre-result")).to_have_text("the result")
    expect(panel.get_by_role("link", name="10.0.0.2")).to_have_attribute(
        "href", "node.html?host=10.0.0.2"
    )


def test_panel_terminates_its_job_follows_it_and_wraps_long_lines(stage: Stage, page: Page) -> None:
    panel = _open(page, "busy")
    expect(panel.locator(".job-head .state")).to_have_text("running")
    panel.get_by_role("button", name="Terminate", exact=True).click()
    panel.get_by_role("button", name="Terminate this job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    assert [job.id for _, (job,) in stage.cluster.calls] == ["busy"]
    stage.ends(stage.jobs["busy"], result="at last")
    expect(panel.locator(".job-head .state")).to_have_text("finished")
    expect(panel.locator(".job-pre-result")).to_have_text("at last")
    panel = _open(page, "also busy")
    line = "ValueError: " + "the matrix of this stage is singular, " * 10 + "x" * 300
    stage.ends(stage.jobs["also busy"], exception=f"Traceback (most recent call last):\n{line}")
    text = panel.locator(".job-pre-exception")
    expect(text).to_contain_text(line)
    assert text.evaluate("pre => pre.scrollWidth <= pre.clientWidth")


def test_last_change_of_all_reaches_the_detail(stage: Stage) -> None:
    stage.registry.poll_sec = 0
    page = stage.open("jobs.html")
    panel = _open(page, "busy")
    stage.ends(stage.jobs["busy"], result="at last")
    page.get_by_role("button", name="Update", exact=True).click()
    expect(panel.locator(".job-pre-result")).to_have_text("at last")


def test_detail_of_a_job_that_is_forgotten_offers_nothing_for_it(stage: Stage, page: Page) -> None:
    panel = _open(page, "busy")
    terminate = panel.get_by_role("button", name="Terminate", exact=True)
    save = panel.get_by_role("link", name="Save texts")
    expect(terminate).to_be_visible()
    expect(save).to_be_visible()
    gone = {"error": {"code": "unknown_job", "message": "compute retains no such job."}}
    page.route(re.compile(r"/jobs/\d+$"), lambda route: route.fulfill(status=404, json=gone))
    stage.ends(stage.jobs["busy"], result="at last")
    expect(panel.locator(".job-message")).to_have_text("compute retains no such job.")
    expect(terminate).to_be_hidden()
    expect(save).to_be_hidden()
    expect(panel.locator(".job-head .state")).to_have_text("")


def test_panel_has_an_address_and_compares_its_job_with_its_function_and_its_node(
    stage: Stage,
) -> None:
    for ip_addr, took, count in (("10.0.0.10", 1.0, 9), ("10.0.0.2", 2.0, 6), ("10.0.0.2", 6.0, 1)):
        for number in range(count):
            job_id = f"{took:.0f} s, {number}"
            job = stage.runs(ip_addr, job_id=job_id, since_sec=took)
            stage.ends(job, after_sec=took)
    panel = _open(stage.open("jobs.html"), "6 s, 0")
    ran = panel.locator(".job-compared").first
    expect(ran).to_have_text(
        re.compile(r"^Ran [56]\.\d\s. the median of compute \(\S+ s\), [23]\.\d\s. that on alpha$")
    )
    expect(panel.locator(".job-facts")).to_contain_text("Ran for6.00 s")
    expect(panel.page).to_have_url(re.compile(r"[?&]job=\d+"))
    # Opened from its address, the job is there before the nodes are.
    page = stage.open(panel.page.url.removeprefix(stage.server.url))
    expect(page.locator("#job-title")).to_have_text("6 s, 0")
    expect(page.locator("#job .job-compared").first).to_have_text(re.compile("that on alpha$"))


def test_row_that_is_clicked_in_the_frame_in_which_it_goes_is_opened(
    stage: Stage, page: Page
) -> None:
    job_search(page).fill("state:running")
    job_search(page).press("Enter")
    job_search(page).blur()
    expect(rows(page)).to_have_count(2)
    page.mouse.move(0, 0)  # else the rows would keep their places
    page.evaluate("() => { window.requestAnimationFrame = () => 0; }")  # the next never comes
    stage.ends(stage.jobs["busy"])
    expect(page.locator("#jobs .table-count")).to_have_text("Showing 1 of 1")
    page.locator(".job-link", has_text=re.compile("^busy$")).dispatch_event("click")
    expect(page.locator("#job-title")).to_have_text("busy")


# -- back and forward ------------------------------------------------------------------------------


def test_back_and_forward_close_and_open_a_panel_whatever_was_done_meanwhile(page: Page) -> None:
    _open(page, "broken")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.go_forward()
    expect(page.locator("#job-title")).to_have_text("broken")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    # It has gone along with the rows.
    panel = _open(page, "busy")
    page.keyboard.press("j")
    expect(panel.locator("#job-title")).to_have_text("broken")
    page.go_back()
    expect(panel).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job="))
    _open(page, "done")
    page.keyboard.press("k")
    expect(panel.locator("#job-title")).to_have_text("broken")
    panel.get_by_role("button", name="Close").click()
    expect(page).not_to_have_url(re.compile("job="))
    # The list was sorted; and closing leaves no entry.
    _open(page, "busy")
    entries = page.evaluate("history.length")
    page.locator("#jobs .th-button", has_text="State").click()
    expect(page).to_have_url(re.compile("sort="))
    order = re.search("sort=[^&]*", page.url)
    assert order is not None
    page.locator("#job").get_by_role("button", name="Close").click()
    expect(page).not_to_have_url(re.compile("job="))
    expect(page).to_have_url(re.compile(re.escape(order.group())))
    page.go_forward()
    expect(page.get_by_role("dialog").locator("#job-title")).to_have_text("busy")
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page).to_have_url(re.compile(re.escape(order.group())))
    assert page.evaluate("history.length") == entries


def test_back_and_forward_lead_to_what_the_address_names_from_another_search_and_tab(
    page: Page,
) -> None:
    _open(page, "busy")
    box = job_search(page)
    box.fill("broken")
    box.press("Enter")
    expect(rows(page)).to_have_count(1)
    page.locator("#job").get_by_role("button", name="Close").click()
    page.go_back()
    expect(page).not_to_have_url(re.compile("q="))
    expect(box).to_have_value("")
    expect(rows(page)).to_have_count(5)
    page.locator(".job-link").first.click()
    expect(page.locator("#job")).to_be_visible()
    opened = page.url
    page.go_back()
    expect(page.locator("#job")).to_be_hidden()
    job_search(page).fill("busy")
    job_search(page).press("Enter")
    expect(page).to_have_url(re.compile("q=busy"))
    page.locator(".tab-errors").click()
    expect(page.locator("#errors")).to_be_visible()
    page.go_forward()
    expect(page.locator("#job")).to_be_visible()
    expect(page).to_have_url(opened)


# -- keys ------------------------------------------------------------------------------------------


def test_keys_open_the_panel_and_move_it_along_the_rows_and_escape_closes_it_from_anywhere(
    page: Page,
) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("#job-title")).to_have_text("also busy")
    expect(page.locator("#job-title")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".tr:focus .job-link")).to_have_text("also busy")
    panel = _open(page, "busy")
    for key, job_id in (("j", "broken"), ("j", "done"), ("k", "broken"), ("ArrowUp", "busy")):
        page.keyboard.press(key)
        expect(panel.locator("#job-title")).to_have_text(job_id)
        expect(page.locator(".tr.is-open .job-link")).to_have_text(job_id)
        expect(page.locator(".tr:focus .job-link")).to_have_text(job_id)
    expect(panel.locator(".job-head .state")).to_have_text("running")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page).not_to_have_url(re.compile("job="))
    _open(page, "busy")
    job_search(page).focus()
    page.keyboard.press("Escape")  # leaves the field
    expect(job_search(page)).not_to_be_focused()
    expect(panel).to_be_visible()
    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keyboard map")
    for words in ("Next job", "Rows: open", "Search: complete the word", "Close the job"):
        expect(keys).to_contain_text(words)
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    expect(panel).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_keys_work_from_the_controls_of_the_panel_and_in_the_sheet_of_a_narrow_window(
    page: Page,
) -> None:
    panel = _open(page, "busy")
    copy_link = panel.get_by_role("button", name="Copy link")
    for control, key, job_id in (
        (copy_link, "j", "broken"),
        (panel.get_by_role("link", name="same error"), "k", "busy"),
        (panel.locator(".job-pre").first, "j", "broken"),
    ):
        control.focus()
        page.keyboard.press(key)
        expect(panel.locator("#job-title")).to_have_text(job_id)
        expect(page.locator(".tr:focus .job-link")).to_have_text(job_id)
        expect(panel.locator(".job-pre").first).to_be_visible()
    page.keyboard.press("Enter")  # on the row
    expect(panel.locator("#job-title")).to_be_focused()
    copy_link.focus()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.set_viewport_size({"width": 1000, "height": 860})
    _open(page, "busy")
    panel.get_by_role("link", name="same node").focus()
    page.keyboard.press("j")
    expect(panel.locator("#job-title")).to_have_text("broken")
    expect(panel.locator("#job-title")).to_be_focused()
    page.keyboard.press("k")
    expect(panel.locator("#job-title")).to_have_text("busy")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.locator(".tr:focus .job-link")).to_have_text("busy")
