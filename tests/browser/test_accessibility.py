"""axe-core finds nothing against WCAG 2.2 AA, nor against its own best practices."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, axe_violations, is_live, job_search, rows
from playwright.sync_api import Page, expect

_DESKTOP, _PHONE = {"width": 1360, "height": 860}, {"width": 390, "height": 844}


@pytest.fixture
def page(stage: Stage) -> Page:
    """A page that has not gone anywhere yet."""
    page = stage.audience.page()
    page.emulate_media(reduced_motion="reduce")  # nobody reads a colour in mid-transition
    return page


def _visit(stage: Stage, page: Page, path: str) -> None:
    stage.go(page, path)
    is_live(page)


def _check(page: Page, what: str, place: str = "main") -> None:
    """Find nothing while *what* is open, which is at *place*: around it are the page's colours."""
    expect(page.locator(f"{place} >> visible=true").first).to_be_visible()
    assert (what, axe_violations(page, place)) == (what, [])


def _check_on_desktop_and_phone(page: Page, what: str) -> None:
    for screen, size in (("phone", _PHONE), ("desktop", _DESKTOP)):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        _check(page, f"{what} on a {screen}", "body")


def test_axe_finds_nothing_on_monitor(stage: Stage, page: Page) -> None:
    _visit(stage, page, "monitor.html")
    _check_on_desktop_and_phone(page, "monitor")
    for button, place in (
        ("Choose columns", ".columns"),
        ("Update interval", ".popover-panel"),
        ("Help", "dialog"),
    ):
        page.get_by_role("button", name=button).click()
        _check(page, button, place)
        page.keyboard.press("Escape")
    page.get_by_role("searchbox", name="Filter nodes").fill("nothing")
    expect(page.locator("#nodes")).to_contain_text("No node matches")
    _check(page, "no node", "#nodes")
    page.get_by_role("searchbox", name="Filter nodes").fill("")
    page.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    page.get_by_role("button", name="Close 1 node").click()
    expect(page.get_by_role("button", name="Dismiss")).to_be_visible()
    _check(page, "an outcome", ".notice")


def test_axe_finds_nothing_on_node_and_events(stage: Stage, page: Page) -> None:
    _visit(stage, page, "node.html?host=10.0.0.2")
    _check_on_desktop_and_phone(page, "a node")
    for path in ("node.html", "node.html?host=10.9.9.9"):
        _visit(stage, page, path)
        _check(page, path)
    _visit(stage, page, "events.html")
    _check_on_desktop_and_phone(page, "events")


def test_axe_finds_nothing_on_a_node_in_the_light_theme_of_a_phone_that_is_touched(
    stage: Stage,
) -> None:
    page = stage.audience.page(phone=True)
    page.emulate_media(reduced_motion="reduce")
    _visit(stage, page, "node.html?host=10.0.0.2")
    expect(page.locator(".histogram-bar").first).to_be_visible()
    assert axe_violations(page, narrow="light") == []


def test_axe_finds_nothing_on_jobs(stage: Stage, page: Page) -> None:
    _visit(stage, page, "jobs.html?job=2")
    expect(page.locator(".job-pre").first).to_be_visible()
    _check_on_desktop_and_phone(page, "a job")
    page.locator(".tab-errors").click()
    rows(page.locator("#errors")).locator("[data-column=kind]").click()
    expect(page.locator("#kind .job-pre")).to_be_visible()
    _check_on_desktop_and_phone(page, "an error kind")


def test_axe_finds_nothing_on_the_parts_of_jobs(stage: Stage, page: Page) -> None:
    _visit(stage, page, "jobs.html")
    job_search(page).focus()
    job_search(page).press("ArrowDown")
    job_search(page).press("ArrowDown")
    _check(page, "suggestions", "#search-suggestions")
    job_search(page).fill("-draft")
    job_search(page).press("Enter")
    page.get_by_role("button", name="Show durations").click()
    expect(page.locator(".histogram-bar").first).to_be_visible()
    page.get_by_role("button", name="Show breakdown").click()
    expect(page.locator(".facet-value").first).to_be_visible()
    page.get_by_role("button", name="Terminate all").click()
    expect(page.get_by_role("button", name=re.compile(r"Terminate \d+ jobs"))).to_be_visible()
    _check(page, "durations, breakdown and a question")
    page.locator(".confirm:visible").get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Saved").click()
    page.get_by_label("Name of the search").fill("dull")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".saved-item")).to_have_count(1)
    _check(page, "saved searches", ".saved-panel")
    page.keyboard.press("Escape")
    job_search(page).fill("nothing")
    expect(page.get_by_text("No job matches")).to_be_visible()
    _check(page, "no job")


def test_axe_finds_nothing_on_timeline(stage: Stage, page: Page) -> None:
    _visit(stage, page, "timeline.html")
    page.get_by_text("Show as a table").click()
    _check_on_desktop_and_phone(page, "timeline")
    _visit(stage, page, "timeline.html?job=2&color=error&sort=slow")
    expect(page.locator(".job-pre").first).to_be_visible()
    _check(page, "a job on the timeline by errors")


def test_axe_finds_nothing_on_manage(stage: Stage, page: Page) -> None:
    _visit(stage, page, "manage.html")
    page.locator("#allocate").get_by_role("button", name="Allocate").click()
    expect(page.locator("#allocate [aria-invalid=true]").first).to_be_visible()
    page.get_by_role("checkbox", name="Select 10.0.0.2", exact=True).check()
    page.locator("#nodes").get_by_role("button", name="Close", exact=True).click()
    _check_on_desktop_and_phone(page, "manage, its question and a mistake")
