"""Jobs: the list, paging, and cancelling what was found."""

from __future__ import annotations

import re

import pytest
from browser.stage import Stage, becomes, cells, is_live, job_ids, job_search, rows, tile
from playwright.sync_api import Locator, Page, expect
from web.fakes import watched_cluster

ALL_IDS = ["waiting", "also busy", "busy", "broken", "done"]


@pytest.fixture
def page(stage: Stage) -> Page:
    """Jobs with its rows."""
    page = stage.open("jobs.html")
    expect(rows(page)).to_have_count(5)
    return page


# -- many ----------------------------------------------------------------------------------------


@pytest.fixture
def many(stage: Stage) -> Stage:
    for number in range(245):
        stage.ends(stage.runs("10.0.0.9", job_id=f"job {number}"))
    return stage


def test_further_pages_come_as_the_list_is_scrolled_and_updates_do_not_move_it(
    many: Stage,
) -> None:
    page = many.open("jobs.html")
    count, table = page.locator("#jobs .table-count"), page.locator("#jobs .table")
    height = 0
    for shown in (100, 200, 250):
        expect(count).to_have_text(f"Showing {shown} of 250")
        # Rows get their place in the frame after they are counted: until then the end is not the
        # new one. 50 more of them are higher than this.
        becomes(lambda least=height + 1_000: _height(table) >= least, True)
        height = _height(table)
        table.evaluate("table => table.scrollTo(0, table.scrollHeight)")
    becomes(lambda: job_ids(page)[-1], "done")
    table.evaluate("table => table.scrollTo(0, 600)")
    becomes(lambda: "job 220" in job_ids(page), True)
    top = table.evaluate("table => table.scrollTop")
    many.cluster.submit(job_id="late")
    fresh = page.locator(".jobs-fresh")
    expect(fresh).to_have_text("1 new")
    assert table.evaluate("table => table.scrollTop") == top
    fresh.click()
    becomes(lambda: job_ids(page)[0], "late")


def _height(table: Locator) -> int:
    height: int = table.evaluate("table => table.scrollHeight")
    return height


# -- what is done to jobs ------------------------------------------------------------------------


def test_jobs_are_listed_and_all_that_match_are_counted_before_they_are_terminated(
    stage: Stage, page: Page
) -> None:
    becomes(lambda: job_ids(page), ALL_IDS)
    assert cells(page, "state") == ["queued", "running", "running", "failed", "finished"]
    assert cells(page, "args") == ["fifth", "fourth", "third, n=3", "second", "first, n=1"]
    expect(page.locator("#jobs .table-count")).to_have_text("Showing 5 of 5")
    page.get_by_role("button", name="Terminate all").click()
    expect(page.locator(".confirm:visible")).to_contain_text("5 match, 2 of them have ended.")
    page.locator(".confirm:visible").get_by_role("button", name="Cancel").click()
    expect(page.locator(".confirm:visible")).to_have_count(0)
    assert stage.cluster.calls == []
    job_search(page).fill("state:failed")
    expect(rows(page)).to_have_count(1)
    button = page.get_by_role("button", name="Terminate all that match")
    expect(button).to_be_disabled()
    page.get_by_role("link", name="Running", exact=False).first.click()
    expect(rows(page)).to_have_count(2)
    expect(button).to_be_enabled()
    job_search(page).fill("node:alpha")
    becomes(lambda: len(job_ids(page)), 3)
    page.get_by_role("button", name="Terminate all that match").click()
    expect(page.locator(".confirm:visible")).to_contain_text("3 match, 2 of them have ended.")
    assert stage.cluster.calls == []
    page.locator(".confirm:visible").get_by_role("button", name="Terminate 1 job").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 1 job")
    expect(page.locator(".notice-lines li")).to_have_count(1)
    assert [job.id for _, (job,) in stage.cluster.calls] == ["busy"]


def _box(page: Page, job_id: str) -> Locator:
    return page.get_by_role("checkbox", name=re.compile(rf"^Select job {job_id} #\d+$"))


def test_selection_survives_updates_and_is_terminated(stage: Stage, page: Page) -> None:
    _box(page, "busy").check()
    stage.cluster.submit(job_id="late")
    expect(page.locator(".jobs-fresh")).to_have_text("1 new")
    expect(_box(page, "busy")).to_be_checked()
    for job_id in ("waiting", "done"):
        _box(page, job_id).check()
    expect(page.get_by_text("3 selected, 1 ended already")).to_be_visible()
    page.get_by_role("button", name="Terminate 2 jobs").first.click()
    page.locator(".confirm:visible").get_by_role("button", name="Terminate 2 jobs").click()
    expect(page.locator(".notice-title")).to_have_text("Terminated 2 jobs")
    becomes(
        lambda: sorted(re.findall(r"\w+ #\d+ \(", page.locator(".notice-lines").inner_text())),
        ["busy #3 (", "waiting #5 ("],
    )
    assert sorted(job.id for _, (job,) in stage.cluster.calls) == ["busy", "waiting"]


# -- the page ------------------------------------------------------------------------------------


def test_unknown_job_is_reported_and_arguments_vanish_from_a_page_that_rests_once_hidden(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html?job=4711")
    expect(page.locator(".job-message")).to_contain_text("4711")
    expect(page.locator("#job").get_by_text("Save texts")).to_be_hidden()
    page.set_viewport_size({"width": 1700, "height": 860})  # room for arguments beside the panel
    page.locator(".job-link", has_text=re.compile("^done$")).click()
    expect(page.locator("#job")).to_contain_text("first")
    is_live(page)
    for shown in (False, True, False):
        stage.registry.show_job_args = shown
        seen = page.locator("[data-column=args] .td-value")
        becomes(lambda seen=seen: "hidden" in seen.all_inner_texts(), not shown)
        becomes(lambda: "first" in page.locator("#job").inner_text(), shown)


def test_without_a_job_the_page_says_how_they_come(stage: Stage) -> None:
    watched_cluster(stage.registry, "idle")
    page = stage.open("jobs.html?cluster=idle")
    expect(page.get_by_text("No job yet")).to_be_visible()


def test_page_asks_for_jobs_only_when_one_changed_and_never_again_for_what_is_refused(
    stage: Stage,
) -> None:
    page = stage.open("jobs.html?state=runing")
    expect(page.get_by_text("This can't be searched for")).to_be_visible()
    expect(page.locator(".empty")).to_contain_text("'runing' is no job state")
    expect(rows(page)).to_have_count(0)
    is_live(page)
    monitor = stage.open()
    is_live(monitor)
    asked: list[str] = []
    page.on(
        "request", lambda request: asked.append(request.url) if "/jobs?" in request.url else None
    )
    for number in range(4, 9):
        stage.joins(f"10.0.1.{number}", "noise")
        expect(tile(monitor, "Nodes up")).to_contain_text(str(number))
    assert asked == []
    page.get_by_role("button", name="Clear the search").click()
    expect(rows(page)).to_have_count(5)
    before = len(asked)
    for number in range(9, 14):
        stage.joins(f"10.0.1.{number}", "noise")
        expect(tile(monitor, "Nodes up")).to_contain_text(str(number))
    stage.ends(stage.jobs["busy"])
    becomes(lambda: page.locator("[data-key='3'] [data-column=state]").inner_text(), "finished")
    # The end and its texts may be told in two turns.
    assert 1 <= len(asked) - before <= 2
