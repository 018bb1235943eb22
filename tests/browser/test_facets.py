"""What the jobs of a search have in common, beside the list of jobs."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, rows
from playwright.sync_api import Locator, Page, expect


@pytest.fixture
def stage(stage: Stage) -> Stage:
    """Six jobs on two nodes, of which two failed, besides those that every stage has."""
    for number in range(6):
        job = stage.runs("10.0.0.9" if number < 4 else "10.0.0.10", number, job_id=f"f {number}")
        stage.ends(job, exception="Traceback\nOSError: no <b>disk</b>" if number < 2 else None)
    return stage


def opened(stage: Stage, path: str = "jobs.html", *, phone: bool = False) -> Page:
    page = stage.open(path, phone=phone)
    page.get_by_role("button", name="Show breakdown").click()
    return page


def value(page: Page, name: str) -> Locator:
    return page.locator("#facets").get_by_role("link", name=name)


def test_values_narrow_the_search_and_widen_it_again_and_follow_the_jobs(stage: Stage) -> None:
    page = opened(stage)
    search = page.get_by_role("combobox", name="Search jobs")
    expect(value(page, "10.0.0.9")).to_contain_text("50 % failed")
    expect(value(page, "OSError")).to_contain_text("OSError: no <b>disk<")
    value(page, "10.0.0.9").click()
    expect(search).to_have_value("node:10.0.0.9")
    expect(rows(page)).to_have_count(4)
    expect(value(page, "10.0.0.9")).to_have_attribute("aria-current", "true")
    value(page, "OSError").click()
    expect(rows(page)).to_have_count(2)
    expect(search).to_have_value(re.compile(r"^node:10\.0\.0\.9 error-kind:[0-9a-f]{10}$"))
    value(page, "OSError").press("Enter")
    expect(search).to_have_value("node:10.0.0.9")
    value(page, "10.0.0.9").click()
    expect(search).to_have_value("")
    expect(value(page, "10.0.0.9")).not_to_have_attribute("aria-current", "true")
    jobs = value(page, "10.0.0.9").locator(".facet-jobs")
    expect(jobs).to_have_text("4")
    stage.runs("10.0.0.9", job_id="late")
    expect(jobs).to_have_text("5", timeout=20_000)


def test_breakdown_on_a_phone_opens_by_its_button_and_stays_open(stage: Stage) -> None:
    page = stage.open("jobs.html", phone=True)
    expect(rows(page)).not_to_have_count(0)
    expect(page.locator(".facets")).to_be_hidden()
    page.get_by_role("button", name="Show breakdown").click()
    expect(value(page, "10.0.0.9")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()
    expect(value(page, "10.0.0.9")).to_be_visible()
    page.get_by_role("button", name="Hide breakdown").click()
    expect(page.locator(".facets")).to_be_hidden()
